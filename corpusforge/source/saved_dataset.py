"""The files of a dataset in a folder that save_to_disk wrote: Arrow files, listed in a state.json; `datasets` is not needed."""

import os
from typing import Any

import orjson

from corpusforge.core import InputFile
from corpusforge.errors import InputError
from corpusforge.source.listing import input_file
from corpusforge.source.splits import chosen_split

_DICT = "dataset_dict.json"
_STATE = "state.json"


def is_saved(folder: str) -> bool:
    """Whether save_to_disk wrote a folder."""
    return any(os.path.isfile(os.path.join(folder, name)) for name in (_DICT, _STATE))


def saved_files(folder: str, config: str, split: str) -> list[InputFile]:
    """The Arrow files of a split; paths are relative to the folder. Raises InputError where some are not there."""
    if config:
        raise InputError(f"path {folder!r}: config {config!r}: what save_to_disk wrote has no configs; leave `config` out")
    if os.path.isfile(os.path.join(folder, _DICT)):
        name = chosen_split(folder, split, _facts(folder, _DICT)["splits"])
        return [input_file(folder, f"{name}/{each}") for each in _arrow_names(os.path.join(folder, name))]
    saved = _facts(folder, _STATE).get("_split") or ""
    if split not in ("", saved):
        is_one = f"is one dataset, split {saved!r}" if saved else "is one dataset without splits"
        raise InputError(f"path {folder!r}: split {split!r} is not there, the folder {is_one}; leave `split` out")
    return [input_file(folder, each) for each in _arrow_names(folder)]


def _arrow_names(folder: str) -> list[str]:
    state = _facts(folder, _STATE)
    # before 2021, a selection of rows was saved as numbers of rows beside all of them
    if state.get("_indices_data_files"):
        cure = "load it with `datasets` and call flatten_indices().save_to_disk()"
        raise InputError(f"{folder}: holds a selection of rows as an index file, as old versions saved it; {cure}")
    return [each["filename"] for each in state["_data_files"]]


def _facts(folder: str, name: str) -> dict[str, Any]:
    path = os.path.join(folder, name)
    try:
        with open(path, "rb") as file:
            facts = orjson.loads(file.read())
        return {**facts, ("_data_files" if name == _STATE else "splits"): facts["_data_files" if name == _STATE else "splits"]}
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise InputError(f"{path}: is not what save_to_disk writes ({error}); save the dataset again") from error
