"""What a model is asked, as lm-evaluation-harness words it: MMLU and C-Eval by letters, ARC by whole answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from corpusforge.evaluate.questions import LETTERS, Question

Scoring = Literal["letter", "answer"]
Language = Literal["en", "zh"]

_BETWEEN = "\n\n"


@dataclass(frozen=True)
class Wording:
    """Words around questions; `gap` stands before an answer."""

    question: str
    answer: str
    gap: str


WORDINGS: dict[Language, Wording] = {
    "en": Wording("Question: ", "Answer:", " "),
    "zh": Wording("问题：", "答案：", ""),
}


@dataclass(frozen=True)
class Prompt:
    """Text before the answers, and the answers, of which one is right."""

    context: str
    answers: tuple[str, ...]


def prompt_of(question: Question, examples: Sequence[Question], scoring: Scoring, language: Language) -> Prompt:
    """A question behind examples with their answers."""
    wording = WORDINGS[language]
    shown = [_asked(each, scoring, wording) + _answers(each, scoring, wording)[each.answer] for each in examples]
    context = _BETWEEN.join([*shown, _asked(question, scoring, wording)])
    return Prompt(context, _answers(question, scoring, wording))


def language_of(questions: Sequence[Question]) -> Language:
    """Chinese where most stems have a Chinese character."""
    chinese = sum(any("一" <= char <= "鿿" for char in each.stem) for each in questions)
    return "zh" if 2 * chinese > len(questions) else "en"


def _asked(question: Question, scoring: Scoring, wording: Wording) -> str:
    if scoring == "answer":
        return f"{wording.question}{question.stem}\n{wording.answer}"
    lines = [f"{letter}. {choice}" for letter, choice in zip(LETTERS, question.choices, strict=False)]
    return "\n".join([question.stem, *lines, wording.answer])


def _answers(question: Question, scoring: Scoring, wording: Wording) -> tuple[str, ...]:
    names = question.choices if scoring == "answer" else LETTERS[: len(question.choices)]
    return tuple(wording.gap + name for name in names)
