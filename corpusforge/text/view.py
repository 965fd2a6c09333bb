"""The text view: one columnar look at a batch of texts, measured once and shared by every stage that needs it.

It holds no copy: `data` and `offsets` are Arrow's own buffers, which kernels read directly. Filters that stand one after
another get the same view, so what is measured through it (`once` and the properties) is measured once for all of them.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from corpusforge.text.words import count_characters, count_words

Number = TypeVar("Number", np.uint8, np.int64)
Measured = TypeVar("Measured")


class TextView:
    """Texts as bytes and offsets: document i is `data[offsets[i] : offsets[i + 1]]`, UTF-8.

    `texts` is a pa.LargeStringArray, shared without a copy; pa.StringArray and ChunkedArray are cast. Raises ValueError
    on nulls and pa.ArrowInvalid on a type that holds no text. All arrays are read-only.
    """

    texts: pa.LargeStringArray
    data: NDArray[np.uint8]
    """The buffer that `offsets` point into; more than these documents may lie in it."""
    offsets: NDArray[np.int64]
    """int64[num_documents + 1], absolute positions in `data`."""

    def __init__(self, texts: pa.LargeStringArray | pa.StringArray | pa.ChunkedArray) -> None:
        self.texts = _large_strings(texts)
        if self.texts.null_count:
            raise ValueError(f"a text view cannot hold {self.texts.null_count} null texts; give empty texts instead")
        _, offsets, data = self.texts.buffers()
        self.data = _frozen(np.frombuffer(data or b"", dtype=np.uint8))
        first, num_documents = self.texts.offset, len(self.texts)
        if num_documents:
            self.offsets = _frozen(np.frombuffer(offsets, dtype=np.int64)[first : first + num_documents + 1])
        else:
            self.offsets = _frozen(np.zeros(1, dtype=np.int64))  # Arrow may leave out the buffers of an empty array

        self._measured: dict[Callable[[TextView], Any], Any] = {}

    def once(self, measure: Callable[["TextView"], Measured]) -> Measured:
        """What `measure`, a function of a module, gives for this view; computed on the first call and then kept."""
        if measure not in self._measured:
            self._measured[measure] = measure(self)
        return cast("Measured", self._measured[measure])  # kept under the function that made it

    def __len__(self) -> int:
        """Number of documents."""
        return len(self.texts)

    @cached_property
    def num_bytes(self) -> NDArray[np.int64]:
        """Bytes of UTF-8 of each document: int64[num_documents]."""
        return _frozen(np.diff(self.offsets))

    @cached_property
    def num_chars(self) -> NDArray[np.int64]:
        """Code points of each document: int64[num_documents]."""
        return _frozen(count_characters(self.data, self.offsets))

    def learn_num_words(self, counts: NDArray[np.int64]) -> None:
        """Keep what `num_words` would count, where somebody has found every word anyway."""
        self.__dict__.setdefault("num_words", _frozen(counts))

    @cached_property
    def num_words(self) -> NDArray[np.int64]:
        """Words of each document, as corpusforge.text.words defines them: int64[num_documents]."""
        return _frozen(count_words(self.data, self.offsets))


def _large_strings(texts: pa.Array | pa.ChunkedArray) -> pa.LargeStringArray:
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    return texts if isinstance(texts, pa.LargeStringArray) else texts.cast(pa.large_string())


def _frozen(values: NDArray[Number]) -> NDArray[Number]:
    values.flags.writeable = False
    return values
