"""Text to the ids that a model reads, and which of them are scored."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Literal

from tokenizers import Tokenizer

from corpusforge.errors import UserError
from corpusforge.vocab.folder import TokenizerFiles

Ids = tuple[int, ...]
Start = Literal["auto", "yes", "no"]


@dataclass(frozen=True)
class Scored:
    """Ids that a model reads, and ids that it is asked for at the last positions; alternatives are equally long.

    The id asked for at the last position comes behind the last id that is read, so `ids` ends before it.
    """

    ids: Ids
    alternatives: tuple[Ids, ...]

    @property
    def num_scored(self) -> int:
        """Positions that are asked at."""
        return len(self.alternatives[0])


@dataclass(frozen=True)
class Encoder:
    """A tokenizer, the ids that stand before every text, and its EOS where it has one."""

    tokenizer: Tokenizer
    start: Ids
    end: Ids
    digest: str

    @classmethod
    def read(cls, folder: Path, start: Start) -> "Encoder":
        """The tokenizer of a model; `start` says whether its BOS comes first: auto does as the tokenizer itself.

        Raises InputError where there is none, UserError where it has no BOS and one is wanted.
        """
        files = TokenizerFiles.read(folder)
        tokenizer = files.loaded()
        return cls(tokenizer, _start(files, tokenizer, start), _named(files, tokenizer, "eos_token"), files.digest)

    def encode(self, texts: Sequence[str]) -> list[Ids]:
        """Ids of texts, without the start."""
        return [tuple(each.ids) for each in self.tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]

    def pair(self, context: str, answers: Sequence[str]) -> list[tuple[Ids, Ids]]:
        """Ids of the context and of each answer behind it.

        Both are encoded as one text, as a model in use sees it; ids that the answer changed belong to the answer.
        """
        alone, *both = self.encode([context, *(context + answer for answer in answers)])
        return [(whole[: (cut := _common(alone, whole))], whole[cut:]) for whole in both]


def cut_to_window(start: Ids, context: Ids, answer: Ids, window: int) -> tuple[Ids, bool] | None:
    """What is read for an answer, cut from the left behind the start to `window` ids, and whether it was cut.

    None where the answer itself does not fit.
    """
    read = context + answer[:-1]
    room = window - len(start)
    if len(answer) > room:
        return None
    return start + read[max(0, len(read) - room) :], len(read) > room


def _common(first: Ids, second: Ids) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))


def _start(files: TokenizerFiles, tokenizer: Tokenizer, start: Start) -> Ids:
    if start == "no":
        return ()
    plain, special = (tuple(tokenizer.encode("a", add_special_tokens=each).ids) for each in (False, True))
    own = next((special[:place] for place in range(len(special)) if special[place : place + len(plain)] == plain), ())
    if start == "auto" or own:
        return own
    found = _named(files, tokenizer, "bos_token")
    if not found:
        raise UserError(f"{files.origin}: the tokenizer names no bos_token; leave --bos auto")
    return found


def _named(files: TokenizerFiles, tokenizer: Tokenizer, role: str) -> Ids:
    name = files.special_name(role)
    number = None if name is None else tokenizer.token_to_id(name)
    return () if number is None else (int(number),)
