"""Pages a second of extract.pdf beside pdfium's plain text, which has no columns, paragraphs or headings, on the test files."""

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from measure.verdicts import ROOT

FOLDER = ROOT / "tests/data/pdf"
_TIMES = 5  # a round reads each file so often


def pdf_table(rounds: int) -> str:
    """A table in Markdown: pages per second of CPU time of one thread, best round."""
    rows = [_row(path, rounds) for path in sorted(FOLDER.glob("*.pdf")) if path.with_suffix(".txt").exists()]
    head = ["", "| PDF | characters a page | pages/s per core | pdfium's plain text | ratio |", "|---|--:|--:|--:|--:|"]
    return "\n".join([*head, *rows]) + "\n"


def _row(path: Path, rounds: int) -> str:
    from corpusforge.extract.pdf import Pdf

    raw, stage = path.read_bytes(), Pdf()
    found = stage.extract(raw, "application/pdf", "")
    num_pages = int(str(found.meta["num_pages"]))
    ours = _pages_per_second(lambda: stage.extract(raw, "application/pdf", ""), num_pages, rounds)
    plain = _pages_per_second(lambda: _plain(raw), num_pages, rounds)
    return f"| {path.stem} | {len(found.text) / num_pages:,.0f} | {ours:,.0f} | {plain:,.0f} | {ours / plain:.2f} |"


def _plain(raw: bytes) -> None:
    from pypdfium2 import PdfDocument

    with closing(PdfDocument(raw)) as document:
        for number in range(len(document)):
            with closing(document[number]) as page, closing(page.get_textpage()) as text:
                text.get_text_range()


def _pages_per_second(work: Callable[[], object], num_pages: int, rounds: int) -> float:
    best = 0.0
    for _ in range(rounds):
        start = time.process_time()
        for _ in range(_TIMES):
            work()
        best = max(best, _TIMES * num_pages / (time.process_time() - start))
    return best
