"""Second writings of the counts in corpusforge.text.census, line_shape, noise, mojibake and references, on str."""

import re
import unicodedata
from collections import Counter

import oracle

from corpusforge.text import noise

_SCRIPT_WORDS = {
    "GREEK": "Grek", "CYRILLIC": "Cyrl", "ARMENIAN": "Armn", "HEBREW": "Hebr", "ARABIC": "Arab", "DEVANAGARI": "Deva",
    "BENGALI": "Beng", "GURMUKHI": "Guru", "GUJARATI": "Gujr", "ORIYA": "Orya", "TAMIL": "Taml", "TELUGU": "Telu",
    "KANNADA": "Knda", "MALAYALAM": "Mlym", "SINHALA": "Sinh", "THAI": "Thai", "LAO": "Laoo", "TIBETAN": "Tibt",
    "MYANMAR": "Mymr", "GEORGIAN": "Geor", "ETHIOPIC": "Ethi", "KHMER": "Khmr", "MONGOLIAN": "Mong", "LATIN": "Latn",
}  # fmt: skip


def scripts(character: str) -> set[str]:
    """Scripts that the name of a letter speaks of."""
    words = re.split(r"[ -]", unicodedata.name(character, ""))
    return {script for word, script in _SCRIPT_WORDS.items() if word in words}


def kind(character: str) -> str:
    """What a character is: blank, invisible, damaged, cjk, number, mark, letter, wide or punctuation."""
    category = unicodedata.category(character)
    if character == "\ufffd" or 0xE000 <= ord(character) <= 0xF8FF or ord(character) >= 0xF0000:
        return "damaged"
    if oracle.kind(character) == "C":
        return "cjk"
    if ord(character) >= 0x20000:
        return "mark" if category == "Mn" else "invisible"
    if character.isspace():
        return "blank"
    if category[0] in "PS":
        return "wide" if oracle.is_wide(character, 0) else "punctuation"
    return {"N": "number", "M": "mark", "L": "letter"}.get(category[0], "invisible")


def is_visible(character: str) -> bool:
    return kind(character) not in ("blank", "invisible")


# ---- lines ----------------------------------------------------------------------------------------------------------


def line_shape(text: str) -> list[int]:
    lines = ["".join(filter(is_visible, line)) for line in text.split("\n")]
    bare = [line for line in lines if line]
    ended = [line for line in bare if _without_closers(line)[-1:] in tuple(".!?。！？…．｡؟।‼⁇⁈⁉")]
    runs = re.finditer(r"(.)\1{3,}", text, re.DOTALL)
    repeated = sum(len(run.group()) for run in runs if kind(run.group(1)) in ("cjk", "letter"))
    return [len(bare), len(ended), sum(len(line) == 1 for line in bare), repeated]


def _without_closers(line: str) -> str:
    while line and (oracle.is_closer(line[-1]) or line[-1] in "\"'"):
        line = line[:-1]
    return line


# ---- words ----------------------------------------------------------------------------------------------------------

_EVEN = "·‧・•′″‰×÷–—"
_STRANGE = {entry[0] + after for entry in noise._STRANGE_PAIRS.split() for after in entry[2:]}


def _word_kind(character: str) -> str:
    """l, u: ASCII letter; x: another letter; n: number; o: odd symbol; C: CJK; a space for what parts words."""
    if character.isascii():
        if character in '|~!$%<>?#"':
            return "o"
        return "l" if character.islower() else "u" if character.isupper() else "n" if character.isdigit() else " "
    found = kind(character)
    point = ord(character)
    is_even = character in _EVEN or 0x2010 <= point < 0x2028 or 0x2200 <= point < 0x2300
    odd = " " if is_even else "o"
    return {"cjk": "C", "number": "n", "letter": "x", "mark": "x", "damaged": "x", "punctuation": odd}.get(found, " ")


