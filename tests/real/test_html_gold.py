"""extract.html on real pages whose main text people marked: what tools/bench --steps html prints, without its peers."""

from pathlib import Path

import pytest
from measure.html_gold import SETS, gold_pages, missed_floors, ours, score

DATA = Path(__file__).resolve().parents[3] / "shared/data"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (DATA / "html_gold").is_dir(), reason=f"the marked pages are not at {DATA}"),
]


@pytest.mark.parametrize("name", SETS)
def test_the_main_text_of_real_pages_is_found(name: str) -> None:
    pages = gold_pages(DATA, name)
    assert len(pages) >= 120
    assert missed_floors(name, score((page.text, ours(page.raw)) for page in pages)) == []


@pytest.mark.parametrize("name", SETS)
def test_the_order_of_pages_does_not_change_what_is_found(name: str) -> None:
    pages = gold_pages(DATA, name)[:40]
    forward = [ours(page.raw) for page in pages]
    assert [ours(page.raw) for page in reversed(pages)] == forward[::-1]
