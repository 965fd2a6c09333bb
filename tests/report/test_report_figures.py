"""Numbers as people read them."""

import pytest

from corpusforge.report import figures


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        (0, 10, "0.0 %"), (10, 10, "100.0 %"), (1, 3, "33.3 %"), (1, 100_000, "< 0.1 %"), (99_999, 100_000, "> 99.9 %"),
        (0, 0, ""),
    ],
)  # fmt: skip
def test_a_share_is_never_rounded_to_nothing_or_to_everything(part: int, whole: int, said: str) -> None:
    assert figures.share(part, whole) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (20, "20"), (10_000_000.0, "10,000,000"), (0.28571, "0.2857"), (1234.56, "1,234.6"), (-0.5, "-0.5"),
        (1e-5, "0.00001"), (-2.9771e-5, "-0.00002977"), (1.5e-7, "1.5e-07"),
        (float("inf"), "inf"), (float("nan"), "nan"), (1e300, f"{1e300:,.1f}"),
    ],
)  # fmt: skip
def test_numbers_have_four_digits_and_whole_ones_all(value: float, said: str) -> None:
    assert figures.number(value) == said


def test_numbers_have_fewer_digits_where_there_is_little_room() -> None:
    assert [figures.number(value, 3) for value in (0.28571, 1234567, 0.000123456)] == ["0.286", "1,234,567", "0.000123"]


@pytest.mark.parametrize(
    ("size", "said"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (12_345_678, "12.3 MB"), (5e9, "5.0 GB"), (2e15, "2,000.0 TB")],
)
def test_sizes_have_units(size: int, said: str) -> None:
    assert figures.size(size) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(1.44, "1.4 s"), (125, "2 min 05 s"), (3599.7, "1 h 00 min"), (11_220, "3 h 07 min")]
)
def test_durations_have_units(seconds: float, said: str) -> None:
    assert figures.duration(seconds) == said


@pytest.mark.parametrize(
    ("value", "said"), [(9_999_999, "9,999,999"), (12_345_678, "12.3 million"), (4_560_000_000, "4.56 billion")]
)
def test_large_counts_are_rounded_where_there_is_little_room(value: int, said: str) -> None:
    assert figures.brief(value) == said


def test_one_document_is_not_many() -> None:
    assert (figures.documents(1), figures.documents(1200)) == ("1 document", "1,200 documents")
