"""What `vocab audit` and `vocab compare` print."""

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from corpusforge.errors import TokenizerDefect
from corpusforge.terminal.console import out, say, say_table, table
from corpusforge.vocab.audit.agreement import segmented
from corpusforge.vocab.audit.audit import Audit
from corpusforge.vocab.audit.comparison import Comparison, Example
from corpusforge.vocab.audit.findings import Finding, Severity
from corpusforge.vocab.audit.measures import Measure

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "green"}

# Two colours by turns show where a token ends.
_TURNS = ("black on cyan", "black on yellow")


def print_audit(found: Audit) -> None:
    """Findings, the heaviest first, then figures."""
    against = "" if found.base is None else f", against {escape(found.base)}"
    say(f"[bold]{escape(found.tokenizer)}[/bold]: {found.kind}, {found.num_ids:,} ids{against}")
    for each in found.texts:
        say(f"[dim]{escape(each)}[/dim]")
    say("")
    say_table(_findings_table(found.findings))
    for each in found.not_checked:
        say(f"[dim]not checked: {escape(each)}[/dim]")
    if found.measures:
        say("")
        say_table(_measures_table([("", each) for each in found.measures]))
    say("")
    counts = {severity: found.num(severity) for severity in Severity}
    say(", ".join(f"{count} {severity}{'' if count == 1 else 's'}" for severity, count in counts.items()))


def check_audit(found: Audit, *, strict: bool) -> None:
    """Raise TokenizerDefect where there are errors, or, if strict, warnings."""
    counted = (Severity.ERROR, Severity.WARNING) if strict else (Severity.ERROR,)
    checks = list(dict.fromkeys(each.check for each in found.findings if each.severity in counted))
    if checks:
        num = sum(found.num(severity) for severity in counted)
        what = "errors and warnings" if strict else "errors"
        raise TokenizerDefect(f"{found.tokenizer}: {num} {what} ({', '.join(checks)}); see above what each means and its cure")


def _findings_table(findings: Sequence[Finding]) -> Table:
    """A finding a row; what it means and the cure below it, in the same column."""
    made = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    made.add_column(no_wrap=True)
    made.add_column(overflow="fold")
    for each in findings:
        made.add_row(
            Text(each.severity, _STYLES[each.severity]), Text(each.title, "" if each.severity is Severity.NOTE else "bold")
        )
        if each.severity is Severity.NOTE:
            continue
        for example in each.examples:
            made.add_row("", Text(example, "cyan"))
        if each.meaning:
            made.add_row("", Text(each.meaning))
        if each.cure:
            made.add_row("", Text(f"cure: {each.cure}", "dim"))
    return made


def _measures_table(rows: Sequence[tuple[str, Measure]]) -> Table:
    """A row for each text, language and tokenizer; tokenizers are left out where there is one."""
    has_names = any(name for name, _ in rows)
    heads = ["#tokens", "#chars/ token", "#tokens/ word", "#bytes/ token", "#single char", "#Renyi", "#vocab. used"]
    made = table("text", "lang", *(["tokenizer"] if has_names else []), *heads)
    for column in made.columns[2 + has_names :]:
        column.no_wrap, column.min_width = False, 6
    for name, each in rows:
        figures = (
            f"{each.num_tokens:,}", f"{each.chars_per_token:.3f}", f"{each.tokens_per_word:.3f}", f"{each.bytes_per_token:.3f}",
            f"{each.single_character_share:.1%}", f"{each.renyi_efficiency:.3f}", f"{each.used_share:.1%}",
        )  # fmt: skip
        made.add_row(escape(each.text), each.language, *([escape(name)] if has_names else []), *figures)
    return made


def print_comparison(found: Comparison) -> None:
    """Tokenizers, figures, what they share, and examples."""
    made = table("tokenizer", "kind", "#ids", "#pieces")
    for each in found.tokenizers:
        made.add_row(escape(each.name), each.kind, f"{each.num_ids:,}", f"{each.num_pieces:,}")
    say_table(made)
    say("")
    groups = zip(*(each.measures for each in found.tokenizers), strict=True)
    named = [each.name for each in found.tokenizers]
    say_table(_measures_table([row for group in groups for row in zip(named, group, strict=True)]))
    say("")
    say_table(_overlaps_table(found))
    for example in found.examples:
        say("")
        _say_example(named, example)


def _overlaps_table(found: Comparison) -> Table:
    made = table("vocabularies", "#shared", "#of the first", "#of the second")
    for each in found.overlaps:
        one, other = (found.tokenizers[place] for place in (each.one, each.other))
        shares = [f"{each.num_shared / max(side.num_pieces, 1):.1%}" for side in (one, other)]
        made.add_row(escape(f"{one.name} and {other.name}"), f"{each.num_shared:,}", *shares)
    return made


def _say_example(names: Sequence[str], example: Example) -> None:
    say(f"[dim]{escape(example.source)}[/dim]")
    width = max(map(len, names))
    for name, pieces in zip(names, example.pieces, strict=True):
        shown = Text(f"{name:{width}} {len(pieces):4} ")
        if out.is_terminal and not out.no_color:
            for turn, piece in enumerate(pieces):
                shown.append(segmented([piece]), _TURNS[turn % 2])
        else:
            shown.append(segmented(pieces))
        out.print(shown, soft_wrap=True)
