"""The files of a dataset in a folder that save_to_disk wrote: Arrow files, listed in a state.json; `datasets` is not needed."""

import os
from typing import Annotated, TypeVar

from pydantic import BaseModel, Field, ValidationError

from corpusforge.core import InputFile
from corpusforge.errors import InputError
from corpusforge.source.listing import input_file
from corpusforge.source.splits import chosen_split

_DICT = "dataset_dict.json"
_STATE = "state.json"

# A file or folder right in the dataset's folder: what a file says may not lead elsewhere.
_Name = Annotated[str, Field(pattern=r"^[^/.][^/]*$")]


class _ArrowFile(BaseModel):
    filename: _Name


class _State(BaseModel):
    data_files: list[_ArrowFile] = Field(alias="_data_files")
    split: str | None = Field(default=None, alias="_split")
    indices: list[_ArrowFile] | None = Field(default=None, alias="_indices_data_files")


class _Dict(BaseModel):
    splits: list[_Name]


Facts = TypeVar("Facts", _State, _Dict)


def is_saved(folder: str) -> bool:
    """Whether save_to_disk wrote a folder."""
    return any(os.path.isfile(os.path.join(folder, name)) for name in (_DICT, _STATE))


def saved_files(folder: str, config: str, split: str) -> list[InputFile]:
    """The Arrow files of a split; paths are relative to the folder. Raises InputError where some are not there."""
    if config:
        raise InputError(f"path {folder!r}: config {config!r}: what save_to_disk wrote has no configs; leave `config` out")
    if os.path.isfile(os.path.join(folder, _DICT)):
        name = chosen_split(folder, split, _facts(os.path.join(folder, _DICT), _Dict).splits)
        state = _state(os.path.join(folder, name))
        return [input_file(folder, f"{name}/{each.filename}") for each in state.data_files]
    state = _state(folder)
    if split not in ("", state.split):
        is_one = f"is one dataset, split {state.split!r}" if state.split else "is one dataset without splits"
        raise InputError(f"path {folder!r}: split {split!r} is not there, the folder {is_one}; leave `split` out")
    return [input_file(folder, each.filename) for each in state.data_files]


def _state(folder: str) -> _State:
    state = _facts(os.path.join(folder, _STATE), _State)
    if state.indices:  # until 2021, a selection of rows was saved as all of them beside their numbers
        cure = "load it with `datasets` and call flatten_indices().save_to_disk()"
        raise InputError(f"{folder}: holds a selection of rows as an index file, as old versions saved it; {cure}")
    return state


def _facts(path: str, kind: type[Facts]) -> Facts:
    try:
        with open(path, "rb") as file:
            return kind.model_validate_json(file.read())
    except (OSError, ValidationError) as error:
        what = error.strerror if isinstance(error, OSError) else error.errors()[0]["msg"]
        raise InputError(f"{path}: is not what save_to_disk writes ({what}); save the dataset again") from error
