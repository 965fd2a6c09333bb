from typing import ClassVar

import pyarrow as pa
import pytest

from corpusforge.extract.base import OUTPUT, Extracted, Extractor


class Shout(Extractor):
    found: ClassVar[Extracted] = Extracted(
        "TEXT", url="http://found", license="cc0", date="2024", meta={"title": "T", "site": "S"}
    )

    def extract(self, raw: bytes, mime: str, url: str) -> Extracted:
        return self.found


def row(**given: str) -> dict[str, str]:
    facts = {"url": "", "license": "", "date": "", "meta": "{}"} | given
    columns = {
        "raw": pa.array([b"x"], pa.large_binary()),
        "mime": pa.array([""]),
        **{n: pa.array([v]) for n, v in facts.items()},
    }
    answer = Shout().apply(pa.record_batch(columns), {})
    assert answer.schema == OUTPUT
    [found] = answer.to_pylist()
    return found


def test_what_a_document_says_of_itself_is_filled_in() -> None:
    found = row()
    assert (found["text"], found["url"], found["license"], found["date"]) == ("TEXT", "http://found", "cc0", "2024")
    assert found["meta"] == '{"site":"S","title":"T"}'


@pytest.mark.parametrize("name", ["url", "license", "date"])
def test_what_its_source_says_goes_before(name: str) -> None:
    assert row(**{name: "said"})[name] == "said"


def test_names_in_meta_that_the_source_gave_stay() -> None:
    assert row(meta='{"title":"said"}')["meta"] == '{"site":"S","title":"said"}'
