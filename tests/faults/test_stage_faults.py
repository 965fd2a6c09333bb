"""Libraries that raise, lie, crash or are killed on some documents: is it the document, the stage or the machine?"""

import gzip
import os
import subprocess
from pathlib import Path

import orjson
import pyarrow.parquet as pq
import pytest
from fault_builds import ledger, leftovers, note, run, small_recipe

pytestmark = pytest.mark.slow

STAGES = Path(__file__).with_name("faulty_stages.py")


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """The small recipe, its notes with a stage that fails on two of them, in different files and so in different tasks."""
    recipe = small_recipe(tmp_path)
    for name in ("0", "2"):
        path = tmp_path / f"notes/{name}.jsonl.gz"
        line = orjson.dumps({"text": f"FAULT {note(900 + int(name))}"}) + b"\n"
        path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()) + line, mtime=0))
    text = recipe.read_text("utf-8").replace("{use: filter.length, min_words: 3}", "{use: faulty.measure, how: raise}")
    recipe.write_text(text, encoding="utf-8")
    installed = tmp_path / "site/faulty-1.dist-info"
    installed.mkdir(parents=True)
    (tmp_path / "site/faulty_stages.py").write_bytes(STAGES.read_bytes())
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: faulty\nVersion: 1\n")
    points = "faulty.measure = faulty_stages:Measure\nfaulty.rewrite = faulty_stages:Rewrite\n"
    (installed / "entry_points.txt").write_text(f"[corpusforge.stages]\n{points}")
    return recipe


def fails(recipe: Path, how: str, workers: int = 2) -> "subprocess.CompletedProcess[str]":
    paths = os.pathsep.join(filter(None, [str(recipe.parent / "site"), os.environ.get("PYTHONPATH")]))
    options = ["--set", f"sources.notes.pipeline.0.how={how}"]
    return run(recipe, recipe.parent / "out", *options, workers=workers, environment={"PYTHONPATH": paths})


@pytest.mark.parametrize(
    ("how", "words"), [("raise", "ValueError: cannot be measured: ? and 矿物"), ("recurse", "RecursionError: ")]
)
def test_documents_on_which_a_library_raises_have_failed_with_its_words_and_the_others_are_kept(
    recipe: Path, how: str, words: str
) -> None:
    done = fails(recipe, how)
    assert done.returncode == 0, done.stderr
    out = recipe.parent / "out"
    (books,) = ledger(out, "notes-faulty.measure")["notes"]
    assert books == {"stage": "faulty.measure", "in": 26, "kept": 24, "rejected": {}, "failed": 2}
    (step,) = out.glob("*-notes-faulty.measure-*")
    rows = [row for path in sorted(step.glob("*.verdicts.parquet")) for row in pq.read_table(path).to_pylist()]
    assert [(row["drop"], row["failed"], row["message"].startswith(words)) for row in rows] == [("failed", True, True)] * 2


def test_one_worker_and_two_mark_the_same_documents_as_failed(recipe: Path) -> None:
    books = []
    for workers in (1, 2):
        assert fails(recipe, "raise", workers).returncode == 0
        books.append((recipe.parent / "out/manifest.json").read_bytes())
        (recipe.parent / "out").rename(recipe.parent / f"out-{workers}")
    assert books[0] == books[1]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("too_few", "faulty_stages.Measure: length has 8 values for 9 rows"),
        ("too_many", "faulty_stages.Measure: length has 10 values for 9 rows"),
        ("no_column", "faulty_stages.Measure: length has no column values for 9 rows"),
    ],
)
def test_a_filter_that_gives_other_rows_than_it_was_given_is_a_defect_with_a_traceback_and_no_document_fails(
    recipe: Path, how: str, said: str
) -> None:
    done = fails(recipe, how)
    assert done.returncode == 1, done.stderr
    assert said in done.stderr
    assert "Traceback" in done.stderr
    assert "StageDefect" in done.stderr
    assert "failed" not in done.stdout


def test_a_transform_that_gives_other_rows_than_it_was_given_is_a_defect_too(recipe: Path) -> None:
    text = recipe.read_text("utf-8").replace("stages:\n", "stages:\n  - {use: faulty.rewrite}\n")
    recipe.write_text(text.replace("how: raise", "how: too_few").replace("{use: faulty.measure, how: too_few}", ""), "utf-8")
    paths = os.pathsep.join(filter(None, [str(recipe.parent / "site"), os.environ.get("PYTHONPATH")]))
    done = run(recipe, recipe.parent / "out", environment={"PYTHONPATH": paths})
    assert done.returncode == 1, done.stderr
    assert "faulty_stages.Rewrite: text has 8 values for 9 rows" in done.stderr


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("segfault", ("worker process", "run the same command again")),
        ("be_killed", ("worker process", "memory", "--workers", "run the same command again")),
        ("no_memory", ("memory", "cannot get 7 TB", "--workers", "run the same command again")),
        ("disk", ("/mnt/model.bin: Input/output error", "check the disk", "run the same command again")),
    ],
)
def test_what_is_the_machines_stops_the_build_with_one_line_and_what_was_finished_is_kept(
    recipe: Path, how: str, said: tuple[str, ...]
) -> None:
    done = fails(recipe, how)
    assert done.returncode == 3, done.stderr
    (line,) = [each for each in done.stderr.splitlines() if each.startswith("error: ")]
    assert [words for words in said if words not in line] == []
    assert "Traceback" not in done.stderr
    healed = fails(recipe, "raise")
    assert healed.returncode == 0, healed.stderr
    assert leftovers(recipe.parent / "out") == []
