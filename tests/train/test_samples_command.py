"""`train samples`: what it prints, and what it says of positions that there are not."""

from pathlib import Path

import orjson
from typer.testing import CliRunner

from corpusforge.cli import app
from corpusforge.errors import UserError
from corpusforge.train.data import Samples


def run(*arguments: str) -> tuple[str, BaseException | None]:
    done = CliRunner().invoke(app, ["train", "samples", *arguments])
    return done.stdout, done.exception


def test_rows_are_listed_with_their_documents(packed_build: Path) -> None:
    said, _ = run(str(packed_build), "--stage", "adapt", "--from", "3", "--to", "5", "--json")
    rows = [orjson.loads(line) for line in said.splitlines()]
    assert [(row["shard"], row["sequence"]) for row in rows] == Samples.open(packed_build, "adapt").origins(3, 5)
    assert all(piece["url"].startswith("https://web/") for row in rows for piece in row["pieces"])
    text, _ = run(str(packed_build), "--stage", "adapt", "--from", "3", "--to", "5")
    lines = text.splitlines()
    assert lines[0] == f"3 {rows[0]['shard']} {rows[0]['sequence']}"
    first = rows[0]["pieces"][0]
    assert lines[1].split() == [first["document"], "piece", "0", f"web:{first['origin']}", first["url"]]


def test_positions_beyond_the_stage_are_refused_with_its_size(packed_build: Path) -> None:
    size = Samples.open(packed_build, "adapt").num_rows
    _, error = run(str(packed_build), "--stage", "adapt", "--from", "0", "--to", "9999")
    assert isinstance(error, UserError)
    assert str(error) == f"--from 0 --to 9999: stage adapt has rows 0 to {size}"
