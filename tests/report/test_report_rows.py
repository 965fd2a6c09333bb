"""The section on rows for training: how full they are, what stages read, and what is said where they read less."""

from report_page import Page

from corpusforge.index.blend import MixSettings, plan_stages
from corpusforge.index.mix import Mix, MixGroup, MixShard
from corpusforge.report.sections.rows import rows_section


def group(name: str, rows: int) -> MixGroup:
    shard = MixShard(name=name, num_sequences=rows, num_tokens=90 * rows, files={})
    return MixGroup(num_documents=2 * rows, num_sequences=rows, num_tokens=90 * rows, shards=(shard,))


def mix(layout: str) -> Mix:
    groups = {"geo": group("geo-00000", 40), "web": group("web-00000", 60)}
    settings = MixSettings.model_validate(
        {"stages": [{"name": "late", "weights": {"geo": 1}, "replay": {"web": 0.2}, "tokens": 90_000}]}
    )
    return Mix.model_validate(
        {
            "format": 2, "seed": 7, "layout": layout, "seq_length": 100, "groups": groups,
            "held_out": {"geo": group("geo-held-out-00000", 5)}, "stages": plan_stages(settings, groups),
        }
    )  # fmt: skip


MANIFEST = {
    "shards": [
        {"name": "geo-00000", "num_segments": 100, "num_fill_tokens": 400},
        {"name": "web-00000", "num_segments": 200, "num_fill_tokens": 600},
        {"name": "geo-held-out-00000", "num_segments": 9, "num_fill_tokens": 50},
    ]
}


def test_rows_are_told_by_group_and_by_stage() -> None:
    section = rows_section(MANIFEST, mix("packed"))
    assert section is not None
    page = Page(f"<section class='part' id='rows'>{section}</section>")
    packed, stages = page.tables["rows"]
    assert [row[:7] for row in packed[1:]] == [
        ["geo", "training", "80", "40", "100", "3,600", "10.0 %"],
        ["web", "training", "120", "60", "200", "5,400", "10.0 %"],
        ["geo", "held out", "10", "5", "9", "450", "10.0 %"],
    ]
    assert [row[:6] for row in stages[1:]] == [
        ["late", "geo", "80.0 %", "80.0 %", "40", "1"], ["late", "web", "20.0 %", "20.0 %", "10", "0.167"]
    ]  # fmt: skip
    assert "90,000 tokens asked for, 4,500 planned: group geo" in section


def test_shards_that_are_not_packed_have_no_such_section() -> None:
    assert rows_section(MANIFEST, mix("pieces")) is None
