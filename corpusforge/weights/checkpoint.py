"""A model as Hugging Face writes it: config.json, and its tensors in one safetensors file or in several with an index.

Nothing is unpickled and no code of a model is run: checkpoints that need either are refused.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpusforge.errors import InputError
from corpusforge.weights.tensors import Tensor, TensorFile

WHOLE = "model.safetensors"
INDEX = "model.safetensors.index.json"
CONFIG = "config.json"

_PICKLED = (".bin", ".pt", ".pth", ".ckpt")


@dataclass(frozen=True)
class Checkpoint:
    """A folder with a model: its configuration, its files of tensors by name, and the index where there is one."""

    folder: Path
    config: Mapping[str, Any]
    shards: Mapping[str, TensorFile]
    index: Mapping[str, Any] | None

    @classmethod
    def read(cls, folder: Path) -> "Checkpoint":
        """Read all headers; raises InputError where files are missing, damaged, contradict each other, or need code to load."""
        if not (folder / CONFIG).is_file():
            raise InputError(f"{folder}: no {CONFIG} there; give the folder of a Hugging Face checkpoint")
        config = read_object(folder / CONFIG)
        if config.get("auto_map"):
            raise InputError(
                f"{folder / CONFIG}: the model is Python code of its own ({', '.join(map(str, config['auto_map'].values()))}), "
                "which is not run; give a checkpoint of an architecture that transformers has, without auto_map"
            )
        if (folder / INDEX).is_file():
            index = read_object(folder / INDEX)
            return cls(folder, config, _indexed(folder, index), index)
        if (folder / WHOLE).is_file():
            return cls(folder, config, {WHOLE: TensorFile.read(folder / WHOLE)}, None)
        raise _no_weights(folder)

    @property
    def tensors(self) -> dict[str, Tensor]:
        """All tensors by name."""
        return {name: tensor for shard in self.shards.values() for name, tensor in shard.tensors.items()}

    def shard_of(self, name: str) -> TensorFile:
        """The file that has a tensor."""
        return next(shard for shard in self.shards.values() if name in shard.tensors)


def read_object(path: Path) -> dict[str, Any]:
    """An object in a JSON file; raises InputError where it is damaged.

    By Python's own module: configurations hold Infinity now and then, which is no JSON.
    """
    try:
        found = json.loads(path.read_bytes())
    except ValueError as error:
        raise InputError(f"{path}: not JSON ({error}); get the file again") from error
    if not isinstance(found, dict):
        raise InputError(f"{path}: not an object; get the file again")
    return found


def object_bytes(content: Mapping[str, Any]) -> bytes:
    """An object as JSON, as transformers writes it."""
    return json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n"


def _indexed(folder: Path, index: Mapping[str, Any]) -> dict[str, TensorFile]:
    """Files of an index, which must name just the tensors that they hold."""
    named = index.get("weight_map")
    if not isinstance(named, dict) or not named:
        raise InputError(f"{folder / INDEX}: has no weight_map; get the file again")
    files = sorted({str(file) for file in named.values()})
    for file in files:
        if Path(file).name != file or not (folder / file).is_file():
            raise InputError(f"{folder / INDEX}: names {file!r}, which is not in the folder; get the file")
    shards = {file: TensorFile.read(folder / file) for file in files}
    held = {name: file for file, shard in shards.items() for name in shard.tensors}
    odd = sorted(name for name in {*named, *held} if named.get(name) != held.get(name))
    if odd:
        raise InputError(
            f"{folder / INDEX}: says that {odd[0]} is in {named.get(odd[0], 'no file')}, and it is in "
            f"{held.get(odd[0], 'none')}; get the checkpoint again"
        )
    return shards


def _no_weights(folder: Path) -> InputError:
    pickled = sorted(path.name for path in folder.iterdir() if path.suffix in _PICKLED)
    if pickled:
        return InputError(
            f"{folder}: its weights are pickled ({pickled[0]}), and unpickling runs whatever a file holds; write them as "
            "safetensors: AutoModelForCausalLM.from_pretrained(FOLDER).save_pretrained(OTHER_FOLDER)"
        )
    return InputError(f"{folder}: no {WHOLE} and no {INDEX} there; give the folder of a Hugging Face checkpoint")
