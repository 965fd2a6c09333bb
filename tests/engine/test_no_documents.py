"""What a source reads that is no document is counted, and nowhere counts as one."""

from pathlib import Path

import pytest
from warc_files import per_record, record

from corpusforge.engine import reading, stream
from corpusforge.engine.plan import Plan
from corpusforge.engine.run import build
from corpusforge.engine.store import read_json
from corpusforge.errors import NothingLeft
from corpusforge.inspect.status import status
from corpusforge.recipe import Trial, load_recipe
from corpusforge.report.page import write_report
from corpusforge.source import rows, warc_cuts

ROOT = Path(__file__).resolve().parents[2]

RECIPE = f"""\
version: 1
name: crawl
sources:
  - name: crawl
    use: source.warc
    path: crawl
    pipeline: [{{use: extract.markup}}]
stages:
  - {{use: vocab.encode, tokenizer: {ROOT / "recipes/samples/tokenizer"}}}
sink: {{use: index.megatron, layout: documents, num_shards: 2}}
"""


def conversion(number: int) -> bytes:
    text = f"Sample {number} is a basalt with olivine.".encode()
    return bytes(record("conversion", text, Content_Type="text/plain"))


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    (tmp_path / "crawl").mkdir()
    for part in range(3):
        pages = [each for number in range(5) for each in (record("request", b"GET /"), conversion(5 * part + number))]
        content = per_record(record("warcinfo", b"software: a\r\n"), *pages, record("metadata", b"x: y"), record("revisit"))
        (tmp_path / f"crawl/{part}.warc.gz").write_bytes(content)
    path = tmp_path / "crawl.yaml"
    path.write_text(RECIPE)
    return path


def run(recipe: Path, out: str = "out", *overrides: str, workers: int = 1) -> Plan:
    return build(load_recipe(recipe, overrides), recipe.parent / out, workers)


def outputs(out: Path) -> dict[str, bytes]:
    files = [path for path in sorted(out.rglob("*")) if path.is_file()]
    names = {path.relative_to(out).as_posix(): path for path in files}
    return {name: path.read_bytes() for name, path in names.items() if name not in ("run.json", ".lock", ".digests.json")}


COUNTS = {"metadata": 3, "request": 15, "warcinfo": 3}


def test_they_are_told_by_kind_and_are_not_in_the_books(recipe: Path) -> None:
    plan = run(recipe)
    report = read_json(plan.chains["crawl"][0].report)
    assert report["no_documents"] == COUNTS
    assert report["ledger"]["crawl"][0] == {
        "stage": "source.warc", "in": 18, "kept": 15, "rejected": {"revisit": 3}, "failed": 0,
    }  # fmt: skip
    assert read_json(plan.out / "manifest.json")["steps"][0]["no_documents"] == COUNTS


def test_status_and_the_report_tell_them(recipe: Path) -> None:
    plan = run(recipe)
    assert status(plan.out).sources[0].no_documents == COUNTS
    page = write_report(plan.out).read_text(encoding="utf-8")
    assert "crawl: beside documents, read and passed over: 15 request, 3 metadata, 3 warcinfo." in page


def test_they_do_not_ring_the_alarm(recipe: Path) -> None:
    run(recipe, "out", "sources.crawl.alarm_share=0.2")


def test_two_workers_write_the_same_bytes_as_one(recipe: Path) -> None:
    run(recipe, "one", workers=1)
    run(recipe, "two", workers=2)
    assert outputs(recipe.parent / "one") == outputs(recipe.parent / "two")


def test_a_crawl_in_many_tasks_gives_the_shards_of_one_in_whole_files(recipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run(recipe, "whole")
    assert warc_cuts.pieces_of.__kwdefaults__ is not None
    monkeypatch.setitem(warc_cuts.pieces_of.__kwdefaults__, "max_bytes", 500)
    one, two = (run(recipe, f"cut-{workers}", workers=workers) for workers in (1, 2))
    assert outputs(one.out) == outputs(two.out)
    reports = [read_json(plan.chains["crawl"][0].report) for plan in (whole, one)]
    assert [len(report["parts"]) for report in reports] == [3, 15]
    assert reports[0]["no_documents"] == reports[1]["no_documents"] == COUNTS
    shards = [{path.name: path.read_bytes() for path in (plan.out / "shards").iterdir()} for plan in (whole, one)]
    assert shards[0] == shards[1]


def test_a_step_that_goes_on_behind_finished_parts_counts_them_all(recipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert rows.gather.__kwdefaults__ is not None
    monkeypatch.setitem(rows.gather.__kwdefaults__, "max_rows", 3)
    monkeypatch.setattr(reading, "MAX_TASK_BYTES", 1)  # every batch of the source is a part
    whole = run(recipe, "whole")
    finish = stream._finish_part

    def stop_at_the_third(task: reading.ReadTask, name: str, pieces: reading.Pieces) -> dict[str, object]:
        if name == "crawl-00000-0002":
            raise KeyboardInterrupt
        return finish(task, name, pieces)

    monkeypatch.setattr(stream, "_finish_part", stop_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        run(recipe, "cut")
    monkeypatch.setattr(stream, "_finish_part", finish)
    run(recipe, "cut")
    assert read_json(whole.chains["crawl"][0].report)["no_documents"] == COUNTS
    assert outputs(recipe.parent / "cut") == outputs(recipe.parent / "whole")


def test_a_limit_counts_documents_only(recipe: Path) -> None:
    plan = build(load_recipe(recipe, trial=Trial(limit=7)), recipe.parent / "trial", 1)
    assert read_json(plan.chains["crawl"][0].report)["ledger"]["crawl"][0]["in"] == 7


def test_a_source_of_nothing_else_says_so(recipe: Path) -> None:
    for path in (recipe.parent / "crawl").iterdir():
        path.write_bytes(per_record(record("warcinfo", b"a: b"), record("metadata", b"x: y"), record("metadata", b"x: y")))
    with pytest.raises(NothingLeft, match=r"its 3 files hold no document, only 6 metadata, 3 warcinfo; mend `path`"):
        run(recipe)
