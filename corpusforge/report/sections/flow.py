"""The way of the documents: a river from reading to the shards, and each source as one bar."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from corpusforge.engine.reports import told
from corpusforge.report import charts, figures
from corpusforge.report.flow import Flow, SourceFlow, Stop
from corpusforge.report.markup import Markup, dotted, element, joined, table

# Sources with a colour of their own; the others of a longer list share one.
_NUM_COLOURS = 8


@dataclass(frozen=True)
class Band:
    """Sources that flow as one: their name for people, their colour, and who they are."""

    name: str
    kind: str
    sources: tuple[SourceFlow, ...]


def flow_section(flow: Flow, no_documents: Mapping[str, Mapping[str, int]]) -> Markup:
    """The river, and the table of sources; `no_documents` is what each has read beside documents, by kind."""
    bands = bands_of(flow)
    legend = [element("span", f"{band.name} ", element("small", _read(band)), class_=f"key {band.kind}") for band in bands]
    rows = joined(_rows(flow, bands))
    return joined(
        [
            element("p", "Every document that was read, from top to bottom; what leaves to the right was taken out."),
            element("div", *legend, class_="legend"),
            element("div", rows, class_="flow"),
            element("h3", "By source"),
            _sources(flow),
            *(
                element("p", f"{name}: beside documents, read and passed over: {told(counts)}.")
                for name, counts in no_documents.items()
                if counts
            ),
        ]
    )


def _read(band: Band) -> str:
    return figures.count(sum(each.came_in for each in band.sources))


def bands_of(flow: Flow) -> list[Band]:
    """One band for each source; past so many the largest have their own and the others share the last."""
    if len(flow.sources) <= _NUM_COLOURS:
        return [Band(each.name, f"s{index}", (each,)) for index, each in enumerate(flow.sources)]
    by_size = sorted(flow.sources, key=lambda each: -each.came_in)[: _NUM_COLOURS - 1]
    large = [each for each in flow.sources if each in by_size]
    others = tuple(each for each in flow.sources if each not in by_size)
    named = [Band(each.name, f"s{index}", (each,)) for index, each in enumerate(large)]
    return [*named, Band(f"{len(others)} other sources", "others", others)]


def _rows(flow: Flow, bands: Sequence[Band]) -> Iterator[Markup]:
    whole = max(1, flow.came_in)
    left = {source.name: source.came_in for source in flow.sources}
    for stop in flow.stops:
        after = {name: stop.entries[name].kept if name in stop.entries else count for name, count in left.items()}
        came_in = sum(each.came_in for each in stop.entries.values())
        lost = sum(left.values()) - sum(after.values())
        stage = element("div", dotted(stop.stage), element("small", f"{figures.count(came_in)} in"), class_="stage")
        river = element("div", charts.ribbons(_widths(bands, left, after), whole))
        loss = element("div", *_losses(stop, lost, came_in), class_="loss")
        yield element("div", stage, river, loss, class_="stop" if lost else "stop calm")
        left = after
    total = element("div", element("strong", "shards"), element("small", f"{figures.count(flow.kept)} kept"), class_="stage")
    share = element("div", figures.share(flow.kept, flow.came_in), " of what was read", class_="loss")
    yield element("div", total, element("div", charts.ribbons(_widths(bands, left, left), whole)), share, class_="stop end")


def _widths(bands: Sequence[Band], before: Mapping[str, int], after: Mapping[str, int]) -> list[charts.Width]:
    return [
        charts.Width(band.name, band.kind, *(sum(each[source.name] for source in band.sources) for each in (before, after)))
        for band in bands
    ]


def _losses(stop: Stop, lost: int, came_in: int) -> list[Markup | str]:
    if not lost:
        return []
    reasons: dict[str, int] = {}
    for entry in stop.entries.values():
        for reason, count in (*entry.rejected.items(), *([("failed", entry.failed)] if entry.failed else ())):
            reasons[reason] = reasons.get(reason, 0) + count
    ordered = sorted(reasons.items(), key=lambda each: (-each[1], each[0]))
    shown = [f"{reason} {figures.count(count)}" for reason, count in ordered[:3]]
    num_more = len(ordered) - 3
    more = [f"{num_more} more reason{'s' if num_more > 1 else ''}"] if num_more > 0 else []
    head = element("strong", f"−{figures.count(lost)}", class_="lost-text")
    return [head, f" {figures.share(lost, came_in)} ", element("small", ", ".join([*shown, *more]))]


def _sources(flow: Flow) -> Markup:
    head = ["source", "group", "#in", "what became of them", "#kept", "#share", "#rejected", "#failed"]
    rows = [_source_row(each) for each in flow.sources]
    if len(rows) > 1:
        figures_of_all = [
            figures.count(flow.came_in), "", figures.count(flow.kept), figures.share(flow.kept, flow.came_in),
            figures.count(flow.rejected), figures.count(flow.failed),
        ]  # fmt: skip
        rows.append([element("strong", "all"), "", *(element("strong", each) for each in figures_of_all)])
    legend = [
        element("span", name, class_=f"key {kind}")
        for name, kind in (("kept", "kept"), ("rejected, stage after stage", "lost0"), ("failed", "failed"))
    ]
    return joined([element("div", *legend, class_="legend"), table(head, rows, class_="wide")])


def _source_row(source: SourceFlow) -> list[str]:
    parts = [(source.kept, "kept", f"kept: {figures.count(source.kept)}")]
    for index, entry in enumerate(source.entries):
        rejected = sum(entry.rejected.values())
        parts.append((rejected, f"lost{index % 2}", f"{entry.stage}: {figures.count(rejected)} rejected"))
    parts.append((source.failed, "failed", f"failed: {figures.count(source.failed)}"))
    return [
        source.name, source.group, figures.count(source.came_in), charts.stacked(parts, max(1, source.came_in)),
        figures.count(source.kept), figures.share(source.kept, source.came_in), figures.count(source.rejected),
        figures.count(source.failed),
    ]  # fmt: skip
