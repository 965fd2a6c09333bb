"""Whole builds on small input: the books, reruns, the same bytes, faults."""

import gzip
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from corpusforge.engine import reading, stream
from corpusforge.engine.manifest import read_manifest
from corpusforge.engine.plan import Plan, make_plan, source_of
from corpusforge.engine.run import build
from corpusforge.engine.store import file_digest, read_json, read_parquet
from corpusforge.engine.stream import needed_columns
from corpusforge.errors import BadShard, BuildStopped, CorpusForgeError, InputChanged, InputError, NothingLeft, SourceAlarm
from corpusforge.recipe import Trial, default_out, load_recipe

ROOT = Path(__file__).resolve().parents[2]
TOKENIZER = ROOT / "recipes/samples/tokenizer"

RECIPE = f"""\
version: 1
name: small
seed: 3
sources:
  - name: notes
    use: source.jsonl
    path: notes
    license: cc0-1.0
    group: geo
    pipeline: [{{use: filter.length, min_words: 3}}]
  - name: files
    use: source.files
    path: files
    group: files
    pipeline: [{{use: extract.markup}}]
stages:
  - {{use: dedup.exact}}
  - {{use: vocab.encode, tokenizer: {TOKENIZER}}}
  - {{use: split.greedy, max_tokens: 24}}
sink: {{use: index.megatron, layout: pieces, num_shards: 2}}
"""


