"""`corpusforge` with rows that are made instead of read: for processes that a test starts."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import made_rows

from corpusforge.train import data

data.Samples = made_rows.MadeRows  # type: ignore[assignment,misc]

from corpusforge.cli import main  # noqa: E402

main()
