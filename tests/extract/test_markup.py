import codecs
import re
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusforge.core import VERDICT_FIELDS
from corpusforge.extract.base import OUTPUT, Extracted
from corpusforge.extract.markup import Markup

DATA = Path(__file__).parents[2] / "../shared/data"
MIMES = {".md": "text/markdown", ".rst": "text/x-rst", ".Rmd": "text/x-rmarkdown", ".txt": "text/plain"}
MARKED_UP = sorted({*MIMES.values()} - {"text/plain"})


def extract(raw: bytes, mime: str) -> Extracted:
    return Markup().extract(raw, mime, "")


def rows(*documents: tuple[bytes, str]) -> pa.RecordBatch:
    raw, mime = zip(*documents, strict=True) if documents else ((), ())
    facts = {name: pa.array([""] * len(raw), pa.string()) for name in ("url", "license", "date")}
    meta = pa.array(["{}"] * len(raw), pa.string())
    return pa.record_batch(
        {"raw": pa.array(raw, pa.large_binary()), "mime": pa.array(mime, pa.string()), **facts, "meta": meta}
    )


@pytest.mark.parametrize(
    ("mime", "raw", "expected"),
    [
        ("text/markdown", b"# A *b*", "A b"),
        ("Text/Markdown; charset=utf-8", b"# A *b*", "A b"),
        ("text/x-rst", b"A\n=\n\n*b*", "A\n\nb"),
        ("text/x-rmarkdown", b"SiO~2~", "SiO₂"),
        ("text/plain", b"# A *b*\r\n  c \r\n\r\n\r\nd", "# A *b*\n  c\n\nd"),
        ("text/csv", b"a,b\n", "a,b"),
    ],
)
def test_the_media_type_says_how_a_document_is_read(mime: str, raw: bytes, expected: str) -> None:
    assert extract(raw, mime) == Extracted(text=expected)


@pytest.mark.parametrize("mime", ["application/pdf", "image/png", "text/html", ""])
def test_what_is_no_markup_is_rejected_by_its_media_type(mime: str) -> None:
    found = extract(b"text", mime)
    assert (found.drop, found.text) == ("unsupported_mime", "")
    assert repr(mime) in found.message


def test_a_document_in_another_charset_is_read_as_well() -> None:
    found = extract("# 黄土高原的地层\n\n第四纪的风成沉积".encode("gbk"), "text/markdown")
    assert (found.text, found.meta) == ("黄土高原的地层\n\n第四纪的风成沉积", {"charset": "gb18030"})


def test_a_document_of_bad_bytes_is_rejected_with_the_place() -> None:
    found = extract(b"ab\xffcd", "text/plain")
    assert (found.drop, found.value, found.threshold, found.text) == ("undecodable", 0.2, 0.01, "")
    assert found.message == "1 of 5 characters are bad bytes in utf-8, the first at byte 2, found ff 63 64"


def test_nul_characters_are_counted() -> None:
    found = extract(b"a\0b\0", "text/markdown")
    assert (found.drop, found.value, found.threshold) == ("nul_bytes", 2, 0)


@pytest.mark.parametrize("mime", [*MARKED_UP, "text/plain"])
@pytest.mark.parametrize("raw", [b"", b" \r\n\t\n", codecs.BOM_UTF8, "\u3000\u2028".encode()])
def test_a_document_without_text_is_rejected(raw: bytes, mime: str) -> None:
    assert extract(raw, mime).drop == "empty_text"


@pytest.mark.parametrize(("mime", "raw"), [("text/markdown", b"<!-- a -->\n![](a.png)"), ("text/x-rst", b".. a comment")])
def test_markup_without_text_is_rejected(mime: str, raw: bytes) -> None:
    assert extract(raw, mime).drop == "empty_text"


def test_a_document_nested_beyond_reason_is_named_when_it_fails() -> None:
    source = "\n\n".join("  " * level + "- a" for level in range(400)).encode()
    with pytest.raises(RuntimeError, match=r"text/x-rst of \d+ characters nests too deeply"):
        extract(source, "text/x-rst")


