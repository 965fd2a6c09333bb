"""Right answers counted, with an interval, beside what guessing would give.

Wilson's interval: it is the score test turned round, so guessing lies outside of it just where that test tells the score from
guessing; it needs no seed, and holds near 0 and 1, where the normal approximation does not.
https://doi.org/10.1080/01621459.1927.10502953
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from corpusforge.evaluate.questions import Question


@dataclass(frozen=True)
class Score:
    """A share of right answers; `verdict` says where it lies beside guessing."""

    value: float
    low: float
    high: float
    num_right: int
    num_questions: int
    num_ties: int
    verdict: str


def picked(values: Sequence[float]) -> tuple[int, bool]:
    """The place of the greatest, the first of several, and whether there are several."""
    best = max(values)
    return list(values).index(best), list(values).count(best) > 1


def score_of(questions: Sequence[Question], picks: Sequence[tuple[int, bool]], confidence: float) -> Score:
    """Score of what was picked; a tie counts for its first choice, as lm-evaluation-harness has it."""
    num_right = sum(place == question.answer for question, (place, _) in zip(questions, picks, strict=True))
    low, high = wilson(num_right, len(questions), confidence)
    chance = guessing(questions)
    verdict = "above guessing" if chance < low else "below guessing" if chance > high else "not told from guessing"
    ties = sum(tie for _, tie in picks)
    return Score(num_right / len(questions), low, high, num_right, len(questions), ties, verdict)


def wilson(num_right: int, count: int, confidence: float) -> tuple[float, float]:
    """Interval of a share; wilson(1, 10, 0.95) -> (0.0179, 0.4042)."""
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share, spread = num_right / count, z * z / count
    middle = share + spread / 2
    half = z * math.sqrt(share * (1 - share) / count + spread / (4 * count))
    return max(0.0, (middle - half) / (1 + spread)), min(1.0, (middle + half) / (1 + spread))


def guessing(questions: Sequence[Question]) -> float:
    """Expected share where each choice is as likely as the others."""
    return sum(1 / len(question.choices) for question in questions) / len(questions)


def most_frequent(questions: Sequence[Question]) -> float:
    """Share that one letter for all questions can reach."""
    places = [question.answer for question in questions]
    return max(places.count(place) for place in set(places)) / len(places)
