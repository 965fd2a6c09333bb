"""Questions with choices, made of records of any of the shapes that benchmarks are released in.

A record that is no question with an answer is a rejection with its place and reason: left out without a word it would change
the score, and guessed at it would be noise.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Letters that choices are shown with; more of them are no multiple choice.
LETTERS = "ABCDEFGHIJ"


@dataclass(frozen=True)
class Question:
    """What is asked, what may be answered, and the place of the right answer among the choices."""

    where: str
    subject: str
    stem: str
    choices: tuple[str, ...]
    answer: int


@dataclass(frozen=True)
class Rejection:
    """A record that cannot be scored."""

    where: str
    reason: str
    detail: str


@dataclass(frozen=True)
class Columns:
    """Names of fields: `choices` names one that holds a list, or one for each choice; found by itself where it is empty."""

    question: str = "question"
    choices: tuple[str, ...] = ()
    answer: str = ""
    subject: str = ""
    first_index: int = 0


def question_of(record: object, where: str, subject: str, columns: Columns) -> Question | Rejection:
    """A question, or why there is none."""
    if not isinstance(record, Mapping):
        return Rejection(where, "no_record", f"{type(record).__name__} instead of an object")
    stem, choices, labels = _asked(record, columns)
    if not isinstance(stem, str) or not stem.strip():
        return Rejection(where, "no_question", f"{columns.question} is {_short(stem)}")
    texts = tuple(each.strip() if isinstance(each, str) else str(each) for each in choices)
    odd = _odd_choices(texts)
    if odd is not None:
        return Rejection(where, odd[0], f"{odd[1]} of {_short(stem)}")
    given = record.get(columns.answer or ("answerKey" if "answerKey" in record else "answer"))
    if given is None or given == "":
        return Rejection(where, "no_answer", f"no answer to {_short(stem)}")
    answer = _place(given, texts, labels, columns.first_index)
    if answer is None:
        return Rejection(where, "unknown_answer", f"answer {_short(given)} is none of {len(texts)} choices")
    topic = record.get(columns.subject) if columns.subject else subject
    return Question(where, str(topic if topic is not None else ""), stem.strip(), texts, answer)


def _odd_choices(texts: tuple[str, ...]) -> tuple[str, str] | None:
    """Reason and detail where choices cannot be scored."""
    if not 2 <= len(texts) <= len(LETTERS):
        return "no_choices", f"{len(texts)} choices, where 2 to {len(LETTERS)} can be scored,"
    return ("blank_choice", f"no text in choice {LETTERS[texts.index('')]}") if "" in texts else None


def _asked(record: Mapping[str, Any], columns: Columns) -> tuple[object, list[Any], list[str]]:
    """Stem, choices, and their labels: of ARC and GeoBench (question.stem, question.choices), or of columns."""
    asked = record.get(columns.question)
    if isinstance(asked, Mapping):
        return asked.get("stem"), *_labelled(asked.get("choices"))
    names = columns.choices or (("choices",) if "choices" in record else tuple(each for each in LETTERS if each in record))
    if len(names) == 1:
        return asked, *_labelled(record.get(names[0]))
    return asked, [record.get(name) or "" for name in names], list(LETTERS[: len(names)])


def _labelled(choices: object) -> tuple[list[Any], list[str]]:
    """A list of texts, a list of {text, label}, or {text: [...], label: [...]}; labels are A, B, C where there are none."""
    if isinstance(choices, Mapping):
        return list(choices.get("text") or ()), [str(each) for each in choices.get("label") or ()]
    found = list(choices) if isinstance(choices, list | tuple) else []
    if found and all(isinstance(each, Mapping) for each in found):
        return [each.get("text", "") for each in found], [str(each.get("label")) for each in found]
    return found, list(LETTERS[: len(found)])


def _place(given: object, texts: tuple[str, ...], labels: list[str], first_index: int) -> int | None:
    """Place of the answer: named by its label, by its text, or by its number."""
    if isinstance(given, bool):
        return None
    if isinstance(given, str):
        name = given.strip()
        for names in (labels, [label.lower() for label in labels], list(texts)):
            if names.count(name) == 1:
                return names.index(name)
        if not name.isdecimal():
            return None
        given = int(name)
    if isinstance(given, int) and 0 <= given - first_index < len(texts):
        return given - first_index
    return None


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
