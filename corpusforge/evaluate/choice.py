"""Multiple choice by likelihood: `corpusforge evaluate choice`.

Two ways of asking, as lm-evaluation-harness names and words them. `letter`: choices are shown, and the likeliest letter is the
answer (acc). `answer`: choices are not shown, and the likeliest text is (acc), its log-likelihood divided by its number of
characters (acc_norm) or of tokens (acc_per_token). Small models are at chance in the first while the second tells them apart.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from corpusforge import __version__
from corpusforge.errors import InputError, UserError
from corpusforge.evaluate.encode import Encoder, Ids, Scored, Start, cut_to_window
from corpusforge.evaluate.model import Answered, LanguageModel
from corpusforge.evaluate.prompts import Language, Scoring, language_of, prompt_of
from corpusforge.evaluate.question_files import QuestionSet, read_questions
from corpusforge.evaluate.questions import Columns, Question, Rejection
from corpusforge.evaluate.scores import guessing, most_frequent, picked, score_of
from corpusforge.weights.folder import digest


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
    batch_tokens: int = 8192
    confidence: float = 0.95


@dataclass(frozen=True)
class Asked:
    """A question in one way of asking: its choices' ids, and what the model said of each."""

    question: Question
    answers: tuple[Ids, ...]
    texts: tuple[str, ...]
    is_cut: bool


def evaluate_choice(model: LanguageModel, data: Path, examples: Path | None, settings: ChoiceSettings) -> dict[str, Any]:
    """Ask all questions of a file; what the command prints.

    Raises InputError where a file cannot be read or holds no question, UserError where settings do not fit the data.
    """
    found = read_questions(data, settings.columns, settings.split)
    shown = _examples(found, data, examples, settings)
    used = {each.where for each in sum(shown.values(), ())}
    questions = [each for each in found.questions if each.where not in used]
    if not questions:
        raise InputError(f"{data}: no question can be scored{_first(found.rejections)}")
    language = settings.language or language_of(questions)
    encoder = Encoder.read(model.folder, settings.start)
    window = window_of(model, settings.max_tokens)
    asked: dict[Scoring, list[Asked]] = {}
    answered: dict[Scoring, list[tuple[Answered, ...]]] = {}
    rejections = list(found.rejections)
    for scoring in settings.scoring:
        ways = [_ask(each, shown.get(each.subject, ()), scoring, language, encoder, window) for each in questions]
        rejections += [each for each, _ in ways if isinstance(each, Rejection)]
        kept = [(each, reads) for each, reads in ways if isinstance(each, Asked)]
        asked[scoring] = [each for each, _ in kept]
        answered[scoring] = _likelihoods(model, [reads for _, reads in kept], [each.answers for each, _ in kept], settings)
    return {
        "corpusforge": __version__,
        "model": {"files": model.files, "format": model.format, "device": model.device.partition(":")[0]},
        "tokenizer": encoder.digest,
        "data": {"file": data.name, "sha256": digest(data)},
        "examples": None if examples is None else {"file": examples.name, "sha256": digest(examples)},
        "settings": asdict(settings) | {"language": language, "window": window, "start_ids": list(encoder.start)},
        "num_read": len(found.questions) + len(found.rejections),
        "num_shown": len(used),
        "num_repeated": len(questions) - len({(each.stem, each.choices) for each in questions}),
        "rejected": dict(sorted(Counter(each.reason for each in rejections).items())),
        "rejections": [asdict(each) for each in rejections],
        "guessing": guessing(questions),
        "most_frequent": most_frequent(questions),
        "scoring": {each: _result(asked[each], answered[each], settings) for each in settings.scoring},
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
            f"--shots {settings.shots}: there are {len(shown[few[0]])} examples of the subject {few[0]!r} in {examples or data}; "
            "ask for fewer, or give a file with more as --examples"
        )
    return shown


def _ask(
    question: Question, examples: Sequence[Question], scoring: Scoring, language: Language, encoder: Encoder, window: int
) -> tuple[Asked | Rejection, tuple[Ids, ...]]:
    """A question with what is read for each of its choices, or why it cannot be asked."""
    prompt = prompt_of(question, examples, scoring, language)
    pairs = encoder.pair(prompt.context, prompt.answers)
    texts = tuple(answer.lstrip() for answer in prompt.answers)
    if any(not answer for _, answer in pairs):
        return Rejection(question.where, "no_tokens", f"{scoring}: a choice has no token of its own"), ()
    cut = [cut_to_window(encoder.start, context, answer, window) for context, answer in pairs]
    reads = [each for each in cut if each is not None]
    if len(reads) < len(cut):
        return Rejection(question.where, "too_long", f"{scoring}: a choice has more than {window} tokens"), ()
    if not all(read for read, _ in reads):
        return Rejection(question.where, "nothing_before", f"{scoring}: no token stands before a choice; use --bos yes"), ()
    answers = tuple(answer for _, answer in pairs)
    return Asked(question, answers, texts, any(is_cut for _, is_cut in reads)), tuple(read for read, _ in reads)


def _likelihoods(
    model: LanguageModel, reads: Sequence[tuple[Ids, ...]], answers: Sequence[tuple[Ids, ...]], settings: ChoiceSettings
) -> list[tuple[Answered, ...]]:
    """For every choice of every question; what is read for several answers of one token is read once."""
    groups: dict[tuple[Ids, int], list[tuple[int, int]]] = {}
    for number, (read, ids) in enumerate(zip(reads, answers, strict=True)):
        for place, answer in enumerate(ids):
            alone = -1 if len(answer) == 1 else number * 1000 + place
            groups.setdefault((read[place], alone), []).append((number, place))
    asked = [
        Scored(read, tuple(answers[number][place] for number, place in slots)) for (read, _), slots in groups.items()
    ]
    found: dict[tuple[int, int], Answered] = {}
    for slots, answered in zip(groups.values(), model.answers(asked, settings.batch_tokens), strict=True):
        found |= dict(zip(slots, answered, strict=True))
    return [tuple(found[number, place] for place in range(len(ids))) for number, ids in enumerate(answers)]


def _result(asked: Sequence[Asked], answered: Sequence[tuple[Answered, ...]], settings: ChoiceSettings) -> dict[str, Any]:
    """Scores of one way of asking, for all questions and by subject."""
    picks = {
        "acc": [picked([each.nats for each in values]) for values in answered],
        "acc_norm": [
            picked([each.nats / len(text) for each, text in zip(values, question.texts, strict=True)])
            for question, values in zip(asked, answered, strict=True)
        ],
        "acc_per_token": [
            picked([each.nats / len(ids) for each, ids in zip(values, question.answers, strict=True)])
            for question, values in zip(asked, answered, strict=True)
        ],
    }
    subjects = sorted({each.question.subject for each in asked})
    return {
        "num_cut": sum(each.is_cut for each in asked),
        **{name: _score(asked, each, None, settings) for name, each in picks.items()},
        "subjects": {
            subject: {name: _score(asked, each, subject, settings) for name, each in picks.items()} for subject in subjects
        },
    }


def _score(
    asked: Sequence[Asked], picks: Sequence[tuple[int, bool]], subject: str | None, settings: ChoiceSettings
) -> dict[str, Any]:
    chosen = [place for place, each in enumerate(asked) if subject in (None, each.question.subject)]
    return asdict(score_of([asked[place].question for place in chosen], [picks[place] for place in chosen], settings.confidence))


def _answers(
    asked: dict[Scoring, list[Asked]], answered: dict[Scoring, list[tuple[Answered, ...]]]
) -> list[dict[str, Any]]:
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
