"""Shared paragraphs in whole builds: texts, books, witnesses and shards agree, whoever builds, however often it is stopped."""

import gzip
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parent))
import paragraph_oracle
from paragraph_oracle import Document

from corpusforge.cli import app
from corpusforge.engine import barrier
from corpusforge.engine.plan import Plan, Step
from corpusforge.engine.run import build
from corpusforge.engine.slices import Slice, SlicesMissing
from corpusforge.engine.store import read_json, read_parquet
from corpusforge.errors import RecipeError
from corpusforge.inspect.folder import open_documents
from corpusforge.inspect.show import Question, show
from corpusforge.inspect.trace import trace
from corpusforge.inspect.verify import verify
from corpusforge.inspect.why import why
from corpusforge.recipe import load_recipe
from corpusforge.report.page import write_report

ROOT = Path(__file__).resolve().parents[2]
ENCODE = f"{{use: vocab.encode, tokenizer: {ROOT / 'recipes/samples/tokenizer'}}}"
OF_THE_MACHINE = ("run.json", ".lock", ".digests.json")

LICENCE = "This work is released under the terms of a free licence, see there."
CREDIT = "本文由编译组原创编译，荣誉推出，欢迎转载。"
MENU = "Home | Articles | Rocks | Minerals | Fossils | Maps | Contact | Privacy | About | Search"
SETTINGS = {"unit": "paragraph", "min_documents": 3, "min_words": 8, "keep": "first", "scope": "corpus", "min_words_left": 5}


def page(number: int) -> str:
    """A text of its own between what others share; every seventh has hardly any."""
    own = f"Sample {number} is a basalt with olivine and was taken at {number} m." if number % 7 else f"No {number}"
    shared = random.Random(number).choices(["", LICENCE, LICENCE.upper(), CREDIT, MENU], k=3)
    return "\n\n".join(each for each in [shared[0], own, *shared[1:]] if each) + "\n" * (number % 2)


def make_input(folder: Path, seed: int = 0) -> Path:
    """Two sources of three files each, which are parts of their own; `seed` puts lines into other files."""
    for rank in (0, 1):
        numbers = list(range(100 * rank, 100 * rank + 40))
        random.Random(seed).shuffle(numbers)
        (folder / f"s{rank}").mkdir(parents=True)
        for part in range(3):
            lines = [orjson.dumps({"id": f"page-{number}", "text": page(number)}) for number in numbers[part::3]]
            (folder / f"s{rank}/{part}.jsonl.gz").write_bytes(gzip.compress(b"\n".join(lines) + b"\n", mtime=0))
    return folder


def recipe(folder: Path, *stages: str, **settings: object) -> Path:
    how = "columns: {id: id}, alarm_share: 1, pipeline: [{use: filter.length}]"
    named = [f"  - {{name: s{rank}, use: source.jsonl, path: s{rank}, {how}}}" for rank in (0, 1)]
    own = orjson.dumps({"use": "dedup.paragraph", "min_words": 8, **settings}).decode()
    listed = ", ".join(stages or ("OWN", ENCODE)).replace("OWN", own)
    text = [
        "version: 1",
        "name: shared",
        "sources:",
        *named,
        f"stages: [{listed}]",
        "sink: {use: index.megatron, layout: documents}",
    ]
    (folder / "shared.yaml").write_text("\n".join(text))
    return folder / "shared.yaml"


def built(folder: Path, out: Path, *stages: str, workers: int = 1, **settings: object) -> Plan:
    return build(load_recipe(recipe(folder, *stages, **settings)), out, workers)


def own_step(plan: Plan) -> Step:
    return next(step for step in plan.joined if step.name == "dedup.paragraph")


def outputs(out: Path) -> dict[str, bytes]:
    files = [path for path in sorted(out.rglob("*")) if path.is_file() and ".slices" not in path.parts]
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files if path.name not in OF_THE_MACHINE}


def rows(plan: Plan) -> Iterator[tuple[Document, dict[str, object]]]:
    """Each document as it was read, and what the step left: its columns, or its verdict."""
    documents = open_documents(plan.out)
    for rank, source in enumerate(documents.sources):
        for part in documents.parts_of(source):
            read = read_parquet(plan.chains[source][0].folder / f"{part.name}.parquet", ["id", "text"]).to_pylist()
            folder = own_step(plan).folder
            left = [*read_parquet(folder / f"{part.name}.parquet").to_pylist()]
            left += read_parquet(folder / f"{part.name}.verdicts.parquet").to_pylist()
            yield from ((Document(rank, **read[each["row"]]), each) for each in left)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_input(tmp_path_factory.mktemp("input"))


