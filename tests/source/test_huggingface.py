import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from fake_hub import COMMIT, FakeHub, fake_hub
from pydantic import ValidationError

from corpusforge.core import TEXT_ROWS
from corpusforge.errors import InputError, MissingExtra
from corpusforge.source import described_dataset
from corpusforge.source.huggingface import Huggingface
from corpusforge.source.jsonl import Jsonl
from corpusforge.source.parquet import Parquet

datasets = pytest.importorskip("datasets", reason="needs datasets: pip install 'corpusforge[hf]'")
datasets.disable_progress_bars()

CARD = """---
configs:
- config_name: en
  default: true
  data_files:
  - {split: train, path: "data/train-*.parquet"}
  - {split: test, path: "data/test.parquet"}
- config_name: zh
  data_files: "zh/*.jsonl"
---
# Rocks
"""


@pytest.fixture
def rocks() -> Any:
    texts = ["Granite holds quartz.", "Basalt is dark.", None, "花岗岩含有石英。"]
    facts = [{"url": f"https://a.example/{number}"} for number in range(4)]
    return datasets.Dataset.from_dict({"text": texts, "doc_id": [7, 8, 9, 10], "about": facts})


@pytest.fixture
def described(tmp_path: Path, rocks: Any) -> Path:
    """A folder as the hub has it: Parquet for one config, JSON Lines for another, and a README.md."""
    folder = tmp_path / "rocks"
    (folder / "data").mkdir(parents=True)
    (folder / "zh").mkdir()
    rocks.select([0, 1]).to_parquet(folder / "data/train-00000.parquet")
    rocks.select([2]).to_parquet(folder / "data/train-00001.parquet")
    rocks.select([3]).to_parquet(folder / "data/test.parquet")
    (folder / "zh/a.jsonl").write_text('{"text": "玄武岩颜色很深。"}\nno json\n', encoding="utf-8")
    (folder / "README.md").write_text(CARD)
    return folder


def read(path: Path | str, **settings: Any) -> list[dict[str, Any]]:
    source = Huggingface(path=str(path), **settings)
    batches = [batch for shard in source.shards(source.files()) for batch in source.read(shard)]
    assert all(batch.schema == TEXT_ROWS for batch in batches)
    return [row for batch in batches for row in batch.to_pylist()]


def verdicts(rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(row["origin"], row["drop"] or row["text"]) for row in rows]


def refused(path: Path | str, **settings: Any) -> str:
    with pytest.raises(InputError) as error:
        read(path, **settings)
    return str(error.value)


def test_a_folder_that_save_to_disk_wrote_is_read_row_by_row(tmp_path: Path, rocks: Any) -> None:
    rocks.save_to_disk(tmp_path / "saved", num_shards=2)
    rows = read(tmp_path / "saved", columns={"id": "doc_id", "url": "about.url"}, meta=("about",))
    assert verdicts(rows) == [
        ("data-00000-of-00002.arrow:0", "Granite holds quartz."),
        ("data-00000-of-00002.arrow:1", "Basalt is dark."),
        ("data-00001-of-00002.arrow:0", "missing_text"),
        ("data-00001-of-00002.arrow:1", "花岗岩含有石英。"),
    ]
    assert [row["key"] for row in rows] == ["7", "8", "9", "10"]
    assert rows[0]["url"] == "https://a.example/0"
    assert rows[0]["meta"] == '{"about":{"url":"https://a.example/0"}}'


def test_rows_that_were_selected_and_shuffled_before_saving_are_read_as_datasets_gives_them(tmp_path: Path, rocks: Any) -> None:
    rocks.filter(lambda row: row["text"] is not None).shuffle(seed=1).select([2, 0]).save_to_disk(tmp_path / "saved")
    loaded = datasets.load_from_disk(tmp_path / "saved")
    assert [row["text"] for row in read(tmp_path / "saved")] == loaded["text"][:]


def test_a_saved_dict_is_read_split_by_split(tmp_path: Path, rocks: Any) -> None:
    datasets.DatasetDict(train=rocks.select([0, 1]), test=rocks.select([3])).save_to_disk(tmp_path / "saved")
    assert verdicts(read(tmp_path / "saved", split="test")) == [("test/data-00000-of-00001.arrow:0", "花岗岩含有石英。")]
    assert len(read(tmp_path / "saved")) == 2
    assert "split 'dev' is not there; the dataset has test, train: name one" in refused(tmp_path / "saved", split="dev")


def test_the_only_split_needs_no_name_and_of_several_one_has_to_be_named(tmp_path: Path, rocks: Any) -> None:
    datasets.DatasetDict(en=rocks.select([0])).save_to_disk(tmp_path / "one")
    datasets.DatasetDict(en=rocks.select([0]), zh=rocks.select([3])).save_to_disk(tmp_path / "two")
    assert len(read(tmp_path / "one")) == 1
    assert "`split` is missing; the dataset has en, zh: name one of them" in refused(tmp_path / "two")


