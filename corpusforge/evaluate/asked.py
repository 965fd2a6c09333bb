"""Questions made into ids, and the likelihoods of their choices."""

from collections.abc import Sequence
from dataclasses import dataclass

from corpusforge.evaluate.encode import Encoder, Ids, Scored, cut_to_window
from corpusforge.evaluate.model import Answered, LanguageModel
from corpusforge.evaluate.prompts import Language, Scoring, prompt_of
from corpusforge.evaluate.questions import Question, Rejection


@dataclass(frozen=True)
class Asked:
    """A question in one way of asking: what is read for each choice, the ids and the text of each."""

    question: Question
    reads: tuple[Ids, ...]
    answers: tuple[Ids, ...]
    texts: tuple[str, ...]
    is_cut: bool


def ask(
    question: Question, examples: Sequence[Question], scoring: Scoring, language: Language, encoder: Encoder, window: int
) -> Asked | Rejection:
    """A question as ids, or why it cannot be asked."""
    prompt = prompt_of(question, examples, scoring, language)
    pairs = encoder.pair(prompt.context, prompt.answers)
    texts = tuple(answer.lstrip() for answer in prompt.answers)
    if any(not answer for _, answer in pairs):
        return Rejection(question.where, "no_tokens", "a choice has no token of its own")
    cut = [cut_to_window(encoder.start, context, answer, window) for context, answer in pairs]
    reads = [each for each in cut if each is not None]
    if len(reads) < len(cut):
        return Rejection(question.where, "too_long", f"a choice has more than {window} tokens")
    if not all(read for read, _ in reads):
        return Rejection(question.where, "nothing_before", "no token stands before a choice; use --bos yes")
    answers = tuple(answer for _, answer in pairs)
    return Asked(question, tuple(read for read, _ in reads), answers, texts, any(is_cut for _, is_cut in reads))


def likelihoods(model: LanguageModel, asked: Sequence[Asked], batch_tokens: int) -> list[tuple[Answered, ...]]:
    """For every choice of every question; answers that differ in their last id only, as letters do, are read once."""
    slots: dict[tuple[Ids, int], list[tuple[int, int]]] = {}
    for number, each in enumerate(asked):
        for place, (read, answer) in enumerate(zip(each.reads, each.answers, strict=True)):
            slots.setdefault((read, len(answer)), []).append((number, place))
    scored = [
        Scored(read, tuple(asked[number].answers[place] for number, place in group)) for (read, _), group in slots.items()
    ]
    found: dict[tuple[int, int], Answered] = {}
    for group, answered in zip(slots.values(), model.answers(scored, batch_tokens), strict=True):
        found |= dict(zip(group, answered, strict=True))
    return [tuple(found[number, place] for place in range(len(each.answers))) for number, each in enumerate(asked)]
