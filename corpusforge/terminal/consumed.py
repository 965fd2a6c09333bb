"""What `train samples` prints: the rows that a stage reads between two positions, and whose text they are."""

from pathlib import Path

from rich.markup import escape

from corpusforge.errors import UserError
from corpusforge.terminal.console import relative, say, say_json
from corpusforge.train.consumed import ConsumedRow, consumed
from corpusforge.train.data import Samples


def print_consumed(build: Path, stage: str | None, start: int, stop: int | None, as_json: bool) -> None:
    """Print rows start <= x < stop of a stage, to its end where stop is None; JSON is one object a line."""
    samples = Samples.open(build.absolute(), stage)
    end = samples.num_rows if stop is None else stop
    if not 0 <= start <= end <= samples.num_rows:
        raise UserError(f"--from {start} --to {end}: stage {samples.stage} has rows 0 to {samples.num_rows}")
    for row in consumed(samples, start, end):
        if as_json:
            say_json(row, indent=False)
        else:
            _print(row)


def _print(row: ConsumedRow) -> None:
    say(f"{row.position} {escape(str(relative(Path(row.shard))))} {row.sequence}")
    for piece in row.pieces:
        where = f"{piece.source}:{piece.origin}  {piece.url}".rstrip()
        say(f"  {piece.document} piece {piece.piece}  {escape(where)}")
