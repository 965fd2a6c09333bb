"""The JSON Schema of recipes and pipelines, for editors: generated from the very classes that check them."""

import json
from typing import Any

from pydantic import BaseModel

from corpusforge.core import Barrier, Filter, Sink, Source, Stage, Transform
from corpusforge.recipe.model import PipelineHeader, RecipeHeader, SourceHeader
from corpusforge.recipe.registry import find_stage, stage_names
from corpusforge.recipe.training import TrainingHeader

JsonSchema = dict[str, Any]

ENGINE_ONLY = ("dedup.ids",)

_INCLUDED: JsonSchema = {
    "type": "object", "properties": {"pipeline": {"type": "string"}}, "required": ["pipeline"], "additionalProperties": False,
    "description": "The stages of that pipeline, in this place.",
}  # fmt: skip


def schemas() -> dict[str, str]:
    """File name -> text of each generated schema, sorted keys, ready to write."""
    return {
        "recipe.schema.json": _text(recipe_schema()),
        "pipeline.schema.json": _text(pipeline_schema()),
        "training.schema.json": _text(training_schema()),
    }


def recipe_schema() -> JsonSchema:
    """JSON Schema (2020-12) of a recipe file, of our own stages."""
    definitions: JsonSchema = {}
    schema = _base(RecipeHeader, definitions)
    properties = schema["properties"]
    properties["sources"]["items"] = _any_of(Source, definitions, SourceHeader)
    properties["stages"]["items"] = _any_of((Transform, Filter, Barrier), definitions)
    properties["sink"] = {**_any_of(Sink, definitions), "description": properties["sink"]["description"]}
    properties["stages"]["items"]["anyOf"].append(_INCLUDED)
    definitions["pipeline"] = _any_of((Transform, Filter), definitions)
    definitions["pipeline"]["anyOf"].append(_INCLUDED)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "$defs": definitions}


def pipeline_schema() -> JsonSchema:
    """JSON Schema (2020-12) of a pipeline file."""
    definitions: JsonSchema = {}
    schema = _base(PipelineHeader, definitions)
    schema["properties"]["stages"]["items"] = _any_of((Transform, Filter), definitions)
    schema["properties"]["stages"]["items"]["anyOf"].append(_INCLUDED)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "$defs": definitions}


def training_schema() -> JsonSchema:
    """JSON Schema (2020-12) of a recipe file that only trains."""
    definitions: JsonSchema = {}
    schema = _base(TrainingHeader, definitions)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "$defs": definitions}


def _any_of(
    kinds: type[Stage] | tuple[type[Stage], ...], definitions: JsonSchema, header: type[BaseModel] | None = None
) -> JsonSchema:
    names = [name for name in stage_names() if issubclass(find_stage(name), kinds) and name not in ENGINE_ONLY]
    for name in names:
        definitions[name] = _stage_schema(name, definitions, header)
    return {"anyOf": [{"$ref": f"#/$defs/{name}"} for name in names]}


def _stage_schema(name: str, definitions: JsonSchema, header: type[BaseModel] | None) -> JsonSchema:
    schema = _base(find_stage(name), definitions)
    outer = _base(header, definitions) if header else {"properties": {}, "required": []}
    properties = {**outer["properties"], **schema.get("properties", {}), "use": {"const": name}}
    if "pipeline" in properties:
        properties["pipeline"] = _pipeline(properties["pipeline"])
    required = sorted({"use", *outer["required"], *schema.get("required", [])})
    return {
        "type": "object", "description": schema["description"], "properties": properties, "required": required,
        "additionalProperties": False,
    }  # fmt: skip


def _pipeline(given: JsonSchema) -> JsonSchema:
    stages = {"type": "array", "items": {"$ref": "#/$defs/pipeline"}}
    return {"anyOf": [{"type": "string"}, stages], "description": given["description"]}


def _base(model: type[BaseModel], definitions: JsonSchema) -> JsonSchema:
    """The model's own schema; nested models go to `definitions`. Variables may stand for any value that is no text."""
    schema = model.model_json_schema()
    definitions |= schema.pop("$defs", {})
    return {key: value for key, value in schema.items() if key != "title"}


def _text(schema: JsonSchema) -> str:
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
