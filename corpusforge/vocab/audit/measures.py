"""How a tokenizer does on text: how densely it writes it, and how evenly it uses its vocabulary.

Characters per token and bytes per token say how much text fits a sequence, tokens per word (fertility) how words are cut, where
a CJK character counts as a word. Renyi efficiency (Zouhar et al. 2023, alpha 2.5) is the entropy of the tokens' frequencies by
that of an even use of the whole vocabulary: a few very frequent tokens lower it, and so do rows that are hardly used.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from corpusforge.text.languages import guess_languages
from corpusforge.text.view import TextView
from corpusforge.vocab.audit.loaders import Loader
from corpusforge.vocab.convert import SPACE

_ALPHA = 2.5

# Languages below this share of a text's bytes are taken together.
_MIN_SHARE = 0.01

ALL, OTHERS = "all", "others"

# Bytes of a character, as SentencePiece writes one or as they are shown here.
_BYTES = re.compile("(?:<(?:0x)?[0-9A-F]{2}>)+")


@dataclass(frozen=True)
class Texts:
    """Documents of one text, by `name`; counts of each, and its language; lines or files that gave no text are left out."""

    name: str
    documents: pa.Array
    languages: Sequence[str]
    num_bytes: NDArray[np.int64]
    num_chars: NDArray[np.int64]
    num_words: NDArray[np.int64]
    num_left_out: int = 0

    @classmethod
    def of(cls, name: str, documents: pa.Array, num_left_out: int = 0) -> "Texts":
        """Count them, and guess their languages."""
        view = TextView(documents)
        codes = guess_languages(view).codes
        sizes: Counter[str] = Counter()
        for code, size in zip(codes, view.num_bytes.tolist(), strict=True):
            sizes[code] += size
        least = _MIN_SHARE * sizes.total()
        languages = [code if sizes[code] >= least else OTHERS for code in codes]
        return cls(name, view.texts, languages, view.num_bytes, view.num_chars, view.num_words, num_left_out)

    def groups(self) -> Mapping[str, NDArray[np.bool_]]:
        """Which documents are of each language, the largest first; before them all, where there are several languages."""
        codes = np.array(self.languages, dtype=object)
        found = {code: codes == code for code in sorted(set(self.languages))}
        ordered = dict(
            sorted(found.items(), key=lambda each: (each[0] == OTHERS, -int(self.num_bytes[each[1]].sum()), each[0]))
        )
        everything = {ALL: np.ones(len(codes), np.bool_)} if len(found) != 1 else {}
        return {**everything, **ordered}


@dataclass(frozen=True)
class Measure:
    """A tokenizer on the documents of one language (or ALL) in one text; rates are 0 where there is nothing to divide by."""

    text: str
    language: str
    num_documents: int
    num_bytes: int
    num_tokens: int
    chars_per_token: float
    tokens_per_word: float
    bytes_per_token: float
    single_character_share: float
    renyi_efficiency: float
    used_share: float
    unknown_share: float


@dataclass(frozen=True)
class Use:
    """How often each id occurs in all texts, int64 by id."""

    counts: NDArray[np.int64]

    @property
    def num_used(self) -> int:
        """Ids that occur."""
        return int((self.counts > 0).sum())


def measure(loader: Loader, texts: Sequence[Texts], unknown: Sequence[int] = ()) -> tuple[list[Measure], Use]:
    """Figures of each text and language, and how often each id is used in all of them."""
    entries = _Entries.of(loader, unknown)
    total = np.zeros(len(loader.spellings), np.int64)
    found: list[Measure] = []
    for each in texts:
        tokens = loader.tokens(each.documents)
        total += np.bincount(tokens.ids, minlength=len(total))
        document_of = np.repeat(np.arange(len(each.documents)), np.diff(tokens.offsets))
        for language, is_taken in each.groups().items():
            counts = np.bincount(tokens.ids[is_taken[document_of]], minlength=len(total))
            found.append(_measure(each, language, is_taken, counts, entries))
    return found, Use(total)


@dataclass(frozen=True)
class _Entries:
    """Of a vocabulary: which ids spell one character or a part of one (a space in front apart), and which are unknown."""

    is_single: NDArray[np.bool_]
    num: int
    unknown: Sequence[int]

    @classmethod
    def of(cls, loader: Loader, unknown: Sequence[int]) -> "_Entries":
        texts = [loader.text_of(number) for number in range(len(loader.spellings))]
        short = [len(text.removeprefix(SPACE).removeprefix(" ")) <= 1 or _BYTES.fullmatch(text) is not None for text in texts]
        return cls(np.array(short, np.bool_), sum(map(bool, texts)), unknown)


def _measure(texts: Texts, language: str, is_taken: NDArray[np.bool_], counts: NDArray[np.int64], entries: _Entries) -> Measure:
    num_tokens = int(counts.sum())
    sums = (int(each[is_taken].sum()) for each in (texts.num_bytes, texts.num_chars, texts.num_words))
    num_bytes, num_chars, num_words = sums
    return Measure(
        texts.name,
        language,
        int(is_taken.sum()),
        num_bytes,
        num_tokens,
        _rate(num_chars, num_tokens),
        _rate(num_tokens, num_words),
        _rate(num_bytes, num_tokens),
        _rate(int(counts[entries.is_single].sum()), num_tokens),
        renyi_efficiency(counts, entries.num),
        _rate(int((counts > 0).sum()), entries.num),
        _rate(int(counts[list(entries.unknown)].sum()), num_tokens),
    )


def _rate(part: int, whole: int) -> float:
    return round(part / whole, 6) if whole else 0.0


def renyi_efficiency(counts: NDArray[np.int64], num_entries: int) -> float:
    """Renyi entropy of order 2.5 of these frequencies, as a share of log(num_entries).

    renyi_efficiency(np.array([1, 1]), 2) -> 1.0
    """
    if not counts.sum() or num_entries < 2:
        return 0.0
    shares = counts[counts > 0] / counts.sum()
    entropy = np.log((shares**_ALPHA).sum()) / (1 - _ALPHA)
    return round(float(entropy / np.log(num_entries)), 6)
