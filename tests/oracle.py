"""Slow, obvious second writings of what the kernels do: plain Python on str, regular expressions, one document at a time.

They share no code with corpusforge.text, except the list of abbreviations, which is data.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from functools import cache
from itertools import accumulate

from corpusforge.text import abbreviations

# ---- characters and words -------------------------------------------------------------------------------------------

CJK = (
    "\u2e80-\u2fd5\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303b\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97c\uac00-\ud7a3\uf900-\ufad9\uff66-\uff9d"
    "\U0001aff0-\U0001b16f\U00020000-\U0003fffd"
)
_CJK = re.compile(f"[{CJK}]")
_WIDE = re.compile(f"[{CJK}\u3000-\u303f\u30fb\ufe10-\ufe19\ufe30-\ufe6b\uff01-\uff65\uffe0-\uffe6]")
_JOINERS = "'\u2019-\u2010\u2011\u00ad\u200c\u200d"


@cache
def kind(character: str) -> str:
    """One letter for what a character is to words: Cjk, Letter, Number, Mark, Joiner or "-"."""
    if _CJK.match(character):
        return "C"
    category = unicodedata.category(character)
    if category[0] in "LNM":
        return "-" if category[0] != "M" and ord(character) >= 0x20000 else category[0]
    return "J" if character in _JOINERS else "-"


def num_words(text: str) -> int:
    """Words by one regular expression over the kinds of characters."""
    kinds = "".join(map(kind, text))
    return len(re.findall("C|(?:(?:LM*J(?=L))|[LN]M*)+", kinds))


# ---- sentences ------------------------------------------------------------------------------------------------------

_ALWAYS = "。！？｡‼⁇⁈⁉"
BLANKS = "".join(chr(point) for point in range(0x3001) if chr(point).isspace())
_SPACES = f"[{re.escape(BLANKS)}]*"
_CITATION = re.compile(r"(\[[0-9][0-9, -]{0,11}\])*")
_BLOCK = re.compile(
    r"[#>|]|[*+-](?=[ \t]|\Z)|```|[·•‣●▪]|[0-9]{1,3}[.)](?=[ \t]|\Z)|\([0-9]{1,3}\)(?=[ \t]|\Z)|\(?[A-Za-z]\)(?=[ \t]|\Z)"
)
_LIST_NUMBER = re.compile(r"[ #(*+>_-]*([A-Za-z]|[ivxIVX.]{1,}|[0-9.]+)\Z")


def is_closer(character: str) -> bool:
    return unicodedata.category(character) in ("Pe", "Pf") or character in "＂＇"


def is_opener(character: str) -> bool:
    return unicodedata.category(character) in ("Ps", "Pi") or character in "＂＇"


def is_wide(text: str, position: int) -> bool:
    return 0 <= position < len(text) and bool(_WIDE.match(text[position]))


def is_lower(text: str, position: int) -> bool:
    return position < len(text) and unicodedata.category(text[position]) == "Ll" and ord(text[position]) < 0x20000


def end_mark(text: str, position: int, begin: int) -> str:
    """ "stop", "mark", "always" or "" for the character at `position` of a sentence that starts at `begin`."""
    character = text[position]
    if character == "\uff0e":
        follows = position > begin and kind(text[position - 1]) in "LN"
        return "" if follows else "always"
    return "always" if character in _ALWAYS else "mark" if character in "!?…" else "stop" if character == "." else ""


def run_at(text: str, position: int, begin: int, line: int) -> int:
    """Where the end marks at `position` end, with closing marks and citations."""
    stretch = position
    while stretch < len(text) and (end_mark(text, stretch, begin) or is_closer(text[stretch]) or text[stretch] in "\"'*_`"):
        stretch += 1
    if stretch < len(text) and not text[stretch].isspace():
        while not (
            end_mark(text, stretch - 1, begin)
            or is_closer(text[stretch - 1])
            or (text[stretch - 1] == '"' and text[line:stretch].count('"') % 2 == 0)
        ):
            stretch -= 1
    citation = _CITATION.match(text, stretch)
    assert citation
    return citation.end()


def num_newlines(blank: str) -> int:
    return len(re.findall("\r\n|\r|\n|\u2028|\u2029", blank)) + blank.count("\u2029")


def blank_after(text: str, position: int) -> str:
    found = re.compile(_SPACES).match(text, position)
    assert found
    return found.group()


@cache
def roles() -> dict[str, int]:
    return abbreviations.words()


def is_starter(text: str, position: int) -> bool:
    word = re.compile("[A-Z][A-Za-z]*").match(text, position)
    return bool(word) and bool(roles().get(word.group().lower(), 0) & abbreviations.STARTER)


def is_list_number(label: str) -> bool:
    word = re.match(r"([A-Za-z]+)\.?(?= )", label)
    if word and roles().get(word.group(1).lower(), 0) & abbreviations.LABEL:
        label = label[word.end() :]
    found = _LIST_NUMBER.match(label)
    if not found or len(label.encode()) > 16:
        return False
    number = found.group(1)
    num_letters = len(re.findall("[ivxIVX]", number))
    return len(number) == 1 or (num_letters in (0, len(number)) and num_letters <= 5 and not re.search("[0-9]{4}", number))


def is_abbreviated(text: str, stop: int, following: int, begin: int) -> bool:
    """Whether the full stop at `stop` belongs to the word before it."""
    if is_list_number(text[begin:stop]):
        return True
    word = re.search(r"[A-Za-z.]*\Z", text[begin:stop]).group()  # type: ignore[union-attr]
    before = text[begin : stop - len(word)][-1:]
    if not word or (before and kind(before) in "LNM"):
        return False
    role = roles().get(word.lower(), 0)
    if role & abbreviations.NEVER_LAST:
        return True
    is_apart = not before or before.isspace() or before in _JOINERS or is_opener(before)
    if role & abbreviations.SELDOM_LAST or (is_apart and re.fullmatch(r"[A-Z]|[A-Za-z](\.[A-Za-z])+", word)):
        return not is_starter(text, following)
    return bool(role & abbreviations.BEFORE_NUMBER) and following < len(text) and kind(text[following]) == "N"


def run_ends(text: str, position: int, run: int, begin: int) -> bool:
    """Whether the end marks from `position` to `run` end a sentence."""
    marks = {end_mark(text, place, begin) for place in range(position, run)}
    beside = is_wide(text, run) or (position > begin and is_wide(text, position - 1))
    if "always" in marks or ("mark" in marks and beside):
        return not (run < len(text) and text[run] in "，、；：﹐﹑﹔﹕､,:;")
    blank = blank_after(text, run)
    after = run + len(blank)
    if after == len(text) or num_newlines(blank) > 1:
        return True
    if num_newlines(blank) == 1 and (is_wide(text, after) or _BLOCK.match(text, after)):
        return True
    if not blank or end_mark(text, after, begin):
        return False
    word = after
    while word < len(text) and (is_opener(text[word]) or text[word] in "\"'*_`"):
        word += 1
    if is_lower(text, word):
        return False
    return text[position:run] != "." or not is_abbreviated(text, position, word, begin)


def newline_ends(text: str, position: int, begin: int, line: int) -> bool:
    """Whether the line break in the blank around `position` ends a sentence."""
    last = begin + len(text[begin:position].rstrip())
    closed = last
    while closed > begin and is_closer(text[closed - 1]):
        closed -= 1
    blank = blank_after(text, last)
    after = last + len(blank)
    if after == len(text) or num_newlines(blank) > 1:
        return True
    if is_wide(text, after) or (closed > begin and is_wide(text, closed - 1)) or text[line] in "#|":
        return True
    if is_lower(text, after):
        return False
    return not 40 <= len(text[line:last].encode()) <= 120 or bool(_BLOCK.match(text, after))


def next_end(text: str, begin: int, line: int) -> tuple[int, int]:
    """Where the sentence that begins at `begin` ends, and where the line that stands there begins."""
    position = begin
    while position < len(text):
        run = position
        is_end = False
        if end_mark(text, position, begin):
            run = run_at(text, position, begin, line)
            is_end = run_ends(text, position, run, begin)
        blank = blank_after(text, run)
        if num_newlines(blank):
            is_end = is_end or (run == position and newline_ends(text, position, begin, line))
            line = run + len(blank)
        position = max(run + len(blank), position + 1)
        if is_end:
            return position, line
    return len(text), line


def sentence_ends(text: str) -> list[int]:
    """Ends of the sentences in bytes, as corpusforge.text.sentences.sentence_ends gives them for one document."""
    position = line = len(blank_after(text, 0))
    ends = []
    while position < len(text):
        position, line = next_end(text, position, line)
        ends.append(position)
    if text and not ends:
        ends = [len(text)]
    return [len(text[:end].encode()) for end in ends]


# ---- pieces ---------------------------------------------------------------------------------------------------------

SENTENCE, NEWLINE, CLAUSE, SPACE, INSIDE = 5, 4, 3, 2, 1


def grade(text: bytes, position: int) -> int:
    """How good a cut inside a sentence is."""
    left, right = text[:position].decode(), text[position:].decode()
    if left[-1] in "\r\n":
        return NEWLINE
    if left[-1] in "，、；：﹐﹑﹔﹕､":
        return CLAUSE
    if not (left[-1].isspace() or right[0].isspace()):
        return INSIDE
    before = left[:-1] if left[-1] == " " else left
    return CLAUSE if before[-1:] in {",", ":", ";"} else SPACE


def legal_cuts(text: str, widths: list[int], limit: int) -> dict[int, int]:
    """Token positions where a document may be cut -> how good the cut is; its end is one."""
    data, num_tokens = text.encode(), len(widths)
    place = [0, *accumulate(widths)]
    boundaries = {0, *accumulate(len(character.encode()) for character in text)}
    clean = [
        cut
        for cut in range(1, num_tokens)
        if place[cut] in boundaries and place[cut - 1] < place[cut] < len(data)
    ] + [num_tokens]  # fmt: skip
    cuts: dict[int, int] = {}
    begin = before = 0
    for end in sentence_ends(text) or [0]:
        cut = sentence_cut(data, (before, end), begin, place, clean)
        before = end
        if cut > begin:
            if cut - begin > limit:
                cuts.update({inner: grade(data, place[inner]) for inner in clean if begin < inner < cut})
            cuts[cut] = SENTENCE
            begin = cut
    return cuts


def sentence_cut(data: bytes, sentence: tuple[int, int], begin: int, place: list[int], clean: list[int]) -> int:
    """The cut after a sentence (first and last byte): the last in the blank at its end, or else the next one.

    A sentence that the cut before it, at token `begin`, has swallowed up to its blank has none of its own.
    """
    before, end = sentence
    if end == len(data):
        return clean[-1]
    stop = before + len(data[before:end].decode().rstrip(BLANKS).encode())
    stop = end if stop == before else stop
    if begin and place[begin] >= stop:
        return begin
    first = bisect_left(clean, stop, key=lambda cut: place[cut] if cut < clean[-1] else len(data))
    after = bisect_right(clean, end, key=lambda cut: place[cut] if cut < clean[-1] else len(data))
    return clean[after - 1] if after > first else clean[first]


def fewest_pieces(cuts: dict[int, int], limit: int) -> dict[int, int]:
    """Dynamic programme: from 0 and every cut, the fewest pieces to the end; positions with no way are left out."""
    ordered = sorted(cuts)
    fewest = {ordered[-1]: 0}
    for start in reversed([0, *ordered[:-1]]):
        reached = ordered[bisect_right(ordered, start) : bisect_right(ordered, start + limit)]
        ways = [fewest[cut] for cut in reached if cut in fewest]
        if ways:
            fewest[start] = 1 + min(ways)
    return fewest


def pieces(text: str, widths: list[int], limit: int) -> list[int] | None:
    """Ends of the pieces in tokens: of all optimal solutions the one that the module text.pieces describes; None for no way."""
    if not widths:
        return []
    cuts = legal_cuts(text, widths, limit)
    fewest = fewest_pieces(cuts, limit)
    if 0 not in fewest:
        return None
    ends = [0]
    while ends[-1] < len(widths):
        start = ends[-1]
        optimal = [
            cut for cut in cuts if start < cut <= start + limit and fewest.get(cut, len(widths) + 1) == fewest[start] - 1
        ]
        whole = [cut for cut in optimal if cuts[cut] == SENTENCE]
        ends.append(max(whole) if whole else best_inside(optimal, cuts, start, limit))
    return ends[1:]


def best_inside(optimal: list[int], cuts: dict[int, int], start: int, limit: int) -> int:
    """The best cut inside an over-long sentence: in the upper half of the piece, by grade, nearest to equal parts."""
    rest = min(cut for cut in cuts if cuts[cut] == SENTENCE and cut > start + limit) - start
    target = start + -(-rest // -(-rest // limit))
    upper = [cut for cut in optimal if 2 * (cut - start) >= limit]
    return max(upper, key=lambda cut: (cuts[cut], -abs(cut - target), cut)) if upper else max(optimal)
