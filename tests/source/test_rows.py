import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpusforge.core import RAW_ROWS, TEXT_ROWS
from corpusforge.errors import BadShard
from corpusforge.source.rows import About, Row, Verdict, gather


def _row(text, number=0):
    return Row(About(f"k{number}", f"o{number}"), (text,))


def test_a_row_has_all_columns_of_the_schema():
    about = About("k", "o", "u", "en", "cc0", "2020", '{"a":1}')
    [batch] = gather([Row(about, ("hi",), Verdict("too_large", 3, 2, "why"))], TEXT_ROWS)
    assert batch.to_pylist() == [
        {
            "key": "k", "origin": "o", "url": "u", "lang": "en", "license": "cc0", "date": "2020", "meta": '{"a":1}',
            "text": "hi", "drop": "too_large", "failed": False, "value": 3.0, "threshold": 2.0, "message": "why",
        }
    ]  # fmt: skip


def test_raw_rows_hold_bytes_and_a_media_type():
    [batch] = gather([Row(About("k", "o"), (b"\xff", "text/plain"))], RAW_ROWS)
    assert batch.schema == RAW_ROWS
    assert batch.select(["raw", "mime", "drop"]).to_pylist() == [{"raw": b"\xff", "mime": "text/plain", "drop": ""}]


def test_no_row_gives_no_batch():
    assert list(gather([], TEXT_ROWS)) == []


def test_a_row_above_the_limit_makes_a_batch_of_its_own():
    batches = gather([_row("a"), _row("b" * 1000), _row("c"), _row("d")], TEXT_ROWS, max_bytes=400)
    assert [batch.num_rows for batch in batches] == [1, 1, 2]


def test_batches_are_bounded_by_rows():
    assert [batch.num_rows for batch in gather([_row("")] * 7, TEXT_ROWS, max_rows=3)] == [3, 3, 1]


texts = st.lists(st.text(st.characters(codec="utf-8"), max_size=80), max_size=40)


@given(texts=texts, max_bytes=st.integers(1, 3000))
def test_batches_of_several_rows_are_within_the_limit_in_bytes(texts, max_bytes):
    batches = list(gather(map(_row, texts), TEXT_ROWS, max_bytes=max_bytes))
    assert all(batch.num_rows == 1 or batch.nbytes <= max_bytes for batch in batches)


@given(texts=texts, max_bytes=st.integers(1, 3000), max_rows=st.integers(1, 9))
def test_limits_do_not_change_the_rows(texts, max_bytes, max_rows):
    rows = [_row(text, number) for number, text in enumerate(texts)]
    tables = [
        pa.Table.from_batches(gather(rows, TEXT_ROWS, max_bytes=max_bytes, max_rows=max_rows), TEXT_ROWS),
        pa.Table.from_batches(gather(rows, TEXT_ROWS), TEXT_ROWS),
    ]
    assert tables[0].equals(tables[1])


def test_rows_before_damage_are_given_before_it_is_raised():
    def rows():
        yield _row("a")
        raise BadShard("f", 7, "cut off", "copy it again")

    batches = gather(rows(), TEXT_ROWS)
    assert next(batches)["text"].to_pylist() == ["a"]
    with pytest.raises(BadShard, match="f at 7"):
        next(batches)
