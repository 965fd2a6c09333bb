"""Lists of terms that are to be single tokens whatever the corpus says: minerals, formations, names of places."""

import unicodedata
from pathlib import Path

from corpusforge.errors import InputError


def read_terms(path: Path) -> list[str]:
    """Terms of a text file, one a line, or of all .txt files of a folder; "#" begins a comment line.

    Raises InputError where there is none, or a file is not UTF-8.
    """
    files = sorted(path.rglob("*.txt")) if path.is_dir() else [path]
    found: dict[str, None] = {}
    for file in files:
        try:
            lines = file.read_text("utf-8-sig").splitlines()
        except UnicodeDecodeError as error:
            raise InputError(f"{file}: terms must be UTF-8 ({error}); save it as UTF-8") from error
        found |= dict.fromkeys(line.strip() for line in lines if line.strip() and not line.startswith("#"))
    if not found:
        raise InputError(f"{path}: holds no terms; give a text file with one term a line, or a folder of .txt files")
    return list(found)


def in_text(term: str) -> str:
    """A term as it stands inside text: a line of its own, after a space where its script puts spaces between words."""
    is_spaced = unicodedata.east_asian_width(term[0]) not in ("W", "F")
    return f"\n {term}" if is_spaced else f"\n{term}"
