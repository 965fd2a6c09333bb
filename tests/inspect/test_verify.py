"""verify names what was changed; trace leads back; both need the output folder alone."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from corpusforge.engine.run import build
from corpusforge.engine.store import read_json, write_json
from corpusforge.errors import InputError
from corpusforge.index.reader import ShardReader, read_lineage
from corpusforge.inspect.folder import BuildFolder
from corpusforge.inspect.trace import trace
from corpusforge.inspect.verify import verify
from corpusforge.recipe import load_recipe

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("tiny")
    build(load_recipe(ROOT / "recipes/tiny.yaml"), out)
    return out


@pytest.fixture
def copy(built: Path, tmp_path: Path) -> Path:
    shutil.copytree(built, tmp_path / "out")
    return tmp_path / "out"


def shard_names(out: Path) -> list[str]:
    return [shard["name"] for shard in read_json(out / "manifest.json")["shards"]]


def test_a_sound_build_verifies_and_says_what_was_looked_at(built: Path) -> None:
    verified = verify(built)
    assert verified.problems == ()
    assert verified.num_encoded == verified.num_documents == sum(len(documents(built, name)) for name in shard_names(built))


def documents(out: Path, name: str) -> set[bytes]:
    return set(read_lineage(out / "shards" / name)["document"].to_pylist())


@pytest.mark.parametrize("suffix", [".bin", ".idx", ".docs.parquet"])
@pytest.mark.parametrize("place", [0.0, 0.5, 1.0])
def test_one_changed_byte_is_found_and_its_file_named(copy: Path, suffix: str, place: float) -> None:
    path = copy / "shards" / f"{shard_names(copy)[0]}{suffix}"
    content = bytearray(path.read_bytes())
    content[int(place * (len(content) - 1))] ^= 0x10
    path.unlink()  # the file is a hard link: writing through it would change the step's own copy
    path.write_bytes(content)
    problems = verify(copy).problems
    assert problems
    assert any(path.name in problem for problem in problems)


def test_a_missing_file_is_named(copy: Path) -> None:
    path = copy / "shards" / f"{shard_names(copy)[0]}.idx"
    path.unlink()
    assert any(path.name in problem for problem in verify(copy).problems)


def test_tokens_that_are_not_the_text_are_found_even_when_every_digest_fits(copy: Path) -> None:
    """The stored text is changed behind the shards: only encoding again can tell."""
    import pyarrow as pa

    from corpusforge.engine.store import read_parquet, write_parquet

    read = next(copy.glob("*-notes-read-*"))
    part = read / f"{read_json(read / 'report.json')['parts'][0]['name']}.parquet"
    table = read_parquet(part)
    texts = [text.replace("quartz", "Quarz").replace("石英", "长石") for text in table["text"].to_pylist()]
    field = table.schema.field("text")
    write_parquet(part, table.set_column(table.schema.get_field_index("text"), field, pa.array(texts, field.type)))
    assert any("not the reference tokenizer's ids" in problem for problem in verify(copy).problems)


def test_every_sequence_leads_back_to_its_text(built: Path) -> None:
    from corpusforge.vocab.folder import TokenizerFiles

    tokenizer = TokenizerFiles.read(built / "tokenizer").loaded()
    for name in shard_names(built):
        reader = ShardReader(built / "shards" / name)
        for index in range(len(reader)):
            (segment,) = trace(built / "shards" / name, index)
            assert tokenizer.decode(reader[index][:-1].tolist()) == segment.text.removeprefix(" ")
            assert segment.about["license"] == "cc0-1.0"


def test_a_sample_that_is_not_there_is_refused_with_the_range(built: Path) -> None:
    name = shard_names(built)[0]
    count = len(ShardReader(built / "shards" / name))
    with pytest.raises(InputError, match=rf"no sequence {count}; it has 0 to {count - 1}"):
        trace(built / "shards" / name, count)


def test_a_shard_that_is_not_there_is_refused_with_the_names(built: Path) -> None:
    with pytest.raises(InputError, match="no shard 'geo-00009'; there are field-0000"):
        trace(built / "shards/geo-00009", 0)


def test_a_folder_without_a_build_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"manifest\.json: no such file, so no finished build is here"):
        verify(tmp_path)


def test_a_step_folder_that_is_gone_is_named(copy: Path) -> None:
    shutil.rmtree(next(copy.glob("*-notes-read-*")))
    with pytest.raises(InputError, match="the folder of step notes-read"):
        verify(copy)


def test_an_unknown_id_is_found_nowhere(built: Path) -> None:
    assert BuildFolder(built).find([b"\0" * 16]) == {}


def corpusforge(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", "corpusforge", *arguments], capture_output=True, text=True, check=False)


def test_verify_on_the_command_line_names_problems_and_exits_with_4(copy: Path) -> None:
    path = copy / "shards" / f"{shard_names(copy)[0]}.bin"
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content[:-1] + b"\x7f")
    done = corpusforge("verify", str(copy))
    assert done.returncode == 4
    assert f"error: {path}" in done.stderr
    assert corpusforge("verify", str(copy.parent / "nowhere")).returncode == 2


def test_trace_prints_json_for_programs(built: Path) -> None:
    done = corpusforge("trace", str(built / "shards" / f"{shard_names(built)[0]}.bin"), "0", "--json")
    (segment,) = json.loads(done.stdout)
    assert segment["start"] == 0
    assert set(segment["about"]) == {"source", "origin", "url", "license", "lang", "date", "meta"}


def test_a_manifest_of_other_content_is_noticed(copy: Path) -> None:
    manifest = read_json(copy / "manifest.json")
    manifest["shards"][0]["num_tokens"] += 1
    write_json(copy / "manifest.json", manifest)
    assert verify(copy).problems


def test_a_mix_that_was_changed_is_found(copy: Path) -> None:
    mix = read_json(copy / "mix.json")
    write_json(copy / "mix.json", {**mix, "seed": 8})
    (problem,) = verify(copy).problems
    assert problem.startswith(f"{copy / 'mix.json'}: it is gone or not what the manifest says")


def test_packed_rows_are_verified_and_lead_back_to_every_document_in_them(tmp_path: Path) -> None:
    packed = ("sink.layout=packed", "sink.seq_length=128", "sink.num_shards=1", "sink.held_out=0.2")
    build(load_recipe(ROOT / "recipes/tiny.yaml", packed), tmp_path)
    verified = verify(tmp_path)
    assert verified.problems == ()
    assert verified.num_encoded == verified.num_documents == 7
    prefix = tmp_path / "shards/geo-00000"
    segments = [segment for row in range(len(ShardReader(prefix))) for segment in trace(prefix, row)]
    assert max(len(trace(prefix, row)) for row in range(len(ShardReader(prefix)))) > 1
    texts: dict[str, str] = {}
    for segment in sorted(segments, key=lambda segment: (segment.document, segment.piece)):
        assert segment.text_begin == len(texts.get(segment.document, "").encode())
        texts[segment.document] = texts.get(segment.document, "") + segment.text
    found = BuildFolder(tmp_path).find([bytes.fromhex(document) for document in texts], ["notes"])
    assert {each["text"] for each in map(BuildFolder(tmp_path).document, found.values())} == set(texts.values())
