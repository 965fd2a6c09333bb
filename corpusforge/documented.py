"""Settings whose meaning stands in a string under each field, where a reader of the class and of its JSON Schema finds it.

pydantic can do so itself (use_attribute_docstrings), but it reads and parses the source of every class as it is made: 0.15 s
of every start, for what only `stages` and the schemas ask for. Here it is done when the schema is.
"""

import ast
from collections.abc import Iterator
from inspect import cleandoc, getsource
from itertools import chain, pairwise
from typing import Any

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler


class Documented(BaseModel):
    """Frozen settings that refuse names they do not have; the strings under their fields are descriptions in the schema."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The schema as pydantic makes it, with descriptions."""
        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema).get("properties", {})
        owners = (owner for owner in reversed(cls.__mro__) if issubclass(owner, Documented))
        meanings = dict(chain.from_iterable(map(_meanings, owners)))
        for name, field in cls.model_fields.items():
            shown = properties.get(field.alias or name)
            if shown is not None and name in meanings:
                shown.setdefault("description", meanings[name])
        return schema


def _meanings(owner: type) -> Iterator[tuple[str, str]]:
    """(name, the string under it) of what a class declares itself; nothing where there is no source to be read."""
    try:
        source = getsource(owner)
    except (OSError, TypeError):  # TypeError: made by code that was in no file
        return
    # not dedented: a line of a string may stand at the margin
    tree = ast.parse(f"if True:\n{source}" if source[:1].isspace() else source)
    made = next(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    for field, below in pairwise(made.body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(meaning))):
                yield name, cleandoc(meaning)
