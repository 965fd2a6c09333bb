"""Files that are generated from the code: JSON Schemas and the command reference in the README."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from corpusforge.cli import app
from corpusforge.recipe.schema import schemas

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = re.compile(r"(<!-- reference begins -->\n).*?(<!-- reference ends -->)", re.DOTALL)


def reference() -> str:
    """`--help` of every command, at 100 columns."""
    group = get_command(app)
    return "\n".join(_help(group, "corpusforge"))


def _help(command: Any, path: str) -> Iterator[str]:
    """The help of a command and of those below it."""
    context = command.make_context(path, [], resilient_parsing=True, terminal_width=100)
    yield f"```console\n$ {path} --help\n{command.get_help(context).strip()}\n```\n"
    for name in getattr(command, "commands", {}):
        yield from _help(command.commands[name], f"{path} {name}")


def generated() -> dict[Path, str]:
    """Path -> text as it should be."""
    files = {ROOT / "schemas" / name: text for name, text in schemas().items()}
    readme = ROOT / "README.md"
    files[readme] = REFERENCE.sub(lambda match: match[1] + reference() + match[2], readme.read_text(encoding="utf-8"))
    return files


def main() -> int:
    """Write the files, or with --check name those that are stale."""
    check = "--check" in sys.argv[1:]
    stale = [path for path, text in generated().items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        print(f"{path.relative_to(ROOT)}: {'stale: run tools/schemas' if check else 'written'}")
        if not check:
            path.write_text(generated()[path], encoding="utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
