"""What `dedup show` prints: a document that went and the one that stays, and what differs between them.

Side by side where the terminal is wide enough, one under the other where it is not. Differences are coloured; without colours
they stand in [-...-] and {+...+}.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from rich.console import RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from corpusforge.inspect.pairs import Pair, Pairs, Side
from corpusforge.inspect.wording import Stretch, compare
from corpusforge.terminal.console import facts_text, out, paged, say, say_json
from corpusforge.terminal.documents import beginning
from corpusforge.terminal.hunks import Fold, counts, hunks, not_compared

# Columns of a terminal from which on two texts stand beside each other.
_WIDE = 100
# What would do something to a terminal, or cannot be seen.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200d\u2060-\u2064\ufeff\ufff9-\ufffb]")
_BLANK_LINES = re.compile(r"[ \t]*\n\s*\n[ \t]*")
_REMOVED, _KEPT = ("[-", "-]", "red"), ("{+", "+}", "green")


def print_pairs(found: Pairs, as_json: bool, full: bool) -> None:
    """Each pair with its similarity and its differences; with `full` the whole texts."""
    if as_json:
        for each in found.shown:
            say_json(_as_json(each, full), indent=False)
        return
    with paged():
        num_shown = sum(_say_pair(each, full) for each in found.shown)
        if not num_shown:
            say("no pair")
        elif num_shown < found.num_found:
            say(f"{num_shown:,} of {found.num_found:,}; --limit 0 shows all")


def _as_json(pair: Pair, full: bool) -> dict[str, object]:
    different = [each for each in compare(pair.removed.text, pair.kept.text) if each.kind != "equal"]
    sides = {name: side if full else replace(side, text=beginning(side.text)) for name, side in _sides(pair).items()}
    facts = {name: getattr(pair, name) for name in ("step", "reason", "message", "similarity", "threshold", "group_size")}
    changes = [{"kind": each.kind, "removed": each.first, "kept": each.second} for each in different]
    return {**sides, **facts, "differences": changes}


def _sides(pair: Pair) -> dict[str, Side]:
    return {"removed": pair.removed, "kept": pair.kept}


def _say_pair(pair: Pair, full: bool) -> int:
    measured = facts_text({"similarity": pair.similarity, "threshold": pair.threshold})
    group = f"; {pair.group_size:,} went for the kept" if pair.group_size > 1 else ""
    reason = f"[bold yellow]{escape(pair.reason)}[/bold yellow]"
    said = ", ".join(each for each in (reason, escape(pair.message), measured) if each)
    say(f"{said}, by {escape(pair.step)}{group}")
    for label, colour, side in (("- removed", "red", pair.removed), ("+ kept   ", "green", pair.kept)):
        say(f"[{colour}]{label}[/{colour}] {_about(side)}")
    if pair.kept.source:
        _say_differences(compare(pair.removed.text, pair.kept.text), full)
    say("")
    return 1


def _about(side: Side) -> str:
    if not side.source:
        return f"[bold]{side.id}[/bold] is not in this build"
    url = f"  {escape(side.url)}" if side.url else ""
    return f"[bold]{side.id}[/bold] {escape(side.source)}:{escape(side.origin)}{url}"


def _say_differences(stretches: Sequence[Stretch], full: bool) -> None:
    if all(each.kind == "equal" for each in stretches):
        is_same = all(each.first == each.second for each in stretches)
        say(f"  [dim]every word is equal{'' if is_same else '; white space differs'}[/dim]\n")
        return
    words = counts(stretches)
    say(f"  [dim]words: {words.first:,} only in the removed, {words.second:,} only in the kept, {words.equal:,} equal[/dim]")
    pieces = list(_whole(stretches) if full else hunks(stretches))
    shown = _columns(pieces) if out.is_terminal and out.width >= _WIDE else _inline(pieces)
    for each in shown:
        if out.is_terminal:
            out.print(Padding(each, (0, 0, 0, 2)))
        else:
            say("\n".join(escape(f"  {line}") for line in str(each).splitlines()))


def _whole(stretches: Iterable[Stretch]) -> Iterator[Stretch | Fold]:
    return (not_compared(each) if each.kind == "not compared" else each for each in stretches)


def _inline(pieces: Iterable[Stretch | Fold]) -> Iterator[Text]:
    """What stands between two folds in one text, what only the removed has before what only the kept has."""
    text = Text(overflow="fold")
    for each in pieces:
        if isinstance(each, Fold):
            yield from _ended(text)
            yield _fold_text(each)
            text = Text(overflow="fold")
        elif each.kind == "equal":
            text.append(_clean(each.first))
        else:
            _append_marked(text, each.first, _REMOVED)
            if each.first[-1:].isalnum() and each.second[:1].isalnum() and (each.first[-1] + each.second[0]).isascii():
                text.append(" ")
            _append_marked(text, each.second, _KEPT)
    yield from _ended(text)


def _columns(pieces: Iterable[Stretch | Fold]) -> Iterator[RenderableType]:
    """The removed text on the left, the kept one on the right; a row for what stands between two folds."""
    left, right = Text(overflow="fold"), Text(overflow="fold")
    for each in pieces:
        if isinstance(each, Fold):
            yield from _row(left, right)
            yield _fold_text(each)
            left, right = Text(overflow="fold"), Text(overflow="fold")
        elif each.kind == "equal":
            left.append(_clean(each.first))
            right.append(_clean(each.second))
        else:
            _append_marked(left, each.first, _REMOVED)
            _append_marked(right, each.second, _KEPT)
    yield from _row(left, right)


def _row(left: Text, right: Text) -> Iterator[Table]:
    if left or right:
        row = Table.grid(expand=True, padding=(0, 3, 0, 0))
        row.add_column(ratio=1, overflow="fold")
        row.add_column(ratio=1, overflow="fold")
        row.add_row(left, right)
        yield row


def _ended(text: Text) -> Iterator[Text]:
    if text:
        yield text


def _fold_text(fold: Fold) -> Text:
    return Text(f"... {fold.text} ...", style="dim")


def _append_marked(text: Text, words: str, mark: tuple[str, str, str]) -> None:
    """Words as a difference, the white space behind them outside of it."""
    begin, end, colour = mark
    shown = _INVISIBLE.sub(_code_point, _clean(words))
    if not shown.strip():
        return
    blank = shown[len(shown.rstrip()) :]
    if out.color_system is None or out.no_color:
        text.append(f"{begin}{shown.rstrip()}{end}{blank}")
    else:
        text.append(shown.rstrip(), style=colour)
        text.append(blank)


def _clean(text: str) -> str:
    """Text that does nothing to a terminal, without empty lines."""
    return _BLANK_LINES.sub("\n", _CONTROL.sub(_code_point, text))


def _code_point(match: "re.Match[str]") -> str:
    return f"<U+{ord(match[0]):04X}>"
