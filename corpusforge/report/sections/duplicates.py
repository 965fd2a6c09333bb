"""Copies by source, how like they were, and the documents that had the most."""

from collections.abc import Mapping, Sequence

import numpy as np

from corpusforge.dedup.bands import Bands
from corpusforge.report import charts, figures
from corpusforge.report.charts import Mark, Series
from corpusforge.report.curve import curve
from corpusforge.report.duplicates import Cluster
from corpusforge.report.examples import Excerpts, example, examples_folded
from corpusforge.report.flow import Flow
from corpusforge.report.histogram import Sample, bins_of
from corpusforge.report.likeness import Likeness
from corpusforge.report.markup import Markup, element, joined, table

_NUM_POINTS = 200


def duplicates_section(
    flow: Flow, clusters: Sequence[Cluster], stages: Sequence[str], likeness: Likeness, excerpts: Excerpts
) -> Markup | None:
    """Copies by source, similarities, and the documents with the most; None where no stage looks for copies."""
    if not stages:
        return None
    rows = [
        [source.name, element("code", entry.stage), *_taken(entry.came_in, entry.came_in - entry.kept)]
        for source in flow.sources
        for entry in source.entries
        if entry.stage in stages
    ]
    parts = [table(["source", "stage", "#in", "#taken out", "#share", ""], rows, class_="wide")]
    parts += [_likeness(stage, likeness.facts[stage], likeness.samples[stage]) for stage in stages if stage in likeness.facts]
    if clusters:
        parts += [element("h3", "Documents with the most copies"), *(_cluster(each, excerpts) for each in clusters)]
    return joined(parts)


def _taken(came_in: int, num_removed: int) -> list[str]:
    share = figures.share(num_removed, came_in)
    return [figures.count(came_in), figures.count(num_removed), share, charts.bar(num_removed, came_in, "lost0")]


def _likeness(stage: str, facts: Mapping[str, float], sample: Sample) -> Markup:
    """The chance that a pair is looked at, and the similarities of those that were taken out."""
    mark = Mark(facts["threshold"], f"≥ {figures.number(facts['threshold'])}")
    bands = Bands(int(facts["bands"]), int(facts["rows"]))
    points = [(step / _NUM_POINTS, bands.found(step / _NUM_POINTS)) for step in range(_NUM_POINTS + 1)]
    chance = element("figcaption", "chance that a pair is looked at", element("small", f" {bands.bands} bands of {bands.rows}"))
    charts_of_it = [element("figure", chance, curve(points, mark, ("similarity", "chance")))]
    if sample.num_seen:
        charts_of_it.append(_similarities(facts["threshold"], sample))
    return joined([element("h3", element("code", stage)), element("div", *charts_of_it, class_="charts")])


def _similarities(threshold: float, sample: Sample) -> Markup:
    values = sample.rows[:, 0]
    bins = bins_of(np.append(values, [threshold, 1.0]))
    mark = Mark(bins.position(threshold), f"≥ {figures.number(threshold)}")
    caption = element("figcaption", "similarity of what was taken out to what stays")
    facts = charts.quantile_list(values, float(values.min()), float(values.max()))
    return element(
        "figure", caption, charts.histogram(bins, [Series("documents", "lost0", bins.counts(values))], [mark]), facts
    )


def _cluster(cluster: Cluster, excerpts: Excerpts) -> Markup:
    witness = excerpts[cluster.witness]
    copies = "copy" if cluster.num_removed == 1 else "copies"
    summary = joined(
        [
            element("strong", f"{figures.count(cluster.num_removed)} {copies}"), " of ", element("bdi", witness.origin),
            element("small", f" {witness.source}, {cluster.stage}"),
        ]
    )  # fmt: skip
    removed = [example(excerpts[place], "taken out", "rejected") for place in cluster.removed]
    return examples_folded(summary, [example(witness, "stays", "kept"), *removed])
