"""What `stages` prints."""

from inspect import cleandoc
from typing import Any

import orjson
from rich.markup import escape

from corpusforge.core import Stage
from corpusforge.errors import UserError
from corpusforge.recipe.registry import find_stage, stage_names
from corpusforge.terminal.console import say, say_table, table


def _kind(stage: type[Stage]) -> str:
    """Which of the kinds of core.py it is: its last base before Stage."""
    bases = stage.__mro__
    return bases[bases.index(Stage) - 1].__name__.lower()


def _summary(stage: type[Stage]) -> str:
    return (stage.__doc__ or "").strip().splitlines()[0]


def print_stages() -> None:
    """All stages with their kind and one line."""
    made = table("stage", "kind", "what it does")
    for name in stage_names():
        stage = find_stage(name)
        made.add_row(name, _kind(stage), escape(_summary(stage)))
    say_table(made)
    say("corpusforge stages NAME shows the settings of one")


def print_stage(name: str) -> None:
    """A stage's documentation and settings; raises UserError when there is none such."""
    try:
        stage = find_stage(name)
    except LookupError as error:
        raise UserError(str(error.args[0])) from None
    say(f"[bold]{name}[/bold] ({_kind(stage)})\n{escape(cleandoc(stage.__doc__ or ''))}")
    needs, gives = (*stage.reads, *stage.needs), (*stage.adds, *stage.provides)
    say(f"reads: {', '.join(needs) or 'nothing'}; gives: {', '.join(gives) or 'nothing'}")
    made = table("setting", "type", "default", "meaning")
    properties = stage.model_json_schema()["properties"] if stage.model_fields else {}
    for setting, field in stage.model_fields.items():
        schema = properties[setting]
        default = "required" if field.is_required() else str(orjson.dumps(schema.get("default")).decode())
        made.add_row(setting, escape(_type_text(schema)), escape(default), escape(schema.get("description", "")))
    say_table(made)


def _type_text(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(_type_text(each) for each in schema["anyOf"])
    if "const" in schema:
        return str(schema["const"])
    if schema.get("type") == "array":
        return f"list of {_type_text(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or schema.get("$ref", "").rpartition("/")[2] or "any")
