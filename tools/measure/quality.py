"""tools/quality: how much good text a preset rejects and how much junk it lets pass, as tables in Markdown, against floors.

Good text is science, and general text beside it, of the collections in --data; junk is made by our generator. Ends
with exit code 1 where a floor of quality_floors.toml is missed, and shows rejected good documents for people to judge.
"""

import argparse
import random
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from measure.junk import junk_documents
from measure.peers import Datatrove, peer_folder, peer_python
from measure.removal import Group, Quality, false_removal, good_documents, judge, missed_floors, recall
from measure.texts import GENERAL, SCIENCE
from measure.verdicts import ROOT, SHARED, Verdict

BOOKS = tuple(ROOT / "recipes/samples" / name for name in ("textbook_en", "textbook_zh"))
FLOORS = Path(__file__).with_name("quality_floors.toml")


def main() -> int:
    """Judge, print, compare with the floors."""
    options = _options()
    settings = tomllib.loads(FLOORS.read_text(encoding="utf-8"))
    with ExitStack() as stack:
        datatrove = None if options.no_peers else stack.enter_context(Datatrove(peer_python(options.peers)))
        quality = measured(options.pipeline, options.data, (options.per_kind, options.seed), datatrove)
    print(report(options.pipeline, quality))
    if options.rejected:
        options.rejected.write_text(examples(quality.science, 30, options.seed), encoding="utf-8")
    missed = missed_floors(quality, settings[options.floors])
    for line in missed:
        print(line, file=sys.stderr)
    return 1 if missed else 0


def measured(pipeline: str, data: Path, junk: tuple[int, int], datatrove: Datatrove | None = None) -> Quality:
    """Verdicts of a pipeline on the collections below `data` and on junk: (documents of each kind, seed)."""
    no_prose = tomllib.loads(FLOORS.read_text(encoding="utf-8"))["no_prose"]
    per_kind, seed = junk
    return Quality(
        judge(pipeline, good_documents(data, SCIENCE, no_prose), datatrove),
        judge(pipeline, good_documents(data, GENERAL, no_prose), datatrove),
        judge(pipeline, junk_documents(BOOKS, per_kind, seed), datatrove),
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools/quality", description=__doc__)
    parser.add_argument("--pipeline", default="science", help="a shipped pipeline, or a YAML file")
    parser.add_argument("--floors", default="science", help="the table of quality_floors.toml to compare with")
    parser.add_argument("--data", type=Path, default=SHARED, help="folder with the collections")
    parser.add_argument("--per-kind", type=int, default=30, help="documents of each kind of junk in each language")
    parser.add_argument("--seed", type=int, default=7, help="of the junk, and of the examples shown")
    parser.add_argument("--rejected", type=Path, help="write 30 rejected documents of science there")
    parser.add_argument("--no-peers", action="store_true", help="leave datatrove out")
    parser.add_argument("--peers", type=Path, default=peer_folder(), help="virtual environment for datatrove")
    return parser.parse_args()


def report(pipeline: str, quality: Quality) -> str:
    """Markdown: a table for good text, one for junk."""
    lines = [
        f"Preset `{pipeline}`. Stubs are below its least length and count as neither; so do those listed as no prose.",
        "",
        "| good text | documents | stubs | no prose | judged | rejected | share | datatrove's chain | reasons |",
        "|---|--:|--:|--:|--:|--:|--:|--:|---|",
    ]
    for title, groups in (("all science", quality.science), ("all general", quality.general)):
        for group in (*groups, Group(title, _all(groups), tuple(why for each in groups for why in each.by_datatrove))):
            counts = [len(each) for each in (group.verdicts, group.stubs, group.no_prose, group.judged, group.rejected)]
            shares = [_percent(false_removal([group])), _percent(group.datatrove_share)]
            cells = [group.name, *map(str, counts), *shares, _reasons(group.rejected)]
            lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "| junk | documents | rejected | datatrove's chain | reasons |", "|---|--:|--:|--:|---|"]
    for group in (*quality.junk, Group("all junk", _all(quality.junk), tuple(w for g in quality.junk for w in g.by_datatrove))):
        theirs = sum(map(bool, group.by_datatrove)) / len(group.by_datatrove) if group.by_datatrove else None
        lines.append(
            f"| {group.name} | {len(group.verdicts)} | {_percent(recall([group]))} | {_percent(theirs)} "
            f"| {_reasons([each for each in group.verdicts if each.reason])} |"
        )
    return "\n".join(lines) + "\n"


def _all(groups: Iterable[Group]) -> tuple[Verdict, ...]:
    return tuple(verdict for group in groups for verdict in group.verdicts)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _reasons(found: Iterable[Verdict]) -> str:
    counts = Counter(verdict.reason for verdict in found)
    return ", ".join(f"{reason} {count}" for reason, count in counts.most_common(5))


def examples(groups: Iterable[Group], count: int, seed: int) -> str:
    """Rejected documents for people to judge: name, rule, the beginning of the text.

    First those that count as false removals, then others, stubs and those listed as no prose; both chosen by chance.
    """
    rejected = [verdict for group in groups for verdict in group.verdicts if verdict.reason]
    random.Random(seed).shuffle(rejected)
    judged = {id(verdict) for group in groups for verdict in group.rejected}
    chosen = sorted(rejected, key=lambda verdict: id(verdict) not in judged)[:count]
    return "\n\n".join(
        f"## {each.document.collection}/{each.document.name}\n"
        f"{each.reason}: {each.value:.4g}, threshold {each.threshold:g}, {len(each.document.text):,} characters\n\n"
        f"{each.document.text[:700]}"
        for each in chosen
    )


if __name__ == "__main__":
    sys.exit(main())
