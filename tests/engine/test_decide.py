import pyarrow as pa
import pytest

from corpusforge.core import Rule
from corpusforge.engine.decide import decide

SHORT = Rule("num_words", ">=", 3, "too_few_words")
LONG = Rule("num_words", "<=", 5, "too_many_words")


def test_the_first_rule_that_fails_gives_the_reason() -> None:
    rules = (Rule("num_words", ">=", 9, "under_nine"), SHORT)
    assert decide(rules, {"num_words": pa.array([2])}, 1)["drop"].to_pylist() == ["under_nine"]


def test_value_and_threshold_are_kept_of_the_rule_that_failed() -> None:
    verdict = decide((SHORT, LONG), {"num_words": pa.array([2, 4, 7])}, 3).to_pylist()
    assert [(row["drop"], row["value"], row["threshold"]) for row in verdict] == [
        ("too_few_words", 2.0, 3.0),
        ("", None, None),
        ("too_many_words", 7.0, 5.0),
    ]


@pytest.mark.parametrize(("value", "dropped"), [(2.999, True), (3.0, False), (float("nan"), True)])
def test_a_threshold_itself_is_kept_and_nan_is_not(value: float, dropped: bool) -> None:
    assert (decide((SHORT,), {"num_words": pa.array([value])}, 1)["drop"][0].as_py() != "") == dropped


def test_a_signal_that_was_not_measured_never_drops() -> None:
    assert decide((SHORT,), {"num_words": pa.array([None], pa.int64())}, 1)["drop"].to_pylist() == [""]


def test_a_rule_with_a_condition_asks_only_rows_that_meet_it() -> None:
    rule = Rule("num_words", ">=", 3, "too_few_words", when=("lang", "zh"))
    columns = {"num_words": pa.array([1, 1]), "lang": pa.array(["zh", "en"])}
    assert decide((rule,), columns, 2)["drop"].to_pylist() == ["too_few_words", ""]


def test_a_rule_with_an_exception_spares_rows_that_have_one_of_its_values() -> None:
    rule = Rule("score", "<=", -1, "language", unless=("lang", ("en", "zh")))
    columns = {"score": pa.array([1.0, 0.2, 0.9, 0.9]), "lang": pa.array(["zh", "en", "fr", None])}
    assert decide((rule,), columns, 4)["drop"].to_pylist() == ["", "", "language", "language"]
