"""Sketches that stay with a build, so that a later one that is compared with it need not read its texts to sign them again.

They lie beside the verdicts of the step, in a folder named by all that a sketch depends on: index-<digest>/<part>.nodes.npy and
.signatures.npy. Another threshold makes no other sketch, another n-gram does.
"""

import os
import shutil
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import numpy as np
import orjson
from numpy.typing import NDArray

from corpusforge.dedup import sketches


def index_folder(step: Path, settings: Mapping[str, object]) -> Path:
    """Where a step keeps sketches made with these settings."""
    return step / f"index-{sha256(orjson.dumps(settings, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]}"


def keep(index: Path, part: str, desk_folder: Path, number: int) -> None:
    """Keep the sketches of a part, which lie in the folder of the rounds."""
    for path, kept in _files(index, part, desk_folder, number):
        if not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            _link(path, kept)


def recall(index: Path, part: str, rows: NDArray[np.int32], source_rank: int) -> tuple[np.ndarray, NDArray[np.uint16]] | None:
    """Nodes and signatures of the given rows of a part as kept, with another source rank; None where they were not kept."""
    nodes_path, signatures_path = (index / f"{part}.{what}.npy" for what in ("nodes", "signatures"))
    if not (nodes_path.exists() and signatures_path.exists()):
        return None
    nodes = np.load(nodes_path, allow_pickle=False)
    chosen = np.searchsorted(nodes["row"], rows)
    nodes = nodes[chosen]
    nodes["source_rank"] = source_rank
    return nodes, np.load(signatures_path, mmap_mode="r", allow_pickle=False)[chosen]


def _files(index: Path, part: str, folder: Path, number: int) -> tuple[tuple[Path, Path], ...]:
    return (
        (sketches.node_path(folder, number), index / f"{part}.nodes.npy"),
        (sketches.signature_path(folder, number), index / f"{part}.signatures.npy"),
    )


def _link(path: Path, kept: Path) -> None:
    """A second name for the file, or a copy where the file system has none."""
    partial = kept.with_name(f"{kept.name}.{os.getpid()}.partial")
    partial.unlink(missing_ok=True)
    try:
        os.link(path, partial)
    except OSError:
        shutil.copyfile(path, partial)
    os.replace(partial, kept)