def _word(word: str, kinds: str) -> str:
    """The name of a column of noises."""
    letters, figures = sum(map(kinds.count, "lux")), kinds.count("n")
    if figures > letters:
        return "YEAR" if figures == 4 and re.match("1[89]|20", word) else "FIGURE"
    if re.search("l[no]+l", kinds):
        return "MIXED"
    if letters == 1 and figures == 0:
        return "SINGLE_LETTER"
    strange = sum(pair in _STRANGE for pair in map("".join, zip(word.lower(), word.lower()[1:], strict=False)))
    is_strange = re.fullmatch("[lu]l{3,}", kinds) and 3 * strange >= len(word) - 1
    return "STRANGE" if is_strange else "PLAIN"


def noises(text: str) -> list[int]:
    counts: Counter[str] = Counter()
    for line in re.findall(r"[^\n]*\n|[^\n]+", text):
        kinds = "".join(map(_word_kind, line))
        spans = [found.span() for found in re.finditer("C|[luxn][luxno]*", kinds)]
        words = [_word(line[begin:end], kinds[begin:end]) for begin, end in spans]
        joined = ["_" in (line[max(begin - 1, 0) : begin], line[end : end + 1]) for begin, end in spans]
        words = ["PLAIN" if word == "MIXED" and is_part else word for word, is_part in zip(words, joined, strict=True)]
        counts.update(words)
        num_figures = words.count("FIGURE") + words.count("YEAR")
        size = len(line.encode())
        counts["NUMBER_LINES"] += size * (0 < len(words) <= 2 * num_figures)
        counts["REFERENCE_LINES"] += size * ("YEAR" in words and is_reference(line.removesuffix("\n")))
    names = ("PLAIN", "SINGLE_LETTER", "STRANGE", "MIXED", "FIGURE", "YEAR", "NUMBER_LINES", "REFERENCE_LINES")
    return [counts[name] for name in names]


_MARKS = (
    r"\A[\[(]?[0-9]{1,3}[\])\.](?![0-9])",
    r"(?<![A-Za-z])[A-Z]\.",
    r"[0-9]\([0-9]|(?<![A-Za-z])(?i:vol\.).",
    r"[0-9](-|\u2013|\u2014)[0-9]|(?<![A-Za-z])(?i:pp\.)..",
    r"(?<![A-Za-z])((?i:doi)..|(?i:http).)",
    r"(?<![A-Za-z])(?i:et al)",
    r"\[[A-Z]{1,2}[\]/]",
)


def is_reference(line: str) -> bool:
    if len(line.encode()) > 600:
        return False
    return sum(re.search(mark, line, re.DOTALL) is not None for mark in _MARKS) >= 2


# ---- wrong decodings ------------------------------------------------------------------------------------------------

_AS_BYTE = {bytes([byte]).decode("latin-1"): byte for byte in range(256)}
_AS_BYTE |= {bytes([byte]).decode("cp1252"): byte for byte in range(0x80, 0xA0) if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)}


def mojibake(text: str) -> int:
    count, position = 0, 0
    while position < len(text):
        size = _utf8_size(text, position) or _latin_size(text, position)
        count += size or (text[position] in "锛銆鐨鍦鏄鍙锟")
        position += size or 1
    return count


def _utf8_size(text: str, position: int) -> int:
    """Characters at `position` that would be one character of UTF-8 as bytes, 0 where there are none."""
    point = ord(text[position])
    size = 2 if 0xC2 <= point < 0xE0 else 3 if 0xE0 <= point < 0xF0 else 4 if 0xF0 <= point <= 0xF4 else 0
    rest = text[position + 1 : position + size]
    return size if size and len(rest) == size - 1 and all(0x80 <= _AS_BYTE.get(each, 0) < 0xC0 for each in rest) else 0


def _latin_size(text: str, position: int) -> int:
    found = re.compile("[\u00a1-\u00ff]{4,}").match(text, position)
    return len(found.group()) if found else 0
