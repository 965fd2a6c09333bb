"""Whole pages written by us, English and Chinese, as the programs behind sites and journals make them."""

import re
import tomllib
from pathlib import Path

import pytest

from corpusforge.extract.html import Html

PAGES = Path(__file__).parent / "pages"
EXPECTED = tomllib.loads((PAGES / "expected.toml").read_text(encoding="utf-8"))

_PIPE = re.compile(r"(?<!\\)\|")


def markdown(name: str) -> str:
    return Html().extract((PAGES / f"{name}.html").read_bytes(), "text/html", "").text


def missing_cells(name: str) -> list[str]:
    """Expected cells that are in no table, each as often as it is expected."""
    rows = [line for line in markdown(name).split("\n") if line.startswith("| ")]
    cells = [cell.strip() for row in rows for cell in _PIPE.split(row)[1:-1]]
    found = {cell: cells.count(cell) for cell in cells}
    expected = EXPECTED[name]["cells"]
    return [cell for cell in set(expected) if found.get(cell, 0) < expected.count(cell)]


def missing_formulas(name: str) -> list[str]:
    """Expected formulas that the text does not hold, spaces apart."""
    dense = markdown(name).replace(" ", "")
    return [formula for formula in EXPECTED[name]["formulas"] if formula.replace(" ", "") not in dense]


def test_there_are_pages_of_both_languages() -> None:
    assert {path.stem for path in PAGES.glob("*.html")} == set(EXPECTED)
    assert sum(name.endswith("_zh") for name in EXPECTED) >= 6
    assert len(EXPECTED) >= 12


@pytest.mark.parametrize("missing", [missing_cells, missing_formulas])
def test_at_least_95_of_100_cells_and_formulas_are_kept(missing: object) -> None:
    kind = "cells" if missing is missing_cells else "formulas"
    count = missing_cells if missing is missing_cells else missing_formulas
    expected = sum(len(EXPECTED[name][kind]) for name in EXPECTED)
    lost = sum(len(count(name)) for name in EXPECTED)
    assert 1 - lost / expected >= 0.95


@pytest.mark.parametrize("name", EXPECTED)
def test_text_is_kept_and_boilerplate_dropped(name: str) -> None:
    text = markdown(name)
    assert [each for each in EXPECTED[name]["kept"] if each not in text] == []
    assert [each for each in EXPECTED[name]["dropped"] if each in text] == []
