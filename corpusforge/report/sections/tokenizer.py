"""The tokenizer that was trained or extended for the corpus: what it does to text, and what each further row saved."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from corpusforge.engine.store import read_json
from corpusforge.report import charts, figures
from corpusforge.report.markup import Markup, element, joined, table

# Points of the curve that are shown; extension.json has them all.
_NUM_POINTS = 10

_TEXTS = {"held_out": "held out", "sample": "learned from"}


def tokenizer_section(folder: Path, steps: Collection[str]) -> Markup | None:
    """The figures that one of the steps left in `folder`; None of a tokenizer that was given, which may have figures, too."""
    if "vocab.extend" in steps:
        return _extended(read_json(folder / "extension.json"))
    if "vocab.train" in steps:
        return _trained(read_json(folder / "training.json"))
    return None


def _trained(found: Mapping[str, Any]) -> Markup:
    head = ["#ids", "#characters among them", "#documents learned from", "#text", "#characters a token"]
    row = [
        figures.count(found["vocab_size"]), figures.count(found["num_characters"]), figures.count(found["num_documents"]),
        figures.size(found["num_bytes"]), figures.number(found["chars_per_token"]),
    ]  # fmt: skip
    return joined([element("p", "Trained on documents of this corpus."), table(head, [row])])


def _extended(found: Mapping[str, Any]) -> Markup:
    intro = (
        f"{figures.count(found['pieces'])} rows, {figures.count(found['characters'])} of them characters, were added to "
        f"{figures.count(found['base_size'])}, and {figures.count(found['padding'])} reserved ones behind them."
    )
    # A text that is empty, or was not held out, has no density.
    texts = {name: found[key] for key, name in _TEXTS.items() if "chars_per_token" in found[key]}
    head = ["text", "#texts", "#characters a token before", "#after", "#texts with a new row", "#with boundaries of no base"]
    rows = [
        [
            name, figures.count(each["texts"]), figures.number(each["base_chars_per_token"]),
            figures.number(each["chars_per_token"]), figures.count(each["touched_texts"]), figures.count(each["not_coarser"]),
        ]
        for name, each in texts.items()
    ]  # fmt: skip
    return joined([element("p", intro), table(head, rows), *(_curve(found["curve"]) if "curve" in found else ())])


def _curve(points: list[dict[str, float]]) -> list[Markup]:
    note = (
        "What rows save on text that nothing was learned from, the most useful first. The tokens that each further row saves "
        "are of a million of the base's, as in min_saving."
    )
    step = -(-len(points) // _NUM_POINTS)
    shown = points[::-1][::step][::-1]
    rows = [
        [
            figures.count(int(each["rows"])), figures.number(each["saved_per_row"]), figures.number(each["chars_per_token"]),
            charts.bar(each["chars_per_token"], points[-1]["chars_per_token"], "kept"),
        ]
        for each in shown
    ]  # fmt: skip
    return [element("p", note), table(["#rows", "#saved by each", "#characters a token", ""], rows, class_="wide")]
