import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from corpusforge.vocab.sample import sampled_texts, training_lines, weighted_sample


def _table(*texts: str) -> pa.Table:
    return pa.table({"text": pa.array(texts, pa.large_string())})


def _taken(tables: list[pa.Table], sample_bytes: int) -> list[str]:
    return [text for array in sampled_texts(tables, sample_bytes) for text in array.to_pylist()]


def test_whole_documents_are_taken_until_the_bytes_are_reached():
    tables = [_table("abc", "de"), _table("fgh", "ij")]
    assert _taken(tables, 1) == ["abc"]
    assert _taken(tables, 3) == ["abc"]
    assert _taken(tables, 4) == ["abc", "de"]
    assert _taken(tables, 6) == ["abc", "de", "fgh"]
    assert _taken(tables, 99) == ["abc", "de", "fgh", "ij"]


def test_bytes_are_counted_not_characters():
    assert _taken([_table("岩石", "a")], 6) == ["岩石"]


def test_records_after_the_last_are_not_asked_for():
    def records():
        yield _table("abc")
        yield _table("def")
        raise AssertionError("read too far")

    assert _taken(records(), 4) == ["abc", "def"]


def test_lines_end_at_control_characters_and_at_the_mark_for_unknown_characters():
    assert list(training_lines(["a\tb\r\nc\x00d\u2585e\n\n", "", "f"])) == ["a", "b", "c", "d", "e", "f"]


def test_a_long_line_is_cut_at_a_space_which_goes():
    lines = list(training_lines(["word " * 500]))
    assert [len(line) for line in lines] == [999, 999, 500]
    assert " ".join(lines) == "word " * 500


def test_a_long_line_without_spaces_is_cut_at_the_limit():
    assert [len(line) for line in training_lines(["岩" * 2500])] == [1000, 1000, 500]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=60).map(lambda text: text * 40), max_size=4))
def test_no_line_is_empty_or_longer_than_sentencepiece_takes(texts):
    lines = list(training_lines(texts))
    assert all(0 < len(line.encode()) <= 4192 for line in lines)
    removed = dict.fromkeys([*range(32), 0x2585, 0x20])
    assert "".join(lines).translate(removed) == "".join(texts).translate(removed)


def _sourced(sources: list[str], texts: list[str]) -> pa.Table:
    ids = pa.array([bytes([place]) for place in range(len(texts))], pa.binary())
    return pa.table({"id": ids, "source": pa.array(sources), "text": pa.array(texts, pa.large_string())})


def test_each_source_gives_its_share_and_weighs_more_where_it_has_less():
    table = _sourced(["a", "b", "a", "a", "b"], ["x" * 10] * 5)
    sample, weights = weighted_sample([table.slice(0, 2), table.slice(2)], 50, {"a": 1, "b": 4})
    assert sample["source"].to_pylist() == ["a", "b", "b"]
    assert weights.tolist() == [100, 200, 200]


def test_a_source_of_weight_zero_is_left_out():
    table = _sourced(["a", "b"], ["x" * 10] * 2)
    assert weighted_sample([table], 50, {"a": 1, "b": 0})[0]["source"].to_pylist() == ["a"]