def note(number: int) -> str:
    return f"Sample {number} is a basalt with olivine. 第{number}号样品是橄榄玄武岩。 It was taken at {number} m."


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    (tmp_path / "notes").mkdir()
    (tmp_path / "files").mkdir()
    for part in range(3):
        lines = [orjson.dumps({"text": note(10 * part + i), "url": f"https://example.org/{part}/{i}"}) for i in range(8)]
        lines.append(orjson.dumps({"text": note(0)}))
        (tmp_path / f"notes/{part}.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    (tmp_path / "notes/3.jsonl").write_text('{"text": "too short"}\n{"text": null}\nno json\n{"text": 5}\n')
    (tmp_path / "files/a.md").write_text("# Granite\n\nGranite holds quartz, feldspar and mica.\n")
    (tmp_path / "files/b.txt").write_bytes(b"bad \xff bytes")
    path = tmp_path / "small.yaml"
    path.write_text(RECIPE)
    return path


def run(recipe: Path, out: str = "out", *overrides: str, workers: int = 1) -> Plan:
    return build(load_recipe(recipe, overrides), recipe.parent / out, workers)


def ledger(plan: Plan, name: str) -> dict[str, dict[str, object]]:
    step = next(step for step in plan.steps if step.name == name)
    books: dict[str, dict[str, object]] = read_json(step.report)["ledger"]
    return books


def outputs(out: Path) -> dict[str, bytes]:
    """Everything a build must repeat byte for byte; run.json, the lock and the digest cache are of the machine."""
    files = [path for path in sorted(out.rglob("*")) if path.is_file()]
    names = {path.relative_to(out).as_posix(): path for path in files}
    return {name: path.read_bytes() for name, path in names.items() if name not in ("run.json", ".lock", ".digests.json")}


def test_every_document_is_kept_rejected_or_failed(recipe: Path) -> None:
    plan = run(recipe)
    assert ledger(plan, "notes-read")["notes"] == [
        {"stage": "source.jsonl", "in": 31, "kept": 28, "failed": 0,
         "rejected": {"invalid_json": 1, "missing_text": 1, "text_not_string": 1}}
    ]  # fmt: skip
    assert ledger(plan, "notes-filter.length")["notes"] == [
        {"stage": "filter.length", "in": 28, "kept": 27, "failed": 0, "rejected": {"too_few_words": 1}}
    ]
    assert ledger(plan, "files-read")["files"] == [
        {"stage": "source.files", "in": 2, "kept": 2, "failed": 0, "rejected": {}},
        {"stage": "extract.markup", "in": 2, "kept": 1, "failed": 0, "rejected": {"undecodable": 1}},
    ]
    assert ledger(plan, "dedup.exact") == {
        "notes": [{"stage": "dedup.exact", "in": 27, "kept": 24, "failed": 0, "rejected": {"duplicate": 3}}],
        "files": [{"stage": "dedup.exact", "in": 1, "kept": 1, "failed": 0, "rejected": {}}],
    }


def test_what_gave_no_text_is_kept_for_people_with_the_reason_and_the_beginning_of_what_was_found(recipe: Path) -> None:
    read = run(recipe).chains["notes"][0]
    (path,) = (read.folder / "rejected").glob("*.parquet")
    assert [(row["origin"], row["drop"], row["excerpt"]) for row in read_parquet(path).to_pylist()] == [
        ("3.jsonl:22", "missing_text", '{"text": null}'),
        ("3.jsonl:37", "invalid_json", "no json"),
        ("3.jsonl:45", "text_not_string", '{"text": 5}'),
    ]


def test_bytes_that_could_not_be_extracted_are_kept_for_people(recipe: Path) -> None:
    read = run(recipe).chains["files"][0]
    (path,) = (read.folder / "rejected").glob("*.parquet")
    (row,) = read_parquet(path).to_pylist()
    assert (row["origin"], row["stage"], row["drop"], row["excerpt"]) == (
        "b.txt",
        "extract.markup",
        "undecodable",
        "bad \ufffd bytes",
    )


def test_the_manifest_says_what_was_read_and_run_json_where_it_lay(recipe: Path, tmp_path: Path) -> None:
    run(recipe)
    notes, files = read_json(tmp_path / "out/manifest.json")["sources"]
    size_bytes = sum(path.stat().st_size for path in (tmp_path / "notes").iterdir())
    sha256 = notes["inputs"].pop("sha256")
    assert notes == {
        "name": "notes", "group": "geo", "use": "source.jsonl", "license": "cc0-1.0", "lang": "", "settings": {},
        "pipeline": ["filter.length"], "inputs": {"num_files": 4, "size_bytes": size_bytes},
    }  # fmt: skip
    listing = [["a.md", 52, file_digest(tmp_path / "files/a.md")], ["b.txt", 11, file_digest(tmp_path / "files/b.txt")]]
    assert files["inputs"]["sha256"] == hashlib.sha256(orjson.dumps(listing)).hexdigest() != sha256
    assert read_json(tmp_path / "out/run.json")["inputs"] == {"notes": [f"{tmp_path}/notes"], "files": [f"{tmp_path}/files"]}


def test_a_copy_of_the_input_elsewhere_gives_the_same_manifest(recipe: Path, tmp_path: Path) -> None:
    run(recipe)
    shutil.copytree(tmp_path / "notes", tmp_path / "elsewhere/notes")
    run(recipe, "other", f"sources.notes.path={tmp_path}/elsewhere/notes")
    assert (tmp_path / "out/manifest.json").read_bytes() == (tmp_path / "other/manifest.json").read_bytes()


def test_a_trial_says_that_its_input_was_not_hashed(recipe: Path, tmp_path: Path) -> None:
    build(load_recipe(recipe, trial=Trial(limit=2)), tmp_path / "out")
    inputs = read_json(tmp_path / "out/manifest.json")["sources"][1]["inputs"]
    assert inputs == {"num_files": 2, "size_bytes": 63, "sha256": ""}


def test_a_manifest_of_another_version_is_refused_and_built_again(recipe: Path, tmp_path: Path) -> None:
    run(recipe)
    written = (tmp_path / "out/manifest.json").read_bytes()
    (tmp_path / "out/manifest.json").write_bytes(written.replace(b'"format": 3', b'"format": 2'))
    with pytest.raises(InputError, match=r"has format 2, this version reads 3; run `corpusforge build` again"):
        read_manifest(tmp_path / "out")
    run(recipe)
    assert (tmp_path / "out/manifest.json").read_bytes() == written


def test_people_can_read_what_is_kept_for_them_whatever_its_charset(recipe: Path) -> None:
    (recipe.parent / "files/b.txt").write_bytes(("花岗岩含有石英、长石和云母。" * 3 + "\0").encode("gbk"))
    read = run(recipe).chains["files"][0]
    (path,) = (read.folder / "rejected").glob("*.parquet")
    (row,) = read_parquet(path).to_pylist()
    assert (row["drop"], row["excerpt"]) == ("nul_bytes", "花岗岩含有石英、长石和云母。" * 3 + "\0")


def test_shards_hold_what_was_kept(recipe: Path) -> None:
    run(recipe)
    manifest = read_json(recipe.parent / "out/manifest.json")
    assert sum(shard["num_documents"] for shard in manifest["shards"]) == 25
    assert {shard["group"] for shard in manifest["shards"]} == {"geo", "files"}
    mix = read_json(recipe.parent / "out/mix.json")
    assert sum(group["weight"] for group in mix["stages"][0]["groups"].values()) == pytest.approx(1.0)


def test_two_workers_write_the_same_bytes_as_one(recipe: Path) -> None:
    run(recipe, "one", workers=1)
    run(recipe, "two", workers=2)
    assert outputs(recipe.parent / "one") == outputs(recipe.parent / "two")


def test_the_order_in_which_files_were_made_does_not_matter(recipe: Path, tmp_path: Path) -> None:
    run(recipe, "one")
    for path in sorted((tmp_path / "notes").iterdir(), reverse=True):
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content)
    run(recipe, "two")
    assert outputs(tmp_path / "one") == outputs(tmp_path / "two")


