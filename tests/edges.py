"""Documents at the edges: each is all of one kind that breaks programs which count bytes, characters and words; and a huge one.

The huge one is a page again and again. Pages end with a blank line and begin with a sentence, so what is counted inside
documents is counted in each page alone, but for what repeats.
"""

EDGES = {
    "empty": "",
    "one character": "a",
    "one mark": "\u0301",
    "only digits": "1234567890 3.14 ١٢٣٤ ५६ 12,345\n" * 12,
    "only emoji": "😀🎉 👨\u200d👩\u200d👧 🇳🇴👍🏽\n" * 12,
    "right to left": "\u202bשלום עולם טוב\u202c. مرحبا بالعالم؟\n" * 12,
    "zero width": "ze\u200bro\u200d wi\ufeffdth\u2060 \u200b\n\u200b\n" * 12,
    "combining marks": "e\u0301te\u0301 n\u0303o \u0301\u0302\u0303 가\u0301 a" + "\u0316" * 30 + "\n\u0301\n",
}

PAGE = (
    "The river cuts the terrace and leaves gravel of 1998 with w0rd and sdfgh, e.g. at 5 km (Fig. 3). Is it so? You dolt, go!\n"
    "侏罗系砂岩发育，厚度为３．５米。这种人真恶心，傻瓜！他问：“为什么？”\n"
    "Quartz | 12.1 | 13.4\n[1] Smith, J., Li, W. (2010). Deep crust. Nature, 464(7286), 59-65.\n"
    + "".join(text.replace("\n", " ") + "\n" for text in EDGES.values())
    + "\n"
)
PAGES = 16 * 2**20 // len(PAGE.encode())
