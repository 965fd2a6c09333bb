"""Builds that die just before the n-th change of their folder, for many n, without starting Python anew for each.

    python crash_driver.py RECIPE FOLDER          prints how many changes an undisturbed build in FOLDER/whole makes
    python crash_driver.py RECIPE FOLDER 3 7      builds in FOLDER/3, dies before change 3, builds there again; then 7

Changes are what Python's audit events tell: files opened for writing, renamed, linked, removed, folders made and removed. Dying
is os._exit: nothing is flushed, no `finally` runs, as after kill -9. What libraries write lies between two such events.
"""

import os
import sys
from pathlib import Path

import pyarrow as pa

from corpusforge.engine.run import build
from corpusforge.recipe import load_recipe
from corpusforge.text.view import TextView

_CHANGES = ("os.rename", "os.link", "os.symlink", "os.remove", "os.mkdir", "os.rmdir", "os.truncate")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
DIED, BUILT, FAILED = 9, 0, 1


class Countdown:
    """Counts changes below a folder; ends the process before the `last`, or never when that is 0."""

    def __init__(self, folder: Path, last: int) -> None:
        self.folder, self.last, self.count = str(folder), last, 0

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        is_change = event in _CHANGES or (event == "open" and isinstance(arguments[2], int) and bool(arguments[2] & _WRITING))
        if is_change and str(arguments[0]).startswith(self.folder):
            self.count += 1
            if self.count == self.last:
                os._exit(DIED)


def built_in_child(recipe: Path, out: Path, die_before: int) -> int:
    """Build in a fork of this process; the exit status, or for an undisturbed build the number of changes."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = FAILED
        try:
            countdown = Countdown(out, die_before)
            sys.addaudithook(countdown)
            build(load_recipe(recipe), out)
            os.write(writing, str(countdown.count).encode())
            status = BUILT
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading) as answer:
        count = answer.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return int(count) if status == BUILT and not die_before else status


def main(recipe: Path, folder: Path, points: list[int]) -> None:
    _ = TextView(pa.array(["warm"])).num_words  # loads the compiled kernels, once for all children
    if not points:
        print(built_in_child(recipe, folder / "whole", 0))  # noqa: T201 - the answer
    for point in points:
        if built_in_child(recipe, folder / str(point), point) != DIED:
            sys.exit(f"the build did not die before change {point}")
        if built_in_child(recipe, folder / str(point), 0) < 0:
            sys.exit(f"the build that died before change {point} cannot be finished")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), [int(each) for each in sys.argv[3:]])