def test_the_order_of_sources_moves_no_document_in_the_shards(recipe: Path, tmp_path: Path) -> None:
    run(recipe, "one")
    text = recipe.read_text()
    begin, middle, end = text.index("  - name: notes"), text.index("  - name: files"), text.index("stages:\n  - {use: dedup")
    recipe.write_text(text[:begin] + text[middle:end] + text[begin:middle] + text[end:])
    run(recipe, "two")
    shards = [{n: b for n, b in outputs(tmp_path / out).items() if n.startswith("shards/")} for out in ("one", "two")]
    assert shards[0] == shards[1]


def steps_written(recipe: Path, *overrides: str) -> list[str]:
    """Names of the steps that a further build runs."""
    before = {path: path.stat().st_mtime_ns for path in recipe.parent.glob("out/*/report.json")}
    plan = run(recipe, "out", *overrides)
    return [step.name for step in plan.steps if before.get(step.report) != step.report.stat().st_mtime_ns]


def test_a_second_build_does_nothing(recipe: Path) -> None:
    run(recipe)
    shard = recipe.parent / "out/shards/geo-00000.bin"
    before = shard.stat().st_mtime_ns
    assert steps_written(recipe) == []
    assert shard.stat().st_mtime_ns == before


def test_one_changed_input_repeats_only_its_own_source_and_what_follows_the_join(recipe: Path) -> None:
    run(recipe)
    (recipe.parent / "files/c.md").write_text("Gneiss is banded and of high grade.\n")
    assert steps_written(recipe) == ["files-read", "dedup.exact", "vocab.encode", "split.greedy", "index.megatron"]


@pytest.mark.parametrize(
    ("override", "repeated"),
    [
        ("stages.2.max_tokens=32", ["split.greedy", "index.megatron"]),
        ("sink.num_shards=1", ["index.megatron"]),
        ("seed=4", ["index.megatron"]),
        ("sources.notes.group=other", ["index.megatron"]),
        ("sources.notes.pipeline.0.min_words=4",
         ["notes-filter.length", "dedup.exact", "vocab.encode", "split.greedy", "index.megatron"]),
        ("stages.1.parity_documents=7", ["vocab.encode", "split.greedy", "index.megatron"]),
    ],
)  # fmt: skip
def test_one_changed_setting_repeats_exactly_what_depends_on_it(recipe: Path, override: str, repeated: list[str]) -> None:
    run(recipe)
    assert steps_written(recipe, override) == repeated


def test_another_threshold_decides_again_from_stored_signals_as_a_fresh_build_would(recipe: Path) -> None:
    run(recipe)
    signals = {path: path.stat().st_mtime_ns for path in (recipe.parent / "out/signals").rglob("*.parquet")}
    assert signals
    looser = "sources.notes.pipeline.0.min_words=1"
    plan = run(recipe, "out", looser)
    assert {path: path.stat().st_mtime_ns for path in (recipe.parent / "out/signals").rglob("*.parquet")} == signals
    assert ledger(plan, "notes-filter.length")["notes"][0]["rejected"] == {}  # type: ignore[index]
    run(recipe, "fresh", looser)
    assert outputs(recipe.parent / "out/shards") == outputs(recipe.parent / "fresh/shards")


