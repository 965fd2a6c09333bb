"""Overrides from the command line, and ${variables}.

    --set variables.data=/mnt/corpus   --set sources.web.path=x.jsonl   --set stages.2.max_tokens=4096

A list element is named by its position, or, where elements have a name, by that; a stage by the last word of its name, as in
sources.web.pipeline.length.min_words. A path given by --set is relative to the
working folder; a string that begins with a variable takes that variable's folder.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from corpusforge.errors import RecipeError
from corpusforge.recipe.suggest import did_you_mean
from corpusforge.recipe.yaml import Tree, parse_yaml
from corpusforge.settings import Located

_VARIABLE = re.compile(r"\$\{([^}]*)\}")


def apply_overrides(tree: dict[str, Tree], overrides: Sequence[str], working_folder: Path) -> dict[str, Tree]:
    """The tree with each `a.b=value` put in; raises RecipeError listing every override that has no place."""
    problems: list[str] = []
    for override in overrides:
        path, equals, text = override.partition("=")
        if not equals or not path:
            problems.append(f"--set {override}: no value; write --set a.b=value")
            continue
        if not text.strip():
            problems.append(
                f"--set {override}: the value is empty (a shell variable that is not set?); write null to mean none"
            )
            continue
        value = parse_yaml(text, working_folder, f"--set {override}")
        try:
            _refuse_undeclared(tree, path)
            tree = _put(tree, path.split("."), value)
        except KeyError as error:
            problems.append(f"--set {override}: {error.args[0]}")
    if problems:
        raise RecipeError(problems)
    return tree


def _refuse_undeclared(tree: dict[str, Tree], path: str) -> None:
    """A variable that the recipe does not declare is used nowhere: a misspelt one must not be taken in silence."""
    head, _, name = path.partition(".")
    declared = tree.get("variables") or {}
    if head == "variables" and name.partition(".")[0] not in declared:
        raise KeyError(f"the recipe declares no variable {name!r}; {did_you_mean(name, declared, 'variables')}")


def _put(tree: Tree, path: list[str], value: Tree) -> Tree:
    """A copy of `tree` with `value` at `path`."""
    if not path:
        return value
    head, *rest = path
    if isinstance(tree, list):
        index = _index(tree, head)
        return [*tree[:index], _put(tree[index], rest, value), *tree[index + 1 :]]
    if not isinstance(tree, dict):
        raise KeyError(f"{head} has no place below a plain value ({tree!r})")
    if rest and head not in tree:
        raise KeyError(f"the recipe has no {head!r} here; {did_you_mean(head, tree)}")
    return {**tree, head: _put(tree.get(head), rest, value)}


def _index(elements: list[Tree], head: str) -> int:
    names = [
        str(each.get("name", each.get("use", ""))).rpartition(".")[2] if isinstance(each, dict) else "" for each in elements
    ]
    if head.isdecimal() and int(head) < len(elements):
        return int(head)
    if names.count(head) == 1:
        return names.index(head)
    if head in names:
        raise KeyError(f"{names.count(head)} elements are named {head!r}; give a position, from 0 to {len(elements) - 1}")
    raise KeyError(f"no element {head!r}; there are 0 to {len(elements) - 1}, named {', '.join(names) or 'nothing'}")


def substitute(tree: Tree, variables: dict[str, Tree], where: str) -> Tree:
    """The tree with ${name} replaced; raises RecipeError listing every undeclared name with its place."""
    problems: list[str] = []
    result = _substitute(tree, variables, where, problems)
    if problems:
        raise RecipeError(problems)
    return result


def _substitute(tree: Tree, variables: dict[str, Tree], where: str, problems: list[str]) -> Tree:
    if isinstance(tree, dict):
        return {key: _substitute(value, variables, f"{where}.{key}", problems) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_substitute(value, variables, f"{where}.{index}", problems) for index, value in enumerate(tree)]
    if not isinstance(tree, Located):
        return tree
    return _substitute_text(tree, variables, where, problems)


def _substitute_text(text: Located, variables: dict[str, Tree], where: str, problems: list[str]) -> Tree:
    matches = list(_VARIABLE.finditer(text))
    unknown = [match[1] for match in matches if match[1] not in variables]
    for name in unknown:
        problems.append(f"{where.lstrip('.')}: ${{{name}}} is not declared; {did_you_mean(name, variables, 'variables')}")
    if not matches or unknown:
        return text
    whole = variables[matches[0][1]]
    if matches[0].span() == (0, len(text)):
        return whole
    base = whole.base if matches[0].start() == 0 and isinstance(whole, Located) else text.base
    return Located(_VARIABLE.sub(lambda match: str(variables[match[1]]), text), base)