@pytest.fixture(scope="module")
def plan(folder: Path) -> Plan:
    return built(folder, folder / "out")


@pytest.mark.parametrize(
    "settings", [{}, {"unit": "line", "min_documents": 2}, {"keep": "none", "min_words_left": 12}, {"scope": "source"}]
)
def test_texts_and_verdicts_are_those_of_the_slow_way(folder: Path, tmp_path: Path, settings: dict[str, object]) -> None:
    found = list(rows(built(folder, tmp_path / "out", **settings)))
    expected = paragraph_oracle.without_shared([document for document, _ in found], **{**SETTINGS, **settings})  # type: ignore[arg-type]
    assert len(found) == 80
    assert sum(each.is_gone for each in expected.values()) > 3
    for document, left in found:
        of = expected[document.id]
        assert left.get("text") == (None if of.is_gone else of.text)
        assert left.get("value") == (of.words if of.is_gone else None)
        owners = None if of.is_gone or not of.owners else [owner for _, owner in of.owners]
        assert (left.get("edits") and [edit["owner"] for edit in left["edits"]]) == owners  # type: ignore[attr-defined]


def test_the_books_count_what_was_cut(plan: Plan) -> None:
    found = list(rows(plan))
    books = read_json(own_step(plan).report)["ledger"]
    for rank, source in enumerate(("s0", "s1")):
        here = [(document, left) for document, left in found if document.rank == rank]
        kept = [(document, left) for document, left in here if "text" in left]
        cut = sum(len(document.text.encode()) - left["num_bytes"] for document, left in kept)  # type: ignore[operator]
        (entry,) = books[source]
        assert (entry["in"], entry["kept"], entry["cut_bytes"]) == (40, len(kept), cut)
        assert entry["rejected"] == {"too_little_left": 40 - len(kept)}
        assert cut > 1000


def test_two_workers_give_the_same_bytes(folder: Path, plan: Plan, tmp_path: Path) -> None:
    built(folder, tmp_path / "out", workers=2)
    assert outputs(tmp_path / "out") == outputs(plan.out)


def test_slices_give_the_same_bytes(folder: Path, plan: Plan, tmp_path: Path) -> None:
    def one(number: int) -> bool:
        try:
            build(load_recipe(recipe(folder)), tmp_path / "out", task=Slice(number, 3, wait=False))
        except SlicesMissing:
            return False
        return True

    assert {True} in ({one(number) for number in (3, 1, 2)} for _ in range(30))
    assert outputs(tmp_path / "out") == outputs(plan.out)


@pytest.mark.slow
def test_a_ray_cluster_gives_the_same_bytes(folder: Path, plan: Plan, tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="needs Ray: pip install 'corpusforge[ray]'")
    code = "from pathlib import Path; from corpusforge.engine.run import build; from corpusforge.recipe import load_recipe; "
    code += "from corpusforge.engine.executors.ray import Ray; "
    code += f"build(load_recipe(Path({str(recipe(folder))!r})), Path({str(tmp_path / 'out')!r}), Ray('local'))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert outputs(tmp_path / "out") == outputs(plan.out)


def test_documents_in_another_order_lose_the_same(plan: Plan, tmp_path: Path) -> None:
    other = built(make_input(tmp_path, seed=9), tmp_path / "out")
    facts = ("text", "content_hash", "edits", "drop", "value", "witness", "message")
    found, again = ({d.id: [left.get(name) for name in facts] for d, left in rows(each)} for each in (plan, other))
    assert found == again


class Stopped(Exception):
    """Stands in for any sudden end."""


