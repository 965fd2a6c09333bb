"""dedup show as people see it: piped, on terminals narrow and wide, with and without colours."""

import os
import pty
import subprocess
import sys
from collections.abc import Callable

import pytest

from corpusforge.inspect.pairs import Pair, Pairs, Side
from corpusforge.terminal.pairs import print_pairs

SCRIPT = """\
from corpusforge.inspect.pairs import Pair, Pairs, Side
from corpusforge.terminal.pairs import print_pairs
print_pairs(Pairs(1, iter([{pair!r}])), as_json=False, full=False)
"""


def pair(first: str, second: str, **other: object) -> Pair:
    removed, kept = Side("aa" * 16, "web", "a.jsonl:0", "https://w.org/0", first), Side("bb" * 16, "books", "b.md", "", second)
    facts = {"removed": removed, "kept": kept, "step": "dedup.minhash", "reason": "near_duplicate", "message": ""}
    return Pair(**{**facts, "similarity": 0.9, "threshold": 0.8, "group_size": 3, **other})


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Callable[..., list[str]]:
    def lines(*shown: Pair, num_found: int = 1, full: bool = False) -> list[str]:
        print_pairs(Pairs(num_found, iter(shown)), as_json=False, full=full)
        return capsys.readouterr().out.splitlines()

    return lines


def on_terminal(shown: Pair, columns: int, **environment: str) -> str:
    """What a terminal so wide is sent."""
    master, slave = pty.openpty()
    variables = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm", "PAGER": "cat", **environment}
    variables.pop("NO_COLOR") if "NO_COLOR" not in environment and "NO_COLOR" in variables else None
    command = [sys.executable, "-c", SCRIPT.format(pair=shown)]
    with subprocess.Popen(command, stdin=slave, stdout=slave, env=variables) as process:
        os.close(slave)
        sent = b""
        while True:
            try:
                some = os.read(master, 65536)
            except OSError:  # the other end is closed
                break
            if not some:
                break
            sent += some
    os.close(master)
    assert process.returncode == 0
    return sent.decode().replace("\r\n", "\n")


def test_piped_the_differences_stand_in_marks(printed: Callable[..., list[str]]) -> None:
    assert printed(pair("the red rock, big", "the blue rock")) == [
        "near_duplicate, similarity 0.9, threshold 0.8, by dedup.minhash; 3 went for the kept",
        f"- removed {'aa' * 16} web:a.jsonl:0  https://w.org/0",
        f"+ kept    {'bb' * 16} books:b.md",
        "  words: 3 only in the removed, 1 only in the kept, 2 equal",
        "  the [-red-] {+blue+} rock[-, big-]",
        "",
    ]


def test_chinese_needs_no_blanks(printed: Callable[..., list[str]]) -> None:
    assert "  花岗岩由石英[-、-]{+和+}长石组成" in printed(pair("花岗岩由石英、长石组成", "花岗岩由石英和长石组成"))


@pytest.mark.parametrize(
    ("second", "said"), [("a b", "every word is equal"), ("a  b", "every word is equal; white space differs")]
)
def test_equal_texts_are_said_to_be(printed: Callable[..., list[str]], second: str, said: str) -> None:
    assert printed(pair("a b", second))[3] == f"  {said}"


def test_markup_and_codes_in_a_text_do_nothing(printed: Callable[..., list[str]]) -> None:
    line = printed(pair("a [red]b[/red] \x1b[31mc", "a [red]b[/red] d\u200b"))[4]
    assert line == "  a [red]b[/red] [-<U+001B>[31mc-] {+d<U+200B>+}"


def test_a_document_of_another_build_is_named_without_a_comparison(printed: Callable[..., list[str]]) -> None:
    lines = printed(pair("a b", "", kept=Side("cc" * 16, "", "", "", "")))
    assert lines[2:] == [f"+ kept    {'cc' * 16} is not in this build", ""]


def test_how_many_more_there_are_is_said(printed: Callable[..., list[str]]) -> None:
    assert printed(pair("a b", "a c"), num_found=1200)[-1] == "1 of 1,200; --limit 0 shows all"


def test_nothing_found_says_so(printed: Callable[..., list[str]]) -> None:
    assert printed(num_found=0) == ["no pair"]


def test_full_folds_nothing(printed: Callable[..., list[str]]) -> None:
    words = " ".join(f"w{number}" for number in range(200))
    assert f"  {words} [-a-] {{+b+}}" in printed(pair(f"{words} a", f"{words} b"), full=True)


def test_on_a_narrow_terminal_one_text_is_coloured() -> None:
    sent = on_terminal(pair("the red rock", "the blue rock"), 80)
    assert "the \x1b[31mred\x1b[0m \x1b[32mblue\x1b[0m rock" in sent


def test_on_a_wide_terminal_the_texts_stand_side_by_side() -> None:
    sent = on_terminal(pair("花岗岩由石英、长石组成", "花岗岩由石英和长石组成"), 120)
    (line,) = [line for line in sent.splitlines() if "长石" in line]
    assert line.startswith("  花岗岩由石英\x1b[31m、\x1b[0m长石组成" + " " * (58 - 22))
    assert "花岗岩由石英\x1b[32m和\x1b[0m长石组成" in line


def test_without_colours_a_terminal_shows_marks() -> None:
    sent = on_terminal(pair("the red rock", "the blue rock"), 120, NO_COLOR="1")
    assert "the [-red-] rock" in sent
    assert "the {+blue+} rock" in sent
    assert "\x1b[31m" not in sent
