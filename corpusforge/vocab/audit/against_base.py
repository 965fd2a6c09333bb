"""Findings of a tokenizer against the one it was made from: what was added, and what was undone."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from corpusforge.vocab.audit.agreement import beside, segmented
from corpusforge.vocab.audit.findings import Finding, Severity, counted, some, weight_of
from corpusforge.vocab.audit.loaders import Loader, ids_of
from corpusforge.vocab.audit.pieces import shown
from corpusforge.vocab.audit.reach import Reach
from corpusforge.vocab.audit.reading import Manner, Sample
from corpusforge.vocab.audit.subject import Subject
from corpusforge.vocab.engines import Tokens

_EXCERPT = 60


@dataclass(frozen=True)
class Side:
    """A tokenizer and what was found out about it."""

    subject: Subject
    loader: Loader
    manner: Manner
    reach: Reach


def base_findings(base: Side, now: Side, sample: Sample) -> list[Finding]:
    """Compare them; boundaries are judged on texts where both say which bytes a token covers."""
    findings = [_rows(base, now), *_spelled(base, now), *_manners(base.manner, now.manner), *_reached(base, now)]
    for what, texts in sample.both():
        findings += _segmentation(base, now, texts, what)
    return findings


def _rows(base: Side, now: Side) -> Finding:
    num = now.subject.size - base.subject.size
    title = f"{num:,} rows more than the base's {base.subject.size:,}"
    severity = Severity.NOTE if num >= 0 else Severity.ERROR
    return Finding("rows_added", severity, title, num, base.subject.size, (), "" if num >= 0 else "Base ids are gone.", "")


def _spelled(base: Side, now: Side) -> list[Finding]:
    before, after = base.loader.spellings, now.loader.spellings
    changed = [
        f"id {number}: {segmented([text])} is {segmented([after[number]]) if number < len(after) else 'gone'}"
        for number, text in enumerate(before)
        if text and (number >= len(after) or after[number] != text)
    ]
    if not changed:
        return []
    return [
        Finding(
            "base_ids", Severity.ERROR, f"{counted(len(changed), len(before), 'ids of the base')} are spelled otherwise",
            len(changed), len(before), some(changed), "The rows of the base's model stand for other text now.",
            "keep the base's ids; put what is new behind them",
        )
    ]  # fmt: skip


def _manners(base: Manner, now: Manner) -> list[Finding]:
    names = {
        "has_prefix": ("lost_prefix", "the prefix space"),
        "normalizer": ("base_normalizer", "the normaliser"),
        "removes_spaces": ("base_spaces", "the removal of spaces"),
        "has_bytes": ("base_bytes", "byte fallback"),
    }
    findings = []
    for key, (check, name) in names.items():
        before, after = getattr(base, key), getattr(now, key)
        if before != after:
            said = "lost" if before and not after else "new" if after and not before else f"{before}, now {after}"
            findings.append(
                Finding(
                    check, Severity.ERROR, f"against the base, {name} is {said}", 1, 0, (),
                    "Text of the base's training is read otherwise now.", "keep the settings of the base's normaliser",
                )
            )  # fmt: skip
    return findings


def _reached(base: Side, now: Side) -> list[Finding]:
    size = len(base.loader.spellings)
    before = {each.number for each in base.reach.unreachable}
    lost = [each for each in now.reach.unreachable if each.number < size and each.number not in before]
    new = [each for each in now.reach.unreachable if each.number >= size]
    num_new = sum(map(bool, now.loader.spellings[size:]))
    findings = []
    if lost:
        findings.append(
            Finding(
                "base_pieces_lost", weight_of(len(lost), base.reach.num_tried),
                f"{counted(len(lost), base.reach.num_tried, 'pieces of the base')} can no longer be reached", len(lost),
                base.reach.num_tried, some([shown(now.loader, each) for each in lost]),
                "Words that the base's model knows as one token come as others now.",
                "put new merges below all of the base's, as vocab.extend does",
            )
        )  # fmt: skip
    if new:
        findings.append(
            Finding(
                "new_pieces_unreachable", weight_of(len(new), num_new),
                f"{counted(len(new), num_new, 'new pieces')} can never be reached", len(new), num_new,
                some([shown(now.loader, each) for each in new]), "Rows were added for nothing.",
                "extend the base with vocab.extend",
            )
        )  # fmt: skip
    return findings


def _segmentation(base: Side, now: Side, texts: pa.Array, what: str) -> list[Finding]:
    before, widths_before, is_known_before = base.loader.measured(texts)
    after, widths_after, is_known_after = now.loader.measured(texts)
    is_new = np.array([not text for text in base.loader.spellings] + [True] * len(now.loader.spellings), np.bool_)
    has_new = _has(is_new[after.ids], after)
    changed = [
        place for place in np.flatnonzero(~has_new).tolist() if not np.array_equal(ids_of(before, place), ids_of(after, place))
    ]
    is_known = is_known_before & is_known_after
    is_cut = ~_are_among(_ends(widths_after, after), _ends(widths_before, before))
    not_coarser = np.flatnonzero(_has(is_cut, after) & is_known).tolist()
    return [
        *_changed(base, now, texts, what, (before, after), changed),
        *_not_coarser(base, now, texts, what, (before, after), (not_coarser, int(is_known.sum()))),
    ]


def _are_among(values: NDArray[np.int64], known: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which values are known; both ascend."""
    padded = np.append(known, -1)
    found: NDArray[np.bool_] = padded[np.searchsorted(known, values)] == values
    return found


