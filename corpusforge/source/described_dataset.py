"""The files of a config and a split of a dataset with data files and perhaps a README.md, in a folder or on the hub.

`datasets` knows the conventions by which names of files and folders mean splits, and what a README.md says of configs. It is
given a cache that is thrown away: from one that is kept, it would take any revision of a dataset when the hub is out of reach.
"""

import os
import re
from dataclasses import fields
from importlib import import_module
from importlib.util import find_spec
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

from corpusforge.core import InputFile
from corpusforge.errors import CorpusForgeError, FileFailed, InputError, MissingExtra
from corpusforge.remote.store import Store
from corpusforge.remote.trouble import trouble_of
from corpusforge.source.listing import input_file
from corpusforge.source.splits import chosen_split

HUB = "hf://datasets/"

_COMMIT = re.compile("[0-9a-f]{40}")

# What a config says beside how its files are read.
_NO_SETTINGS = frozenset({"name", "version", "data_dir", "data_files", "description", "features"})


def folder_files(folder: str, config: str, split: str) -> list[InputFile]:
    """The data files of a split in a folder; paths are relative to the folder."""
    if not os.path.isdir(folder):
        raise InputError(f"path {folder!r}: there is no such folder; correct it, or write {HUB}owner/name for the hub")
    names = [_relative(path, folder) for path in _data_files(folder, folder, config, split, None)]
    return [input_file(folder, name) for name in names]


def hub_files(url: str, commit: str, config: str, split: str) -> list[InputFile]:
    """The data files of a split at a commit on the hub; paths are relative to the repository."""
    _check_pinned(url, commit)
    root = f"{url}@{commit}"
    names = [_relative(path, root) for path in _data_files(url, url, config, split, commit)]
    found = Store(root).find(root)
    return [InputFile(found[name].url, name, found[name].size_bytes, found[name].stamp) for name in names]


def _check_pinned(url: str, commit: str) -> None:
    """Raise InputError where a commit is none; the message has the one that the name, or main, means now."""
    if _COMMIT.fullmatch(commit):
        return
    hub, name = _package("huggingface_hub"), commit or "main"
    try:
        now = hub.HfApi().dataset_info(url.removeprefix(HUB), revision=name).sha
    except Exception as error:  # the hub's, httpx's and the system's
        raise _refusal(url, error) from error
    what = f"commit {commit!r} is no commit, it may come to mean other files" if commit else "commit is missing"
    raise InputError(f"path {url!r}: {what}; {name!r} is commit {now} now: give that")


def _data_files(where: str, path: str, config: str, split: str, commit: str | None) -> list[str]:
    """Absolute paths, or addresses."""
    datasets = _package("datasets")
    with TemporaryDirectory() as cache:
        try:
            settings = datasets.load_dataset_builder(path, name=config or None, revision=commit, cache_dir=cache).config
        except Exception as error:  # of many packages, and of what a README.md may say
            raise _refusal(where, error) from error
    _check_settings(where, settings)
    files = settings.data_files
    return list(files[chosen_split(where, split, files)])


def _package(name: str) -> ModuleType:
    """A package of the extra; raises MissingExtra without it."""
    if find_spec(name) is None:
        raise MissingExtra("source.huggingface", "datasets", "hf")
    return import_module(name)


def _check_settings(where: str, settings: Any) -> None:
    """Raise InputError where a README.md says that files are read in another way than by their suffix."""
    usual = type(settings)()
    for field in fields(settings):
        value = getattr(settings, field.name)
        if field.name in _NO_SETTINGS or value == getattr(usual, field.name) or (field.name, value) == ("sep", "\t"):
            continue
        cure = "give its files to source.csv, source.jsonl or source.parquet, with the settings that fit"
        raise InputError(f"path {where!r}: config {settings.name!r} has {field.name}: {value!r}, which is not followed; {cure}")


def _relative(path: str, root: str) -> str:
    """A data file below the root: a README.md may name any path and any address."""
    if path.startswith(f"{root.rstrip('/')}/") and ".." not in path.split("/"):
        return path[len(root.rstrip("/")) + 1 :]
    raise InputError(
        f"path {root!r}: the data file {path!r} lies outside, so nothing says that it stays; copy it into a folder"
    )


def _refusal(where: str, error: Exception) -> CorpusForgeError:
    """What `datasets` or the hub said, and the cure."""
    said = _brief(str(error))
    trouble = trouble_of(error)
    if trouble is not None and trouble.kind == "passing":
        cure = "see the network, HF_ENDPOINT and HF_HUB_OFFLINE, or download the dataset and give its folder"
        return FileFailed(f"path {where!r}: the hub cannot be reached ({said}); {cure}")
    if "scripts are no longer supported" in said:
        cure = "give the commit of its branch refs/convert/parquet, or convert it"
        return InputError(f"path {where!r}: it is a loading script, and no code of a dataset is run ({said}); {cure}")
    cure = "correct the settings" + (", and set HF_TOKEN where it is private" if where.startswith(HUB) else "")
    return InputError(f"path {where!r}: `datasets` cannot tell its files ({type(error).__name__}: {said}); {cure}")


def _brief(said: str) -> str:
    """What a package said, on one line, without its examples and its list of all suffixes."""
    line = " ".join(said.partition("Example of usage")[0].split())
    return line if len(line) <= 300 else f"{line[:300]} ..."
