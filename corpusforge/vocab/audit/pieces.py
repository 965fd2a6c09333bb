"""Findings about pieces: those that no text gives, scores that collapsed, added tokens that hide pieces, rows without use."""

from collections import Counter
from collections.abc import Mapping, Sequence

from corpusforge.vocab.audit.agreement import segmented
from corpusforge.vocab.audit.findings import MANY, Finding, Severity, counted, some, weight_of
from corpusforge.vocab.audit.loaders import Loader
from corpusforge.vocab.audit.measures import Use
from corpusforge.vocab.audit.reach import Reach, Unreachable, Why
from corpusforge.vocab.audit.subject import Subject
from corpusforge.vocab.convert import normal_scores
from corpusforge.vocab.merges import tied_runs

_CAUSES = {
    Why.NO_MERGES: "no two pieces are its halves, as where pieces of another kind of model were added",
    Why.ORDER: "merges that rank higher take its parts apart first, as where new merges were put before old ones",
    Why.SCORE: "a cut into other pieces is always more probable",
    Why.NORMALIZER: "the normaliser replaces its characters in every text",
    Why.WORDS: "the pre-tokeniser cuts text inside it, as where it was learned with other rules than are used",
}
_CURES = {
    Why.NO_MERGES: "add the missing halves, or extend the base with vocab.extend",
    Why.ORDER: "put new merges below all of the base's, as vocab.extend does",
    Why.SCORE: "drop them, or raise their scores above that of their best cut",
    Why.NORMALIZER: "drop them, or train with the normaliser that is used",
    Why.WORDS: "drop them, or train with the pre-tokeniser that is used",
}
# What goes wrong where a vocabulary is put together; the others come from training, and text is read as it was there.
_BROKEN = (Why.NO_MERGES, Why.ORDER, Why.SCORE)


def unreachable_pieces(loader: Loader, found: Reach) -> list[Finding]:
    """Pieces that no text can give, and why."""
    if not found.unreachable:
        title = f"all {found.num_tried:,} pieces can be reached"
        meaning = "Each was tried: its own spelling gives it as one token."
        return [
            Finding("unreachable_pieces", Severity.NOTE, title, 0, found.num_tried, (), meaning, ""),
            *_whole_words(loader, found),
        ]
    num, reasons = len(found.unreachable), Counter(each.why for each in found.unreachable)
    num_broken = sum(reasons[why] for why in _BROKEN)
    examples = [f"{why}: {shown(loader, each)}" for why in reasons for each in _first(found, why)]
    counts = ", ".join(f"{count:,} because {why}" for why, count in reasons.most_common())
    return [
        Finding(
            "unreachable_pieces", weight_of(num_broken, found.num_tried) if num_broken else Severity.WARNING,
            f"{counted(num, found.num_tried, 'pieces')} can never be produced: {counts}", num, found.num_tried, tuple(examples),
            f"Each is a row of the model that no text trains or uses: {'; '.join(_CAUSES[why] for why in reasons)}.",
            "; ".join(_CURES[why] for why in reasons),
        ),
        *_whole_words(loader, found),
    ]  # fmt: skip


def _first(found: Reach, why: Why) -> list[Unreachable]:
    return [each for each in found.unreachable if each.why is why][:_PER_REASON]


# Examples of each reason why pieces cannot be reached.
_PER_REASON = 3


def shown(loader: Loader, each: Unreachable) -> str:
    """A piece and what its spelling gives."""
    return f"{segmented([loader.text_of(each.number)])} gives {segmented(each.cut)}"


def _whole_words(loader: Loader, found: Reach) -> list[Finding]:
    num = len(found.whole_words)
    if not num:
        return []
    return [
        Finding(
            "whole_words_only", Severity.NOTE,
            f"{counted(num, found.num_tried, 'pieces')} are reached only where they are a whole word", num, found.num_tried,
            some([segmented([loader.text_of(number)]) for number in found.whole_words]),
            "Merges do not lead to them; ignore_merges looks whole words up. Programs that do not know it give other ids.",
            "use programs that read ignore_merges, or drop the pieces",
        )
    ]  # fmt: skip


