"""A whole PDF as text: the blocks of all columns of all pages, paragraphs joined where a column or a page ends."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from statistics import median

from corpusforge.extract.hyphens import Words, join_lines, words_of
from corpusforge.extract.page_columns import columns
from corpusforge.extract.page_furniture import without_furniture
from corpusforge.extract.pdf_blocks import Block, column_blocks, without_bylines
from corpusforge.extract.pdf_lines import Line, lines_of
from corpusforge.extract.pdf_paragraphs import BULLET, LEADERS, column_of, ends_sentence, has_leaders, has_room, line_steps
from corpusforge.extract.pdf_runs import Run
from corpusforge.extract.plain import is_cjk, join_blocks, one_line, unwrap

_MAX_LEVEL = 4
_TITLE = 1.12  # of the size of the text


def layout(pages: Sequence[Sequence[Run]]) -> str:
    """The text of a document, from the runs of its pages."""
    size, title_size = _sizes(run for runs in pages for run in runs)
    grouped = [[lines_of(group) for group in columns(runs)] for runs in without_furniture(pages, size)]
    steps = [step for page in grouped for lines in page for step in line_steps(lines)]
    leading = median(steps) if steps else 1.2
    found = [
        [column_blocks(lines, column_of(lines, size, leading), size, title_size) for lines in page if lines] for page in grouped
    ]
    found[:1] = [without_bylines(page) for page in found[:1]]
    words = words_of([line.text for page in grouped for lines in page for line in lines])
    return _written(_joined(found), words)


def _sizes(runs: Iterable[Run]) -> tuple[float, float]:
    """The size that most characters have, and the smallest one of headings: clearly larger than any that is much used."""
    counts: Counter[float] = Counter()
    for run in runs:
        counts[round(run.size * 4) / 4] += len(run.text)
    body = max(counts, key=lambda size: (counts[size], size), default=0.0)
    used = (size for size, count in counts.items() if count > 0.12 * counts.total())
    return body, _TITLE * max(used, default=body)


def _joined(pages: Sequence[Sequence[Sequence[Block]]]) -> list[Block]:
    """All blocks in order, notes behind the text of their page; text that goes on is with its beginning."""
    all_blocks = [block for page in pages for column in page for block in column]
    has_indents = _has_indents(all_blocks)
    found: list[Block] = []
    for page in pages:
        notes = [block for column in page for block in column if block.kind == "note"]
        for column in page:
            for number, block in enumerate(each for each in column if each.kind != "note"):
                last = _open_block(found, is_first=number == 0)
                if last is not None and block.kind == "text" and _goes_on(found[last], block, has_indents):
                    found[last] = Block(found[last].kind, (*found[last].lines, *block.lines), block.column)
                else:
                    found.append(block)
        found += notes
    return found


def _open_block(blocks: Sequence[Block], *, is_first: bool) -> int | None:
    """The place of the text that the next block may go on with: nothing but captions, tables and notes stands between."""
    for i in range(len(blocks) - 1, -1, -1):
        if blocks[i].kind in ("text", "item"):
            return i if is_first or i < len(blocks) - 1 else None
        if blocks[i].kind == "heading":
            return None
    return None


def _goes_on(block: Block, following: Block, has_indents: bool) -> bool:
    last, first = block.lines[-1], following.lines[0]
    if abs(last.size - first.size) > 0.04 * last.size or last.is_bold != first.is_bold:
        return False
    if first.left - following.column.left > 0.7 * first.size or has_room(last, first, block.column.right):
        return False
    if ends_sentence(last.text):
        return has_indents
    return (
        first.text[0].islower() or not first.text[0].isalpha() or is_cjk(first.text[0]) or has_indents or len(block.lines) > 1
    )


def _has_indents(blocks: Iterable[Block]) -> bool:
    """Whether paragraphs of this document begin with an indent."""
    long = [block for block in blocks if block.kind == "text" and len(block.lines) > 2]
    indented = sum(block.lines[0].left - block.lines[1].left > 0.7 * block.size for block in long)
    return indented > 0.5 * len(long)


def _written(blocks: Sequence[Block], words: Words) -> str:
    sizes = _heading_sizes(blocks)
    out: list[str] = []
    for kind, group in groupby(blocks, key=lambda block: block.kind):
        texts = [_text(block, words, sizes) for block in group]
        out += ["\n".join(filter(None, texts))] if kind == "item" else texts
    return join_blocks(out)


def _heading_sizes(blocks: Sequence[Block]) -> list[float]:
    """The sizes that make levels: the largest, and those that several headings have."""
    counts = Counter(_level_size(block) for block in blocks if block.kind == "heading")
    return sorted(size for size, count in counts.items() if count > 1 or size == max(counts))


def _level_size(block: Block) -> float:
    return round(block.size * 2) / 2


def _text(block: Block, words: Words, sizes: Sequence[float]) -> str:
    if block.kind == "table":
        return "\n".join(_table(block.lines))
    lines = [_without_leaders(line.text) if has_leaders(line.text) else line.text for line in block.lines]
    text = unwrap(join_lines([line for line in lines if line] or [""], words))
    if block.kind == "heading":
        level = min(1 + sum(size > _level_size(block) for size in sizes), _MAX_LEVEL)
        return f"{'#' * level} {text}" if text else ""
    return "- " + BULLET.sub("", text, count=1).strip() if block.kind == "item" else text


def _without_leaders(text: str) -> str:
    return " ... ".join(part.strip() for part in LEADERS.split(text)).rstrip()


def _table(lines: Sequence[Line]) -> Iterator[str]:
    for number, line in enumerate(lines):
        cells = [one_line(cell).replace("|", "\\|") for cell in line.cell_texts]
        yield f"| {' | '.join(cells)} |"
        if number == 0:
            yield f"|{' --- |' * len(cells)}"
