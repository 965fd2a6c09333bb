"""A worker process: it gets one task at a time over a pipe and answers, until the pipe closes.

Not concurrent.futures: when a process of its pool dies, it says neither which task was running nor how the process ended, and
fails every task that waits. A pipe for each worker makes both known.

Processes are started afresh: a fork copies locks and threads of libraries in an unknown state. They die with the parent,
even when that is killed, so that nobody writes into a folder that another build has locked. Ctrl-C is the parent's affair.
"""

import ctypes
import os
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from threading import Thread
from typing import Any

from corpusforge.engine.executor import named, prepare_process
from corpusforge.engine.executors.lost import lost, memory_kills
from corpusforge.errors import CorpusForgeError, system_error


@dataclass(frozen=True)
class Failed:
    """What a task raised, and where: the traceback as text, for a traceback does not leave its process."""

    error: Exception
    where: str

    def raised(self, task: str) -> Exception:
        """The error to raise in the parent; one of ours says all by itself, another gets the worker's traceback as a note."""
        if isinstance(self.error, MemoryError):
            return system_error(self.error, task)
        if not isinstance(self.error, CorpusForgeError):
            self.error.add_note(f"{task}, in a worker process:\n{self.where}")
        return self.error


class Worker:
    """The parent's end of a worker process. State: the task it works on."""

    def __init__(self) -> None:
        """Start the process; it begins by importing what it needs."""
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, os.getpid()), daemon=True)
        self.task = ""
        self._kills = memory_kills()
        resource_tracker.ensure_running()  # else it starts inside the block below, and takes the mask off
        before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])  # what the process inherits: Ctrl-C never reaches it
        try:
            self.process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()

    def give(self, function: Callable[[Any], Any], task: object) -> None:
        """Hand over a task; raises WorkerLost when the process is no more."""
        self.task = named(function, task)
        try:
            self.pipe.send((function, task))
        except OSError as error:
            raise self._lost() from error

    def answer(self) -> Any:
        """The result of its task, or Failed; raises WorkerLost when it died instead. Waits for either."""
        try:
            return self.pipe.recv()
        except (EOFError, OSError) as error:
            raise self._lost() from error

    def _lost(self) -> Exception:
        self.process.join(timeout=5)
        return lost(self.task, self.process.pid, self.process.exitcode, self._kills)

    def stop(self) -> None:
        """End the process now; what it was writing stays behind as *.partial."""
        self.process.terminate()

    def join(self) -> None:
        """Wait until it has ended."""
        self.process.join(timeout=5)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.pipe.close()
        self.process.close()


def serve(pipe: Connection, parent: int) -> None:
    """The life of a worker process."""
    _die_with_parent(parent)
    prepare_process()
    while True:
        try:
            function, task = pipe.recv()
        except EOFError:
            return
        except Exception as error:  # what a task is made of could not be imported here
            _answer(pipe, failed(error))
            continue
        _answer(pipe, attempt(function, task))


def attempt(function: Callable[[Any], Any], task: object) -> Any:
    """The result, or Failed."""
    try:
        return function(task)
    except Exception as error:
        return failed(error)


def failed(error: Exception) -> Failed:
    """The error in a form that can leave this process: with its type and attributes where they can be pickled."""
    where = "".join(traceback.format_exception(error))
    try:
        ForkingPickler.loads(ForkingPickler.dumps(error))
    except Exception:
        return Failed(RuntimeError(f"{type(error).__name__}: {error}"), where)
    return Failed(error, where)


def _answer(pipe: Connection, answer: object) -> None:
    try:
        message = ForkingPickler.dumps(answer)
    except Exception as error:  # a task that gives what cannot be pickled
        message = ForkingPickler.dumps(failed(error))
    pipe.send_bytes(message)


def _die_with_parent(parent: int) -> None:
    """Linux kills this process when the parent ends; elsewhere a thread waits for that."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # 1 = PR_SET_PDEATHSIG
        if os.getppid() != parent:  # it died before the line above took hold
            os._exit(1)
    else:
        Thread(target=_watch_parent, daemon=True).start()


def _watch_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
