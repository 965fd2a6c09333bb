import sys
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from corpusforge.core import VERDICT_FIELDS
from corpusforge.errors import UserError
from corpusforge.split.greedy import Greedy
from corpusforge.tokens import IDS_FIELD, PIECES_FIELD, WIDTHS_FIELD, TokenFacts

sys.path.insert(0, str(Path(__file__).parents[1]))
import oracle
import strategies

Documents = list[tuple[str, list[int]]]


def batch_of(documents: Documents) -> pa.RecordBatch:
    columns = [
        pa.array([text for text, _ in documents], type=pa.large_string()),
        pa.array([list(range(len(widths))) for _, widths in documents], type=IDS_FIELD.type),
        pa.array([widths for _, widths in documents], type=WIDTHS_FIELD.type),
    ]
    return pa.record_batch(columns, schema=pa.schema([pa.field("text", pa.large_string(), False), IDS_FIELD, WIDTHS_FIELD]))


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("tokenizer")
    TokenFacts(eod_id=0, bos_id=None, vocab_size=100, digest="").write(folder)
    return {"tokenizer": folder}


def test_pieces_hold_token_and_text_positions(artifacts: dict[str, Path]) -> None:
    result = Greedy(max_tokens=5).apply(batch_of([("一。二。三。", [3] * 6)]), artifacts)
    assert result.schema == pa.schema([PIECES_FIELD, *VERDICT_FIELDS])
    assert result.column("pieces").to_pylist() == [
        [
            {"token_begin": 0, "token_end": 4, "text_begin": 0, "text_end": 12},
            {"token_begin": 4, "token_end": 6, "text_begin": 12, "text_end": 18},
        ]
    ]
    assert result.column("drop").to_pylist() == [""]
    result.validate(full=True)


def test_bos_counts_in_the_limit(tmp_path: Path) -> None:
    TokenFacts(eod_id=0, bos_id=1, vocab_size=100, digest="").write(tmp_path)
    result = Greedy(max_tokens=4).apply(batch_of([("一。二。", [3] * 4)]), {"tokenizer": tmp_path})
    assert [piece["token_end"] for piece in result.column("pieces")[0].as_py()] == [2, 4]


def test_a_document_without_tokens_is_rejected(artifacts: dict[str, Path]) -> None:
    result = Greedy(max_tokens=5).apply(batch_of([("", []), ("一。", [3, 3])]), artifacts)
    assert result.column("drop").to_pylist() == ["no_tokens", ""]
    assert result.column("value").to_pylist() == [0.0, None]
    assert result.column("threshold").to_pylist() == [1.0, None]
    assert [len(pieces) for pieces in result.column("pieces")] == [0, 1]


def test_a_character_of_too_many_tokens_is_rejected_with_its_size(artifacts: dict[str, Path]) -> None:
    result = Greedy(max_tokens=3).apply(batch_of([("a二", [1, 1, 1, 1])]), artifacts)
    assert result.column("drop").to_pylist() == ["unsplittable"]
    assert result.column("value").to_pylist() == [4.0]
    assert result.column("threshold").to_pylist() == [3.0]
    assert result.column("message").to_pylist() == ["a character is spelled by more tokens than a piece holds"]


def test_an_empty_batch_gives_an_empty_batch(artifacts: dict[str, Path]) -> None:
    assert Greedy(max_tokens=3).apply(batch_of([]), artifacts).num_rows == 0


def test_a_limit_with_room_for_text_is_accepted(artifacts: dict[str, Path], tmp_path: Path) -> None:
    Greedy(max_tokens=2).prepare(artifacts, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("bos_id", "max_tokens", "marks"), [(None, 1, "EOD of"), (1, 2, "EOD and BOS of")])
def test_a_limit_without_room_for_text_is_refused(tmp_path: Path, bos_id: int | None, max_tokens: int, marks: str) -> None:
    TokenFacts(eod_id=0, bos_id=bos_id, vocab_size=100, digest="").write(tmp_path)
    with pytest.raises(UserError, match=rf"split\.greedy: max_tokens: {max_tokens} leaves no room .* beside {marks}"):
        Greedy(max_tokens=max_tokens).prepare({"tokenizer": tmp_path}, tmp_path)


@pytest.mark.parametrize("fields", [{}, {"max_tokens": 0}, {"max_token": 5}])
def test_wrong_settings_are_refused(fields: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        Greedy(**fields)


@given(st.lists(strategies.encoded_documents(), max_size=4), st.integers(2, 40))
@settings(deadline=None)
def test_every_document_has_the_fewest_pieces(artifacts: dict[str, Path], documents: Documents, max_tokens: int) -> None:
    result = Greedy(max_tokens=max_tokens).apply(batch_of(documents), artifacts)
    result.validate(full=True)
    expected = [oracle.pieces(text, widths, max_tokens - 1) for text, widths in documents]
    assert [len(pieces) for pieces in result.column("pieces")] == [len(ends or []) for ends in expected]


@given(st.lists(strategies.encoded_documents(), min_size=1, max_size=4), st.integers(2, 40))
@settings(deadline=None)
def test_a_slice_gives_the_rows_of_the_whole(artifacts: dict[str, Path], documents: Documents, max_tokens: int) -> None:
    stage, batch = Greedy(max_tokens=max_tokens), batch_of(documents)
    whole = stage.apply(batch, artifacts)
    assert stage.apply(batch.slice(1), artifacts).to_pylist() == whole.slice(1).to_pylist()
    assert stage.apply(batch.slice(0, 1), artifacts).to_pylist() == whole.slice(0, 1).to_pylist()
