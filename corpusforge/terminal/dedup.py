"""What `dedup summary` prints."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from corpusforge.inspect.dedup import Group, Groups, Similarities, SourceRemovals, StepSummary
from corpusforge.terminal.console import number_text, relative, say, say_json, say_table, table

_BAR = 30


def print_summary(out: Path, steps: Sequence[StepSummary], as_json: bool) -> None:
    """Step by step: sources, similarities, groups."""
    if as_json:
        say_json(steps)
        return
    for each in steps:
        _say_step(each)
    shown = escape(str(relative(out.absolute())))
    say(f"look: corpusforge dedup show {shown}, or of the largest groups: corpusforge dedup show {shown} --order group")


def _say_step(step: StepSummary) -> None:
    threshold = "" if step.threshold is None else f"  [dim]threshold {number_text(step.threshold)}[/dim]"
    say(f"[bold]{escape(step.step)}[/bold]{threshold}")
    if not step.is_done:
        say("[yellow]the build stopped here[/yellow]")
    if step.nominated:
        say(_nominated_text(step.nominated))
    say_table(_sources_table(step.sources))
    for title, rows in (
        ("similarity", _similarity_rows(step.similarities)),
        ("went for one", _group_rows(step.groups)),
    ):
        found = list(rows)
        if found:
            say("")
            say_table(_bars(title, found))
    of_several = [group for group in step.largest if group.num_removed > 1]
    if of_several:
        say("")
        say_table(_largest_table(of_several))
    say("")


def _nominated_text(counts: Mapping[str, int]) -> str:
    """What was compared, and whether hot buckets kept anything from being so."""
    compared = f"{counts['candidate_pairs']:,} pairs compared"
    if not counts["hot_buckets"]:
        return compared
    left = f"{counts['left_alone']:,} times a document in one was compared with its leaders only"
    return f"{compared}; {counts['hot_buckets']:,} hot buckets: {left}; a larger max_bucket compares more"


def _sources_table(sources: Sequence[SourceRemovals]) -> Table:
    made = table("source", "#in", "#removed", "#share")
    for each in sources:
        share = f"{each.removed / each.came_in:.1%}" if each.came_in else ""
        made.add_row(escape(each.source), f"{each.came_in:,}", f"{each.removed:,}", share)
    return made


def _similarity_rows(similarities: Sequence[Similarities]) -> Iterator[tuple[str, int, str]]:
    for each in similarities:
        name = f"{each.least:.2f} to {each.below:.2f}" if each.least < each.below else f"{each.least:.2f}"
        yield name, each.num_documents, ""


def _group_rows(groups: Sequence[Groups]) -> Iterator[tuple[str, int, str]]:
    for each in groups:
        name = f"{each.least:,} to {each.most:,}" if each.least < each.most else f"{each.least:,}"
        yield name, each.num_removed, f"{each.num_groups:,} kept"


def _bars(title: str, rows: Sequence[tuple[str, int, str]]) -> Table:
    made = table(title, "#removed", "", "")
    most = max(count for _, count, _ in rows)
    for name, count, said in rows:
        made.add_row(name, f"{count:,}", f"[yellow]{_bar(count, most)}[/yellow]", said)
    return made


def _bar(count: int, most: int) -> str:
    """Never empty where there is something."""
    return "█" * max(round(_BAR * count / most), 1 if count else 0)


def _largest_table(groups: Sequence[Group]) -> Table:
    made = table("#went", "#least alike", "for the kept")
    for each in groups:
        least = "" if each.least_similarity is None else number_text(each.least_similarity)
        named = f"{escape(each.source)}:{escape(each.origin)}" if each.source else "[dim]not in this build[/dim]"
        made.add_row(f"{each.num_removed:,}", least, f"{named} [dim]{each.id}[/dim]")
    return made