def test_stored_signals_need_no_text(recipe: Path) -> None:
    _, length = run(recipe).chains["notes"]
    assert needed_columns((length,)) == ["text"]
    assert needed_columns((length,), {length.fingerprint}) == []


def test_a_changed_tokenizer_repeats_encoding_and_what_follows(recipe: Path, tmp_path: Path) -> None:
    copy = tmp_path / "tokenizer"
    copy.mkdir()
    for path in TOKENIZER.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    recipe.write_text(recipe.read_text().replace(str(TOKENIZER), str(copy)))
    run(recipe)
    assert steps_written(recipe) == []
    config = orjson.loads((copy / "tokenizer_config.json").read_bytes())
    (copy / "tokenizer_config.json").write_bytes(orjson.dumps({**config, "model_max_length": 4096}))
    assert steps_written(recipe) == ["vocab.encode", "split.greedy", "index.megatron"]


def test_going_back_to_an_earlier_setting_runs_nothing_and_publishes_the_earlier_bytes(recipe: Path) -> None:
    run(recipe)
    first = outputs(recipe.parent / "out/shards")
    run(recipe, "out", "stages.2.max_tokens=32")
    assert outputs(recipe.parent / "out/shards") != first
    assert steps_written(recipe) == []
    assert outputs(recipe.parent / "out/shards") == first


@pytest.mark.parametrize("layout", ["documents", "pieces"])
def test_a_build_may_have_either_layout(recipe: Path, layout: str) -> None:
    if layout == "documents":
        recipe.write_text(recipe.read_text().replace("  - {use: split.greedy, max_tokens: 24}\n", ""))
    run(recipe, "out", f"sink.layout={layout}")
    manifest = read_json(recipe.parent / "out/manifest.json")
    sequences = sum(shard["num_sequences"] for shard in manifest["shards"])
    assert (sequences == 25) == (layout == "documents")


