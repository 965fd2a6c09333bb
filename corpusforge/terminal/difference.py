"""What `diff` prints of two builds, and `refilter` of one before and after."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.markup import escape

from corpusforge.inspect.diff import Counted, Difference, OnlyThere
from corpusforge.inspect.refilter import Redecided, Turned
from corpusforge.terminal.console import relative, say, say_json, say_table, table


def print_difference(a: Path, b: Path, found: Difference, as_json: bool) -> None:
    """The books side by side, documents that only one build kept, tokens."""
    if as_json:
        only = {"only_a": _only_json(found.only_a), "only_b": _only_json(found.only_b)}
        say_json({"a": a, "b": b, "counts": found.counts, "num_both": found.num_both, **only, "tokens": found.tokens})
        return
    say(f"[bold]A[/bold] {escape(str(relative(a)))}\n[bold]B[/bold] {escape(str(relative(b)))}\n")
    _say_counts(found.counts, "#A", "#B")
    say(f"kept by both: {found.num_both:,}")
    _say_only("A", "B", found.only_a)
    _say_only("B", "A", found.only_b)
    say("")
    tokens = table("group", "count", "#A", "#B", "#change")
    for row in found.tokens:
        tokens.add_row(row.group, row.what.removeprefix("num_"), *_sides(row.a, row.b))
    say_table(tokens)


def print_redecided(found: Redecided, as_json: bool) -> None:
    """The books before and after, documents whose fate changes, and what has to be looked at again."""
    if as_json:
        say_json(found)
        return
    _say_counts(found.counts, "#before", "#after")
    _say_turned("newly rejected", found.num_newly_rejected, found.newly_rejected)
    _say_turned("newly kept", found.num_newly_kept, found.newly_kept)
    for step in dict.fromkeys(found.undecided.values()):
        sources = ", ".join(escape(source) for source, stopped in found.undecided.items() if stopped == step)
        say(f"{sources}: from {step} on documents have to be looked at again: `corpusforge build` does that")


def _say_turned(what: str, count: int, examples: Sequence[Turned]) -> None:
    say(f"{what}: {count:,}")
    for each in examples:
        value = "" if each.value is None else f" {each.value:g} (threshold {each.threshold:g})"
        verdict = f"[dim]{escape(each.step)}: {escape(each.reason)}{value}[/dim]"
        say(f"  {each.id}  {escape(each.source)}:{escape(each.origin)}  {verdict}")


def _say_counts(counts: Sequence[Counted], a: str, b: str) -> None:
    books = table("source", "step", "documents", a, b, "#change")
    before = ""
    for each in counts:
        books.add_row(each.source if each.source != before else "", each.step, escape(each.what), *_sides(each.a, each.b))
        before = each.source
    say_table(books)
    say("")


def _sides(a: int | None, b: int | None) -> tuple[str, str, str]:
    """Both numbers and the change; equal ones are dim."""
    shown = ["[dim]·[/dim]" if each is None else f"{each:,}" for each in (a, b)]
    change = (b or 0) - (a or 0)
    if not change:
        return (f"[dim]{shown[0]}[/dim]", f"[dim]{shown[1]}[/dim]", "")
    colour = "green" if change > 0 else "red"
    return shown[0], shown[1], f"[{colour}]{change:+,}[/{colour}]"


def _say_only(here: str, there: str, only: OnlyThere) -> None:
    if not only.num_documents:
        say(f"kept only by {here}: none")
        return
    reasons = ", ".join(f"{_reason(step, reason)} {count:,}" for (step, reason), count in only.reasons.items())
    say(f"kept only by {here}: {only.num_documents:,}; in {there}: {reasons}")
    for each in only.examples:
        say(f"  {each.id}  {escape(each.source)}:{escape(each.origin)}  [dim]{_reason(each.step, each.reason)}[/dim]")


def _reason(step: str, reason: str) -> str:
    return escape(f"{reason} ({step})" if step else reason)


def _only_json(only: OnlyThere) -> dict[str, Any]:
    reasons = [{"step": step, "reason": reason, "num_documents": count} for (step, reason), count in only.reasons.items()]
    return {"num_documents": only.num_documents, "reasons": reasons, "examples": only.examples}
