"""What `status` and `clean` print of an output folder."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from corpusforge.engine.ledger import Entry
from corpusforge.engine.reports import told
from corpusforge.index.mix import Mix
from corpusforge.inspect.clean import Cleaned
from corpusforge.inspect.status import SourceStatus, Status, StepStatus
from corpusforge.inspect.steps import State
from corpusforge.terminal.console import relative, say, say_json, say_table, size_text, table

_STATES: dict[State, str] = {
    "done": "[green]done[/green]",
    "half done": "[yellow]half done[/yellow]",
    "not done": "[dim]not done[/dim]",
}


def shards_table(shards: Sequence[Mapping[str, Any]]) -> Table:
    """Counts and sizes of shards."""
    made = table("shard", "#documents", "#sequences", "#tokens", "#size")
    for shard in shards:
        size = size_text(sum(file["size_bytes"] for file in shard["files"].values()))
        made.add_row(shard["name"], *(f"{shard[f'num_{name}']:,}" for name in ("documents", "sequences", "tokens")), size)
    return made


def say_rows(manifest: Mapping[str, Any], mix: Mix) -> None:
    """How full packed rows are, and where a stage of the mix reads less than was asked for."""
    if mix.layout == "packed":
        tokens, fill = (sum(shard[f"num_{name}"] for shard in manifest["shards"]) for name in ("tokens", "fill_tokens"))
        rows = sum(shard["num_sequences"] for shard in manifest["shards"])
        say(f"{rows:,} rows of {mix.seq_length:,} tokens, {100 * tokens / (tokens + fill):.2f} % full")
    for stage in mix.stages:
        for note in stage.notes:
            say(f"[yellow]stage {escape(stage.name)}:[/yellow] {escape(note)}")


def say_damaged(damaged: Sequence[Mapping[str, Any]]) -> None:
    """Input files that were read up to a damage only."""
    for bad in damaged:
        say(f"[red]damaged input:[/red] {escape(bad['path'])} at {bad['offset']}: {escape(bad['what'])}")


def say_no_documents(sources: Mapping[str, Mapping[str, int]]) -> None:
    """What sources have read that is no document, by kind."""
    for name, counts in sources.items():
        if counts:
            say(f"[dim]{escape(name)}: beside documents, read and passed over:[/dim] {escape(told(counts))}")


def print_status(found: Status, as_json: bool) -> None:
    """Sources, steps, shards, damage and what is old."""
    if as_json:
        say_json(found)
        return
    say(_headline(found))
    say("")
    say_table(sources_table(found.sources))
    say_no_documents({each.name: each.no_documents for each in found.sources})
    say("")
    say_table(_steps_table(found.steps))
    if found.shards:
        say("")
        say_table(shards_table(found.shards))
    say_damaged(found.damaged)
    if found.old:
        size = size_text(sum(each.size_bytes for each in found.old))
        say(f"\n{len(found.old)} leftovers of earlier builds, {size}: corpusforge clean {escape(str(relative(found.out)))}")


def _headline(found: Status) -> str:
    states = Counter(step.state for step in found.steps)
    count = "steps: " + ", ".join(f"{states[state]} {state}" for state in _STATES if states[state])
    out = f"[bold]{escape(str(relative(found.out)))}[/bold]"
    if found.builder:
        return f"{out}: [yellow]{found.builder} is building here now[/yellow]; {count}"
    if found.is_published:
        return f"{out}: [green]finished[/green], {len(found.shards)} shards"
    return f"{out}: [yellow]not finished[/yellow], {count}; the same `corpusforge build` command goes on"


def sources_table(sources: Sequence[SourceStatus]) -> Table:
    """What is kept of each source, and why the rest is not."""
    made = table("source", "#in", "#kept", "#share", "#rejected", "#failed", "reasons")
    for each in sources:
        share = f"{each.kept / each.came_in:.1%}" if each.came_in else ""
        counts = (each.came_in, each.kept, share, each.rejected, each.failed)
        made.add_row(each.name, *_counts(counts), _reasons(each.reasons))
    if len(sources) > 1:
        sums = [sum(getattr(each, name) for each in sources) for name in ("came_in", "kept", "rejected", "failed")]
        share = f"{sums[1] / sums[0]:.1%}" if sums[0] else ""
        made.add_row("[bold]all[/bold]", *_counts((sums[0], sums[1], share, sums[2], sums[3])), "", style="bold")
    return made


def _steps_table(steps: Sequence[StepStatus]) -> Table:
    """A row for each source of a step; stages inside a step under its name."""
    made = table("step", "state", "#size", "source", "#in", "#kept", "#rejected", "#failed")
    made.padding = (0, 1, 0, 0)  # fits 80 columns
    for column in (made.columns[0], made.columns[1], made.columns[3]):
        column.no_wrap, column.overflow = True, "ellipsis"
    for step in steps:
        head = [step.name, _STATES[step.state], size_text(step.size_bytes) if step.folder else ""]
        if not step.books:
            made.add_row(*head, *[""] * 5)
        for source, entries in step.books.items():
            for number, each in enumerate(entries):
                made.add_row(*head, "" if number else source, *_entry(each))
                head = [f"[dim]  {entries[number + 1].stage}[/dim]" if number + 1 < len(entries) else "", "", ""]
    return made


def _entry(each: Entry) -> list[str]:
    return _counts((each.came_in, each.kept, sum(each.rejected.values()), each.failed))


def _counts(values: Sequence[int | str]) -> list[str]:
    """Numbers as text, a dim point for nothing, so that what was lost stands out."""
    return [each if isinstance(each, str) else f"{each:,}" if each else "[dim]·[/dim]" for each in values]


def _reasons(reasons: Mapping[str, int]) -> str:
    return ", ".join(f"{escape(name)} {count:,}" for name, count in sorted(reasons.items(), key=lambda each: -each[1]))


def print_leftovers(cleaned: Cleaned) -> None:
    """What was deleted, or would be; what is kept for a build that was stopped."""
    shown = escape(str(relative(cleaned.out)))
    if cleaned.found:
        made = table("what", "#size", "where")
        for each in cleaned.found:
            made.add_row(each.why, size_text(each.size_bytes), escape(str(each.path.relative_to(cleaned.out))))
        say_table(made)
    size = size_text(sum(each.size_bytes for each in cleaned.found))
    if not cleaned.found:
        say(f"{shown}: nothing to clean")
    elif cleaned.is_deleted:
        say(f"{size} deleted")
    else:
        say(f"{size} would go; to delete: corpusforge clean {shown} --yes")
    if cleaned.kept:
        size = size_text(sum(each.size_bytes for each in cleaned.kept))
        say(f"kept for a build that was stopped: {len(cleaned.kept)} folders, {size}; go on with it, or add --unfinished")
