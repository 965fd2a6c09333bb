from pathlib import Path

import pyarrow as pa
import pytest

from corpusforge.engine.decide import decide
from corpusforge.errors import InputError
from corpusforge.filter.url import Url
from corpusforge.text.view import TextView

LISTS = {
    "domains": "# adult\n\nevil.example\n*.bad.org\n.worse.org\nBÜCHER.de.\n",
    "urls": "http://www.a.org/~foo/\nb.org/p/?q=1\n",
    "words": "sex\nfree money\n",
    "subwords": "casino\n色情\n",
    "soft_words": "hot\nteen\nfree money\n",
}


@pytest.fixture
def lists(tmp_path: Path) -> dict[str, str]:
    for name, text in LISTS.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return {name: str(tmp_path / name) for name in LISTS}


def verdicts(stage: Url, *urls: str) -> list[str]:
    view = TextView(pa.array(urls, pa.string()))
    drops: list[str] = decide(stage.rules(), stage.annotate(view), len(urls))["drop"].to_pylist()
    return drops


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", ""),
        ("http://good.example/a", ""),
        ("http://evil.example", "url_domain"),
        ("https://user@x.EVIL.example.:443/a", "url_domain"),
        ("http://notevil.example/", ""),
        ("http://evil.example.org/", ""),
        ("bad.org/x", "url_domain"),
        ("http://a.worse.org/", "url_domain"),
        ("http://xn--bcher-kva.de/", "url_domain"),
        ("https://a.org/~foo", "url_blocked"),
        ("https://a.org/~foo/x/y?z", "url_blocked"),
        ("https://a.org/~foobar", ""),
        ("http://b.org/p?q=1", "url_blocked"),
        ("http://b.org/p?q=2", ""),
        ("http://x.org/SEX-shop", "url_words"),
        ("http://x.org/essex", ""),
        ("http://free.money.org/", "url_words"),
        ("http://x.org/best_c-a-s-i-n-o_s", "url_subwords"),
        ("http://x.org/%E8%89%B2%E6%83%85%E7%BD%91", "url_subwords"),
        ("http://x.org/hot/hot-springs", ""),
        ("http://x.org/hot/teen", "url_soft_words"),
    ],
)
def test_addresses_are_rejected_by_lists(lists: dict[str, str], url: str, reason: str) -> None:
    assert verdicts(Url(**lists), url) == [reason]  # type: ignore[arg-type]


def test_soft_words_are_counted_once_each_and_their_number_is_a_setting(lists: dict[str, str]) -> None:
    soft = Url(soft_words=lists["soft_words"])  # type: ignore[arg-type]
    view = TextView(pa.array(["hot.org/hot", "free-money.org/hot/teen"]))
    assert soft.annotate(view)["url_soft_words"].to_pylist() == [1, 3]
    assert verdicts(soft.model_copy(update={"max_soft_words": 3}), "free-money.org/hot/teen") == [""]


def test_without_lists_nothing_is_measured() -> None:
    assert verdicts(Url(), "http://evil.example", "") == ["", ""]
    assert Url().annotate(TextView(pa.array(["x"])))["url_words"].to_pylist() == [None]


def test_an_empty_list_blocks_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("# nothing yet\n")
    stage = Url(**dict.fromkeys(LISTS, str(tmp_path / "empty")))  # type: ignore[arg-type]
    assert verdicts(stage, "http://a.org/", "", ".") == ["", "", ""]


@pytest.mark.parametrize(
    ("setting", "content", "message"),
    [
        ("domains", b"good.org\nevil.org/page\n", r"line 2: 'evil.org/page' can never match"),
        ("words", b"a\n--\n", r"line 2: '--' can never match"),
        ("urls", b"\xff\xfe", "UTF-8"),
    ],
)
def test_a_list_with_an_entry_that_cannot_match_is_refused(tmp_path: Path, setting: str, content: bytes, message: str) -> None:
    (tmp_path / "list").write_bytes(content)
    stage = Url(**{setting: str(tmp_path / "list")})  # type: ignore[arg-type]
    with pytest.raises(InputError, match=message):
        stage.prepare({}, tmp_path)


def test_a_list_that_was_written_anew_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "domains"
    path.write_text("evil.org\n")
    stage = Url(domains=path)
    assert verdicts(stage, "evil.org", "worse.org") == ["url_domain", ""]
    path.write_text("evil.org\nworse.org\n")
    assert verdicts(stage, "evil.org", "worse.org") == ["url_domain", "url_domain"]
