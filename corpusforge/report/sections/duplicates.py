"""Copies by source, and the documents that had the most."""

from collections.abc import Sequence

from corpusforge.report import charts, figures
from corpusforge.report.duplicates import Cluster
from corpusforge.report.examples import Excerpts, example, examples_folded
from corpusforge.report.flow import Flow
from corpusforge.report.markup import Markup, element, joined, table


def duplicates_section(flow: Flow, clusters: Sequence[Cluster], stages: Sequence[str], excerpts: Excerpts) -> Markup | None:
    """Copies by source, and the documents with the most; None where no stage looks for copies."""
    if not stages:
        return None
    rows = [
        [source.name, element("code", entry.stage), *_taken(entry.came_in, entry.came_in - entry.kept)]
        for source in flow.sources
        for entry in source.entries
        if entry.stage in stages
    ]
    parts = [table(["source", "stage", "#in", "#taken out", "#share", ""], rows, class_="wide")]
    if clusters:
        parts += [element("h3", "Documents with the most copies"), *(_cluster(each, excerpts) for each in clusters)]
    return joined(parts)


def _taken(came_in: int, num_removed: int) -> list[str]:
    share = figures.share(num_removed, came_in)
    return [figures.count(came_in), figures.count(num_removed), share, charts.bar(num_removed, came_in, "lost0")]


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
