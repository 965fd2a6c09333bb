"""A checkpoint some of whose tensors are others: only their files are written anew, the rest is copied byte by byte."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpusforge.weights.checkpoint import INDEX, Checkpoint, object_bytes
from corpusforge.weights.folder import copied, digest, linked
from corpusforge.weights.tensors import Tensor, TensorFile, write_tensors


@dataclass(frozen=True)
class Changed:
    """Tensors that change, by name, and what gives their bits, piece by piece; `beside` names the file that gets a new one."""

    base: Checkpoint
    tensors: Mapping[str, Tensor]
    blocks: Callable[[str], Iterable[NDArray[np.generic]]]
    beside: Mapping[str, str] = field(default_factory=dict)

    def write(self, folder: Path, *, link: bool) -> dict[str, str]:
        """Write all files of tensors and the index; sha256 of each file of the base.

        `link` makes hard links, not copies, of files of tensors that stay as they are.
        """
        taken = {}
        for name, shard in self.base.shards.items():
            tensors = self._of(shard)
            if tensors:
                taken[name] = digest(shard.path)
                self._write(shard, tensors, folder / name)
            else:
                taken[name] = (linked if link else copied)(shard.path, folder / name)
        if self.base.index is not None:
            (folder / INDEX).write_bytes(object_bytes(self._index(self.base.index, folder)))
        return taken

    def _of(self, shard: TensorFile) -> dict[str, Tensor]:
        """Tensors that are others in a file, new ones last."""
        new = [name for name, file in self.beside.items() if file == shard.path.name]
        return {name: self.tensors[name] for name in (*shard.tensors, *new) if name in self.tensors}

    def _write(self, shard: TensorFile, tensors: Mapping[str, Tensor], path: Path) -> None:
        """A file of tensors, in the base's order."""

        def blocks(name: str) -> Iterator[NDArray[np.generic]]:
            return iter(self.blocks(name) if name in tensors else [shard.raw(name)])

        write_tensors(path, {**shard.tensors, **tensors}, blocks, shard.metadata)

    def _index(self, index: Mapping[str, Any], folder: Path) -> dict[str, Any]:
        """The base's index with what is new; sizes only where it states them."""
        tensors = [each for name in self.base.shards for each in TensorFile.read(folder / name).tensors.values()]
        sizes = dict(index.get("metadata") or {})
        if "total_size" in sizes:
            sizes["total_size"] = sum(each.num_bytes for each in tensors)
        if "total_parameters" in sizes:
            sizes["total_parameters"] = sum(int(np.prod(each.shape)) for each in tensors)
        return {**index, "metadata": sizes, "weight_map": {**index["weight_map"], **self.beside}}
