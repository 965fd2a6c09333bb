import multiprocessing
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from corpusforge.engine.store import locked, publish, read_json, read_parquet, remove_partials, write_json, write_parquet
from corpusforge.errors import FolderInUse

Replace = Callable[[Path, Path], None]


def test_a_published_file_appears_whole(tmp_path: Path) -> None:
    with publish(tmp_path / "a") as partial:
        partial.write_text("x")
        assert not (tmp_path / "a").exists()
    assert (tmp_path / "a").read_text() == "x"


def test_a_writer_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with publish(tmp_path / "a") as partial:
            partial.write_text("x")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_who_waits_for_a_file_may_delete_its_folder_as_soon_as_it_appears(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replace(partial: Path, path: Path, real: Replace = os.replace) -> None:
        real(partial, path)
        shutil.rmtree(path.parent)  # another task of the team, which has found all results

    monkeypatch.setattr("corpusforge.engine.store.os.replace", replace)
    write_json(tmp_path / "results/a-1.json", [])
    assert list(tmp_path.iterdir()) == []


def test_equal_tables_are_equal_bytes(tmp_path: Path) -> None:
    table = pa.table({"row": pa.array([1, 2], pa.int32()), "text": pa.array(["a", "矿"], pa.large_string())})
    write_parquet(tmp_path / "a", table)
    write_parquet(tmp_path / "b", pa.concat_tables([table.slice(0, 1), table.slice(1)]))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert read_parquet(tmp_path / "a").equals(table)


def test_json_keys_are_sorted(tmp_path: Path) -> None:
    write_json(tmp_path / "a", {"b": 1, "a": [2]})
    assert (tmp_path / "a").read_text() == '{\n  "a": [\n    2\n  ],\n  "b": 1\n}\n'
    assert read_json(tmp_path / "a") == {"a": [2], "b": 1}


def test_what_killed_writers_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    partial = f"a.{'1f' * 16}.partial"
    step = tmp_path / "01-notes-read-0123456789ab"
    for folder in (step, tmp_path / "mine"):
        folder.mkdir()
        (folder / partial).write_text("x")
        (folder / "a").write_text("x")
    (tmp_path / partial).mkdir()
    (tmp_path / "download.partial").write_text("x")
    remove_partials(tmp_path)
    left = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert left == ["01-notes-read-0123456789ab/a", "download.partial", "mine/a", f"mine/{partial}"]


def _try_lock(folder: Path, answer: "multiprocessing.Queue[str]") -> None:
    try:
        with locked(folder):
            answer.put("locked")
    except FolderInUse as error:
        answer.put(str(error))


def test_a_second_build_on_one_folder_is_refused_with_the_owner(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    answer: multiprocessing.Queue[str] = context.Queue()
    with locked(tmp_path):
        other = context.Process(target=_try_lock, args=(tmp_path, answer))
        other.start()
        message = answer.get(timeout=60)
        other.join()
    answer.close()
    assert "is building here; wait for it, or give another --out" in message
    assert "process " in message


def test_a_lock_ends_with_its_block(tmp_path: Path) -> None:
    with locked(tmp_path):
        pass
    with locked(tmp_path):
        pass
