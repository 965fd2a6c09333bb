import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings

from corpusforge.text.view import TextView

sys.path.insert(0, str(Path(__file__).parents[1]))
import oracle
import strategies


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0), ("砂岩", 2), ("砂岩sample", 3), ("ひらがな", 4), ("한국어", 3), ("don't re-measure", 2),
        ("don’t", 1), ("U-235", 2), ("3.5", 2), ("1,000 m", 3), ("1990s", 1), ("rock's. 'Rock'", 2),
        ("a - b", 2), ("well--known", 2), ("-a-", 1), ("e\u0301tat", 1), ("\u0301a", 1),
        ("砂\u0301a", 2), ("❤\ufe0f", 0), ("co\u00adop", 1), ("a-\u0301b", 2), ("x²", 1), ("３个", 2),
        ("。，!?", 0), ("हिन्दी", 1), ("\U00020000a", 2),
    ],
)  # fmt: skip
def test_words_are_counted_as_defined(text: str, expected: int) -> None:
    view = TextView(pa.array([text], type=pa.large_string()))
    assert view.num_words.tolist() == [expected]
    assert oracle.num_words(text) == expected


def test_a_view_shares_the_buffers_of_arrow() -> None:
    texts = pa.array(["a", "砂岩", ""], type=pa.large_string())
    view = TextView(texts)
    assert view.texts is texts
    assert view.data.ctypes.data == texts.buffers()[2].address
    assert view.offsets.tolist() == [0, 1, 7, 7]


def test_a_slice_keeps_absolute_offsets() -> None:
    view = TextView(pa.array(["ab", "砂岩 x", "c"], type=pa.large_string()).slice(1, 1))
    assert len(view) == 1
    assert view.offsets.tolist() == [2, 10]
    assert view.num_bytes.tolist() == [8]
    assert view.num_chars.tolist() == [4]
    assert view.num_words.tolist() == [3]


@pytest.mark.parametrize(
    "texts",
    [
        pa.array(["砂岩", "b c"], type=pa.string()),
        pa.array(["x", "砂岩", "b c"], type=pa.string()).slice(1),
        pa.chunked_array([["砂岩"], ["b c"]], type=pa.string()),
        pa.chunked_array([["砂岩"], ["b c"]], type=pa.large_string()),
    ],
)
def test_other_arrays_of_text_are_cast(texts: pa.Array) -> None:
    view = TextView(texts)
    assert view.texts.type == pa.large_string()
    assert view.num_chars.tolist() == [2, 3]


@pytest.mark.parametrize(
    "texts",
    [
        pa.array([], type=pa.large_string()),
        pa.array(["a"], type=pa.large_string()).slice(1),
        pa.chunked_array([], type=pa.large_string()),
        pa.LargeStringArray.from_buffers(0, pa.py_buffer(b""), pa.py_buffer(b"")),
    ],
)
def test_a_view_may_be_empty(texts: pa.Array) -> None:
    view = TextView(texts)
    assert len(view) == 0
    assert view.num_words.tolist() == view.num_chars.tolist() == view.num_bytes.tolist() == []


def test_nulls_are_refused() -> None:
    with pytest.raises(ValueError, match="1 null"):
        TextView(pa.array(["a", None], type=pa.large_string()))


def test_measures_are_computed_once_and_read_only() -> None:
    view = TextView(pa.array(["a b"], type=pa.large_string()))
    assert view.num_words is view.num_words
    assert not any(values.flags.writeable for values in (view.num_words, view.num_chars, view.num_bytes, view.offsets))


@given(strategies.batches)
@settings(deadline=None)
def test_counts_agree_with_the_oracle(texts: list[str]) -> None:
    view = TextView(pa.array(texts, type=pa.large_string()))
    assert view.num_bytes.tolist() == [len(text.encode()) for text in texts]
    assert view.num_chars.tolist() == [len(text) for text in texts]
    assert view.num_words.tolist() == [oracle.num_words(text) for text in texts]


def test_all_code_points_are_classed_as_the_oracle_does() -> None:
    points = [point for point in range(0x110000) if not 0xD800 <= point < 0xE000]
    everything = [f"a{chr(point)}b" for point in points]
    counts = TextView(pa.array(everything, type=pa.large_string())).num_words
    expected = {"C": 3, "L": 1, "N": 1, "M": 1, "J": 1, "-": 2}
    wrong = np.flatnonzero(counts != [expected[oracle.kind(chr(point))] for point in points])
    assert [hex(points[index]) for index in wrong] == []


def test_importing_the_view_does_not_import_numba() -> None:
    check = "import sys, corpusforge.text.view; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False, cwd=Path(__file__).parents[2]).returncode == 0


def test_what_is_measured_once_is_kept_for_the_view() -> None:
    calls = []

    def measure(view: TextView) -> int:
        calls.append(view)
        return len(view)

    view = TextView(pa.array(["a", "b"], type=pa.large_string()))
    assert (view.once(measure), view.once(measure), len(calls)) == (2, 2, 1)