def test_saving_needs_no_datasets_to_be_read(tmp_path: Path, rocks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rocks.save_to_disk(tmp_path / "saved")
    monkeypatch.setattr(described_dataset, "find_spec", lambda name: None)
    assert len(read(tmp_path / "saved")) == 4


def test_an_index_file_of_an_old_version_is_refused(tmp_path: Path, rocks: Any) -> None:
    rocks.save_to_disk(tmp_path / "saved")
    state = json.loads((tmp_path / "saved/state.json").read_text())
    (tmp_path / "saved/state.json").write_text(json.dumps({**state, "_indices_data_files": [{"filename": "indices.arrow"}]}))
    assert "call flatten_indices().save_to_disk()" in refused(tmp_path / "saved")


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"_data_files": [{"filename": "../a.arrow"}]}'])
def test_a_state_file_of_another_kind_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "state.json").write_text(content)
    assert f"{tmp_path}/state.json: is not what save_to_disk writes" in refused(tmp_path)


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"config": "en"}, "what save_to_disk wrote has no configs; leave `config` out"),
        ({"split": "test"}, "is one dataset without splits; leave `split` out"),
    ],
)
def test_a_saved_dataset_has_no_configs_and_one_alone_no_splits(
    tmp_path: Path, rocks: Any, settings: dict[str, str], what: str
) -> None:
    rocks.save_to_disk(tmp_path / "saved")
    assert what in refused(tmp_path / "saved", **settings)


def test_a_folder_with_a_card_is_read_by_config_and_split(described: Path) -> None:
    assert verdicts(read(described)) == [
        ("data/train-00000.parquet:0", "Granite holds quartz."),
        ("data/train-00000.parquet:1", "Basalt is dark."),
        ("data/train-00001.parquet:0", "missing_text"),
    ]
    assert verdicts(read(described, split="test")) == [("data/test.parquet:0", "花岗岩含有石英。")]
    assert verdicts(read(described, config="zh")) == [("zh/a.jsonl:0", "玄武岩颜色很深。"), ("zh/a.jsonl:37", "invalid_json")]


def test_rows_are_those_that_the_source_of_the_files_gives(described: Path) -> None:
    def rows(source: Any) -> list[dict[str, Any]]:
        return [row for shard in source.shards(source.files()) for batch in source.read(shard) for row in batch.to_pylist()]

    assert read(described) == rows(Parquet(path=str(described), include=("data/train-*",)))
    assert read(described, config="zh") == rows(Jsonl(path=str(described)))


def test_fields_that_hold_pages_are_given_to_an_extract_stage(described: Path) -> None:
    source = Huggingface(path=str(described), mime="text/markdown")
    batches = [batch for shard in source.shards(source.files()) for batch in source.read(shard)]
    rows = [(row["mime"], row["raw"]) for batch in batches for row in batch.to_pylist()]
    assert source.given() == ("raw", "mime")
    assert rows[0] == ("text/markdown", b"Granite holds quartz.")


def test_a_folder_without_a_card_has_the_splits_that_names_of_files_say(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("text,url\nGranite.,u\n")
    (tmp_path / "test.csv").write_text("text,url\nBasalt.,u\n")
    assert verdicts(read(tmp_path)) == [("train.csv:9", "Granite.")]
    assert verdicts(read(tmp_path, split="test")) == [("test.csv:9", "Basalt.")]


def test_reading_a_folder_leaves_nothing_beside_it(described: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    before = sorted(tmp_path.rglob("*"))
    read(described)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("rocks.py", "raise SystemExit", "no code of a dataset is run"),
        ("README.md", CARD.replace("data/train-*.parquet", "../*.parquet"), "lies outside"),
        ("README.md", CARD.replace("data/train-*.parquet", "../*.arrow"), "`datasets` cannot tell its files"),
        ("README.md", "---\nconfigs: [\n---\n", "`datasets` cannot tell its files"),
        ("README.md", CARD.replace("data/train-*.parquet", "none-*"), "`datasets` cannot tell its files"),
    ],
    ids=["script", "outside", "nothing there", "yaml", "nothing"],
)
def test_what_a_folder_may_not_say_is_refused(described: Path, name: str, content: str, what: str) -> None:
    (described / name).write_text(content)
    shutil.copy(described / "data/test.parquet", described.parent / "outside.parquet")
    assert what in refused(described)


def test_a_config_whose_pattern_matches_nothing_is_refused(described: Path) -> None:
    (described / "README.md").write_text(CARD.replace("zh/*.jsonl", "fr/*.jsonl"))
    assert "the split has no file; correct the patterns in its README.md" in refused(described, config="zh")


def test_a_card_that_says_how_files_are_parsed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text;url\nGranite.;u\n")
    (tmp_path / "README.md").write_text('---\nconfigs:\n- config_name: en\n  data_files: "*.csv"\n  sep: ";"\n---\n')
    assert "config 'en' has sep: ';', which is not followed; give its files to source.csv" in refused(tmp_path)


