"""Where and how everything is printed: results to stdout, progress to stderr, both plain when they are not a terminal."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Table

from corpusforge.engine.estimate import Estimate
from corpusforge.engine.ledger import Entry

# Elsewhere than on a terminal nothing folds: programs and people who search want one line for one thing.
_WIDE = 4000


def _console(stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False, emoji=False)
    return console if console.is_terminal else Console(stderr=stderr, highlight=False, emoji=False, width=_WIDE)


out, err = _console(stderr=False), _console(stderr=True)


def say(text: str, style: str = "") -> None:
    """A line of markup on stdout, never broken by us: the terminal folds it, and a path can be copied whole."""
    out.print(text, soft_wrap=True, style=style)


def table(*headers: str) -> Table:
    """A table without lines; numbers, whose headers begin with #, to the right."""
    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for index, header in enumerate(headers):
        number = header.startswith("#")
        whole = number or index == 0  # names and numbers stand on one line, what is said of them may fold
        made.add_column(
            header.lstrip("#"),
            justify="right" if number else "left",
            no_wrap=whole,
            overflow="fold",
            min_width=len(header.strip("#")),
        )
    return made


def say_table(made: RenderableType) -> None:
    """Print a table; away from a terminal without the blanks at the ends of its lines."""
    if out.is_terminal:
        out.print(made)
        return
    with out.capture() as captured:
        out.print(made)
    say("\n".join(escape(line.rstrip()) for line in captured.get().splitlines()))


@contextmanager
def paged() -> Iterator[None]:
    """Page what is printed when stdout is a terminal: PAGER decides how, less shows colours and leaves one screen standing."""
    if not out.is_terminal:
        yield
        return
    os.environ.setdefault("LESS", "-FRX")
    os.environ.setdefault("LESSCHARSET", "utf-8")
    with out.pager(styles=True):
        yield


def say_json(value: Any, indent: bool = True) -> None:
    """JSON on stdout: dataclasses as objects, paths and ids as text; on one line without `indent`."""
    options = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_NON_STR_KEYS | (orjson.OPT_INDENT_2 if indent else 0)
    out.file.write(orjson.dumps(value, default=_plain, option=options).decode() + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, Entry):
        return value.to_json()
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Path):
        return str(value)
    raise TypeError(type(value))


def size_text(size_bytes: int) -> str:
    """ "12.3 MB"."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.1f} {unit}"
    return f"{size_bytes} bytes"


def disk_line(needed: Estimate) -> str:
    """ "needs about 1.2 GB on disk, 53.0 GB are free"."""
    return f"needs about {size_text(needed.needed_bytes)} on disk, {size_text(needed.free_bytes)} are free"


def relative(path: Path) -> Path:
    """The path as seen from the working folder, where it lies below."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def number_text(value: float) -> str:
    """ "0.2857", "298408": short, exact for whole numbers."""
    return str(int(value)) if value == int(value) else f"{value:.4g}"


def facts_text(facts: Mapping[str, Any]) -> str:
    """ "num_words 303, num_chars 1852", what is null left out."""
    shown = {name: number_text(each) if isinstance(each, float) else each for name, each in facts.items() if each is not None}
    return escape(", ".join(f"{name} {value}" for name, value in shown.items()))
