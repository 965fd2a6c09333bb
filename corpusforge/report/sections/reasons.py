"""Why documents were taken out: the books by stage and reason, by source, with examples, and what libraries said."""

from collections import Counter
from collections.abc import Iterator

from corpusforge.report import charts, figures
from corpusforge.report.examples import Excerpts, example, examples_folded
from corpusforge.report.flow import FAILED, Flow, SourceFlow
from corpusforge.report.losses import Losses, Taken
from corpusforge.report.markup import Markup, element, folded, joined, table

# A longer list of sources and reasons is folded away.
_MAX_OPEN_ROWS = 40
_MAX_MESSAGES = 20


def reasons_section(flow: Flow, losses: Losses, excerpts: Excerpts) -> Markup:
    """Tables and examples."""
    if not flow.losses:
        return element("p", "Nothing was taken out: every document that was read went into the shards.")
    shown = joined(_examples(key, taken, excerpts) for key, taken in losses.examples.items() if key[1] != FAILED)
    parts = [_over_all(flow)]
    if len(flow.sources) > 1:
        parts.append(_by_source(flow))
    return joined([*parts, element("h3", "Examples of each reason"), shown] if shown else parts)


def _over_all(flow: Flow) -> Markup:
    counts: Counter[tuple[str, str, bool]] = Counter()
    for loss in flow.losses:
        counts[loss.stage, loss.reason, loss.is_failure] += loss.num_documents
    most = max(counts.values())
    rows = [
        [
            element("code", stage), element("code", reason), figures.count(count), figures.share(count, flow.came_in),
            charts.bar(count, most, _kind(is_failure)),
        ]
        for (stage, reason, is_failure), count in sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    ]  # fmt: skip
    return table(["stage", "reason", "#documents", "#of all read", ""], rows, class_="wide")


def _by_source(flow: Flow) -> Markup:
    most = max(loss.num_documents / source.came_in for source in flow.sources for loss in source.losses)
    rows = [row for source in flow.sources for row in _rows_of(source, most)]
    made = table(["source", "stage", "reason", "#documents", "#of the source", ""], rows, class_="wide")
    if len(rows) > _MAX_OPEN_ROWS:
        return folded(f"By source: {len(rows)} rows", made)
    return joined([element("h3", "By source"), made])


def _rows_of(source: SourceFlow, most: float) -> Iterator[list[str]]:
    for index, loss in enumerate(source.losses):
        yield [
            source.name if index == 0 else "", element("code", loss.stage), element("code", loss.reason),
            figures.count(loss.num_documents), figures.share(loss.num_documents, source.came_in),
            charts.bar(loss.num_documents / source.came_in, most, _kind(loss.is_failure)),
        ]  # fmt: skip


def _kind(is_failure: bool) -> str:
    return "failed" if is_failure else "lost0"


def _examples(key: tuple[str, str], taken: list[Taken], excerpts: Excerpts) -> Markup:
    boxes = [example(excerpts[each.place], _label(each), "rejected") for each in taken]
    return examples_folded(f"{key[0]}: {key[1]}", boxes)


def _label(taken: Taken) -> str:
    if taken.message:
        return taken.message
    if taken.value is None:
        return "rejected"
    limit = f", threshold {figures.number(taken.threshold)}" if taken.threshold is not None else ""
    return f"{figures.number(taken.value)}{limit}"


def failures_section(flow: Flow, losses: Losses, excerpts: Excerpts) -> Markup | None:
    """What libraries said, most frequent first; None where nothing failed."""
    if not flow.failed:
        return None
    found = [(count, stage, message) for stage, counts in losses.messages.items() for message, count in counts.items()]
    found.sort(key=lambda each: (-each[0], each[1], each[2]))
    rows = [[element("code", stage), element("bdi", message), figures.count(count)] for count, stage, message in found]
    more = f" Only the most frequent of {len(rows)} different messages are shown." if len(rows) > _MAX_MESSAGES else ""
    boxes = [
        example(excerpts[each.place], each.message or FAILED, "failed")
        for (_, reason), some in losses.examples.items()
        if reason == FAILED
        for each in some
    ]
    return joined(
        [
            element("p", f"A library raised an error on {figures.documents(flow.failed)}; each was taken out alone.{more}"),
            table(["stage", "message", "#documents"], rows[:_MAX_MESSAGES]),
            examples_folded("Examples", boxes),
        ]
    )


def damage_section(damaged: list[dict[str, object]]) -> Markup | None:
    """Input files that were read up to a damage only; None where there are none."""
    if not damaged:
        return None
    rows = [[str(bad["path"]), f"{bad['offset']:,}", str(bad["what"])] for bad in damaged]
    return joined(
        [
            element("p", "The recipe says keep_going, so these files were read up to the damage and the rest is missing."),
            table(["file", "#at", "what"], rows),
        ]
    )
