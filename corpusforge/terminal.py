"""What the commands print: tables and documents on stdout, progress on stderr."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from inspect import cleandoc
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Table

from corpusforge.core import Stage
from corpusforge.engine.ledger import Entry
from corpusforge.engine.manifest import read_manifest
from corpusforge.engine.plan import Plan, Step
from corpusforge.engine.progress import Progress
from corpusforge.errors import UserError, VerificationError
from corpusforge.inspect.trace import Segment
from corpusforge.inspect.verify import Verified
from corpusforge.recipe.registry import find_stage, stage_names


def _console(stderr: bool) -> Console:
    """On a terminal as wide as that, elsewhere wide enough that no table folds."""
    console = Console(stderr=stderr, highlight=False, soft_wrap=True)
    return console if console.is_terminal else Console(stderr=stderr, highlight=False, soft_wrap=True, width=200)


_out, _err = _console(stderr=False), _console(stderr=True)


class BuildProgress(Progress):
    """A bar while a step runs, if stderr is a terminal, and a line with the books when it is done."""

    def skipped(self, step: Step) -> None:
        """One line."""
        _err.print(f"[dim]{step.name:<28} done before[/dim]")

    @contextmanager
    def running(self, steps: Sequence[Step], num_tasks: int) -> Iterator[Callable[[], None]]:
        """A bar over the tasks of the steps."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Bar(*columns, console=_err, transient=True, disable=not _err.is_terminal) as bar:
            task = bar.add_task(" + ".join(step.name for step in steps)[:60], total=num_tasks)
            yield lambda: bar.advance(task)

    def finished(self, step: Step, entries: Mapping[str, Sequence[Entry]]) -> None:
        """A line for each source and stage."""
        if not entries:
            _err.print(f"{step.name:<28} done")
        for source, books in entries.items():
            for each in books:
                label = step.name if source in step.name else f"{step.name} {source}"
                stage = f" {each.stage}" if len(books) > 1 else ""
                _err.print(f"{label + stage:<28} {books_line(each)}")


def books_line(each: Entry) -> str:
    """ "61 in, 58 kept, 3 rejected (duplicate 3)"."""
    reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(each.rejected.items()))
    rejected = f", {sum(each.rejected.values())} rejected ({reasons})" if reasons else ""
    failed = f", [red]{each.failed} failed[/red]" if each.failed else ""
    return f"{each.came_in} in, {each.kept} kept{rejected}{failed}"


def size_text(size_bytes: int) -> str:
    """ "12.3 MB"."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.1f} {unit}"
    return f"{size_bytes} bytes"


def _table(*headers: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in headers:
        table.add_column(header, justify="right" if header.startswith("num") else "left", overflow="fold")
    return table


def print_summary(out: Path) -> None:
    """Shards, tokens and what to do next."""
    manifest = read_manifest(out)
    table = _table("shard", "num documents", "num sequences", "num tokens", "size")
    for shard in manifest["shards"]:
        size = size_text(sum(file["size_bytes"] for file in shard["files"].values()))
        counts = [f"{shard[name]:,}" for name in ("num_documents", "num_sequences", "num_tokens")]
        table.add_row(shard["name"], *counts, size)
    _out.print(table)
    for step in manifest["steps"]:
        for bad in step.get("bad_shards", []):
            _out.print(f"[red]damaged input:[/red] {escape(bad['path'])} at {bad['offset']}: {escape(bad['what'])}")
    shown = _relative(out)
    _out.print(f"built {shown}; next: corpusforge verify {shown}")


def _relative(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def print_plan(plan: Plan) -> None:
    """Inputs and steps; which of them are done."""
    for name, files in plan.inputs.items():
        size = size_text(sum(file.size_bytes for file in files))
        _out.print(f"{name}: {len(files)} files, {size}")
    table = _table("state", "folder", "stages")
    for step in plan.steps:
        state = "[green]done[/green]" if step.is_done else "to run"
        table.add_row(state, step.folder.name, " ".join(named.use for named in step.stages))
    _out.print(table)
    todo = sum(not step.is_done for step in plan.steps)
    _out.print(f"{todo} of {len(plan.steps)} steps to run; output in {_relative(plan.out)}")


def _kind(stage: type[Stage]) -> str:
    return stage.__mro__[1].__name__.lower()


def _summary(stage: type[Stage]) -> str:
    return (stage.__doc__ or "").strip().splitlines()[0]


def print_stages() -> None:
    """All stages with their kind and one line."""
    table = _table("stage", "kind", "what it does")
    for name in stage_names():
        stage = find_stage(name)
        table.add_row(name, _kind(stage), escape(_summary(stage)))
    _out.print(table)
    _out.print("corpusforge stages NAME shows the settings of one")


def print_stage(name: str) -> None:
    """A stage's documentation and settings; raises UserError when there is none such."""
    try:
        stage = find_stage(name)
    except LookupError as error:
        raise UserError(str(error.args[0])) from None
    _out.print(f"[bold]{name}[/bold] ({_kind(stage)})\n{escape(cleandoc(stage.__doc__ or ''))}")
    needs, gives = (*stage.reads, *stage.needs), (*stage.adds, *stage.provides)
    _out.print(f"reads: {', '.join(needs) or 'nothing'}; gives: {', '.join(gives) or 'nothing'}")
    table = _table("setting", "type", "default", "meaning")
    properties = stage.model_json_schema()["properties"] if stage.model_fields else {}
    for setting, field in stage.model_fields.items():
        default = "required" if field.is_required() else str(orjson.dumps(properties[setting].get("default")).decode())
        table.add_row(setting, escape(_type_text(properties[setting])), escape(default), escape(field.description or ""))
    _out.print(table)


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


def print_verified(out: Path, verified: Verified) -> None:
    """What was checked; raises VerificationError with every problem."""
    if verified.problems:
        raise VerificationError(verified.problems)
    _out.print(
        f"{out}: {verified.num_shards} shards, {verified.num_documents:,} documents, {verified.num_sequences:,} sequences, "
        f"{verified.num_tokens:,} tokens: every byte as the manifest says\n"
        f"{verified.num_encoded:,} documents encoded again from their stored text: every id equal"
    )


def print_segments(segments: Sequence[Segment], as_json: bool) -> None:
    """The documents behind a training sample."""
    if as_json:
        _out.print_json(data=[asdict(each) for each in segments])
        return
    for each in segments:
        _out.print(f"[bold]document {each.document}[/bold] piece {each.piece}")
        _out.print(f"  tokens    {each.start} to {each.start + each.length} of the sequence")
        _out.print(f"  text      bytes {each.text_begin} to {each.text_end}")
        for name, value in each.about.items():
            if value not in ("", "{}"):
                _out.print(f"  {name:<9} {escape(str(value))}")
        for name, value in each.signals.items():
            _out.print(f"  {name:<9} {escape(str(value))}")
        _out.print(escape(each.text), style="cyan")
