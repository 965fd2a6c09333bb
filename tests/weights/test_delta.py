import json
import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from corpusforge.errors import InputError, UserError
from corpusforge.weights.diff import write_delta
from corpusforge.weights.differences import compressed, restored
from corpusforge.weights.recover import recover
from corpusforge.weights.verify import verify_checkpoint

FLOATS = {"F64": np.float64, "F32": np.float32, "F16": np.float16, "I64": np.int64, "U8": np.uint8}


def _model(folder, tensors, *, config='{"vocab_size": 4}', files=1):
    folder.mkdir()
    (folder / "config.json").write_text(config)
    if files == 1:
        save_file(tensors, folder / "model.safetensors", {"format": "pt"})
        return folder
    placed = {name: f"model-{number:05}-of-{files:05}.safetensors" for number, name in enumerate(tensors, 1)}
    for name, file in placed.items():
        save_file({name: tensors[name]}, folder / file)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": placed}))
    return folder


def _bytes(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@given(st.sampled_from([1, 2, 4, 8]), st.binary(max_size=80), st.binary(max_size=80))
@settings(max_examples=200, deadline=None)
def test_any_bytes_come_back_from_their_difference_to_any_others(width, new, base):
    new, base = (np.frombuffer(each[: len(each) // width * width], np.uint8) for each in (new, base))
    frames = np.frombuffer(b"".join(compressed(new, base, width)), np.uint8)
    assert np.concatenate([np.zeros(0, np.uint8), *restored(frames, base, width, len(new))]).tolist() == new.tolist()


def test_a_tensor_of_several_frames_comes_back(monkeypatch):
    monkeypatch.setattr("corpusforge.weights.differences.FRAME_BYTES", 8)
    new, base = np.arange(44, dtype=np.uint8), np.arange(20, dtype=np.uint8)
    frames = np.frombuffer(b"".join(compressed(new, base, 4)), np.uint8)
    assert np.concatenate([*restored(frames, base, 4, 44)]).tolist() == new.tolist()


@pytest.mark.parametrize("files", [1, 3])
def test_a_model_comes_back_file_by_file_with_new_rows_new_tensors_and_odd_values(tmp_path, files):
    rng = np.random.default_rng(1)
    old = {"embed": rng.normal(size=(4, 3)).astype(np.float16), "same": np.arange(5), "gone": np.ones(2)}
    rows = np.vstack([old["embed"] + np.float16(1), [[np.nan, np.inf, -0.0]], [[1, 2, 3]]]).astype(np.float16)
    new = {"embed": rows, "same": old["same"], "fresh": np.array(3.5)}
    base = _model(tmp_path / "base", old)
    trained = _model(tmp_path / "new", new, config='{"vocab_size": 6}', files=files)
    for name in ("tokenizer.json", "chat_template.jinja", "merge.json", "training_args.bin"):
        (trained / name).write_text(f'{{"{name}": 1}}')
    record = write_delta(base, trained, tmp_path / "delta")
    recover(base, tmp_path / "delta", tmp_path / "back")
    assert record["left_behind"] == ["training_args.bin"]
    assert sorted(record["base"]) == ["embed", "same"]
    assert _bytes(tmp_path / "back") == {name: each for name, each in _bytes(trained).items() if name != "training_args.bin"}


@pytest.mark.parametrize("dtype", sorted(FLOATS))
def test_every_format_comes_back(tmp_path, dtype):
    rng = np.random.default_rng(2)
    old, new = (_model(tmp_path / name, {"a": rng.integers(0, 9, (7, 5)).astype(FLOATS[dtype])}) for name in ("old", "new"))
    write_delta(old, new, tmp_path / "delta")
    recover(old, tmp_path / "delta", tmp_path / "back")
    assert _bytes(tmp_path / "back") == _bytes(new)


def test_where_subtracting_floats_would_lose_bits_nothing_is_lost(tmp_path):
    old, new = np.array([3e4, 1e-4, 1.0], np.float16), np.array([1e-4, 3e4, -1.0], np.float16)
    assert (old + (new - old)).tolist() != new.tolist()
    base, trained = _model(tmp_path / "base", {"a": old}), _model(tmp_path / "new", {"a": new})
    write_delta(base, trained, tmp_path / "delta")
    recover(base, tmp_path / "delta", tmp_path / "back")
    assert load_file(tmp_path / "back/model.safetensors")["a"].tolist() == new.tolist()


def test_small_changes_take_little_and_the_delta_has_the_same_bytes_again(tmp_path):
    rng = np.random.default_rng(3)
    old = rng.normal(size=(200, 500)).astype(np.float16)
    base = _model(tmp_path / "base", {"a": old})
    new = _model(tmp_path / "new", {"a": (old * np.float16(1.001)).astype(np.float16)})
    write_delta(base, new, tmp_path / "delta")
    write_delta(base, new, tmp_path / "again")
    assert (tmp_path / "delta/delta-00001-of-00001.safetensors").stat().st_size < old.nbytes * 0.3
    assert _bytes(tmp_path / "delta") == _bytes(tmp_path / "again")


@pytest.fixture
def pair(tmp_path):
    base = _model(tmp_path / "base", {"a": np.arange(6.0), "b": np.ones(2)})
    new = _model(tmp_path / "new", {"a": np.arange(6.0) + 1, "b": np.ones(2)})
    write_delta(base, new, tmp_path / "delta")
    return tmp_path


@pytest.mark.parametrize(
    ("tensors", "what"),
    [
        ({"a": np.arange(6.0), "b": np.ones(2) * 2}, r"b is another one \(1 of 2"),
        ({"a": np.arange(6.0)}, r"b is another one"),
        ({"a": np.arange(6.0).astype(np.float32), "b": np.ones(2)}, "a is another one"),
        ({"a": np.arange(6.0).reshape(2, 3), "b": np.ones(2)}, "a is another one"),
    ],
)
def test_another_base_is_refused(pair, tensors, what):
    other = _model(pair / "other", tensors)
    with pytest.raises(InputError, match=what):
        recover(other, pair / "delta", pair / "back")
    assert not list(pair.glob("back*"))


@pytest.mark.parametrize("name", ["delta-00001-of-00001.safetensors", "config.json"])
def test_a_damaged_delta_is_refused(pair, name):
    path = pair / "delta" / name
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(InputError, match=f"{name}: missing, or not the file"):
        recover(pair / "base", pair / "delta", pair / "back")


@pytest.mark.parametrize(
    ("part", "content", "what"),
    [
        ("others", {"../../passwd": "0"}, "no name of a file"),
        ("shards", {"/model": {}}, "no name of a file"),
        ("files", {"..": "0"}, "no name of a file"),
        ("tensors", None, "lacks one of"),
        ("format", 2, "format 2; this version reads 1"),
    ],
)
def test_a_record_that_leads_elsewhere_is_refused(pair, part, content, what):
    path = pair / "delta/delta.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {part: content}))
    with pytest.raises(InputError, match=what):
        recover(pair / "base", pair / "delta", pair / "back")


def test_models_without_anything_in_common_are_refused(pair):
    other = _model(pair / "other", {"c": np.ones(2)})
    with pytest.raises(UserError, match="no tensor of the name"):
        write_delta(pair / "base", other, pair / "nothing")
    with pytest.raises(InputError, match=r"no delta\.json"):
        recover(pair / "base", pair / "other", pair / "nothing")


def test_a_recovered_model_is_checked_by_the_record_of_its_delta(pair):
    recover(pair / "base", pair / "delta", pair / "back")
    assert verify_checkpoint(pair / "back", pair / "delta/delta.json").problems == ()
    problems = verify_checkpoint(pair / "base", pair / "delta/delta.json").problems
    assert [problem.split(": ")[1] for problem in problems] == ["a"]


def test_what_is_wrong_with_a_model_is_named(tmp_path):
    folder = _model(tmp_path / "model", {"a": np.array([1, np.nan, -np.inf], np.float32), "b": np.ones(2, np.int8)})
    (folder / "other.txt").write_text("x")
    (folder / "merge.json").write_text(json.dumps({"files": {"other.txt": "0" * 64, "gone.txt": "1" * 64}}))
    problems = verify_checkpoint(folder).problems
    assert [problem.split("/")[-1].split(";")[0] for problem in problems] == [
        "model.safetensors: a has 2 values that are not finite",
        "other.txt: not the file that merge.json describes",
        "gone.txt: missing, and merge.json names it",
    ]
    shutil.copy(folder / "config.json", folder / "no_record.json")
    with pytest.raises(InputError, match="has no digests"):
        verify_checkpoint(folder, folder / "no_record.json")