def test_an_unknown_config_is_refused_with_those_that_there_are(described: Path) -> None:
    assert "BuilderConfig 'fr' not found. Available: ['en', 'zh']" in refused(described, config="fr")


def test_files_of_other_formats_are_refused(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("Granite.")
    assert "train.txt: rows are read from .arrow, .csv" in refused(tmp_path)


def test_a_json_array_is_refused_instead_of_losing_every_line(tmp_path: Path) -> None:
    (tmp_path / "train.json").write_text(' [\n{"text": "Granite."}]')
    assert "train.json: holds one JSON array" in refused(tmp_path)


def test_a_missing_folder_says_how_the_hub_is_named(tmp_path: Path) -> None:
    assert "there is no such folder; correct it, or write hf://datasets/owner/name" in refused(tmp_path / "geo/rocks")


def test_without_datasets_the_line_that_installs_it_is_named(described: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(described_dataset, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"pip install 'corpusforge\[hf\]'"):
        read(described)


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"path": "s3://bucket/rocks"}, "is no dataset on the hub; write hf://datasets/owner/name"),
        ({"path": "hf://datasets/geo/rocks@main"}, "and `commit` beside it"),
        ({"path": "/data", "commit": COMMIT}, "is for datasets on the hub"),
        ({"path": "/data", "split": "train[:10%]"}, "give one split, and take a part of it by --limit or --sample"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, str], what: str) -> None:
    with pytest.raises(ValidationError, match=what.replace("[", r"\[")):
        Huggingface(**settings)


def forge(hub: FakeHub | None, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own: the hub's address is read once, when its library is loaded."""
    away = {"HF_HUB_OFFLINE": "1"} if hub is None else hub.environment
    environment = {**os.environ, **away, "HF_HOME": str(home)}
    command = [sys.executable, "-m", "corpusforge", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def recipe(folder: Path, commit: str = COMMIT) -> str:
    tokenizer = Path(__file__).resolve().parents[2] / "recipes/samples/tokenizer"
    path = folder / "rocks.yaml"
    path.write_text(f"""
version: 1
name: rocks
sources:
  - {{name: en, use: source.huggingface, path: "hf://datasets/geo/rocks", commit: "{commit}", group: geo}}
  - {{name: zh, use: source.huggingface, path: "hf://datasets/geo/rocks", commit: "{COMMIT}", config: zh, group: geo}}
stages: [{{use: vocab.encode, tokenizer: "{tokenizer}"}}, {{use: split.greedy, max_tokens: 64}}]
sink: {{use: index.megatron, layout: pieces}}
""")
    return str(path)


def books(out: Path, source: str) -> tuple[int, int]:
    """Documents in, documents kept."""
    (report,) = out.glob(f"*-{source}-read-*/report.json")
    entry = json.loads(report.read_text())["ledger"][source][0]
    return entry["in"], entry["kept"]


def test_a_dataset_on_the_hub_is_built_from_the_ranges_that_are_read(tmp_path: Path, described: Path) -> None:
    with fake_hub(described) as hub:
        done = forge(hub, tmp_path / "home", "build", recipe(tmp_path), "--out", str(tmp_path / "out"), "--workers", "2")
        again = forge(hub, tmp_path / "home", "plan", recipe(tmp_path), "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert (books(tmp_path / "out", "en"), books(tmp_path / "out", "zh")) == ((3, 2), (2, 1))
    parts = sorted((tmp_path / "out").glob("*-en-read-*/en-?????-????.parquet"))
    origins = {origin for part in parts for origin in pq.read_table(part, columns=["origin"])["origin"].to_pylist()}
    assert origins == {row["origin"] for row in read(described)}, "as those of a copy on disk"
    assert {name for name, *_ in hub.requests if name.startswith(("data", "zh"))} == {
        "data/train-00000.parquet", "data/train-00001.parquet", "zh/a.jsonl"
    }  # fmt: skip
    assert "would run" not in again.stdout, again.stdout
    assert not (tmp_path / "home/datasets").exists()


def test_a_branch_is_refused_with_the_commit_that_it_means_now(tmp_path: Path, described: Path) -> None:
    with fake_hub(described) as hub:
        done = forge(hub, tmp_path / "home", "plan", recipe(tmp_path, "main"), "--out", str(tmp_path / "out"))
    assert done.returncode == 2
    assert f"'main' is commit {COMMIT} now: give that" in done.stderr


def test_a_hub_out_of_reach_is_an_error_that_says_so(tmp_path: Path) -> None:
    done = forge(None, tmp_path / "home", "plan", recipe(tmp_path), "--out", str(tmp_path / "out"))
    assert done.returncode == 3
    assert "hf://datasets/geo/rocks': the hub cannot be reached" in done.stderr
    assert "or download the dataset and give its folder" in done.stderr
