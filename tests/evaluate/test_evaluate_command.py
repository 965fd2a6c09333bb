import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

pytest.importorskip("torch", reason="torch is not installed")

from evaluate.small_models import byte_model

from corpusforge.cli import app

QUESTION = {"question": "Hot?", "choices": ["yes", "no"], "answer": "A"}


@pytest.mark.parametrize("command", ["evaluate choice", "evaluate text", "weights merge", "weights verify"])
def test_help_loads_neither_torch_nor_transformers(command):
    code = (
        "import sys\nfrom corpusforge.cli import app\n"
        f"try:\n    app({[*command.split(), '--help']})\nexcept SystemExit:\n    pass\n"
        "sys.exit(bool({'torch', 'transformers', 'peft'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, stdout=subprocess.DEVNULL).returncode == 0


def test_choice_prints_scores_and_writes_every_answer(tmp_path):
    folder = byte_model(tmp_path / "model")
    (tmp_path / "q.jsonl").write_text(json.dumps(QUESTION) + "\n{}\n")
    arguments = ["evaluate", "choice", "--model", str(folder), "--data", str(tmp_path / "q.jsonl"), "--device", "cpu"]
    shown = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path / "result.json")])
    result = json.loads((tmp_path / "result.json").read_text())
    assert shown.exit_code == 0
    assert "2 records read, 1 rejected (no_question 1), first at q.jsonl:2" in shown.stdout
    assert "answer acc_norm" in shown.stdout
    assert [each["scoring"] for each in result["answers"]] == ["letter", "answer"]
    printed = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    assert printed == {name: value for name, value in result.items() if name != "answers"}


def test_text_prints_bits_per_byte(tmp_path):
    folder = byte_model(tmp_path / "model")
    (tmp_path / "a.txt").write_text("Granite is a rock.")
    shown = CliRunner().invoke(app, ["evaluate", "text", "--model", str(folder), "--data", str(tmp_path / "a.txt")])
    assert shown.exit_code == 0
    assert "1 documents, 18 bytes, 18 tokens" in shown.stdout
    assert "bits per byte" in shown.stdout
