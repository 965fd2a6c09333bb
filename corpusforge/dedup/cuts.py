"""Where texts are cut so that lines or paragraphs go and what stays is parted as before."""

import numpy as np
from numpy.typing import NDArray

from corpusforge.text.spans import Spans


def cuts(spans: Spans, is_cut: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Begin and end of what goes with each unit that is cut, in the bytes that `spans` counts; none overlap.

    The breaks behind a unit go with it, so that those before it part its neighbours; where nothing follows that stays, the
    breaks before it.
    """
    count = len(spans.begin)
    document = np.repeat(np.arange(len(spans.first) - 1), np.diff(spans.first))
    last_kept = np.full(len(spans.first) - 1, -1, np.int64)
    kept = np.flatnonzero(~is_cut)
    last_kept[document[kept]] = kept  # ascending, so the last one of a document wins
    chosen = np.flatnonzero(is_cut)
    is_tail = chosen > last_kept[document[chosen]]
    is_first = chosen == spans.first[document[chosen]]
    begins_before = is_tail & ~is_first
    begin = np.where(begins_before, spans.end[chosen - begins_before], spans.begin[chosen])
    end = np.where(is_tail, spans.end[chosen], spans.begin[np.minimum(chosen + 1, count - 1)])
    return begin, end
