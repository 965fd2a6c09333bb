import json

import numpy as np
from safetensors.numpy import save_file
from typer.testing import CliRunner

from corpusforge.cli import app


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
