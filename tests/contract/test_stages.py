"""Promises that every stage keeps: picklable, the same answer twice, independent of batch size, any text, no rows."""

import json
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.sax.saxutils import escape

import pyarrow as pa
import pytest

from corpusforge.core import RAW_FIELDS, Barrier, Desk, Filter, PartOrigin, Sink, Source, Stage, Transform
from corpusforge.engine.apply import Views, isolated, signals_work, transform_work
from corpusforge.engine.exchange import sorted_records
from corpusforge.recipe.registry import find_stage, stage_names
from corpusforge.sft.turns import TURNS_FIELD
from corpusforge.text.hashing import content_hashes, document_ids

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "recipes/samples"
TOKENIZER = SAMPLES / "tokenizer"

# Settings that a stage cannot do without; a new stage with required settings is added here.
SETTINGS: dict[str, dict[str, object]] = {
    "source.files": {"path": str(SAMPLES / "tiny")},
    "source.arrow": {"path": "made"},
    "source.csv": {"path": str(SAMPLES / "notes.csv"), "columns": {"id": "no", "text": "note"}},
    "source.huggingface": {"path": "made"},
    "source.json": {"path": "made/rows.json"},
    "source.jsonl": {"path": str(SAMPLES / "tiny")},
    "source.parquet": {"path": str(SAMPLES / "boreholes.parquet"), "columns": {"id": "hole", "text": "log"}},
    "source.warc": {"path": str(SAMPLES / "crawl")},
    "filter.language": {"model": None},
    "vocab.train": {"vocab_size": 300},
    "vocab.extend": {"base": str(TOKENIZER), "num_pieces": 10},
    "vocab.encode": {"tokenizer": str(TOKENIZER)},
    "split.greedy": {"max_tokens": 8},
    "sft.render": {"tokenizer": str(TOKENIZER), "template": "alpaca", "max_tokens": 2048},
    "index.megatron": {"layout": "pieces"},
}

TEXTS = [
    "Granite holds quartz.  It cools slowly, e.g. at 5 km (Fig. 3). See also 2.65 g/cm3!",
    "花岗岩含有石英。它在地下约5公里处缓慢冷却；晶体粗大。“为什么？”他问。",
    "",
    " ",
    "a",
    "\u0301\u200d\u202e\ufeff",
    "😀👨‍👩‍👧 𠀀 \U0010ffff",
    "שלום עולם مرحبا",
    "= = == === ==== ===== " * 20,
    "\t\r\n\x0b\x0c\x1f\x85\u2028",
    "x" * 5000,
    "矿" * 3000,
    "</s><s><unk> <|endoftext|>",
    "1234567890 " * 50,
]


_JATS = "<article><front><article-meta/></front><body><p>{}</p></body></article>"
_TEI = '<TEI xmlns="http://www.tei-c.org/ns/1.0"><text><body><div><p>{}</p></div></body></text></TEI>'
_SENTENCE = "The granite of the coast is younger than the slate that it cuts, as its dikes show."
# How the texts are written for stages that read bytes of one format, and its media type.
FORMATS: dict[str, tuple[str, Callable[[str], bytes]]] = {
    "extract.html": ("text/html", lambda text: f"<title>t</title><p>{_SENTENCE}<p>{text}".encode()),
    "extract.jats": ("application/xml", lambda text: _JATS.format(escape(_SENTENCE + text)).encode()),
    "extract.tei": ("application/xml", lambda text: _TEI.format(escape(_SENTENCE + text)).encode()),
    "extract.pdf": ("application/pdf", lambda text: PDFS[len(text) % len(PDFS)].read_bytes()[: -len(text) or None]),
}
PDFS = sorted((SAMPLES / "papers").glob("*.pdf"))


def names(kind: type[Stage]) -> list[str]:
    return [name for name in stage_names() if issubclass(find_stage(name), kind)]


def make(name: str) -> Stage:
    return find_stage(name)(**SETTINGS.get(name, {}))


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("artifacts")
    make("sft.render").prepare({}, folder)
    return {"tokenizer": folder / "tokenizer"}


