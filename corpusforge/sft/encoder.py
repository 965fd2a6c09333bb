"""Rendered conversations to token ids, each token known to be the template's, a question's or an answer's.

The text is cut where control tokens of the template stand and where an answer begins and ends, and each run is encoded by
itself, so that no token can lie across a border and none has to be looked for. That is also how the tokens meet a model in use:
the prompt is encoded up to where it begins to write. Control tokens are read in the template's own text only; the same words
in a turn are plain text. A space at the end of a prompt goes to the answer, whose first token it is part of: left behind, it
would be a token of its own that no answer follows in use.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from corpusforge.sft.chat import Fragment
from corpusforge.sft.formats import BadRow
from corpusforge.vocab.folder import reference_tokenizer

if TYPE_CHECKING:
    from tokenizers import Tokenizer


class Run(NamedTuple):
    """Text to encode at once, or a control token (`control` is its id, else -1); `answer` is -1 or the number of the answer."""

    text: str
    control: int
    answer: int


class Tokens(NamedTuple):
    """Ids, and the number of the answer that each belongs to, -1 where it is none."""

    ids: list[int]
    answers: list[int]


@dataclass(frozen=True)
class Encoder:
    """A tokenizer as it reads text at the beginning (`whole`) and behind other text (`bare`: no space of its own in front).

    `control` are its special tokens by name, `pattern` finds them, `rstrips` and `lstrips` are those that take blanks along.
    """

    whole: "Tokenizer"
    bare: "Tokenizer"
    control: Mapping[str, int]
    pattern: re.Pattern[str]
    rstrips: frozenset[str]
    lstrips: frozenset[str]
    begins_anew: bool
    """Whether text behind a control token is read as at the beginning."""

    @classmethod
    def load(cls, content: bytes, *, origin: str) -> "Encoder":
        """From a tokenizer.json; raises InputError where it cannot be loaded."""
        whole = reference_tokenizer(content, origin=origin)
        added = {number: token for number, token in whole.get_added_tokens_decoder().items() if token.special}
        control = {token.content: number for number, token in added.items()}
        return cls(
            whole=whole,
            bare=reference_tokenizer(_bare(content), origin=origin),
            control=control,
            pattern=re.compile("|".join(re.escape(name) for name in sorted(control, key=len, reverse=True)) or r"(?!)"),
            rstrips=frozenset(token.content for token in added.values() if token.rstrip),
            lstrips=frozenset(token.content for token in added.values() if token.lstrip),
            begins_anew=_begins_anew(whole, control),
        )

    def encode(self, fragments: Sequence[Fragment]) -> Tokens:
        """The tokens up to the end of the last answer; raises BadRow where no control token ends an answer."""
        ids, answers = list[int](), list[int]()
        is_start = True
        for run in self.runs(fragments):
            if run.control >= 0:
                found = [run.control]
            else:
                tokenizer = self.whole if is_start else self.bare
                found = tokenizer.encode(run.text, add_special_tokens=False).ids
            ids += found
            answers += [run.answer] * len(found)
            is_start = run.control >= 0 and self.begins_anew
        return Tokens(ids, answers)

    def runs(self, fragments: Sequence[Fragment]) -> list[Run]:
        """What is encoded at once: neighbours of one kind joined, and nothing behind the last answer."""
        runs = list(_joined(self._cut(fragments)))
        last = max((place for place, run in enumerate(runs) if run.answer >= 0), default=-1)
        return runs[: last + 1]

    def _cut(self, fragments: Sequence[Fragment]) -> Iterator[Run]:
        answer, is_answering, spaces = -1, False, ""
        for fragment, following in pairwise([*fragments, Fragment("", None)]):
            if fragment.role == "assistant":
                answer, is_answering = answer + 1, True
                yield Run(spaces + fragment.text, -1, answer)
            elif is_answering and fragment.role is not None:
                break
            elif fragment.role is not None:
                yield Run(fragment.text, -1, -1)
            else:
                kept = fragment.text.rstrip(" ") if following.role == "assistant" else fragment.text
                spaces = fragment.text[len(kept) :]
                for run in self._literal(kept):
                    yield run._replace(answer=answer if is_answering else -1)
                    is_answering = is_answering and run.control < 0
        if is_answering:
            raise BadRow("no_end_token", "no special token of the tokenizer ends an answer in this template")

    def _literal(self, text: str) -> Iterator[Run]:
        begin = 0
        for found in self.pattern.finditer(text):
            before, name = text[begin : found.start()], found[0]
            yield Run(before.rstrip() if name in self.lstrips else before, -1, -1)
            yield Run(name, self.control[name], -1)
            begin = found.end()
            if name in self.rstrips:
                begin += len(text[begin:]) - len(text[begin:].lstrip())
        yield Run(text[begin:], -1, -1)


def _joined(runs: Iterator[Run]) -> Iterator[Run]:
    """Runs of text of one kind put together, empty ones left out."""
    held = Run("", -1, -1)
    for run in runs:
        if run.control < 0 and held.control < 0 and run.answer == held.answer:
            held = held._replace(text=held.text + run.text)
            continue
        if held.text:
            yield held
        held = run
    if held.text:
        yield held


def _begins_anew(whole: "Tokenizer", control: Mapping[str, int]) -> bool:
    from tokenizers import Tokenizer

    aware = Tokenizer.from_str(whole.to_str())
    aware.encode_special_tokens = False
    name = min(control, key=len, default="")
    alone, behind = whole.encode("x", add_special_tokens=False).ids, aware.encode(f"{name}x", add_special_tokens=False).ids
    return bool(name) and behind[1:] == alone


def _bare(content: bytes) -> bytes:
    """tokenizer.json of the same tokenizer without the space that it puts in front of a text."""
    described = orjson.loads(content)
    steps = {name: _without_space(described.get(name)) for name in ("normalizer", "pre_tokenizer")}
    return orjson.dumps({**described, **steps})


def _without_space(step: dict[str, Any] | None) -> dict[str, Any] | None:
    if step is None or step["type"] == "Prepend":
        return None
    inner = "normalizers" if "normalizers" in step else "pretokenizers"
    if step["type"] == "Sequence":
        return {**step, inner: [kept for each in step[inner] if (kept := _without_space(each)) is not None]}
    if step["type"] == "Metaspace":
        return {**{key: value for key, value in step.items() if key != "add_prefix_space"}, "prepend_scheme": "never"}
    return {**step, "add_prefix_space": False} if "add_prefix_space" in step else step
