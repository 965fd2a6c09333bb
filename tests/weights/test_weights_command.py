import json

import numpy as np
from safetensors.numpy import save_file
from typer.testing import CliRunner

from corpusforge.cli import app
from corpusforge.weights.provenance import TRAINING_RECORD, digests


def _model(folder, values):
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    save_file({"a": values}, folder / "model.safetensors")
    return str(folder)


def _run(*arguments):
    return CliRunner().invoke(app, ["weights", *map(str, arguments)])


def test_a_delta_is_made_applied_and_verified(tmp_path):
    base, new = _model(tmp_path / "base", np.zeros(8)), _model(tmp_path / "new", np.ones(8))
    made = _run("diff", "--base", base, "--new", new, "--out", tmp_path / "delta")
    applied = _run("apply", "--base", base, "--delta", tmp_path / "delta", "--out", tmp_path / "back")
    verified = _run("verify", tmp_path / "back", "--record", tmp_path / "delta/delta.json")
    assert "1 of 1 tensors compared with the base's" in made.stdout
    assert "1 tensors, every file with the digest that it had" in applied.stdout
    assert "whole, all values finite, as delta.json says" in verified.stdout
    assert [each.exit_code for each in (made, applied, verified)] == [0, 0, 0]


def test_a_model_that_is_wrong_is_told_as_json_too(tmp_path):
    found = _run("verify", _model(tmp_path / "model", np.full(2, np.nan)), "--json")
    assert json.loads(found.stdout)["problems"][0].endswith("a has 2 values that are not finite; take an earlier checkpoint")
    assert found.exit_code != 0


def _trained(folder):
    """What training leaves of an adapter, as far as it is verified."""
    folder.mkdir()
    (folder / "adapter_config.json").write_text("{}")
    (folder / "tokenizer.json").write_text("the tokenizer")
    save_file({"a": np.ones(8)}, folder / "adapter_model.safetensors")
    files = digests({path.name: path for path in folder.iterdir()})
    (folder / TRAINING_RECORD).write_text(json.dumps({"step": 4, "files": files}))
    return folder


def test_what_training_left_is_verified_by_its_record(tmp_path):
    found = _run("verify", _trained(tmp_path / "final"))
    assert (found.exit_code, "1 tensors" in found.stdout) == (0, True)
    assert "whole, all values finite, as corpusforge.json says" in found.stdout


def test_a_changed_and_a_missing_file_of_what_training_left_are_told(tmp_path):
    final = _trained(tmp_path / "final")
    save_file({"a": np.zeros(8)}, final / "adapter_model.safetensors")
    (final / "tokenizer.json").unlink()
    found = _run("verify", final, "--json")
    assert json.loads(found.stdout)["problems"] == [
        f"{final}/adapter_model.safetensors: not the file that corpusforge.json describes; get it again",
        f"{final}/tokenizer.json: missing, and corpusforge.json names it; get it again",
    ]
    assert found.exit_code != 0


def test_facts_of_a_tokenizer_in_the_folder_of_a_model_are_no_record(tmp_path):
    model = _model(tmp_path / "model", np.ones(2))
    (tmp_path / "model" / TRAINING_RECORD).write_text('{"eod_id": 2}')
    assert "no record to compare with" in _run("verify", model).stdout


def test_a_record_of_another_folder_that_compares_nothing_is_refused(tmp_path):
    record = _trained(tmp_path / "final") / TRAINING_RECORD
    found = _run("verify", _model(tmp_path / "model", np.ones(2)), "--record", record)
    assert "has no digests of tensors; give a record that has them" in str(found.exception)
