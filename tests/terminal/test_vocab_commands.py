"""`vocab audit` and `vocab compare` as a user runs them."""

import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from rich.console import Console

from corpusforge.terminal import tokenizers
from corpusforge.vocab.audit.comparison import Example

ROOT = Path(__file__).parents[2]
TOKENIZER = ROOT / "recipes/samples/tokenizer"
TEXT = ("--text", str(ROOT / "recipes/samples/articles_zh.jsonl"), "--text", str(ROOT / "recipes/samples/articles_en.jsonl"))


def _run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "corpusforge", "vocab", *arguments], capture_output=True, text=True, check=False
    )


@pytest.fixture
def broken(tmp_path) -> Path:
    """The sample tokenizer with a piece that no merge makes, too many times."""
    described = orjson.loads((TOKENIZER / "tokenizer.json").read_bytes())
    size = len(described["model"]["vocab"])
    described["model"]["vocab"] |= {f"q{number}q": size + number for number in range(50)}
    path = tmp_path / "tokenizer.json"
    path.write_bytes(orjson.dumps(described))
    return path


def test_a_sound_tokenizer_gives_exit_code_0_and_its_figures(tmp_path):
    page, data = tmp_path / "audit.html", tmp_path / "audit.json"
    done = _run("audit", str(TOKENIZER), *TEXT, "--html", str(page), "--json", str(data))
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert any(line.startswith("note ") and " all " in line and line.endswith("pieces can be reached") for line in lines)
    assert lines[-1].startswith("0 errors, 0 warnings, ")
    found = orjson.loads(data.read_bytes())
    assert {each["language"] for each in found["measures"]} >= {"zh", "en"}
    assert all(
        each["num"] == 0 for each in found["findings"] if each["check"] in ("loaders", "unreachable_pieces", "round_trip")
    )
    assert "<script" not in page.read_text()
    assert "pieces can be reached" in page.read_text()


def test_errors_give_exit_code_6_after_all_is_printed_and_written(broken, tmp_path):
    done = _run("audit", str(broken), "--base", str(TOKENIZER), "--json", str(tmp_path / "a.json"))
    assert done.returncode == 6
    assert "50 because no two pieces make it" in done.stdout
    assert "unreachable_pieces" in done.stderr
    found = orjson.loads((tmp_path / "a.json").read_bytes())
    assert {each["check"]: each["num"] for each in found["findings"]}["new_pieces_unreachable"] == 50


def test_strict_makes_warnings_count(tmp_path):
    described = orjson.loads((TOKENIZER / "tokenizer.json").read_bytes())
    described["normalizer"]["normalizers"].insert(0, {"type": "NFKC"})
    path = tmp_path / "tokenizer.json"
    path.write_bytes(orjson.dumps(described))
    assert [_run("audit", str(path), *more).returncode for more in ((), ("--strict",))] == [0, 6]


def test_a_missing_tokenizer_is_the_fault_of_the_caller(tmp_path):
    done = _run("audit", str(tmp_path / "none"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no such file" in done.stderr


def test_tokenizers_are_compared_side_by_side(broken, tmp_path):
    page, data = tmp_path / "c.html", tmp_path / "c.json"
    done = _run("compare", str(TOKENIZER), str(broken), *TEXT, "--examples", "2", "--html", str(page), "--json", str(data))
    assert (done.returncode, done.stderr) == (0, "")
    found = orjson.loads(data.read_bytes())
    assert [each["num_ids"] for each in found["tokenizers"]] == [4000, 4050]
    cut = ["|".join(pieces) for pieces in found["examples"][0]["pieces"]]
    assert cut[0] == cut[1]
    assert cut[0] in done.stdout
    assert page.read_text().count('class="turn1"') > 4


def test_one_tokenizer_or_no_text_is_refused():
    assert [_run("compare", str(TOKENIZER)).returncode, _run("compare", str(TOKENIZER), str(TOKENIZER)).returncode] == [2, 2]


def test_on_a_terminal_colours_show_where_tokens_end(monkeypatch):
    console = Console(force_terminal=True, color_system="standard", width=80, record=True, no_color=False)
    monkeypatch.setattr(tokenizers, "out", console)
    tokenizers._say_example(["a"], Example("ab", "t", (("a", "b"),)))
    segments = [(each.text, each.style) for each in console._record_buffer if each.text in ("a", "b")]
    assert len({str(style) for _, style in segments}) == 2
