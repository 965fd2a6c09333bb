"""YAML files to plain trees: every string knows the folder of its file, and nothing is guessed.

YAML 1.1 turns `no`, `on`, `1:30` and `2025-01-02` into booleans, sexagesimal numbers and dates, and lets a key occur twice.
A recipe is read the way people mean it instead: only true/false are booleans, dates stay text, a repeated key is an error.
"""

import re
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from corpusforge.errors import RecipeError
from corpusforge.settings import Located

Tree: TypeAlias = Any  # what YAML holds: dict, list, Located, int, float, bool, None

_INT = re.compile(r"^[-+]?(?:0|[1-9][0-9_]*)$|^0x[0-9a-fA-F]+$")
_FLOAT = re.compile(r"^[-+]?(?:[0-9][0-9_]*)?\.?[0-9]+(?:[eE][-+]?[0-9]+)?$|^[-+]?[0-9]+\.$|^[-+]?\.(?:inf|nan)$")


class _Loader(yaml.SafeLoader):
    base: Path


# A table of our own: YAML 1.2's core types, as SafeLoader's own table would otherwise be changed for the whole process.
_Loader.yaml_implicit_resolvers = {}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|)$"), ["~", "n", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", _INT, list("-+0123456789"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+0123456789."))
_Loader.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile(r"^<<$"), ["<"])


def _string(loader: _Loader, node: yaml.ScalarNode) -> Located:
    return Located(str(loader.construct_scalar(node)), loader.base)


def _int(loader: _Loader, node: yaml.ScalarNode) -> int:
    return int(str(loader.construct_scalar(node)).replace("_", ""), 0)


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[str, Tree]:
    seen: dict[str, yaml.Mark] = {}
    for key_node, _ in node.value:
        key = str(key_node.value)
        if key in seen and key != "<<":
            raise yaml.constructor.ConstructorError(
                None, None, f"key {key!r} is given twice, first in line {seen[key].line + 1}", key_node.start_mark
            )
        seen[key] = key_node.start_mark
    loader.flatten_mapping(node)
    return {str(loader.construct_object(key)): loader.construct_object(value, deep=True) for key, value in node.value}


_Loader.add_constructor("tag:yaml.org,2002:str", _string)
_Loader.add_constructor("tag:yaml.org,2002:int", _int)
_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def parse_yaml(text: str, base: Path, name: str) -> Tree:
    """Parse `text`; strings become Located in `base`; raises RecipeError naming `name` and the line."""
    try:
        loader = _Loader(text)
    except yaml.YAMLError as error:  # characters that YAML does not allow
        raise RecipeError([f"{name}: not readable as YAML: {error}"]) from error
    loader.base = base
    try:
        return loader.get_single_data()
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}" if error.problem_mark else "somewhere"
        raise RecipeError([f"{name}: {line}: {error.problem}; mend the YAML there"]) from error
    except (yaml.YAMLError, ValueError) as error:
        raise RecipeError([f"{name}: not readable as YAML: {error}"]) from error
    finally:
        loader.dispose()


def load_yaml(path: Path) -> dict[str, Tree]:
    """Read a file that holds one mapping; raises RecipeError when it is missing, not UTF-8 or of another shape."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise RecipeError([f"{path}: no such file; `corpusforge init {path}` writes a starter recipe"]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError([f"{path}: cannot be read as UTF-8 text: {error}"]) from error
    tree = parse_yaml(text, path.resolve().parent, path.name)
    if not isinstance(tree, dict):
        raise RecipeError([f"{path.name}: holds {type(tree).__name__}, not settings; start with `version: 1`"])
    return tree