def documents(artifacts: dict[str, Path], texts: list[str], stage: str = "") -> pa.RecordBatch:
    """Documents with every column that some stage reads, the raw ones in the format of `stage`."""
    mime, written = FORMATS.get(stage, ("text/plain", str.encode))
    array = pa.array(texts, pa.large_string())
    keys = pa.array([f"f:{i}" for i in range(len(texts))])
    columns = {
        "text": array,
        "raw": pa.array([written(text) for text in texts], RAW_FIELDS[0].type),
        "mime": pa.array([mime] * len(texts)),
        "id": document_ids("s", keys),
        "content_hash": content_hashes(array),
        "source": pa.array(["s"] * len(texts)),
        "origin": keys,
        "url": pa.array([f"http://a.example/{text}" for text in texts]),
        "license": pa.array([""] * len(texts)),
        "date": pa.array([""] * len(texts)),
        "meta": pa.array(["{}"] * len(texts)),
        "turns": pa.array([turns(text) for text in texts], TURNS_FIELD.type),
        "part": pa.array([0] * len(texts), pa.int32()),
        "row": pa.array(range(len(texts)), pa.int32()),
        "source_rank": pa.array([0] * len(texts), pa.int32()),
    }
    batch = pa.RecordBatch.from_pydict(columns)
    encoded = find_stage("vocab.encode")(tokenizer=TOKENIZER).apply(batch, artifacts)  # type: ignore[attr-defined]
    for name in ("ids", "widths"):
        batch = batch.append_column(encoded.schema.field(name), encoded[name])
    return batch