def test_the_answer_has_the_columns_of_the_contract() -> None:
    answer = Markup().apply(rows((b"*a*", "text/markdown"), (b"\xff", "text/plain")), {})
    assert answer.schema == OUTPUT
    assert answer.select(["text", *(field.name for field in VERDICT_FIELDS)]).to_pydict() == {
        "text": ["a", ""],
        "drop": ["", "undecodable"],
        "failed": [False, False],
        "value": [None, 1.0],
        "threshold": [None, 0.01],
        "message": ["", "1 of 1 characters are bad bytes in utf-8, the first at byte 0, found ff"],
    }


def test_an_empty_batch_gives_an_empty_answer() -> None:
    assert Markup().apply(rows(), {}).num_rows == 0


@given(st.lists(st.tuples(st.binary(max_size=60), st.sampled_from(["text/plain", "text/csv", "image/png"])), max_size=8))
def test_no_bytes_crash_or_lose_a_row(documents: list[tuple[bytes, str]]) -> None:
    answer = Markup().apply(rows(*documents), {}).to_pylist()
    assert len(answer) == len(documents)
    assert [bool(row["text"]) for row in answer] == [row["drop"] == "" for row in answer]


def test_the_size_of_a_batch_does_not_matter() -> None:
    documents = [(f"# {n}\n\n[a]: u{n}\n\n[a] *b* {n}".encode(), MARKED_UP[n % 3]) for n in range(12)]
    together = Markup().apply(rows(*documents), {})
    apart = pa.Table.from_batches([Markup().apply(rows(document), {}) for document in documents])
    assert together.to_pylist() == apart.to_pylist()


# Documents kept (at least), documents rejected as empty (exactly), share of the source's words that stays (at least).
COLLECTIONS = {
    "geo_en/physical_geology": (20, 0, 0.93),
    "geo_en/gpg_textbook": (119, 0, 0.84),
    "geo_en/dea_docs": (566, 199, 0.93),
    "geo_zh/gmt_docs": (357, 0, 0.91),
    "geo_zh/seismology101": (62, 0, 0.95),
}
LEFT_OVER = re.compile(
    r"^\s*:(?:width|align|name|class|label|alt|figwidth|scale|maxdepth|header-rows):|^:{3,}|^\.\. (?!\d)\S|^`{3}"
    r"|\{(?:doc|ref|term|file|math|kbd)\}`|</?(?:div|span|sub|sup|br|img|table|td)\b|@ref\(fig|:(?:math|ref|doc|option):`[^\s`]",
    re.MULTILINE,
)
WORD = re.compile(r"[A-Za-z]+|[\u4e00-\u9fff]")
ADDRESS = re.compile(r"https?://[^\s)\"]+")


def num_words(text: str) -> int:
    return len(WORD.findall(ADDRESS.sub("", text)))


@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason=f"the real collections are not at {DATA}")
@pytest.mark.parametrize(("name", "floors"), list(COLLECTIONS.items()), ids=list(COLLECTIONS))
def test_real_collections_keep_their_words_and_lose_their_marks(name: str, floors: tuple[int, int, float]) -> None:
    paths = sorted(path for path in (DATA / name).rglob("*") if path.suffix in MIMES and path.name != "SOURCE.txt")
    sources = [path.read_bytes() for path in paths]
    found = [extract(raw, MIMES[path.suffix]) for raw, path in zip(sources, paths, strict=True)]
    drops = Counter(row.drop for row in found)
    kept_words = sum(num_words(row.text) for row in found) / sum(num_words(raw.decode()) for raw in sources)
    texts = {str(path.relative_to(DATA / name)): row.text for path, row in zip(paths, found, strict=True)}
    texts.pop("source/contributing.md", None)  # a guide to writing reStructuredText: it shows directives as code
    left = [(file, match[0]) for file, text in texts.items() for match in LEFT_OVER.finditer(text)]
    assert drops[""] >= floors[0]
    assert drops == {"": drops[""], **({"empty_text": floors[1]} if floors[1] else {})}
    assert kept_words >= floors[2]
    assert left == []
