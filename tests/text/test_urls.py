import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpusforge.text.urls import address_keys, address_words, parents, split_address


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://a.org/b", "a.org"), ("HTTPS://A.Org", "a.org"), ("a.org", "a.org"), ("a.org/b", "a.org"),
        ("a.org:80/b", "a.org"), ("//cdn.a.org/x", "cdn.a.org"), ("http://u:p@a.org:8080/", "a.org"),
        ("http://u@v@a.org/", "a.org"), ("a.org.", "a.org"), ("http://bücher.de/", "xn--bcher-kva.de"),
        ("http://xn--bcher-kva.de/", "xn--bcher-kva.de"), ("http://例え.jp", "xn--r8jz45g.jp"), ("http://a。org/", "a.org"),
        ("http://[::1]:80/p", "[::1]"), ("http://1.2.3.4:5/x", "1.2.3.4"), ("http:///a.org/x", "a.org"),
        ("https:a.org/x", "a.org"), ("http://a.org\\@b.org/", "a.org"), ("http://%61.org/", "a.org"),
        ("http://a.org?x=@b.org", "a.org"), ("http://a.org#@b.org", "a.org"), ("", ""), (" ", ""), ("http://", ""),
        ("localhost:8080", "localhost"),
    ],
)  # fmt: skip
def test_the_host_is_what_a_browser_would_ask(url: str, host: str) -> None:
    assert split_address(url).host == host


def test_path_and_query_are_parted_and_the_fragment_is_left_out() -> None:
    assert split_address("http://a.org/b%20c/?q=/x?y#z")[1:] == ("/b c/", "?q=/x?y")


def test_a_domain_has_its_parents() -> None:
    assert parents("a.b.c") == ["a.b.c", "b.c", "c"]


@pytest.mark.parametrize(
    ("url", "keys"),
    [
        ("http://www.a.org/b/c/?d", ["a.org/b/c?d", "a.org/b/c", "a.org/b", "a.org"]),
        ("a.org/b/", ["a.org/b", "a.org"]),
        ("a.org", ["a.org"]),
        ("", [""]),
    ],
)
def test_an_address_may_be_listed_as_itself_or_by_its_folders(url: str, keys: list[str]) -> None:
    assert address_keys(split_address(url)) == keys


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://Free-Money.example/a_b?C=%44", ["free", "money", "example", "a", "b", "c", "d"]),
        ("http://xn--bcher-kva.de/%E6%88%91", ["bücher", "de", "我"]),
        ("http://xn--0.de/", ["xn", "0", "de"]),
    ],
)
def test_words_are_runs_of_letters_and_digits(url: str, words: list[str]) -> None:
    assert address_words(split_address(url)) == words


@settings(deadline=None)
@given(
    st.one_of(st.text(st.characters(codec="utf-8")), st.text(st.sampled_from("ahtps:/@.?#[]%\\xn-é。")).map("http://".__add__))
)
def test_any_text_is_an_address(url: str) -> None:
    address = split_address(url)
    assert address.host == address.host.lower().strip(".")
    assert all(key.startswith(address.host.removeprefix("www.")) for key in address_keys(address))
    assert all(word.strip() == word != "" for word in address_words(address))