def turns(text: str) -> list[dict[str, object]]:
    """The first half of a text as a question, the rest as its answer."""
    half, size = len(text[: len(text) // 2].encode()), len(text.encode())
    return [{"role": "user", "begin": 0, "end": half}, {"role": "assistant", "begin": half, "end": size}]


def work(name: str, batch: pa.RecordBatch, artifacts: dict[str, Path]) -> pa.RecordBatch:
    stage = make(name)
    given = batch.select(list(stage.reads))
    run = signals_work(stage, Views(given)) if isinstance(stage, Filter) else transform_work(stage, artifacts)  # type: ignore[arg-type]
    return isolated(run, given)


@pytest.mark.parametrize("name", stage_names())
def test_a_stage_survives_the_way_to_a_worker(name: str) -> None:
    stage = make(name)
    assert pickle.loads(pickle.dumps(stage)) == stage


@pytest.mark.parametrize("name", stage_names())
def test_an_unknown_setting_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no_such_setting"):
        find_stage(name)(**SETTINGS.get(name, {}), no_such_setting=1)


@pytest.mark.parametrize("name", stage_names())
def test_settings_cannot_be_changed(name: str) -> None:
    with pytest.raises(ValueError, match=r"frozen|no attribute|no field"):
        make(name).revision_of_test = 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", names(Transform) + names(Filter))
def test_the_same_batch_gives_the_same_answer_twice(name: str, artifacts: dict[str, Path]) -> None:
    batch = documents(artifacts, TEXTS, name)
    assert work(name, batch, artifacts).equals(work(name, batch, artifacts))


@pytest.mark.parametrize("name", names(Transform) + names(Filter))
def test_no_document_is_failed_by_odd_text(name: str, artifacts: dict[str, Path]) -> None:
    result = work(name, documents(artifacts, TEXTS, name), artifacts)
    assert result.num_rows == len(TEXTS)
    assert [row["message"] for row in result.select(["failed", "message"]).to_pylist() if row["failed"]] == []


@pytest.mark.parametrize("name", names(Transform) + names(Filter))
@pytest.mark.parametrize("size", [1, 3])
def test_batch_size_does_not_matter(name: str, size: int, artifacts: dict[str, Path]) -> None:
    batch = documents(artifacts, TEXTS, name)
    pieces = [work(name, batch.slice(i, size), artifacts) for i in range(0, batch.num_rows, size)]
    whole = pa.Table.from_batches([work(name, batch, artifacts)])
    assert pa.Table.from_batches(pieces).combine_chunks().to_pylist() == whole.to_pylist()


@pytest.mark.parametrize("name", names(Transform) + names(Filter))
def test_an_empty_batch_gives_the_columns_and_no_rows(name: str, artifacts: dict[str, Path]) -> None:
    batch = documents(artifacts, TEXTS, name)
    result = work(name, batch.slice(0, 0), artifacts)
    assert result.num_rows == 0
    assert result.schema == work(name, batch, artifacts).schema


@pytest.mark.parametrize("name", names(Filter))
def test_rules_ask_for_signals_that_are_measured_and_give_snake_case_reasons(name: str) -> None:
    stage = make(name)
    assert isinstance(stage, Filter)
    assert {rule.signal for rule in stage.rules()} <= set(stage.adds)
    assert all(rule.reason.isidentifier() and rule.reason.islower() for rule in stage.rules())


@pytest.mark.parametrize("name", names(Barrier))
def test_the_first_round_gives_records_with_a_key_however_batches_are_cut(
    name: str, tmp_path: Path, artifacts: dict[str, Path]
) -> None:
    stage = make(name)
    assert isinstance(stage, Barrier)
    batch = documents(artifacts, TEXTS)

    def first_round(size: int) -> pa.Table:
        cut = [batch.slice(i, size) for i in range(0, batch.num_rows, size)]
        origin = PartOrigin("notes-00000", "notes", "main")
        desk = Desk(0, pa.table({}), lambda columns: iter(cut), tmp_path, tmp_path, origin)
        return sorted_records(stage.rounds()[0].work(desk))

    whole = first_round(batch.num_rows)
    assert whole.schema.field("key").type == pa.uint64()
    assert first_round(4).equals(whole)


@pytest.mark.parametrize("name", [name for name in names(Barrier) if find_stage(name).map is not Barrier.map])  # type: ignore[attr-defined]
def test_mapping_does_not_depend_on_the_order_of_documents_nor_reducing_on_the_time(
    name: str, artifacts: dict[str, Path]
) -> None:
    stage = make(name)
    assert isinstance(stage, Barrier)
    batch = documents(artifacts, TEXTS)
    whole = sorted_records(pa.Table.from_batches([stage.map(batch)]))
    pieces = [stage.map(batch.slice(i, 4)) for i in reversed(range(0, batch.num_rows, 4))]
    assert sorted_records(pa.Table.from_batches(pieces)).equals(whole)
    assert stage.reduce(whole).equals(stage.reduce(whole))


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_written_in_the_format_of_a_stage_is_read(name: str, artifacts: dict[str, Path]) -> None:
    batch = documents(artifacts, TEXTS, name)
    assert sum(text != "" for text in work(name, batch, artifacts)["text"].to_pylist()) >= 5


@pytest.mark.parametrize("name", names(Source))
def test_shards_cover_the_files_once_and_keys_are_unique(name: str, tmp_path: Path) -> None:
    stage = make(name)
    assert isinstance(stage, Source)
    path = str(SETTINGS[name]["path"])
    if path.startswith("made"):
        make_rows(tmp_path / "made")
        stage = stage.model_copy(update={"path": str(tmp_path / path)})
    shards = stage.shards(stage.files())
    assert pickle.loads(pickle.dumps(shards)) == shards
    keys = [key for shard in shards for batch in stage.read(shard) for key in batch["key"].to_pylist()]
    assert keys
    assert len(set(keys)) == len(keys)


def make_rows(folder: Path) -> None:
    """A folder as datasets saves them, whose rows are a file of Arrow, and the same rows as JSON."""
    folder.mkdir()
    table = pa.table({"text": [text for text in TEXTS if text.strip()]})
    (folder / "rows.json").write_text(json.dumps(table.to_pylist()))
    with pa.ipc.new_stream(folder / "data-00000-of-00001.arrow", table.schema) as stream:
        stream.write_table(table)
    (folder / "state.json").write_text(json.dumps({"_data_files": [{"filename": "data-00000-of-00001.arrow"}]}))
    (folder / "dataset_info.json").write_text("{}")


@pytest.mark.parametrize("name", names(Sink))
def test_a_sink_given_nothing_writes_nothing(name: str, tmp_path: Path, artifacts: dict[str, Path]) -> None:
    stage = make(name)
    assert isinstance(stage, Sink)
    nothing: Iterator[pa.Table] = iter(())
    facts = stage.write(nothing, tmp_path / "shard", artifacts)
    assert facts["num_documents"] == 0
    assert list(tmp_path.iterdir()) == []