def tied_scores(subject: Subject, num_base: int) -> list[Finding]:
    """Scores that pieces share, which every program reads in its own way."""
    model = subject.model
    if model is None or not (model.is_bpe or model.is_unigram):
        return []
    scores = {text: score for text, score in normal_scores(model.pieces).items() if len(text) > 1}
    ties, runs = Counter(scores.values()), tied_runs(scores)
    tied = [text for text, score in scores.items() if ties[score] > 1 and text not in runs]
    distinct = len({scores[text] for text in tied})
    if not tied:
        apart = f" but {len(runs)} runs of one character, which all programs read alike" if runs else ""
        title = f"{len(scores):,} pieces of two or more characters, no two with one score{apart}"
        return [Finding("tied_scores", Severity.NOTE, title, 0, len(scores), (), "", "")]
    if model.is_unigram:
        title = f"{counted(len(tied), len(scores), 'pieces')} share a score"
        meaning = "Cuts of a text may be equally good, and programs take different ones."
        return [Finding("tied_scores", Severity.NOTE, title, len(tied), len(scores), some(tied), meaning, "")]
    new = [piece.text for piece in model.pieces[num_base:] if piece.text in scores] if num_base else []
    of_new = f"; the {len(new):,} new ones have {len({scores[text] for text in new}):,}" if new else ""
    title = f"{counted(len(tied), len(scores), 'pieces')} share {distinct:,} score{'s' if distinct > 1 else ''}{of_new}"
    examples = [f"{text} {scores[text]:g}" for text in tied[-_MAX_TIED:]]
    return [
        Finding(
            "tied_scores", weight_of(len(tied), len(scores)), title, len(tied), len(scores), some(examples),
            "Which of two pieces comes first is left to the program: SentencePiece takes the leftmost, others go by a list. "
            "Scores such as min - 1 collapse because 32 bits hold them 64 apart at -1e9.",
            "give each piece a whole number of its own above -2**24, as vocab.extend does",
        )
    ]  # fmt: skip


_MAX_TIED = 5


def shadowed_pieces(subject: Subject) -> list[Finding]:
    """Pieces that an added token is found inside of, before the model sees the text."""
    added = [
        token
        for token in subject.described.get("added_tokens", [])
        if not token.get("special") and not token.get("single_word") and len(token["content"]) > 1
    ]
    names = {token["content"] for token in subject.described.get("added_tokens", [])}
    pieces = [text for text in subject.ids if text not in names]
    hidden = {name: [text for text in pieces if name in text] for name in (token["content"] for token in added)}
    found = {name: texts for name, texts in hidden.items() if texts}
    if not found:
        return []
    num = len({text for texts in found.values() for text in texts})
    title = f"{counted(num, len(pieces), 'pieces')} are hidden by {len(found):,} added tokens"
    examples = [f"{name} inside {texts[0]}" for name, texts in found.items()]
    return [
        Finding(
            "shadowed_pieces", weight_of(num, len(pieces)), title, num, len(pieces), some(examples),
            "Added tokens are taken from the text before the model sees it, inside words too, so words around them are cut.",
            "add them to the vocabulary with vocab.extend and `terms`, or mark them single_word",
        )
    ]  # fmt: skip


def used_pieces(loader: Loader, use: Use, unknown: Sequence[int]) -> list[Finding]:
    """Ids that the text does not use, and characters that have no id."""
    known = [number for number, text in enumerate(loader.spellings) if text]
    unused = [number for number in known if not use.counts[number]]
    findings = [
        Finding(
            "unused_ids", Severity.NOTE, f"{counted(len(unused), len(known), 'ids')} are not used on the text", len(unused),
            len(known), some([segmented([loader.text_of(number)]) for number in unused[len(unused) // 2 :]]),
            "Rows that this text would not train; more text uses more of them.", "",
        )
    ]  # fmt: skip
    num, total = int(use.counts[list(unknown)].sum()), int(use.counts.sum())
    if num:
        findings.append(
            Finding(
                "unknown_tokens", Severity.ERROR if num > MANY * total else Severity.WARNING,
                f"{counted(num, total, 'tokens')} are the token for what is unknown", num, total, (),
                "Characters are lost: the model never sees them and cannot write them.",
                "use a vocabulary with byte fallback, or byte-level BPE",
            )
        )  # fmt: skip
    return findings


def unknown_ids(subject: Subject) -> tuple[int, ...]:
    """Ids that stand for what the vocabulary cannot spell."""
    if subject.content is None:
        assert subject.model is not None
        return () if subject.model.has_byte_fallback else (subject.model.unk_id,)
    model: Mapping[str, object] = subject.described["model"]
    number = model.get("unk_id") if model.get("type") == "Unigram" else subject.ids.get(str(model.get("unk_token")))
    return () if number is None or model.get("byte_fallback") else (int(str(number)),)
