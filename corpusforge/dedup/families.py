"""The families of hash functions that sign documents: ours, and those of two peers to compare with.

A peer's family nominates the pairs that the peer would take for duplicates; they are verified here all the same. So a build
with `hashing: datatrove` tells how many of datatrove's candidates are none.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from corpusforge.dedup.bands import Bands
from corpusforge.text.minhash import signatures
from corpusforge.text.one_permutation import one_permutation_signatures
from corpusforge.text.peer_minhash import datatrove_signatures, nemo_signatures
from corpusforge.text.shingles import Shingles
from corpusforge.text.simplify import simplified_words
from corpusforge.text.view import TextView

Hashing = Literal["permutations", "one_permutation", "datatrove", "nemo_curator"]

# How the peers cut their signatures, of 112 and 260 places.
PEERS: dict[Hashing, Bands] = {"datatrove": Bands(14, 8), "nemo_curator": Bands(20, 13)}


def sketches_of(hashing: Hashing, view: TextView, found: Shingles, permutations: int, seed: int) -> NDArray[np.uint16]:
    """The low 16 bits of each signature, uint16[num_documents, places]; all ones for a document that has none.

    They are as good as all bits: two places that differ seem equal once in 65,536 times.
    """
    if hashing == "datatrove":
        return datatrove_signatures([simplified_words(text) for text in view.texts.to_pylist()]).astype(np.uint16)
    if hashing == "nemo_curator":
        return nemo_signatures(view).astype(np.uint16)
    if hashing == "one_permutation":
        return one_permutation_signatures(found, permutations, seed).astype(np.uint16)
    return signatures(found, permutations, seed).astype(np.uint16)


def is_signed(sketches: NDArray[np.uint16]) -> NDArray[np.bool_]:
    """Which documents have a signature."""
    has_any: NDArray[np.bool_] = (sketches != np.uint16(0xFFFF)).any(axis=1)
    return has_any
