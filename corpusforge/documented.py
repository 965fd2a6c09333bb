"""Settings whose meaning stands in a string under each field, where a reader of the class and of its JSON Schema finds it.

pydantic can do so itself (use_attribute_docstrings), but it reads and parses the source of every class as it is made: 0.15 s
of every start, for what only `stages` and the schemas ask for. Here it is done when the schema is.
"""

import ast
from collections.abc import Iterator
from inspect import cleandoc, getsource
from itertools import pairwise
from textwrap import dedent
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
        for owner in reversed(cls.__mro__):
            if issubclass(owner, Documented):
                for name, meaning in _meanings(owner):
                    if name in properties:
                        properties[name]["description"] = meaning
        return schema


def _meanings(owner: type) -> Iterator[tuple[str, str]]:
    """(name, the string under it) of what a class declares itself; nothing where there is no source to be read."""
    try:
        source = dedent(getsource(owner))
    except OSError:
        return
    made = ast.parse(source).body[0]
    assert isinstance(made, ast.ClassDef)
    for field, below in pairwise(made.body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(meaning))):
                yield name, cleandoc(meaning)
