"""Words that no language has, lines of numbers and lines of references: one pass over the bytes.

A word here is a run of letters, marks, numbers and odd symbols that starts with a letter or number, or one CJK character:
"th|s" has to stay together to be seen, so this is not the word of corpusforge.text.words.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.census import (
    COMBINING,
    DAMAGED,
    DIGIT,
    HAN,
    HANGUL,
    KANA,
    OTHER_LETTER,
    PUNCTUATION,
    SIMPLIFIED,
    TRADITIONAL,
    character_classes,
    class_at,
)
from corpusforge.text.kernels import kernel
from corpusforge.text.references import is_reference
from corpusforge.text.spans import HAN_FIRST, HAN_LAST
from corpusforge.text.view import TextView

# Columns of `noises`: words by what they are, then bytes of lines.
PLAIN, SINGLE_LETTER, STRANGE, MIXED, FIGURE, YEAR, NUMBER_LINES, REFERENCE_LINES = 0, 1, 2, 3, 4, 5, 6, 7
NUM_WORD_KINDS = 6
NUM_NOISES = 8

MIN_STRANGE_LETTERS = 4
"""A shorter word cannot be told from an abbreviation."""

# After each letter those that hardly ever follow it inside a word: fewer than 2 of 10,000 pairs in English, French, German and
# Spanish sentences, less those common in other languages written with Latin letters (Dutch ij, Polish cz, pinyin zh).
_STRANGE_PAIRS = (
    "b:bcdfhkmnpqvwxy c:bdfgjmpqvwx d:bcfhkpqx f:bcdhjkmnpqvwxyz g:bcdfjkmpqvwxz h:bcdfghjkpqvxz i:wy "
    "j:bcdfghjlmnpqrsvwxyz k:bcdfghjpqvxyz l:hrwx m:cdfghjklnqrvwxz n:px o:qx p:cdgjknqvwxz q:abcdefghjklmnopqrstvwxyz "
    "r:jx s:jrx t:dfjqvx u:qw v:bcdfghjkmnpqstuvwxyz w:bcdfgjklmpqtvwxz x:bdfghjklmnoqrsvwxyz y:bcdfghjklqrtvwxz "
    "z:bdfgjklmnpqrvxz"
)
_ODD_ASCII = '|~!$%<>?#"'
_UNDERSCORE = ord("_")
_EVEN_SYMBOLS = "·‧・•′″‰×÷–—"  # stand inside words, numbers and formulas

# Kinds of characters: from _NUMBER on they begin a word, from _ODD on go on with one, from _UPPER on are ASCII letters.
# COMBINING and DAMAGED, which class_at says of characters beyond its table, have to be letters here too.
_BREAK, _CJK, _ODD, _NUMBER, _LETTER, _UPPER, _LOWER = 0, 1, 3, 4, COMBINING, 8, 9


def noises(view: TextView) -> NDArray[np.int64]:
    """Counts for each document, int64[num_documents, NUM_NOISES]; to be asked by view.once(noises).

    The first NUM_WORD_KINDS add up to all words. SINGLE_LETTER: one letter that is not CJK. STRANGE: ASCII letters, lower case
    but for the first, where a third of the pairs of neighbours is one that languages avoid. MIXED: numbers or odd symbols
    between lower-case letters, unless an underscore joins it with others. FIGURE and YEAR: more numbers than letters; a number
    of four digits from 1800 to 2099 is a year.
    NUMBER_LINES, REFERENCE_LINES: bytes, with their newlines, of lines in which half of the words or more are figures or years,
    and of entries of reference lists.
    """
    return _count_noises(view.data, view.offsets, _kinds(), _strange_pairs())


@lru_cache(maxsize=1)
def _kinds() -> NDArray[np.uint8]:
    """Kind of the code points below TABLE_SIZE: uint8[TABLE_SIZE]."""
    classes = character_classes()
    kinds = np.zeros(len(classes), np.uint8)
    kinds[classes == PUNCTUATION] = _ODD
    kinds[:128] = _BREAK
    kinds[[ord(character) for character in _ODD_ASCII]] = _ODD
    kinds[[ord(character) for character in _EVEN_SYMBOLS]] = _BREAK
    kinds[0x2010:0x2028] = _BREAK  # dashes and quotation marks
    kinds[0x2200:0x2300] = _BREAK  # mathematical operators
    kinds[np.isin(classes, [HAN, SIMPLIFIED, TRADITIONAL, KANA, HANGUL])] = _CJK
    kinds[(classes >= OTHER_LETTER) | (classes == COMBINING)] = _LETTER
    kinds[classes == DAMAGED] = DAMAGED
    kinds[classes == DIGIT] = _NUMBER
    kinds[ord("a") : ord("z") + 1] = _LOWER
    kinds[ord("A") : ord("Z") + 1] = _UPPER
    kinds.flags.writeable = False
    return kinds


@lru_cache(maxsize=1)
def _strange_pairs() -> NDArray[np.uint8]:
    """1 where the second letter hardly ever follows the first: uint8[32 * 32], at first * 32 + second, a = 1."""
    table = np.zeros(32 * 32, np.uint8)
    for entry in _STRANGE_PAIRS.split():
        table[[(ord(entry[0]) & 31) * 32 + (ord(second) & 31) for second in entry[2:]]] = 1
    table.flags.writeable = False
    return table


@kernel
def _count_noises(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], kinds: NDArray[np.uint8], strange: NDArray[np.uint8]
) -> NDArray[np.int64]:
    counts = np.zeros((len(offsets) - 1, NUM_NOISES), np.int64)
    for document in range(len(counts)):
        line = word = position = offsets[document]
        stop = offsets[document + 1]
        num_strange, before, lowest = 0, 0, _LOWER
        num_words, num_figures, has_year = 0, 0, False
        while position <= stop:
            if word == position < stop and HAN_FIRST <= data[position] <= HAN_LAST:  # most of Chinese text
                counts[document, PLAIN] += 1
                num_words += 1
                position += 3
                word = position
                continue
            kind, size = class_at(data, position, kinds) if position < stop else (_BREAK, 1)
            if kind >= _NUMBER or (kind == _ODD and word < position):
                letter = int(data[position]) & 31
                num_strange += strange[before << 5 | letter]
                lowest = min(lowest, kind | (word == position))  # a capital at the start is like a small letter
                before = letter
                position += size
                continue
            if word < position:
                what = _letters(position - word, lowest, num_strange) if lowest >= _UPPER else _odd(data, word, position, kinds)
                if what == MIXED and _is_part(data[offsets[document] : stop], word - offsets[document], position - word):
                    what = PLAIN
                counts[document, what] += 1
                num_words += 1
                num_figures += what >= FIGURE
                has_year |= what == YEAR
                num_strange, before, lowest = 0, 0, _LOWER
            counts[document, PLAIN] += kind == _CJK
            num_words += kind == _CJK
            position += size
            word = position
            if position > stop or data[position - 1] == 10:
                end = min(position, stop)
                counts[document, NUMBER_LINES] += (end - line) * (0 < num_words <= 2 * num_figures)
                counts[document, REFERENCE_LINES] += (end - line) * (has_year and is_reference(data, line, position - 1))
                num_words, num_figures, has_year, line = 0, 0, False, position
    return counts


@kernel
def _letters(size: int, lowest: int, num_strange: int) -> int:
    """What a word of `size` ASCII letters is."""
    if size == 1:
        return SINGLE_LETTER
    return STRANGE if lowest == _LOWER and size >= MIN_STRANGE_LETTERS and 3 * num_strange >= size - 1 else PLAIN


@kernel
def _odd(data: NDArray[np.uint8], position: int, stop: int, kinds: NDArray[np.uint8]) -> int:
    """What data[position:stop] is, a word not of ASCII letters alone."""
    begin = position
    num_letters, num_figures, is_mixed = 0, 0, False
    after_lower = 0  # 1 behind a lower-case letter, 2 with numbers or odd symbols between
    while position < stop:
        kind, size = class_at(data, position, kinds)
        is_letter = kind >= _LETTER
        is_mixed |= kind == _LOWER and after_lower == 2
        after_lower = int(kind == _LOWER) if is_letter else 2 * (after_lower > 0)
        num_letters += is_letter
        num_figures += kind == _NUMBER
        position += size
    if num_figures > num_letters:
        return YEAR if num_figures == 4 and _is_recent(data, begin) else FIGURE
    if is_mixed:
        return MIXED
    return SINGLE_LETTER if num_letters == 1 and num_figures == 0 else PLAIN


@kernel
def _is_part(data: NDArray[np.uint8], begin: int, size: int) -> bool:
    """Whether an underscore joins the word at `begin` with another, as in names of programs and files: ga_ls5t_ard."""
    end = begin + size
    return (begin > 0 and data[begin - 1] == _UNDERSCORE) or (end < len(data) and data[end] == _UNDERSCORE)


@kernel
def _is_recent(data: NDArray[np.uint8], begin: int) -> bool:
    """Whether the number of four digits at `begin` is a year from 1800 to 2099."""
    first, second = data[begin], data[begin + 1]
    return (first == 49 and second in (56, 57)) or (first == 50 and second == 48)
