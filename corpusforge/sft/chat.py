"""A conversation through a chat template, as fragments: what the template writes, and whose words stand between.

Templates are programs (Jinja, as Hugging Face runs them: sandboxed), so where an answer lies in what they write cannot be read
off them, and searching for it would find the same words in a question. Each turn is therefore rendered as a placeholder that
nothing else can spell, which gives the fragments; then the turns themselves are rendered, and the fragments with the turns put
in have to be that very string. A template that trims gets trimmed turns; one that does anything else to them is refused.
Templates come from the recipe's tokenizer or from this package, never from a row.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple, NoReturn

import orjson
from jinja2 import Template, TemplateError
from jinja2.exceptions import TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from corpusforge.errors import UserError
from corpusforge.sft.formats import BadRow
from corpusforge.sft.turns import BETWEEN, Role, Turn

Message = dict[str, str]

# Private-use characters around the number of a turn.
_PLACEHOLDER = re.compile("\ue000([0-9]+)\ue001")


class Fragment(NamedTuple):
    """A run of rendered text; `role` None is the template's own."""

    text: str
    role: Role | None


@dataclass(frozen=True)
class ChatTemplate:
    """A template and what it is given beside the messages: names of special tokens, and variables of the recipe."""

    template: Template
    given: Mapping[str, object]

    @classmethod
    def compiled(cls, source: str, given: Mapping[str, object], *, origin: str) -> "ChatTemplate":
        """From Jinja source; raises UserError naming `origin` where it is none."""
        if _PLACEHOLDER.search(source) or "\ue000" in source:
            raise UserError(f"sft.render: the template of {origin} holds U+E000, which marks turns here; take it out")
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
        )
        environment.filters["tojson"] = _to_json
        environment.globals["raise_exception"] = _refuse
        try:
            return cls(environment.from_string(source), given)
        except TemplateSyntaxError as error:
            raise UserError(f"sft.render: the template of {origin}, line {error.lineno}: {error.message}; repair it") from error

    def fragments(self, turns: Sequence[Turn]) -> list[Fragment]:
        """What the template makes of a conversation; raises BadRow where it refuses it, or does not keep its words."""
        marked = self._render([Turn(turn.role, f"\ue000{number}\ue001") for number, turn in enumerate(turns)], turns)
        parts = _PLACEHOLDER.split(marked)
        _check_once(parts[1::2], turns)
        rendered = self._render(turns, turns)
        for spoken in (turns, [Turn(turn.role, turn.text.strip()) for turn in turns]):
            found = [Fragment(part, None) if place % 2 == 0 else _fragment(spoken, part) for place, part in enumerate(parts)]
            if "".join(fragment.text for fragment in found) == rendered:
                return [fragment for fragment in found if fragment.text or fragment.role]
        raise BadRow("template_changes_text", "the template changes the words of a turn, so where an answer lies is not known")

    def _render(self, turns: Sequence[Turn], real: Sequence[Turn]) -> str:
        try:
            return self.template.render(messages=messages(turns, real), add_generation_prompt=False, **self.given)
        except TemplateError as error:
            raise BadRow("template_refuses", str(error)) from error


def _fragment(turns: Sequence[Turn], number: str) -> Fragment:
    role, text = turns[int(number)]
    return Fragment(text, role)


def messages(turns: Sequence[Turn], real: Sequence[Turn]) -> list[Message]:
    """The turns as templates take them; a user's context is part of the content, and beside it for templates that part them.

    Which of them are blank is asked of the `real` turns, where `turns` are placeholders of these.
    """
    found = list[Message]()
    pairs = zip(turns, real, strict=True)
    for is_user, group in groupby(pairs, key=lambda pair: pair[0].role in ("user", "context")):
        members = list(group)
        if not is_user:
            found += [{"role": turn.role, "content": turn.text} for turn, _ in members]
            continue
        told = [turn for turn, each in members if each.text.strip()]
        texts = {role: BETWEEN.join(turn.text for turn in told if turn.role == role) for role in ("user", "context")}
        content = BETWEEN.join(turn.text for turn in told)
        found.append({"role": "user", "content": content, "question": texts["user"], "context": texts["context"]})
    return found


def _check_once(numbers: Sequence[str], turns: Sequence[Turn]) -> None:
    """Raise BadRow where a turn with words is left out, or is there twice."""
    for number, turn in enumerate(turns):
        count = numbers.count(str(number))
        if count == 0 and turn.text.strip():
            raise BadRow("turn_left_out", f"the template leaves turn {number} of {len(turns)} out ({turn.role})")
        if count > 1:
            raise BadRow("turn_repeated", f"the template writes turn {number} of {len(turns)} {count} times ({turn.role})")


def _to_json(value: object, indent: int | None = None) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 if indent else 0).decode()


def _refuse(message: str) -> NoReturn:
    raise TemplateError(message)
