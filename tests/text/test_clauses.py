import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from corpusforge.text.clauses import AFTER_CLAUSE, BESIDE_SPACE, INSIDE, NEWLINE, cut_grades
from corpusforge.text.view import TextView

sys.path.insert(0, str(Path(__file__).parents[1]))
import oracle


@pytest.mark.parametrize(
    ("text", "place", "expected"),
    [
        ("ab", 1, INSIDE), ("砂岩", 3, INSIDE), ("a b", 1, BESIDE_SPACE), ("a b", 2, BESIDE_SPACE), ("1,000", 2, INSIDE),
        ("a, b", 2, AFTER_CLAUSE), ("a, b", 3, AFTER_CLAUSE), ("a: b", 3, AFTER_CLAUSE), ("砂，岩", 6, AFTER_CLAUSE),
        ("一、二", 6, AFTER_CLAUSE), ("a\nb", 2, NEWLINE), ("a\nb", 1, BESIDE_SPACE), ("a,\n b", 3, NEWLINE),
    ],
)  # fmt: skip
def test_places_inside_a_sentence_are_graded(text: str, place: int, expected: int) -> None:
    view = TextView(pa.array([",", text, ","], type=pa.large_string()).slice(1, 1))
    assert cut_grades(view, np.array([place]) + view.offsets[0]).tolist() == [expected]
    assert oracle.grade(text.encode(), place) == expected


def test_a_grade_does_not_look_into_the_document_before() -> None:
    view = TextView(pa.array(["a,", " b"], type=pa.large_string()))
    assert cut_grades(view, np.array([3])).tolist() == [BESIDE_SPACE]
