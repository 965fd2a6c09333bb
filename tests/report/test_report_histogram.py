"""Bins that fit values, and a sample that is even."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from corpusforge.report.charts import apart, ticks_of
from corpusforge.report.histogram import Bins, Sample, bins_of, quantiles

finite = st.floats(allow_nan=False, allow_infinity=False)
values = st.one_of(
    st.lists(finite, min_size=1),
    st.lists(st.integers(0, 200).map(float), min_size=1),
    st.lists(st.floats(1e-9, 1e9), min_size=1),
    st.lists(st.one_of(st.just(0.0), st.integers(1, 10**9).map(float)), min_size=1),
    st.lists(st.floats(0, 1), min_size=1),
)


def counted_slowly(bins: Bins, numbers: list[float]) -> list[int]:
    counts = [0] * len(bins)
    for number in numbers:
        inside = [index for index in range(len(bins)) if bins.edges[index] <= number < bins.edges[index + 1]]
        counts[inside[0] if inside else len(bins) - 1] += 1
    return counts


@given(values)
def test_bins_hold_every_value_once(numbers: list[float]) -> None:
    bins = bins_of(np.array(numbers))
    assert (np.diff(bins.edges) > 0).all()
    assert bins.edges[0] <= min(numbers)
    assert max(numbers) <= bins.edges[-1]
    assert bins.counts(np.array(numbers)).tolist() == counted_slowly(bins, numbers)


@given(values)
def test_places_along_the_axis_ascend_from_0_to_1(numbers: list[float]) -> None:
    bins = bins_of(np.array(numbers))
    places = [bins.position(edge) for edge in bins.edges]
    assert (places[0], places[-1]) == (0, pytest.approx(1))
    assert places == sorted(places)


@given(values, finite, st.sampled_from([">=", "<="]))
def test_no_bar_stands_on_both_sides_of_a_threshold(numbers: list[float], threshold: float, keep: str) -> None:
    bins = bins_of(np.array(numbers))
    cut = bins.cut(threshold, keep)
    assume(bins.is_whole or not 0 <= bins.position(cut) <= 1 or 0.04 < bins.position(cut) < 0.98)
    bins = bins.cut_at([cut])
    kept = np.array([each for each in numbers if (each >= threshold if keep == ">=" else each <= threshold)])
    lost = np.array([each for each in numbers if not (each >= threshold if keep == ">=" else each <= threshold)])
    both = (bins.counts(kept) > 0) & (bins.counts(lost) > 0)
    assert (np.diff(bins.edges) > 0).all()
    assert len(bins) <= 2 + int(bins.has_zeros) or not both.any()


@given(values)
def test_ticks_lie_on_the_axis(numbers: list[float]) -> None:
    bins = bins_of(np.array(numbers))
    ticks = ticks_of(bins)
    assert len(ticks) <= 8
    assert all(-1e-6 <= bins.position(tick) <= 1 + 1e-6 for tick in ticks)


def test_few_whole_numbers_have_a_bar_each() -> None:
    bins = bins_of(np.array([3.0, 5.0, 5.0]))
    assert bins.edges.tolist() == [2.5, 3.5, 4.5, 5.5]
    assert bins.counts(np.array([3.0, 5.0, 5.0])).tolist() == [1, 0, 2]


def test_many_whole_numbers_share_bars_of_equal_width() -> None:
    bins = bins_of(np.arange(12.0, 257.0))
    assert not bins.is_log
    assert set(np.diff(bins.edges)) == {7.0}
    assert bins.edges[0] == 11.5


def test_a_long_tail_has_a_log_axis() -> None:
    bins = bins_of(np.array([0.01] * 10 + [5.0]))
    assert bins.is_log
    assert np.diff(np.log(bins.edges)) == pytest.approx(np.full(40, np.log(500) / 40))


def test_zeros_stand_apart_on_a_log_axis() -> None:
    numbers = np.array([0.0] * 7 + [1.0] * 10 + [5000.0])
    bins = bins_of(numbers)
    assert bins.has_zeros
    assert bins.counts(numbers)[:2].tolist() == [7, 10]


def test_negative_values_have_a_linear_axis() -> None:
    assert not bins_of(np.array([-0.5, 0.1, 900.5])).is_log


@pytest.mark.parametrize(("keep", "place"), [(">=", 2 / 4), ("<=", 3 / 4)])
def test_a_threshold_stands_beside_the_bar_of_its_own_number(keep: str, place: float) -> None:
    bins = bins_of(np.array([1.0, 2.0, 3.0, 4.0]))
    assert bins.position(bins.cut(3.0, keep)) == place


@pytest.mark.parametrize("threshold", [float("inf"), 1e7, 5.0])
def test_a_threshold_beyond_all_values_lies_beyond_the_axis(threshold: float) -> None:
    bins = bins_of(np.array([1.0, 2.0, 3.0, 4.0]))
    assert bins.position(bins.cut(threshold, ">=")) >= 1


def test_quantiles_are_values() -> None:
    assert quantiles(np.arange(1.0, 101.0)) == [5, 25, 50, 75, 95]


def test_a_sample_of_few_rows_is_all_of_them() -> None:
    sample = Sample(1, limit=10)
    sample.add(np.arange(5.0)[:, None])
    sample.add(np.arange(5.0, 10.0)[:, None])
    assert sample.rows[:, 0].tolist() == list(range(10))
    assert sample.share == 1


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_a_sample_is_bounded_and_even_however_rows_come(step: int) -> None:
    sample, whole = Sample(2, limit=1000), np.arange(100_000.0)
    for begin in range(0, len(whole), step * 10):
        some = whole[begin : begin + step * 10]
        sample.add(np.column_stack([some, some % 2]))
    rows = sample.rows
    assert sample.num_seen == 100_000
    assert len(rows) == pytest.approx(100_000 * sample.share, rel=0.05)
    assert len(rows) <= 1000
    assert rows[:, 1].mean() == pytest.approx(0.5, abs=0.02), "rows that alternate are met alike"
    assert np.diff(rows[:, 0]).max() < 5 / sample.share, "no stretch of the corpus is left out"
    assert (np.diff(rows[:, 0]) > 0).all()


def test_the_same_rows_are_sampled_whatever_the_parts() -> None:
    samples = [Sample(1, limit=100) for _ in range(2)]
    samples[0].add(np.arange(1000.0)[:, None])
    for begin in range(0, 1000, 10):
        samples[1].add(np.arange(begin, begin + 10.0)[:, None])
    assert samples[0].rows.tolist() == samples[1].rows.tolist()


def test_labels_that_would_touch_the_one_before_are_left_out() -> None:
    assert apart([(0.01, "0"), (0.02, "0.00001"), (0.3, "0.001"), (0.36, "0.01"), (1.0, "0.1")]) == [
        (0.01, "0"),
        (0.3, "0.001"),
        (1.0, "0.1"),
    ]
