"""A tokenizer and a chat template together: from turns to the ids of a row and where loss falls in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from corpusforge.errors import UserError
from corpusforge.sft.chat import ChatTemplate
from corpusforge.sft.encoder import Encoder
from corpusforge.sft.formats import BadRow
from corpusforge.sft.turns import Turn
from corpusforge.tokens import TokenFacts
from corpusforge.vocab.folder import TokenizerFiles

Loss = Literal["answers", "last_answer", "everything"]

_ROLES = ("bos_token", "eos_token", "unk_token", "pad_token")
_EXCHANGE = [Turn("user", "q"), Turn("assistant", "a")]
_PROBES = ([Turn("system", "s"), *_EXCHANGE, *_EXCHANGE], [*_EXCHANGE, *_EXCHANGE], _EXCHANGE)


class Rendered(NamedTuple):
    """Ids of a row without the EOD behind it, and for each of them and the EOD whether loss falls on it."""

    ids: list[int]
    loss: list[bool]

    @property
    def size(self) -> int:
        """Tokens of the row, EOD included."""
        return len(self.loss)


@dataclass(frozen=True)
class Renderer:
    """Renders conversations; where the EOD is what ends the last answer, it stands there once and bears loss."""

    chat: ChatTemplate
    encoder: Encoder
    eod_id: int
    loss: Loss

    @classmethod
    def of(
        cls, files: TokenizerFiles, template: str, facts: TokenFacts, *, loss: Loss, variables: Mapping[str, str | int | bool]
    ) -> "Renderer":
        """For a tokenizer and a Jinja template; raises UserError where the template is none."""
        special = {role: name for role in _ROLES if (name := files.special_name(role)) is not None}
        chat = ChatTemplate.compiled(template, {**special, **variables}, origin=str(files.origin))
        encoder = Encoder.load(files.content["tokenizer.json"], origin=str(files.origin))
        return cls(chat, encoder, facts.eod_id, loss)

    def render(self, turns: Sequence[Turn]) -> Rendered:
        """The row of a conversation; raises BadRow where the template does not take it."""
        ids, answers = self.encoder.encode(self.chat.fragments(turns))
        if self.loss == "everything":
            loss = [True] * len(ids)
        else:
            first = max(answers) if self.loss == "last_answer" else 0
            loss = [answer >= first for answer in answers]
        if ids[-1] == self.eod_id:
            return Rendered(ids[:-1], loss)
        return Rendered(ids, [*loss, self.loss == "everything"])

    def check(self, name: str) -> None:
        """Raise UserError where no conversation goes through the template called `name`."""
        problem: BadRow | None = None
        for probe in _PROBES:
            try:
                self.render(probe)
                return
            except BadRow as error:
                problem = error
        special = ", ".join(list(self.encoder.control)[:20]) or "none"
        raise UserError(
            f"sft.render: template {name}: {problem}; choose a template for this tokenizer (its special tokens: {special}), "
            "or extend it by those that the template writes"
        ) from problem
