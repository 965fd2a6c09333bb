import json
import os

import numpy as np
import pytest
from safetensors.numpy import save_file

from corpusforge.errors import FolderRefused, InputError
from corpusforge.weights.checkpoint import Checkpoint
from corpusforge.weights.folder import copied, digest, linked, published_folder


def _sharded(folder, weight_map):
    (folder / "config.json").write_text("{}")
    save_file({"a": np.zeros(2, np.float32)}, folder / "one.safetensors")
    save_file({"b": np.ones(3, np.float32)}, folder / "two.safetensors")
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    return folder


def test_files_of_an_index_are_read_as_one_model(tmp_path):
    found = Checkpoint.read(_sharded(tmp_path, {"b": "two.safetensors", "a": "one.safetensors"}))
    assert list(found.shards) == ["one.safetensors", "two.safetensors"]
    assert found.shard_of("b").raw("b").view("<f4").tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("weight_map", "what"),
    [
        ({}, "no weight_map"),
        ({"a": "one.safetensors", "b": "three.safetensors"}, "three.safetensors"),
        ({"a": "../one.safetensors"}, "not in the folder"),
        ({"a": "one.safetensors", "b": "one.safetensors"}, "b is in one.safetensors, and it is in none"),
        ({"b": "two.safetensors", "c": "two.safetensors"}, "c is in two.safetensors, and it is in none"),
    ],
)
def test_an_index_that_is_wrong_is_refused(tmp_path, weight_map, what):
    with pytest.raises(InputError, match=what):
        Checkpoint.read(_sharded(tmp_path, weight_map))


@pytest.mark.parametrize(
    ("files", "what"),
    [
        ({}, "no config.json"),
        ({"config.json": "{"}, "not JSON"),
        ({"config.json": "[]"}, "not an object"),
        ({"config.json": "{}"}, "no model.safetensors"),
        ({"config.json": "{}", "pytorch_model.bin": ""}, "pickled .pytorch_model.bin.*save_pretrained"),
        ({"config.json": '{"auto_map": {"AutoModel": "modeling_x.X"}}'}, "Python code of its own .modeling_x.X"),
    ],
)
def test_a_folder_that_is_no_safe_checkpoint_is_refused_with_the_cure(tmp_path, files, what):
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=what):
        Checkpoint.read(tmp_path)


def test_infinity_in_a_configuration_is_read(tmp_path):
    save_file({"a": np.zeros(2, np.float32)}, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text('{"time_step_limit": [0.0, Infinity]}')
    assert Checkpoint.read(tmp_path).config == {"time_step_limit": [0.0, float("inf")]}


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    with published_folder(tmp_path / "deep/model") as folder:
        (folder / "file").write_text("x")
        assert not (tmp_path / "deep/model").exists()
    assert [path.name for path in (tmp_path / "deep").rglob("*")] == ["model", "file"]
    with pytest.raises(ZeroDivisionError), published_folder(tmp_path / "other") as folder:
        raise ZeroDivisionError
    assert [path.name for path in tmp_path.iterdir()] == ["deep"]


def test_a_folder_that_exists_is_never_written_over(tmp_path):
    with pytest.raises(FolderRefused, match="exists"), published_folder(tmp_path):
        pass


def test_copies_and_links_tell_the_digest_of_what_they_read(tmp_path):
    source = tmp_path / "source"
    source.write_bytes(os.urandom(3_000_000))
    assert copied(source, tmp_path / "copy") == linked(source, tmp_path / "link") == digest(source) == digest(tmp_path / "copy")
    assert (tmp_path / "link").stat().st_ino == source.stat().st_ino != (tmp_path / "copy").stat().st_ino
