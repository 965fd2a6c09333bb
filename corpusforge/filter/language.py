"""The language of a document, by a fastText model or by script and frequent words, and which languages are wanted.

A model looks at one line of about a thousand characters, taken from several places, since the beginning of a web page is often
its menu: more text costs time and hardly changes the answer. Always measured as an expensive filter, on what is still kept.
"""

import re
from functools import lru_cache
from pathlib import Path
from typing import Annotated, ClassVar, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field, model_validator

from corpusforge.core import Artifacts, Filter, Rule
from corpusforge.errors import InputError
from corpusforge.settings import ResourcePath, ThresholdMark
from corpusforge.text.codes import short_code
from corpusforge.text.languages import LANGUAGES, UNKNOWN, Guesses, guess_languages
from corpusforge.text.view import TextView

NUM_PLACES = 4
"""A sample of a long text is made of so many pieces, the first from its beginning and the last from its end."""

_BREAKS = re.compile(r"[\n\0\u2028\u2029]")
_LETTER = re.compile(r"[^\W\d_]")

Score = Annotated[float, Field(ge=0, le=1)]


class Language(Filter):
    """Adds lang and lang_score, and keeps documents of the wanted languages."""

    cost: ClassVar = "expensive"
    adds: ClassVar[tuple[str, ...]] = ("lang", "lang_score")

    model: ResourcePath | None
    """A fastText model such as lid.176.ftz or GlotLID's. null goes by script and frequent words: zh, ja, ko, en, de, fr, es,
    pt, it, nl, ru and languages with a script of their own are told; others are und-Latn, und-Cyrl, und-Arab and so on."""
    languages: Annotated[dict[str, Score], ThresholdMark()] = Field(default_factory=dict)
    """Wanted languages with the least score of each, such as {en: 0.65, zh: 0.5}. Others are rejected as language, lower
    scores as language_score. Empty only labels."""
    sample_chars: int = Field(default=1000, ge=20)
    """Characters of each document that are looked at."""

    @model_validator(mode="after")
    def _languages_can_be_told(self) -> "Language":
        if self.model is None:
            _check_codes(self.languages, LANGUAGES, "without a model, languages that can be told are")
        return self

    def prepare(self, artifacts: Artifacts, folder: Path) -> None:
        """Raise InputError where the model cannot be read or knows nothing of a wanted language."""
        if self.model is None:
            return
        known = {short_code(label) for label in _loaded(self.model, _stamp(self.model)).get_labels()}
        try:
            _check_codes(self.languages, known, f"{self.model} knows")
        except ValueError as error:
            raise InputError(f"filter.language: languages: {error}") from error

    def annotate(self, view: TextView) -> dict[str, pa.Array]:
        """lang (string, "und" without letters) and lang_score (float64)."""
        samples = [_sample(text.as_py(), self.sample_chars) for text in view.texts]
        if self.model is None:
            codes, scores = guess_languages(TextView(pa.array(samples, pa.large_string())))
        else:
            codes, scores = _predicted(_loaded(self.model, _stamp(self.model)), samples)
        return {"lang": pa.array(codes, pa.string()), "lang_score": pa.array(scores, pa.float64())}

    def rules(self) -> tuple[Rule, ...]:
        """Another language first, then for each wanted one its score."""
        if not self.languages:
            return ()
        other = Rule("lang_score", "<=", -1, "language", unless=("lang", tuple(self.languages)))  # no score is that low
        scores = (
            Rule("lang_score", ">=", least, "language_score", when=("lang", code)) for code, least in self.languages.items()
        )
        return (other, *scores)


class Model(Protocol):
    """What this file uses of a loaded fastText model."""

    f: "Predictor"

    def get_labels(self) -> list[str]:
        """All labels it may give."""


class Predictor(Protocol):
    """The compiled half of a fastText model, which builds no array for each answer."""

    def predict(self, line: str, k: int, threshold: float, on_unicode_error: str) -> list[tuple[float, str]]:
        """Score and label of the `k` best labels for a line with its newline."""


def _check_codes(languages: dict[str, float], known: tuple[str, ...] | set[str], known_are: str) -> None:
    unknown = sorted(set(languages) - set(known))
    if unknown:
        raise ValueError(f"unknown {', '.join(unknown)}; {known_are}: {', '.join(sorted(known))}")


def _sample(text: str, size: int) -> str:
    """One line of at most about `size` characters of `text`, from NUM_PLACES places where it is longer."""
    if len(text) > size:
        piece = -(-size // NUM_PLACES)
        last = len(text) - piece
        text = " ".join(
            text[begin : begin + piece] for begin in (last * place // (NUM_PLACES - 1) for place in range(NUM_PLACES))
        )
    return _BREAKS.sub(" ", text)


def _predicted(model: Model, samples: list[str]) -> Guesses:
    codes = [UNKNOWN] * len(samples)
    scores: NDArray[np.float64] = np.zeros(len(samples))
    for index, sample in enumerate(samples):
        if _LETTER.search(sample):
            [(score, label)] = model.f.predict(f"{sample}\n", 1, 0.0, "strict")
            codes[index] = short_code(label)
            scores[index] = min(score, 1.0)  # fastText's softmax goes a little over
    return Guesses(codes, scores)


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


@lru_cache(maxsize=1)
def _loaded(path: Path, stamp: tuple[int, int]) -> Model:
    """The model, once per process; `stamp` is in the key so that a file written anew is loaded anew."""
    import fasttext

    try:
        model: Model = fasttext.load_model(str(path))
    except ValueError as error:
        raise InputError(f"filter.language: {path}: no fastText model ({error}); give one such as lid.176.ftz") from error
    return model
