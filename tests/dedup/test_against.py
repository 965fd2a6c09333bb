"""A build compared with earlier ones: what goes, and for which witness, is what one build of everything decides."""

import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import orjson
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from test_minhash import outputs, varied

from corpusforge.engine.run import build
from corpusforge.engine.slices import Slice, SlicesMissing
from corpusforge.engine.store import read_parquet
from corpusforge.errors import InputError, RecipeError
from corpusforge.inspect.folder import open_documents
from corpusforge.inspect.why import why
from corpusforge.recipe import load_recipe

ROOT = Path(__file__).resolve().parents[2]
# Of three sources, the later ones with copies and edits of the earlier.
TEXTS = {
    "a": varied(1, 60, 40),
    "b": varied(1, 45, 40)[20:] + varied(2, 30, 40),
    "c": [*varied(2, 50, 40)[10:], "", "一", "one"],
}
Verdicts = dict[bytes, tuple[bytes, float]]


def recipe(folder: Path, sources: Sequence[str], against: Sequence[Path] = (), **settings: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    named = []
    for name in sources:
        (folder / f"{name}.jsonl").write_bytes(b"".join(orjson.dumps({"text": text}) + b"\n" for text in TEXTS[name]))
        group = "late" if name == "c" else "early"
        named.append(f"  - {{name: {name}, use: source.jsonl, path: {name}.jsonl, alarm_share: 1, group: {group}}}")
    stage = {"use": "dedup.minhash", "threshold": 0.7, "recall": 0.9999, "against": [str(each) for each in against], **settings}
    encode = f"{{use: vocab.encode, tokenizer: {ROOT / 'recipes/samples/tokenizer'}}}"
    tail = [f"stages: [{orjson.dumps(stage).decode()}, {encode}]", "sink: {use: index.megatron, layout: documents}"]
    path = folder / "near.yaml"
    path.write_text("\n".join(["version: 1", f"name: near-{''.join(sources)}", "sources:", *named, *tail]))
    return path


def built(folder: Path, sources: Sequence[str], against: Sequence[Path] = (), **settings: object) -> Path:
    build(load_recipe(recipe(folder, sources, against, **settings)), folder / "out")
    return folder / "out"


def verdicts(out: Path) -> Verdicts:
    """Document -> its witness and the similarity."""
    documents = open_documents(out)
    [step] = out.glob("*-dedup.minhash-*")
    found = {}
    for source in documents.sources:
        for part in documents.parts_of(source):
            ids = documents.column(source, part.name, "id").to_pylist()
            for row in read_parquet(step / f"{part.name}.verdicts.parquet").to_pylist():
                found[ids[row["row"]]] = (row["witness"], row["value"])
    return found


def all_of(folders: Iterable[Path]) -> Verdicts:
    return {document: fate for out in folders for document, fate in verdicts(out).items()}


@pytest.mark.parametrize("settings", [{}, {"keep_index": True}, {"scope": "group"}, {"scope": "source"}])
def test_three_builds_one_after_another_decide_as_one_build_of_everything(tmp_path: Path, settings: dict[str, object]) -> None:
    whole = verdicts(built(tmp_path / "whole", "abc", **settings))
    first = built(tmp_path / "first", "a", **settings)
    second = built(tmp_path / "second", "b", [first], **settings)
    third = built(tmp_path / "third", "c", [first, second], **settings)
    assert all_of([first, second, third]) == whole
    assert len(whole) > 30


def test_kept_sketches_give_the_same_bytes_as_signing_again_and_are_really_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = built(tmp_path / "first", "a", keep_index=True)
    [index] = first.glob("*-dedup.minhash-*/index-*")
    assert sorted(path.name for path in index.iterdir()) == ["a-00000-0000.nodes.npy", "a-00000-0000.signatures.npy"]
    with_index = outputs(built(tmp_path / "with", "b", [first]))
    shutil.move(index, tmp_path / "moved")
    assert outputs(built(tmp_path / "without", "b", [first])) == with_index
    shutil.move(tmp_path / "moved", index)
    monkeypatch.setattr("corpusforge.dedup.minhash.index.recall", lambda *_: pytest.fail("it is asked for"))
    with pytest.raises(pytest.fail.Exception):
        built(tmp_path / "again", "b", [first])


def test_workers_and_slices_give_the_same_bytes(tmp_path: Path) -> None:
    first = built(tmp_path / "first", "a")
    loaded = load_recipe(recipe(tmp_path, "bc", [first]))
    build(loaded, tmp_path / "one")
    build(loaded, tmp_path / "two", 2)
    ends = set()
    while ends != {"done"}:
        ends = {one_slice(loaded, tmp_path / "team", task) for task in ("1/2", "2/2")}
    left = {name: content for name, content in outputs(tmp_path / "team").items() if not name.startswith(".slices")}
    assert outputs(tmp_path / "two") == outputs(tmp_path / "one") == left


def one_slice(loaded: object, out: Path, task: str) -> str:
    try:
        build(loaded, out, task=Slice.parse(task, wait=False))  # type: ignore[arg-type]
    except SlicesMissing:
        return "more"
    return "done"


def test_documents_of_earlier_builds_never_go_and_those_that_their_build_dropped_take_nobody(tmp_path: Path) -> None:
    loose = built(tmp_path / "loose", "a", threshold=1.0)
    strict = verdicts(built(tmp_path / "strict", "b", [loose], threshold=0.6))
    kept = {row for part in ids_in_shards(loose) for row in part}
    of_earlier = [witness for witness, _ in strict.values() if witness in kept]
    assert of_earlier
    assert not kept & set(strict)
    dropped = set(verdicts(loose))
    assert not dropped & {witness for witness, _ in strict.values()}


def ids_in_shards(out: Path) -> list[list[bytes]]:
    return [read_parquet(path, ["document"])["document"].to_pylist() for path in (out / "shards").glob("*.docs.parquet")]


def test_why_names_the_witness_and_says_that_it_is_elsewhere(tmp_path: Path) -> None:
    first = built(tmp_path / "first", "a")
    second = built(tmp_path / "second", "b", [first])
    earlier = {document for part in ids_in_shards(first) for document in part}
    document, (witness, _) = next((each, fate) for each, fate in verdicts(second).items() if fate[0] in earlier)
    (fate,) = why(second, document.hex())
    said = fate.steps[-1]
    assert (said.reason, said.message) == ("near_duplicate", "its witness is in an earlier build")
    assert said.witness is not None
    assert said.witness.id == witness.hex()


def test_the_report_names_the_builds_compared_with(tmp_path: Path) -> None:
    first = built(tmp_path / "first", "a")
    [report] = built(tmp_path / "second", "b", [first]).glob("*-dedup.minhash-*/report.json")
    facts = orjson.loads(report.read_bytes())
    assert [each["name"] for each in facts["against"]] == ["near-a"]
    assert facts["candidate_pairs"] > 0
    assert (facts["hot_buckets"], facts["left_alone"]) == (0, 0)


def test_another_earlier_build_repeats_the_step_and_an_untouched_one_does_not(tmp_path: Path) -> None:
    first = built(tmp_path / "first", "a")
    second = built(tmp_path / "second", "b", [first])
    built(tmp_path / "second", "b", [first])
    assert len([*second.glob("*-dedup.minhash-*")]) == 1
    built(tmp_path / "first", "a", threshold=0.9)
    built(tmp_path / "second", "b", [first])
    assert len([*second.glob("*-dedup.minhash-*")]) == 2


def test_a_build_that_was_itself_compared_with_one_that_is_not_listed_is_refused(tmp_path: Path) -> None:
    first = built(tmp_path / "first", "a")
    second = built(tmp_path / "second", "b", [first])
    with pytest.raises(InputError, match=r"it was itself built against 'near-a'.* list that build before it"):
        built(tmp_path / "third", "c", [second])


def test_a_folder_without_a_finished_build_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"no finished build is at .*nowhere"):
        built(tmp_path, "a", [tmp_path / "nowhere"])


def test_a_build_against_its_own_output_folder_is_refused(tmp_path: Path) -> None:
    out = built(tmp_path, "a")
    with pytest.raises(RecipeError, match="is the output folder itself"):
        built(tmp_path, "a", [out])


def test_an_earlier_build_of_which_a_step_is_gone_is_refused(tmp_path: Path) -> None:
    first = built(tmp_path / "first", "a")
    shutil.rmtree(next(first.glob("*-a-read-*")))
    with pytest.raises(InputError, match=r"the folder of its step a-read .* is gone; build it again"):
        built(tmp_path / "second", "b", [first])
