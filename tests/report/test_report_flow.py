"""Stages of several chains in one order, and sources as bands of a river."""

from pathlib import Path

import pytest

from corpusforge.engine.ledger import Entry
from corpusforge.inspect.folder import BuildFolder
from corpusforge.report.flow import Flow, Loss, SourceFlow, flow_of, merged
from corpusforge.report.sections.flow import bands_of, flow_section


def way(names: str) -> list[tuple[str, int]]:
    return [(name, 0) for name in names]


@pytest.mark.parametrize(
    ("ways", "order"),
    [
        (["abc"], "abc"),
        (["ac", "abc"], "abc"),
        (["abz", "cz"], "cabz"),
        (["az", "bz", "cz"], "cbaz"),
        (["ab", "ba"], "ab"),
        ([], ""),
    ],
)
def test_stages_of_several_chains_have_one_order(ways: list[str], order: str) -> None:
    assert merged([way(each) for each in ways]) == way(order)


def source(name: str, came_in: int) -> SourceFlow:
    return SourceFlow(name, "geo", (Entry("source.jsonl", came_in, came_in), Entry("filter.length", came_in, came_in)))


def test_eight_sources_have_a_band_each() -> None:
    flow = Flow(tuple(source(f"s{number}", 10) for number in range(8)))
    assert [band.name for band in bands_of(flow)] == [f"s{number}" for number in range(8)]


def test_of_thirty_sources_the_largest_keep_their_order_and_the_others_share_a_band() -> None:
    flow = Flow(tuple(source(f"s{number}", 10 + number) for number in range(30)))
    bands = bands_of(flow)
    assert [band.name for band in bands] == [*(f"s{number}" for number in range(23, 30)), "23 other sources"]
    assert sum(each.came_in for band in bands for each in band.sources) == flow.came_in


def test_a_filter_that_a_chain_has_twice_is_two_stops() -> None:
    entries = (Entry("source.jsonl", 4, 4), Entry("filter.length", 4, 3, {"a": 1}), Entry("filter.length", 3, 1, {"b": 2}))
    flow = Flow((SourceFlow("notes", "geo", entries),))
    assert [(stop.stage, stop.entries["notes"].kept) for stop in flow.stops] == [
        ("read", 4),
        ("filter.length", 3),
        ("filter.length", 1),
    ]


def test_a_river_of_nothing_can_be_drawn() -> None:
    assert "shards" in flow_section(Flow((source("empty", 0),)), {})


def test_a_build_s_flow_is_its_books(small: Path) -> None:
    flow = flow_of(BuildFolder(small), {"notes": "geo", "books": "books"})
    assert (flow.came_in, flow.kept, flow.rejected, flow.failed) == (22, 11, 10, 1)
    assert flow.losses == [
        Loss("notes", "filter.length", "too_few_words", 1),
        Loss("notes", "filter.scored", "score_low", 5),
        Loss("notes", "filter.scored", "score_high", 1),
        Loss("notes", "filter.scored", "failed", 1, True),
        Loss("notes", "dedup.exact", "duplicate", 2),
        Loss("books", "extract.markup", "undecodable", 1),
    ]
