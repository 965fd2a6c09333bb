"""Stages that break on documents that say so, as an installed package would bring them: entry points faulty.*."""

import ctypes
import errno
import os
import signal
from typing import ClassVar, Literal

import pyarrow as pa

from corpusforge.core import Artifacts, Filter, Rule, Transform
from corpusforge.text.view import TextView

MARK = "FAULT"


class Measure(Filter):
    """Measures nothing of interest, and fails as its setting says on documents with the mark."""

    adds: ClassVar[tuple[str, ...]] = ("length",)

    how: Literal["raise", "recurse", "no_memory", "segfault", "be_killed", "disk", "too_few", "too_many", "no_column"]

    def annotate(self, view: TextView) -> dict[str, pa.Array]:
        texts = view.texts.to_pylist()
        if any(MARK in text for text in texts):
            fail(self.how)
            lengths = {"too_few": [1] * (len(texts) - 1), "too_many": [1] * (len(texts) + 1)}
            if self.how in lengths:
                return {"length": pa.array(lengths[self.how], pa.int64())}
            return {}
        return {"length": pa.array([len(text) for text in texts], pa.int64())}

    def rules(self) -> tuple[Rule, ...]:
        return (Rule("length", ">=", 1, "no_length"),)


class Rewrite(Transform):
    """Gives the text back, but one row too few where a document has the mark."""

    reads: ClassVar[tuple[str, ...]] = ("text",)
    adds: ClassVar[tuple[str, ...]] = ("text",)

    def apply(self, batch: pa.RecordBatch, artifacts: Artifacts) -> pa.RecordBatch:
        kept = [text for text in batch["text"].to_pylist() if MARK not in text]
        return pa.RecordBatch.from_arrays([pa.array(kept, pa.large_string())], ["text"])


def fail(how: str) -> None:
    if how == "raise":
        raise ValueError("cannot be measured: \ud800 and 矿物")
    if how == "recurse":
        fail(how)
    if how == "no_memory":
        raise MemoryError("cannot get 7 TB")
    if how == "segfault":
        ctypes.string_at(0)
    if how == "be_killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "disk":
        raise OSError(errno.EIO, "Input/output error", "/mnt/model.bin")
