"""Where texts are cut so that lines or paragraphs go and what stays is parted as before."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from corpusforge.core import OWNED_EDIT, OWNED_EDITS_FIELD
from corpusforge.dedup.copies import ids_of
from corpusforge.text.spans import Spans


class Cuts(NamedTuple):
    """What goes out of a batch of texts, in order: bytes begin <= x < end of a document's text (int64), and who has the same.

    `document` (int64) counts in the batch; `owner` are ids as two numbers each, uint64[num_cuts, 2].
    """

    document: NDArray[np.int64]
    begin: NDArray[np.int64]
    end: NDArray[np.int64]
    owner: NDArray[np.uint64]

    def edits(self, reason: str) -> pa.Array:
        """By document, of those that are cut: the spans as OWNED_EDITS_FIELD has them."""
        reasons = pa.array([reason] * len(self.begin), pa.string())
        values = [pa.array(self.begin), pa.array(self.end), reasons, ids_of(self.owner)]
        items = pa.StructArray.from_arrays(values, fields=list(OWNED_EDIT))
        _, first = np.unique(self.document, return_index=True)
        return pa.LargeListArray.from_arrays(pa.array(np.append(first, len(self.document))), items, type=OWNED_EDITS_FIELD.type)

    def main_owners(self) -> pa.Array:
        """By document, of those that are cut: the owner of most bytes of what goes, of several the first by id."""
        high, low = self.owner[:, 0], self.owner[:, 1]
        sizes = pa.table({"document": self.document, "high": high, "low": low, "size": self.end - self.begin})
        summed = sizes.group_by(["document", "high", "low"]).aggregate([("size", "sum")])
        most = [("document", "ascending"), ("size_sum", "descending"), ("high", "ascending"), ("low", "ascending")]
        best = summed.sort_by(most)
        _, first = np.unique(best["document"].to_numpy(), return_index=True)
        return ids_of(np.column_stack([best["high"].to_numpy()[first], best["low"].to_numpy()[first]]))


def spans_to_cut(spans: Spans, is_cut: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Begin and end of what goes with each unit that is cut, in the bytes that `spans` counts, in order and without overlap.

    The breaks behind a unit go with it, so that those before it part its neighbours; where nothing follows that stays, the
    breaks before it do.
    """
    document = np.repeat(np.arange(len(spans.first) - 1), np.diff(spans.first))
    last_kept = np.full(len(spans.first) - 1, -1, np.int64)
    kept, cut = np.flatnonzero(~is_cut), np.flatnonzero(is_cut)
    last_kept[document[kept]] = kept  # ascending, so the last one of a document remains
    is_tail = cut > last_kept[document[cut]]
    follows = is_tail & (cut > spans.first[document[cut]])
    begin = np.where(follows, spans.end[cut - follows], spans.begin[cut])
    end = np.where(is_tail, spans.end[cut], spans.begin[cut + ~is_tail])
    return begin, end
