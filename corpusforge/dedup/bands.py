"""How a signature is cut into bands, and what that finds: chosen from the recall wanted, never by habit."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bands:
    """`bands` runs of `rows` places each: documents that agree in one whole run are a candidate pair."""

    bands: int
    rows: int

    def found(self, similarity: float) -> float:
        """The S-curve: the chance that two documents of this Jaccard similarity become a candidate pair."""
        return float(1 - (1 - similarity**self.rows) ** self.bands)


def choose_bands(permutations: int, threshold: float, recall: float) -> Bands:
    """The longest bands that find a pair at the threshold with a chance of at least `recall`: candidates below it cost time.

    Raises ValueError when even bands of one place do not.
    """
    for rows in range(permutations, 0, -1):
        bands = Bands(permutations // rows, rows)
        if bands.found(threshold) >= recall:
            return bands
    raise ValueError(f"{permutations} permutations cannot find pairs at {threshold} with a recall of {recall}")
