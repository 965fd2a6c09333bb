"""What `show`, `why` and `trace` print of documents."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from rich.markup import escape
from rich.padding import Padding
from rich.text import Text

from corpusforge.inspect.show import Shown
from corpusforge.inspect.trace import Segment
from corpusforge.inspect.why import Fate, StepFate, Witness
from corpusforge.terminal.console import facts_text, out, paged, say, say_json, say_table, table

_BEGINNING = 300
_CUTS = 5
_COLOURS = {"kept": "green", "rejected": "yellow", "failed": "red", "waiting": "dim"}


def print_shown(found: Iterable[Shown], as_json: bool, full: bool) -> None:
    """Each document with its verdict, its signals and the beginning of its text, or all of it."""
    some = (each if full else replace(each, text=beginning(each.text)) for each in found)
    if as_json:
        for each in some:
            say_json(each, indent=False)
        return
    with paged():
        count = sum(_say_shown(each, full) for each in some)
        if not count:
            say("no document")


def _say_shown(each: Shown, full: bool) -> int:
    colour = _COLOURS[each.verdict]
    reason = "" if each.verdict == "kept" else f": {verdict_text(each)}"
    by = f"after {each.step}" if each.verdict == "kept" else f"by {each.stage}"
    say(f"[bold]{each.id}[/bold]  [{colour}]{each.verdict}[/{colour}] {escape(by)}{reason}")
    say(f"  {escape(each.about['source'])}:{escape(each.about['origin'])}")
    if each.witness is not None:
        say(f"  in its place stays {each.witness}")
    if each.signals:
        say(f"  [dim]{facts_text(each.signals)}[/dim]")
    _say_text(each.text if full else " ".join(each.text.split()))
    say("")
    return 1


def verdict_text(said: Shown | StepFate) -> str:
    """ "too_few_words, value 3, threshold 20", and the message; of a failure the message alone."""
    facts = facts_text({"value": said.value, "threshold": said.threshold})
    shown = [] if said.verdict == "failed" else [", ".join(each for each in (escape(said.reason), facts) if each)]
    return ": ".join([*shown, *([escape(said.message)] if said.message else [])])


def beginning(text: str) -> str:
    """The first characters, cut where a word ends if one does."""
    if len(text) <= _BEGINNING:
        return text
    words, blank, rest = text[:_BEGINNING].rpartition(" ")
    return f"{words if blank and len(rest) < 30 else text[:_BEGINNING]} ..."


def _say_text(text: str) -> None:
    """Indented, folded at the edge of a terminal as wide characters need."""
    shown = Text(text.strip(), style="cyan", overflow="fold")
    if not shown:
        return
    if out.is_terminal:
        out.print(Padding(shown, (0, 0, 0, 2)))
    else:
        say("\n".join(escape(f"  {line}") for line in text.strip().splitlines()))


def print_fates(fates: Sequence[Fate], as_json: bool) -> None:
    """Where a document came from, what each step said, what it became."""
    if as_json:
        say_json(fates)
        return
    for number, each in enumerate(fates):
        if number:
            say("")
        colour = _COLOURS[each.verdict]
        say(f"[bold]document {each.id}[/bold]  [{colour}]{_outcome(each)}[/{colour}]")
        for name, value in each.about.items():
            if value not in ("", "{}"):
                say(f"  {name:<8} {escape(value)}")
        say("")
        made = table("step", "stage", "verdict")
        for step in each.steps:
            made.add_row(step.step, step.stage, _said(step))
        say_table(made)
        _say_places(each)


def _outcome(fate: Fate) -> str:
    if fate.verdict == "waiting":
        return "kept so far; its build has not finished"
    return f"rejected: {fate.steps[-1].reason}" if fate.verdict == "rejected" else fate.verdict


def _said(step: StepFate) -> str:
    colour = _COLOURS[step.verdict]
    reason = f": {verdict_text(step)}" if step.reason else ""
    lines = [f"[{colour}]{step.verdict}[/{colour}]{reason}"]
    if step.witness is not None:
        lines.append(f"in its place stays {_named(step.witness)}")
    if step.cut_bytes:
        lines.append(f"{step.cut_bytes:,} bytes cut out of its text")
        lines += [f"bytes {cut.begin} to {cut.end}, as in {_named(cut.owner)}" for cut in step.cuts[:_CUTS] if cut.owner]
        if step.cuts[_CUTS:]:
            lines.append(f"and {len(step.cuts) - _CUTS} more cuts; --json gives all")
    if step.signals:
        lines.append(f"[dim]{facts_text(step.signals)}[/dim]")
    return "\n".join(lines) if out.is_terminal else "; ".join(lines)


def _named(other: Witness) -> str:
    return f"{other.id} {escape(other.source)}:{escape(other.origin)}" if other.source else other.id


def _say_places(fate: Fate) -> None:
    if not fate.places:
        return
    say("")
    made = table("shard", "#sequence", "#start", "#tokens", "#piece", "#text begin", "#text end")
    for each in fate.places:
        numbers = (each.sequence, each.start, each.length, each.piece, each.text_begin, each.text_end)
        made.add_row(each.shard, *(f"{number:,}" for number in numbers))
    say_table(made)


def print_segments(segments: Sequence[Segment], as_json: bool) -> None:
    """The documents behind a training sample."""
    if as_json:
        say_json(segments)
        return
    for each in segments:
        say(f"[bold]document {each.document}[/bold] piece {each.piece}")
        say(f"  tokens   {each.start} to {each.start + each.length} of the sequence")
        say(f"  text     bytes {each.text_begin} to {each.text_end}")
        for name, value in each.about.items():
            if value not in ("", "{}"):
                say(f"  {name:<8} {escape(str(value))}")
        if each.signals:
            say(f"  signals  {facts_text(each.signals)}")
        for answer in each.answers:
            say(f"  loss on  {answer.begin} to {answer.end}: {escape(repr(answer.text))}")
        say(escape(each.text), style="cyan")
