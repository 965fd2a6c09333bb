"""Copies by source, how like they are, and the documents that had the most."""

from collections.abc import Iterator, Sequence

from corpusforge.report import charts, figures
from corpusforge.report.charts import Curve, Mark, Series
from corpusforge.report.duplicates import Cluster, Likeness, Member
from corpusforge.report.examples import Excerpts, example, examples_folded
from corpusforge.report.flow import Flow
from corpusforge.report.markup import Markup, element, joined, table

_STEPS_OF_THE_CURVE = 100


def duplicates_section(
    flow: Flow, clusters: Sequence[Cluster], likenesses: Sequence[Likeness], stages: Sequence[str], excerpts: Excerpts
) -> Markup | None:
    """Copies by source, their similarity, and the documents with the most; None where no stage looks for copies."""
    if not stages:
        return None
    rows = [
        [source.name, element("code", entry.stage), *_taken(entry.came_in, entry.came_in - entry.kept)]
        for source in flow.sources
        for entry in source.entries
        if entry.stage in stages
    ]
    parts = [table(["source", "stage", "#in", "#taken out", "#share", ""], rows, class_="wide")]
    parts += map(_likeness, likenesses)
    if clusters:
        parts += [element("h3", "Documents with the most copies"), *(_cluster(each, excerpts) for each in clusters)]
    return joined(parts)


def _taken(came_in: int, num_removed: int) -> list[str]:
    share = figures.share(num_removed, came_in)
    return [figures.count(came_in), figures.count(num_removed), share, charts.bar(num_removed, came_in, "lost0")]


def _likeness(likeness: Likeness) -> Markup:
    bins, threshold = likeness.bins, likeness.threshold
    series = [Series("taken out, by their similarity to the document that stays", "lost0", likeness.counts)]
    marks = [Mark(bins.position(threshold), f"≥ {figures.number(threshold)}")]
    caption = element("figcaption", element("code", likeness.stage), ": how like the copies are")
    plot = charts.histogram(bins, series, marks, curve=_curve(likeness))
    return element("figure", caption, plot, *_chance(likeness), class_="card")


def _curve(likeness: Likeness) -> Curve | None:
    if likeness.bands is None:
        return None
    along = (step / _STEPS_OF_THE_CURVE for step in range(_STEPS_OF_THE_CURVE + 1))
    points = tuple((value, likeness.bands.found(value)) for value in along)
    return Curve("chance that a pair was looked at, up to 100 %", points)


def _chance(likeness: Likeness) -> Iterator[Markup]:
    if likeness.bands is not None:
        found = figures.share(likeness.bands.found(likeness.threshold), 1)
        said = (
            f"{likeness.bands.bands} bands of {likeness.bands.rows}: a pair just at the threshold is looked at with a chance of"
        )
        yield element("p", f"{said} {found}; every pair that is looked at is measured exactly.", class_="note")


def _cluster(cluster: Cluster, excerpts: Excerpts) -> Markup:
    witness = excerpts[cluster.witness] if cluster.witness is not None else None
    copies = "copy" if cluster.num_removed == 1 else "copies"
    origin, source = (witness.origin, witness.source) if witness is not None else (cluster.id, "of an earlier build")
    summary = joined(
        [
            element("strong", f"{figures.count(cluster.num_removed)} {copies}"), " of ", element("bdi", origin),
            element("small", f" {source}, {cluster.stage}"),
        ]
    )  # fmt: skip
    stays = [example(witness, "stays", "kept")] if witness is not None else []
    removed = [example(excerpts[each.place], _label(each), "rejected") for each in cluster.removed]
    return examples_folded(summary, [*stays, *removed])


def _label(member: Member) -> str:
    return "taken out" if member.similarity is None else f"taken out, {figures.number(member.similarity)} alike"