def spoil(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("in_place", [True, False])
def test_building_again_mends_a_shard_that_was_damaged(recipe: Path, in_place: bool) -> None:
    """In place the damage also reaches the step's own copy, to which the published file is a hard link."""
    run(recipe)
    whole = outputs(recipe.parent / "out")
    shard = recipe.parent / "out/shards/geo-00000.bin"
    if not in_place:
        content = shard.read_bytes()
        shard.unlink()
        shard.write_bytes(content)
    spoil(shard)
    run(recipe)
    assert outputs(recipe.parent / "out") == whole


def test_building_again_puts_a_missing_tokenizer_file_back(recipe: Path) -> None:
    run(recipe)
    whole = outputs(recipe.parent / "out")
    (recipe.parent / "out/tokenizer/tokenizer.json").unlink()
    run(recipe)
    assert outputs(recipe.parent / "out") == whole


def test_an_input_that_changes_while_it_is_read_stops_the_build_and_is_not_taken_for_the_old_one(recipe: Path) -> None:
    path = recipe.parent / "notes/0.jsonl"
    plan = make_plan(load_recipe(recipe), recipe.parent / "out")
    path.write_bytes(path.read_bytes().replace(b"basalt", b"gabbro"))
    read = plan.chains["notes"][0]
    (shard,) = source_of(read).shards(plan.inputs["notes"])
    task = reading.ReadTask("notes-00000", "notes", "", "", True, (shard,), None, 1.0, (read,))
    with pytest.raises(InputChanged, match=r"0\.jsonl: was written to since the build began"):
        stream.run_read(task)
    assert not read.is_done


def test_a_half_finished_step_that_lost_a_file_makes_it_again(recipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(recipe, "whole")
    message(SourceAlarm, recipe, "sources.notes.alarm_share=0.05")
    (gone,) = (recipe.parent / "out").glob("*-notes-read-*/notes-*.verdicts.parquet")
    gone.unlink()
    run(recipe)
    assert outputs(recipe.parent / "out") == outputs(recipe.parent / "whole")


def message(kind: type[CorpusForgeError], recipe: Path, *overrides: str) -> str:
    with pytest.raises(kind) as caught:
        run(recipe, "out", *overrides)
    return str(caught.value)


def test_an_empty_source_stops_the_build(recipe: Path) -> None:
    for path in (recipe.parent / "notes").iterdir():
        path.write_bytes(b"")
    assert message(NothingLeft, recipe).startswith("source notes: its 4 files hold no document")


def test_a_source_whose_documents_are_all_rejected_stops_the_build_with_the_reasons(recipe: Path) -> None:
    text = message(NothingLeft, recipe, "sources.notes.pipeline.0.min_words=999")
    assert "notes-filter.length: no document is left" in text
    assert "too_few_words 28" in text
    assert NothingLeft.exit_code == 3


def test_a_source_that_loses_more_than_its_share_stops_the_build_with_examples_and_its_own_exit_code(recipe: Path) -> None:
    text = message(SourceAlarm, recipe, "sources.notes.alarm_share=0.05")
    assert "source notes: 9.7% of its 31 documents are gone after notes-read (invalid_json 1, missing_text 1" in text
    assert "\n  3.jsonl:" in text
    assert SourceAlarm.exit_code == 5


def test_after_an_alarm_a_larger_share_goes_on_where_the_build_stopped(recipe: Path) -> None:
    message(SourceAlarm, recipe, "sources.notes.alarm_share=0.2")
    done = {path.parent.name: path.stat().st_mtime_ns for path in recipe.parent.glob("out/*/report.json")}
    plan = run(recipe, "out", "sources.notes.alarm_share=0.9")
    assert done
    assert {name: (plan.out / name / "report.json").stat().st_mtime_ns for name in done} == done


def test_an_empty_folder_is_an_error_before_anything_runs(recipe: Path) -> None:
    for path in (recipe.parent / "notes").iterdir():
        path.unlink()
    assert "sources.0 (source.jsonl)" in message(CorpusForgeError, recipe)
    assert list((recipe.parent / "out").glob("0*")) == []


def test_a_damaged_file_stops_the_build_and_names_file_and_offset(recipe: Path) -> None:
    whole = gzip.compress(b"".join(orjson.dumps({"text": note(100 + i)}) + b"\n" for i in range(500)))
    (recipe.parent / "notes/4.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    text = message(BadShard, recipe)
    assert "notes/4.jsonl.gz at " in text


def test_with_keep_going_what_was_read_before_the_damage_stays_and_the_damage_is_reported(recipe: Path) -> None:
    whole = gzip.compress(b"".join(orjson.dumps({"text": note(1000 + i)}) + b"\n" for i in range(500)))
    (recipe.parent / "notes/4.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    plan = run(recipe, "out", "on_bad_shard=keep_going")
    report = read_json(plan.chains["notes"][0].report)
    assert [bad["path"] for bad in report["bad_shards"]] == ["4.jsonl.gz"]
    assert report["ledger"]["notes"][0]["in"] > 31
    assert read_json(recipe.parent / "out/manifest.json")["steps"][0]["bad_shards"] == report["bad_shards"]


def test_duplicate_mapped_ids_are_rejected_whatever_their_text(recipe: Path) -> None:
    lines = [{"text": note(70 + i), "id": f"n{i % 3}"} for i in range(6)]
    for path in (recipe.parent / "notes").iterdir():
        path.unlink()
    (recipe.parent / "notes/a.jsonl").write_bytes(b"\n".join(orjson.dumps(line) for line in lines))
    plan = run(recipe, "out", "sources.notes.columns={id: id}")
    assert ledger(plan, "dedup.ids")["notes"][0]["rejected"] == {"duplicate_id": 3}  # type: ignore[index]


def build_command(recipe: Path, out: str, workers: int = 2) -> list[str]:
    options = ["--out", str(recipe.parent / out), "--workers", str(workers)]
    return [sys.executable, "-m", "corpusforge", "build", str(recipe), *options]


@pytest.mark.slow
def test_the_command_line_reports_errors_of_the_user_in_one_line_and_exit_code_2(recipe: Path) -> None:
    (recipe.parent / "notes/5.jsonl.gz").write_bytes(b'{"text": "plain"}\n')
    done = subprocess.run(build_command(recipe, "out"), capture_output=True, text=True, check=False)
    assert done.returncode == InputError.exit_code == 2
    assert "5.jsonl.gz" in done.stderr
    assert "Traceback" not in done.stderr


def test_exit_codes_tell_kinds_of_errors_apart() -> None:
    assert (CorpusForgeError.exit_code, InputError.exit_code, BuildStopped.exit_code) == (1, 2, 3)


@pytest.mark.parametrize("taken", [(), ("sources.0.limit=49999",), ("sources.0.sample=0.9",)])
def test_a_file_that_cannot_be_cut_goes_on_behind_its_finished_parts(
    recipe: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, taken: tuple[str, ...]
) -> None:
    """One .gz makes several parts here; stopped before the last of them, the build does not write the others again."""
    for path in (tmp_path / "notes").iterdir():
        path.unlink()
    lines = b"".join(orjson.dumps({"text": f"Core {i} holds gypsum."}) + b"\n" for i in range(50_000))
    (tmp_path / "notes/all.jsonl.gz").write_bytes(gzip.compress(lines, mtime=0))
    monkeypatch.setattr(reading, "MAX_TASK_BYTES", 1)  # every batch of the source is a part
    run(recipe, "whole", *taken)
    finish = stream._finish_part

    def stop_at_the_last(task: reading.ReadTask, name: str, pieces: reading.Pieces) -> dict[str, object]:
        if name == "notes-00000-0003":
            raise KeyboardInterrupt
        return finish(task, name, pieces)

    monkeypatch.setattr(stream, "_finish_part", stop_at_the_last)
    with pytest.raises(KeyboardInterrupt):
        run(recipe, "cut", *taken)
    monkeypatch.setattr(stream, "_finish_part", finish)
    finished = sorted((tmp_path / "cut").rglob("notes-00000-000?.parquet"))
    before = [path.stat().st_mtime_ns for path in finished]
    run(recipe, "cut", *taken)
    assert len(finished) == 3 * 3  # documents, what was rejected, signals
    assert [path.stat().st_mtime_ns for path in finished] == before
    assert outputs(tmp_path / "cut") == outputs(tmp_path / "whole")


def trial(recipe: Path, workers: int = 1, **settings: float) -> Plan:
    wanted = Trial(**settings)  # type: ignore[arg-type]
    return build(load_recipe(recipe, trial=wanted), recipe.parent / f"out-{workers}", workers)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_limit_takes_the_first_documents_of_each_source(recipe: Path, workers: int) -> None:
    plan = trial(recipe, workers, limit=11)
    assert ledger(plan, "notes-read")["notes"][0]["in"] == 11  # type: ignore[index]
    [part] = plan.steps[0].folder.glob("notes-00000-0000.parquet")
    assert read_parquet(part, ["origin"])["origin"].to_pylist()[-1].startswith("1.jsonl")


def test_a_sample_is_the_same_share_every_time(recipe: Path) -> None:
    half = trial(recipe, 1, sample=0.5), trial(recipe, 2, sample=0.5)
    counts = [ledger(plan, "notes-read")["notes"][0]["in"] for plan in half]  # type: ignore[index]
    assert counts[0] == counts[1]
    assert 5 < counts[0] < 26
    assert outputs(recipe.parent / "out-1") == outputs(recipe.parent / "out-2")


def test_a_larger_sample_holds_the_smaller_one(recipe: Path) -> None:
    small = ids_of(trial(recipe, 1, sample=0.3))
    assert small < ids_of(trial(recipe, 2, sample=0.8))


def ids_of(plan: Plan) -> set[bytes]:
    return {
        each
        for path in plan.steps[0].folder.glob("notes-*-0000.parquet")
        for each in read_parquet(path, ["id"])["id"].to_pylist()
    }


def test_a_trial_goes_beside_the_whole_build(recipe: Path) -> None:
    loaded = load_recipe(recipe)
    assert default_out(loaded, Trial(limit=3)) == Path("out/small-trial")
    assert default_out(loaded, Trial()) == Path("out/small")


def test_a_share_that_is_none_is_refused_with_its_place(recipe: Path) -> None:
    with pytest.raises(CorpusForgeError, match=r"sources\.0\.sample: .*less than or equal to 1, got 2"):
        load_recipe(recipe, trial=Trial(sample=2))
