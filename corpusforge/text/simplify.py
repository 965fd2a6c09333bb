"""Text as datatrove 0.10.0 compares it: what its `simplify_text` gives, written anew from its description."""

import re
import unicodedata

from corpusforge.text.english import PUNCTUATION, spacy_tokens

# Decimal digits of scripts that are younger than the interpreter's Unicode: datatrove asks a library that knows them.
_NEW_DIGITS = (
    "\U00010d40-\U00010d49\U000116d0-\U000116e3\U00011bf0-\U00011bf9\U00011de0-\U00011de9\U00011f50-\U00011f59"
    "\U00016130-\U00016139\U00016d70-\U00016d79\U0001ccf0-\U0001ccf9\U0001e4f0-\U0001e4f9\U0001e5f1-\U0001e5fa"
)
_NUMBER = re.compile(rf"[\d{_NEW_DIGITS}]+(?:[.,،٫⎖⎗⎘][\d{_NEW_DIGITS}]+)?")
_TO_BLANKS = str.maketrans(PUNCTUATION, " " * len(PUNCTUATION))


def simplified(text: str) -> str:
    """Lower case, numbers as 0, punctuation and runs of whitespace as one blank, without accents, none at the ends.

    simplified("Naïve, 3.14!") -> "naive 0"
    """
    plain = _NUMBER.sub("0", text.lower()).translate(_TO_BLANKS)
    plain = " ".join(plain.split())
    if plain.isascii():
        return plain
    decomposed = unicodedata.normalize("NFD", plain)
    return "".join(character for character in decomposed if unicodedata.category(character) != "Mn").strip()


def simplified_words(text: str) -> list[str]:
    """spaCy's English tokens of the simplified text; raises MissingExtra without spaCy."""
    return spacy_tokens(simplified(text))
