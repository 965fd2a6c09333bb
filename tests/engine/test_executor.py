"""Tasks in worker processes: order, how many are ahead, what their errors become."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from corpusforge.engine.executors.local import WINDOW, Local
from corpusforge.engine.executors.lost import available_memory, ending, memory_kills
from corpusforge.errors import BadShard, CorpusForgeError, OutOfMemory, WorkerLost


class Unpicklable(Exception):
    def __init__(self, path: str, *, offset: int) -> None:
        super().__init__(f"{path} at {offset}")


def square(number: int) -> int:
    return number * number


def late_at_first(number: int) -> int:
    time.sleep(0.2 if number == 0 else 0)
    return number


def process(_: int) -> int:
    time.sleep(0.05)
    return os.getpid()


def threads(_: int) -> tuple[int, str]:
    return pa.cpu_count(), os.environ["OMP_NUM_THREADS"]


def killed_at_three(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def crashed(number: int) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def ended(number: int) -> None:
    os._exit(7)


def damaged(number: int) -> int:
    if number == 3:
        raise BadShard("a.gz", 17, "it is truncated", "fetch it again")
    if number > 3:
        raise BadShard("b.gz", 18, "it is truncated", "fetch it again")
    time.sleep(0.05)
    return number


def mistaken(number: int) -> int:
    return {"one": number}["two"]


def stubborn(number: int) -> int:
    raise Unpicklable("a", offset=number)


def no_result(number: int) -> object:
    return lambda: number


def hungry(number: int) -> int:
    raise MemoryError(f"malloc of size {number} failed")


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_the_order_of_the_tasks(workers: int) -> None:
    with Local(workers) as executor:
        assert list(executor.map(late_at_first, range(20))) == list(range(20))


def test_no_task_gives_no_result_and_starts_no_process() -> None:
    with Local(2) as executor:
        assert list(executor.map(square, [])) == []


def test_a_single_task_runs_in_this_process() -> None:
    with Local(2) as executor:
        assert list(executor.map(process, [0])) == [os.getpid()]


def test_many_tasks_run_in_as_many_processes_as_there_are_workers_and_none_here() -> None:
    with Local(2) as executor:
        processes = set(executor.map(process, range(8)))
    assert len(processes) == 2
    assert os.getpid() not in processes


def test_processes_serve_one_map_after_another() -> None:
    with Local(2) as executor:
        assert set(executor.map(process, range(8))) == set(executor.map(process, range(8)))


def test_every_library_has_one_thread_in_a_worker() -> None:
    with Local(2) as executor:
        assert list(executor.map(threads, range(2))) == [(1, "1"), (1, "1")]


@pytest.mark.parametrize("workers", [1, 2])
def test_tasks_are_asked_for_only_when_they_can_soon_run(workers: int) -> None:
    asked = 0

    def tasks() -> Iterator[int]:
        nonlocal asked
        while asked < 1000:
            asked += 1
            yield asked

    with Local(workers) as executor:
        results = executor.map(square, tasks())
        ahead = [asked - turn for turn, _ in enumerate(results)]
    assert len(ahead) == 1000
    assert max(ahead) <= WINDOW * workers + 2


@pytest.mark.parametrize("workers", [1, 2])
def test_every_finished_task_ticks_once(workers: int) -> None:
    ticks: list[int] = []
    with Local(workers) as executor:
        list(executor.map(square, range(10), lambda: ticks.append(1)))
    assert len(ticks) == 10


def test_a_killed_worker_is_an_error_that_says_which_task_and_how() -> None:
    with (
        Local(2) as executor,
        pytest.raises(WorkerLost, match=r"3 \(killed_at_three\): its worker process \d+ .*SIGKILL.*--workers"),
    ):
        list(executor.map(killed_at_three, range(10)))


def test_a_crash_in_native_code_names_the_signal_and_does_not_speak_of_memory() -> None:
    with Local(2) as executor, pytest.raises(WorkerLost, match="SIGSEGV; a library may have crashed") as caught:
        list(executor.map(crashed, range(2)))
    assert "memory" not in str(caught.value)


def test_a_worker_that_ends_itself_is_an_error_with_its_exit_code() -> None:
    with Local(2) as executor, pytest.raises(WorkerLost, match="ended with exit code 7"):
        list(executor.map(ended, range(2)))


def test_after_a_lost_worker_the_executor_works_again() -> None:
    with Local(2) as executor:
        with pytest.raises(WorkerLost):
            list(executor.map(killed_at_three, range(10)))
        assert list(executor.map(square, range(3))) == [0, 1, 4]


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_keeps_its_type_and_attributes_and_the_first_in_order_wins(workers: int) -> None:
    with Local(workers) as executor, pytest.raises(BadShard) as caught:
        list(executor.map(damaged, range(8)))
    assert (caught.value.path, caught.value.offset) == ("a.gz", 17)


def test_results_before_an_error_are_given() -> None:
    with Local(2) as executor:
        results = executor.map(damaged, range(8))
        assert [next(results), next(results), next(results)] == [0, 1, 2]
        with pytest.raises(BadShard):
            next(results)


def test_an_error_that_nobody_foresaw_brings_the_traceback_of_the_worker() -> None:
    with Local(2) as executor, pytest.raises(KeyError) as caught:
        list(executor.map(mistaken, range(2)))
    (note,) = caught.value.__notes__
    assert "0 (mistaken), in a worker process" in note
    assert 'return {"one": number}["two"]' in note


def test_an_error_that_cannot_leave_its_process_is_told_in_words() -> None:
    with Local(2) as executor, pytest.raises(RuntimeError, match="Unpicklable: a at 0"):
        list(executor.map(stubborn, range(2)))


def test_a_result_that_cannot_leave_its_process_is_an_error_and_no_hang() -> None:
    with Local(2) as executor, pytest.raises(Exception, match="pickle"):
        list(executor.map(no_result, range(2)))


@pytest.mark.parametrize("workers", [1, 2])
def test_refused_memory_is_an_error_with_the_task_and_the_setting(workers: int) -> None:
    with Local(workers) as executor, pytest.raises(OutOfMemory, match=r"0 \(hungry\).*malloc.*fewer --workers") as caught:
        list(executor.map(hungry, range(2)))
    assert isinstance(caught.value, CorpusForgeError)


def test_a_map_that_is_left_early_leaves_no_process_at_work() -> None:
    with Local(2) as executor:
        results = executor.map(late_at_first, range(100))
        next(results)
        results.close()
        assert list(executor.map(square, range(3))) == [0, 1, 4]


@pytest.mark.parametrize(
    ("exitcode", "words"),
    [(-9, "was ended by SIGKILL"), (-11, "was ended by SIGSEGV"), (3, "ended with exit code 3"), (-64, "was ended by SIGRTMAX"),
     (-99, "was ended by signal 99")],
)  # fmt: skip
def test_exit_codes_in_words(exitcode: int, words: str) -> None:
    assert ending(exitcode) == words


def system(root: Path, **files: str) -> Path:
    paths = {
        "cgroup": "proc/self/cgroup", "vmstat": "proc/vmstat", "meminfo": "proc/meminfo",
        "events": "sys/fs/cgroup/slurm/job_7/memory.events", "control": "sys/fs/cgroup/memory/job_8/memory.oom_control",
    }  # fmt: skip
    for name, text in files.items():
        path = root / paths[name]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_kills_for_memory_are_read_from_a_cgroup_of_version_2_and_the_machine(tmp_path: Path) -> None:
    root = system(tmp_path, cgroup="0::/slurm/job_7\n", events="low 0\noom 2\noom_kill 1\n", vmstat="nr_free 3\noom_kill 4\n")
    assert memory_kills(root) == (1, 4)


def test_kills_for_memory_are_read_from_a_cgroup_of_version_1(tmp_path: Path) -> None:
    root = system(
        tmp_path, cgroup="4:memory:/job_8\n3:cpu,cpuacct:/\n", control="under_oom 0\noom_kill 5\n", vmstat="oom_kill 6\n"
    )
    assert memory_kills(root) == (5, 6)


def test_where_nobody_counts_there_are_no_kills_and_memory_is_free(tmp_path: Path) -> None:
    assert memory_kills(tmp_path) == (0,)
    assert available_memory(tmp_path) == 1.0


def test_free_memory_is_a_share(tmp_path: Path) -> None:
    root = system(tmp_path, meminfo="MemTotal:       1000 kB\nMemFree:  10 kB\nMemAvailable:    250 kB\n")
    assert available_memory(root) == 0.25
