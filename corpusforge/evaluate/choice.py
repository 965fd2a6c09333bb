"""Multiple choice by likelihood: `corpusforge evaluate choice`.

Two ways of asking, as lm-evaluation-harness names and words them. `letter`: choices are shown, and the likeliest letter is the
answer (acc). `answer`: choices are not shown, and the likeliest text is (acc), its log-likelihood divided by its number of
characters (acc_norm) or of tokens (acc_per_token). Small models are at chance in the first while the second tells them apart.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from corpusforge import __version__
from corpusforge.errors import InputError, UserError
from corpusforge.evaluate.asked import Asked, ask, likelihoods
from corpusforge.evaluate.encode import Encoder, Start
from corpusforge.evaluate.model import Answered, LanguageModel
from corpusforge.evaluate.prompts import Language, Scoring, language_of
from corpusforge.evaluate.question_files import QuestionSet, read_questions
from corpusforge.evaluate.questions import Columns, Question, Rejection
from corpusforge.evaluate.scores import guessing, most_frequent, picked, score_of
from corpusforge.weights.folder import digest

Answers = Sequence[tuple[Answered, ...]]
Divisors = Callable[[Asked], Sequence[int]]

# What the log-likelihood of a choice is divided by, under the names of lm-evaluation-harness where it has one.
_NORMS: dict[Scoring, dict[str, Divisors]] = {
    "letter": {"acc": lambda asked: [1] * len(asked.texts)},
    "answer": {
        "acc": lambda asked: [1] * len(asked.texts),
        "acc_norm": lambda asked: [len(text) for text in asked.texts],
        "acc_per_token": lambda asked: [len(ids) for ids in asked.answers],
    },
}


@dataclass(frozen=True)
class ChoiceSettings:
    """How questions are asked."""

    scoring: tuple[Scoring, ...] = ("letter", "answer")
    shots: int = 0
    language: Language | None = None
    columns: Columns = field(default_factory=Columns)
    split: str = "val"
    shots_split: str = "dev"
    start: Start = "auto"
    max_tokens: int | None = None
    batch_tokens: int = 4096
    confidence: float = 0.95


def evaluate_choice(model: LanguageModel, data: Path, examples: Path | None, settings: ChoiceSettings) -> dict[str, Any]:
    """Ask all questions of a file; what the command prints.

    Raises InputError where a file cannot be read or holds no question, UserError where settings do not fit the data.
    """
    found = read_questions(data, settings.columns, settings.split)
    shown = _examples(found, data, examples, settings)
    used = {each.where for each in sum(shown.values(), ())} if examples is None else set()
    questions = [each for each in found.questions if each.where not in used]
    if not questions:
        raise InputError(f"{data}: no question can be scored{_first(found.rejections)}")
    language = settings.language or language_of(questions)
    encoder = Encoder.read(model.folder, settings.start)
    window = window_of(model, settings.max_tokens)
    ways = {
        scoring: [ask(each, shown.get(each.subject, ()), scoring, language, encoder, window) for each in questions]
        for scoring in settings.scoring
    }
    asked = {scoring: [each for each in found_ways if isinstance(each, Asked)] for scoring, found_ways in ways.items()}
    refused = {scoring: [each for each in found_ways if isinstance(each, Rejection)] for scoring, found_ways in ways.items()}
    answered = {scoring: likelihoods(model, each, settings.batch_tokens) for scoring, each in asked.items()}
    return {
        "corpusforge": __version__,
        "model": model.facts,
        "tokenizer": encoder.digest,
        "data": {"file": data.name, "sha256": digest(data)},
        "examples": None if examples is None else {"file": examples.name, "sha256": digest(examples)},
        "settings": asdict(settings) | {"language": language, "window": window, "start_ids": list(encoder.start)},
        "num_read": len(found.questions) + len(found.rejections),
        "num_shown": len(used & {each.where for each in found.questions}),
        "num_repeated": len(questions) - len({(each.stem, each.choices) for each in questions}),
        "rejections": [asdict(each) for each in found.rejections],
        "guessing": guessing(questions),
        "most_frequent": most_frequent(questions),
        "scoring": {each: _result(each, asked[each], refused[each], answered[each], settings) for each in asked},
        "answers": _answers(asked, answered),
    }


def window_of(model: LanguageModel, max_tokens: int | None) -> int:
    """Ids that are read at most: what the model takes, or less; raises UserError where neither is known or it is too much."""
    if max_tokens is None and not model.window:
        raise UserError(f"{model.folder}: config.json states no max_position_embeddings; give --max-tokens")
    if max_tokens is not None and model.window and max_tokens > model.window:
        raise UserError(f"--max-tokens {max_tokens}: the model reads {model.window} at most")
    return max_tokens or model.window


def _examples(
    found: QuestionSet, data: Path, examples: Path | None, settings: ChoiceSettings
) -> dict[str, tuple[Question, ...]]:
    """Examples by subject: the first of each subject in another file, in the split of a zip for them, or in the data itself."""
    subjects = sorted({each.subject for each in found.questions})
    if not settings.shots:
        return {}
    if examples is not None:
        source = read_questions(examples, settings.columns, settings.shots_split)
    elif data.suffix == ".zip":
        source = read_questions(data, settings.columns, settings.shots_split)
    else:
        source = found
    everywhere = {each.subject for each in source.questions} == {""}  # a file of examples without subjects serves all
    shown = {
        subject: tuple(each for each in source.questions if everywhere or each.subject == subject)[: settings.shots]
        for subject in subjects
    }
    few = [subject for subject, each in shown.items() if len(each) < settings.shots]
    if few:
        raise UserError(
            f"--shots {settings.shots}: {examples or data} has {len(shown[few[0]])} examples of the subject {few[0]!r}; ask "
            "for fewer, or give --examples"
        )
    return shown


def _result(
    scoring: Scoring, asked: Sequence[Asked], refused: Sequence[Rejection], answered: Answers, settings: ChoiceSettings
) -> dict[str, Any]:
    """Scores of one way of asking, for all questions and by subject."""
    if not asked:
        raise InputError(f"no question can be asked by {scoring}{_first(refused)}")
    picks = {name: _picks(asked, answered, divisors) for name, divisors in _NORMS[scoring].items()}
    subjects = sorted({each.question.subject for each in asked})
    return {
        "rejections": [asdict(each) for each in refused],
        "num_cut": sum(each.is_cut for each in asked),
        **{name: _score(asked, each, None, settings) for name, each in picks.items()},
        "subjects": {
            subject: {name: _score(asked, each, subject, settings) for name, each in picks.items()} for subject in subjects
        },
    }


def _picks(asked: Sequence[Asked], answered: Answers, divisors: Divisors) -> list[tuple[int, bool]]:
    return [
        picked([each.nats / divisor for each, divisor in zip(values, divisors(question), strict=True)])
        for question, values in zip(asked, answered, strict=True)
    ]


def _score(
    asked: Sequence[Asked], picks: Sequence[tuple[int, bool]], subject: str | None, settings: ChoiceSettings
) -> dict[str, Any]:
    chosen = [place for place, each in enumerate(asked) if subject in (None, each.question.subject)]
    return asdict(
        score_of([asked[place].question for place in chosen], [picks[place] for place in chosen], settings.confidence)
    )


def _answers(asked: Mapping[Scoring, Sequence[Asked]], answered: Mapping[Scoring, Answers]) -> list[dict[str, Any]]:
    """Each question with the log-likelihood of every choice, so that any other score can be taken from it."""
    return [
        {
            "scoring": scoring,
            "where": each.question.where,
            "subject": each.question.subject,
            "answer": each.question.answer,
            "nats": [answer.nats for answer in values],
            "num_tokens": [len(ids) for ids in each.answers],
            "num_chars": [len(text) for text in each.texts],
            "is_cut": each.is_cut,
        }
        for scoring, questions in asked.items()
        for each, values in zip(questions, answered[scoring], strict=True)
    ]


def _first(rejections: Sequence[Rejection]) -> str:
    return f"; the first of {len(rejections)} rejections: {rejections[0].where}: {rejections[0].detail}" if rejections else ""
