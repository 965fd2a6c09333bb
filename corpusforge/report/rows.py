"""The rows of one part as its steps left them: which of them reached a step, and what was measured or written of them."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from corpusforge.engine.parts import aligned
from corpusforge.engine.store import StoredTable
from corpusforge.errors import StoreDamaged
from corpusforge.inspect.folder import Documents, PartOnDisk
from corpusforge.inspect.steps import StepOnDisk


class PartRows:
    """A part of a source of a finished build; its verdicts are read once, columns when they are asked for.

    State: the files opened and the columns read so far.
    """

    def __init__(self, documents: Documents, source: str, part: PartOnDisk) -> None:
        self.out, self.source, self.part = documents.out, source, part
        self.steps: tuple[StepOnDisk, ...] = documents.steps_of(source)
        self._open: dict[Path, StoredTable] = {}
        self._columns: dict[tuple[Path, str], pa.ChunkedArray] = {}
        self.verdicts = [_verdicts(documents, step, part.name) for step in self.steps]
        alive = np.ones(part.rows, np.bool_)
        self._reached = [alive]
        for table in self.verdicts:
            alive = alive.copy()
            alive[table["row"].to_numpy()] = False
            self._reached.append(alive)

    def reached(self, index: int) -> NDArray[np.bool_]:
        """Which rows came to step number `index`, bool [rows]; with the number of steps, which were kept to the end."""
        return self._reached[index]

    def signals_file(self, index: int) -> Path | None:
        """What step number `index` measured on this part; None where it measures nothing."""
        name = self.steps[index].report.get("signals")
        return self.out / "signals" / str(name) / f"{self.part.name}.parquet" if name is not None else None

    def measured_names(self, index: int) -> list[str]:
        """Columns that step number `index` measured."""
        return [name for name in self._signals(index).names if name != "row"]

    def measured(self, index: int, names: Sequence[str]) -> pa.Table:
        """Columns that step number `index` measured, for all rows of the part; null where it did not measure a row."""
        return aligned(self._signals(index).read(["row", *names]), self._numbers).drop_columns(["row"])

    def _signals(self, index: int) -> StoredTable:
        path = self.signals_file(index)
        assert path is not None, self.steps[index].name
        return self._opened(path)

    def edits(self, index: int) -> pa.Array:
        """Spans that step number `index` cuts, for all rows of the part: beside signals, or beside the texts of a barrier."""
        path = self.signals_file(index) or self.steps[index].path(f"{self.part.name}.parquet")
        return self._column(self._opened(path), "edits").combine_chunks()

    def column(self, name: str, num_steps: int) -> pa.ChunkedArray | None:
        """A column as the first `num_steps` steps left it, for all rows; null where a row has none, None where nothing has."""
        files = (file for some in reversed(self._files[:num_steps]) for file in some if name in file.names)
        file = next(files, None)
        return self._column(file, name) if file is not None else None

    def _column(self, file: StoredTable, name: str) -> pa.ChunkedArray:
        """A column of a file for all rows of the part; read once, since every filter asks for the language of documents."""
        key = (file.path, name)
        if key not in self._columns:
            table = file.read(["row", name])
            self._columns[key] = (aligned(table, self._numbers) if "row" in file.names else table)[name]
        return self._columns[key]

    @cached_property
    def _files(self) -> list[list[StoredTable]]:
        """Of each step, the files that may hold a column, in the order in which they are asked for it."""
        names = [(self.signals_file(index), step.path(f"{self.part.name}.parquet")) for index, step in enumerate(self.steps)]
        return [[self._opened(path) for path in some if path is not None and path.exists()] for some in names]

    @property
    def _numbers(self) -> NDArray[np.int32]:
        return np.arange(self.part.rows, dtype=np.int32)

    def _opened(self, path: Path) -> StoredTable:
        if path not in self._open:
            self._open[path] = StoredTable(path)
        return self._open[path]


class Gathering(Protocol):
    """Something that looks at every part once."""

    def add(self, rows: PartRows) -> None:
        """Look at a part."""


def walk(documents: Documents, gatherings: Iterable[Gathering]) -> None:
    """Show every part of every source, in the order of the recipe, to all gatherings; one part is in memory at a time."""
    gatherings = tuple(gatherings)
    for source in documents.sources:
        for part in documents.parts_of(source):
            rows = PartRows(documents, source, part)
            for each in gatherings:
                each.add(rows)
            del rows  # with its columns, before the next is read


def _verdicts(documents: Documents, step: StepOnDisk, part: str) -> pa.Table:
    table = documents.verdict_table(step, part)
    if table is None:
        path = step.path(f"{part}.verdicts.parquet")
        raise StoreDamaged(f"{path}: a build wrote it, but it is gone; delete {path.parent} and run the same command again")
    return table
