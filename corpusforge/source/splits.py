"""Which split of a dataset is read."""

from collections.abc import Iterable

from corpusforge.errors import InputError
from corpusforge.source.judge import listed


def chosen_split(where: str, wanted: str, names: Iterable[str]) -> str:
    """The split that a recipe names, else the only one, else train; raises InputError where there is none of these."""
    names = sorted(names)
    if not wanted and len(names) == 1:
        return names[0]
    split = wanted or "train"
    if split in names:
        return split
    asked = f"split {wanted!r} is not there" if wanted else "`split` is missing"
    raise InputError(f"path {where!r}: {asked}; the dataset has {listed(names)}: name one of them")
