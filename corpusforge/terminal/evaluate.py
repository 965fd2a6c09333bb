"""What the commands of `evaluate` print, and the file of a result."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
from rich.markup import escape

from corpusforge.errors import translated_os_errors
from corpusforge.terminal.console import say, say_json, say_table, table

_NAMES = ("acc", "acc_norm", "acc_per_token")

# Subjects shown; all are in the result.
_MAX_SUBJECTS = 60


def print_choice(result: Mapping[str, Any], out: Path | None, as_json: bool) -> None:
    """Scores with intervals; the answers of all questions are in the file only."""
    _write(result, out)
    if as_json:
        say_json({name: value for name, value in result.items() if name != "answers"})
        return
    say(f"{result['num_read']:,} records read{_rejected(result['rejections'])}{_shown(result)}")
    made = table("scoring", "#score", "#interval", "#right", "#of", "#ties", "beside guessing")
    for scoring, found in result["scoring"].items():
        for name in [name for name in _NAMES if name in found]:
            made.add_row(f"{scoring} {name}", *_cells(found[name]))
    say_table(made)
    say(f"guessing gives {result['guessing']:.2%}, the most frequent letter {result['most_frequent']:.2%}")
    for scoring, found in result["scoring"].items():
        notes = [f"{found['num_cut']:,} prompts lost their beginning"] if found["num_cut"] else []
        notes += (
            [f"{len(found['rejections']):,} cannot be asked{_rejected(found['rejections'])}"] if found["rejections"] else []
        )
        if notes:
            say(f"{scoring}: {', '.join(notes)}")
    _print_subjects(result["scoring"])


def print_text(result: Mapping[str, Any], out: Path | None, as_json: bool) -> None:
    """Bits per byte and token accuracy."""
    _write(result, out)
    if as_json:
        say_json(result)
        return
    size = f"{result['num_bytes']:,} bytes, {result['num_tokens']:,} tokens"
    say(f"{result['num_documents']:,} documents, {size}{_rejected(result['rejections'])}")
    say(f"bits per byte {result['bits_per_byte']:.4f}, nats per token {result['nats_per_token']:.4f}")
    say(f"token accuracy {result['token_accuracy']:.2%}")


def _print_subjects(scoring: Mapping[str, Any]) -> None:
    for name, found in scoring.items():
        subjects = found["subjects"]
        if len(subjects) < 2:
            continue
        made = table(f"{name}: subject", "#acc", "#interval", "#right", "#of", "#ties", "beside guessing")
        for subject in list(subjects)[:_MAX_SUBJECTS]:
            made.add_row(escape(subject), *_cells(subjects[subject]["acc"]))
        say_table(made)


def _cells(score: Mapping[str, Any]) -> list[str]:
    interval = f"{score['low']:.2%} - {score['high']:.2%}"
    counts = [f"{score[name]:,}" for name in ("num_right", "num_questions", "num_ties")]
    return [f"{score['value']:.2%}", interval, *counts, score["verdict"]]


def _rejected(rejections: Sequence[Mapping[str, str]]) -> str:
    """ ", 6 rejected (blank_choice 3, no_question 3), first at file:7"."""
    if not rejections:
        return ""
    counts = ", ".join(f"{reason} {count}" for reason, count in sorted(Counter(each["reason"] for each in rejections).items()))
    return f", {len(rejections):,} rejected ({escape(counts)}), first at {escape(rejections[0]['where'])}"


def _shown(result: Mapping[str, Any]) -> str:
    shown = f", {result['num_shown']:,} used as examples" if result["num_shown"] else ""
    return shown + (f", {result['num_repeated']:,} are repetitions" if result["num_repeated"] else "")


def _write(result: Mapping[str, Any], out: Path | None) -> None:
    if out is None:
        return
    partial = out.with_name(f"{out.name}.partial")
    with translated_os_errors(out):
        partial.write_bytes(orjson.dumps(result, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        partial.replace(out)