@pytest.mark.parametrize("number", [1, 4, 9, 12])
def test_a_build_that_stops_while_texts_are_written_goes_on_to_the_same_bytes(
    folder: Path, plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    write, written = barrier.write_parquet, []

    def stop(*arguments: object) -> None:
        written.append(arguments)
        if len(written) == number:
            raise Stopped
        write(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(barrier, "write_parquet", stop)
    with pytest.raises(Stopped):
        built(folder, tmp_path / "out")
    monkeypatch.undo()
    built(folder, tmp_path / "out")
    assert outputs(tmp_path / "out") == outputs(plan.out)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_files_lost_from_the_step_are_made_again(folder: Path, plan: Plan, tmp_path: Path, share: float) -> None:
    again = built(folder, tmp_path / "out")
    (again.out / "manifest.json").unlink()
    step = own_step(again)
    step.report.unlink()
    files = sorted(step.folder.glob("*.parquet"))
    for path in random.Random(3).sample(files, int(share * len(files))):
        path.unlink()
    built(folder, tmp_path / "out")
    assert outputs(tmp_path / "out") == outputs(plan.out)


def test_shards_hold_what_is_left_and_a_sample_leads_to_it(plan: Plan) -> None:
    assert verify(plan.out).problems == ()
    (segment,) = trace(plan.out / "shards/main-00000", 0)
    left = {document.id.hex(): each for document, each in rows(plan)}
    assert segment.text == left[segment.document]["text"]


def test_why_names_the_spans_and_their_owners(plan: Plan) -> None:
    document, left = next((document, left) for document, left in rows(plan) if left.get("edits"))
    (fate,) = why(plan.out, document.id.hex())
    (step,) = [each for each in fate.steps if each.stage == "dedup.paragraph"]
    edits = left["edits"]
    assert isinstance(edits, list)
    assert [(cut.begin, cut.end, cut.reason) for cut in step.cuts] == [
        (e["begin"], e["end"], "repeated_paragraph") for e in edits
    ]
    assert [cut.owner.id for cut in step.cuts if cut.owner] == [edit["owner"].hex() for edit in edits]
    assert all(cut.owner and cut.owner.origin for cut in step.cuts)
    assert step.cut_bytes == sum(cut.end - cut.begin for cut in step.cuts)
    assert fate.verdict == "kept"
    said = CliRunner().invoke(app, ["why", str(plan.out), document.id.hex()]).stdout
    assert f"bytes {edits[0]['begin']} to {edits[0]['end']}, as in {edits[0]['owner'].hex()} s0:" in said


def test_what_went_is_shown_as_it_was_found_with_its_witness(plan: Plan) -> None:
    shown = list(show(plan.out, Question("rejected", step="dedup.paragraph", limit=0)))
    texts = {document.id.hex(): document.text for document, _ in rows(plan)}
    kept = {each.id for each in show(plan.out, Question("kept", step="dedup.paragraph", limit=0))}
    assert len(shown) > 3
    for each in shown:
        assert each.text == texts[each.id]
        assert each.witness in kept
        assert each.message.endswith("paragraphs are repeated")


def test_the_report_counts_the_spans(plan: Plan) -> None:
    page = write_report(plan.out).read_text("utf-8")
    assert "repeated_paragraph" in page
    spans = sum(len(left["edits"]) for _, left in rows(plan) if left.get("edits"))  # type: ignore[arg-type]
    assert f">{spans}<" in page


def test_a_filter_behind_it_measures_what_is_left(folder: Path, tmp_path: Path) -> None:
    plan = built(folder, tmp_path / "out", "OWN", "{use: filter.length}", ENCODE)
    left = {document.id.hex(): each["text"] for document, each in rows(plan) if "text" in each}
    for each in show(plan.out, Question("kept", step="filter.length", limit=0)):
        assert each.signals["num_chars"] == len(str(left[each.id]))


def near_duplicates(plan: Plan) -> int:
    step = next(step for step in plan.joined if step.name == "dedup.minhash")
    return sum(read_parquet(path).num_rows for path in step.folder.glob("*.verdicts.parquet"))


def test_minhash_behind_it_compares_what_is_left(tmp_path: Path) -> None:
    for rank in (0, 1):
        (tmp_path / f"s{rank}").mkdir()
        texts = [
            f"{number} {(number * 7919) % 1000} own words\n\n" + "\n\n".join([LICENCE, MENU, CREDIT])
            for number in range(rank, 9, 2)
        ]
        lines = [orjson.dumps({"id": f"page-{text}", "text": text}) for text in texts]
        (tmp_path / f"s{rank}/0.jsonl.gz").write_bytes(gzip.compress(b"\n".join(lines), mtime=0))
    minhash = "{use: dedup.minhash, threshold: 0.7, ngram: 2}"
    assert near_duplicates(built(tmp_path, tmp_path / "before", minhash, "OWN", ENCODE, min_words_left=3)) == 8
    plan = built(tmp_path, tmp_path / "behind", "OWN", minhash, ENCODE, min_words_left=3)
    assert near_duplicates(plan) == 0
    assert verify(plan.out).problems == ()


def test_behind_the_tokens_it_is_refused(folder: Path) -> None:
    with pytest.raises(RecipeError, match=r"dedup.paragraph\): writes text, but its tokens are there already"):
        load_recipe(recipe(folder, ENCODE, "OWN"))


def test_a_setting_that_could_lose_the_owner_is_refused(folder: Path) -> None:
    with pytest.raises(RecipeError, match="min_words_left, 9, is above min_words, 8"):
        load_recipe(recipe(folder, min_words_left=9))