def _has(is_token: NDArray[np.bool_], tokens: Tokens) -> NDArray[np.bool_]:
    """Which texts have such a token."""
    sums = np.concatenate([[0], np.cumsum(is_token)])
    found: NDArray[np.bool_] = sums[tokens.offsets[1:]] > sums[tokens.offsets[:-1]]
    return found


def _ends(widths: NDArray[np.int64] | NDArray[np.uint16], tokens: Tokens) -> NDArray[np.int64]:
    """Where each token ends: bytes of its text, with the number of the text above them."""
    ends = np.cumsum(widths, dtype=np.int64)
    starts: NDArray[np.int64] = np.concatenate([[0], ends])[tokens.offsets[:-1]]
    sizes = np.diff(tokens.offsets)
    numbers = np.repeat(np.arange(len(sizes), dtype=np.int64), sizes)
    found: NDArray[np.int64] = (ends - np.repeat(starts, sizes)) | numbers << 32
    return found


def _changed(
    base: Side, now: Side, texts: pa.Array, what: str, tokens: tuple[Tokens, Tokens], places: list[int]
) -> list[Finding]:
    if not places:
        title = f"no {what[:-1]} without a new piece has other ids than in the base"
        return [Finding("base_segmentation", Severity.NOTE, title, 0, len(texts), (), "", "")]
    return [
        Finding(
            "base_segmentation", weight_of(len(places), len(texts)),
            f"{counted(len(places), len(texts), what)} use no new piece and have other ids than in the base", len(places),
            len(texts), some([_both(base, now, texts, tokens, place) for place in places[:1]]),
            "The base's model reads text it knows in a way it was not trained on.",
            "put new merges below all of the base's, as vocab.extend does",
        )
    ]  # fmt: skip


def _not_coarser(
    base: Side, now: Side, texts: pa.Array, what: str, tokens: tuple[Tokens, Tokens], found: tuple[list[int], int]
) -> list[Finding]:
    places, num_known = found
    if not places:
        title = f"boundaries are the base's on {num_known:,} of {len(texts):,} {what}"
        meaning = "" if num_known == len(texts) else "Of the others the tokens do not say which bytes they cover."
        return [Finding("coarser", Severity.NOTE, title, 0, num_known, (), meaning, "")]
    is_unigram = "unigram" in base.subject.kind.lower()
    return [
        Finding(
            "coarser", Severity.WARNING if is_unigram else weight_of(len(places), num_known),
            f"{counted(len(places), num_known, what)} are cut where the base does not cut", len(places), num_known,
            some([_both(base, now, texts, tokens, place) for place in places[:1]]),
            "New pieces cut through pieces that the base's model knows, so their rows cannot be made from the base's."
            + (" In a unigram model nothing can rule it out." if is_unigram else ""),
            "learn merges on top of the base's segmentation, as vocab.extend does",
        )
    ]  # fmt: skip


def _both(base: Side, now: Side, texts: pa.Array, tokens: tuple[Tokens, Tokens], place: int) -> str:
    ids = [ids_of(each, place).tolist() for each in tokens]
    one, other = beside((base.loader, ids[0]), (now.loader, ids[1]))
    return f"{texts[place].as_py()[:_EXCERPT]!r}: base {one}, now {other}"
