"""Every error a user can meet, as one tree.

    CorpusForgeError            exit code 1
      UserError                 exit code 2: the recipe, a flag or an input file has to be changed
        RecipeError               the recipe is wrong; lists every problem at once
        MissingExtra              an optional package is not installed
        InputError                an input file is missing, of the wrong kind or damaged
          BadShard                  damage met while reading: names the file and the offset
      BuildStopped              exit code 3: the build itself decided to stop
        NothingLeft               a source or a step kept no document
        InputChanged              an input file changed while the build ran
        SourceAlarm               exit code 5: a source lost more documents than its alarm share
        LedgerError               the books do not add up: a defect of a stage, never of the input
        WorkerLost                a worker process was killed
        FolderInUse               another build holds the output folder
        DiskFull                  no space, no quota or no inodes are left
        FileFailed                the operating system could not read or write a file
        OutOfMemory               memory was refused
        StoreDamaged              a file that a build wrote is gone or no longer what it was
        NothingToLearn            a training step without a single label token
        Diverged                  exit code 6: the loss of a training step is not a number
      TrainingStopped           exit code 75: a signal ended a training, after it was saved; run it again
      VerificationError         exit code 4: shards are not what their manifest says
      TokenizerDefect           exit code 6: an audit found errors in a tokenizer

A message says where, what with the value, and what to do. Failures of our own code are plain exceptions with a traceback.
What the operating system says (OSError, MemoryError) becomes one of these by `system_error`.
"""

import errno
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar


class CorpusForgeError(Exception):
    """Base of every error that is shown to a user as one message without a traceback."""

    exit_code: ClassVar[int] = 1


class UserError(CorpusForgeError):
    """Something that the user gave has to change."""

    exit_code = 2


class RecipeError(UserError):
    """A recipe that cannot be built; `problems` holds one line for each mistake found."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))

    def __reduce__(self) -> tuple[type, tuple[tuple[str, ...]]]:
        return type(self), (self.problems,)


class MissingExtra(UserError):
    """A stage needs a package of an extra that is not installed."""

    def __init__(self, stage: str, package: str, extra: str) -> None:
        self.arguments = (stage, package, extra)
        super().__init__(f"{stage} needs {package}: pip install 'corpusforge[{extra}]'")

    def __reduce__(self) -> tuple[type, tuple[str, str, str]]:
        return type(self), self.arguments


class InputError(UserError):
    """An input file is missing, of the wrong kind, or damaged."""


class BadShard(InputError):
    """Damage met while reading `path` at byte (or record) `offset`; `others` are damaged files of the same task."""

    others: tuple["BadShard", ...] = ()

    def __init__(self, path: str, offset: int, what: str, cure: str) -> None:
        self.path, self.offset, self.what, self.cure = path, offset, what, cure
        super().__init__(f"{path} at {offset}: {what}; {cure}")

    def __reduce__(self) -> tuple[type, tuple[str, int, str, str]]:
        return type(self), (self.path, self.offset, self.what, self.cure)


class FolderRefused(UserError):
    """The output folder cannot be used."""


class BuildStopped(CorpusForgeError):
    """The build stopped itself before harm was done."""

    exit_code = 3


class NothingLeft(BuildStopped):
    """A source gave no document, or a step kept none."""


class InputChanged(BuildStopped):
    """An input file was written to after the plan was made, so what was read is not what the plan names."""


class SourceAlarm(BuildStopped):
    """A source lost more documents than its alarm share; the message has examples."""

    exit_code = 5


class LedgerError(BuildStopped):
    """documents in != kept + rejected + failed."""


class WorkerLost(BuildStopped):
    """A worker process ended without an answer."""


class FolderInUse(BuildStopped):
    """Another build is writing to the output folder."""


class DiskFull(BuildStopped):
    """No space is left for a file."""


class FileFailed(BuildStopped):
    """The operating system could not read or write a file."""


class OutOfMemory(BuildStopped):
    """Memory was refused to this process."""


class StoreDamaged(BuildStopped):
    """A file that a build wrote is gone, or no longer what it was."""


class NothingToLearn(BuildStopped):
    """No token of a whole training step has a label."""


class Diverged(BuildStopped):
    """The loss of a training step is not a number."""

    exit_code = 6


class TrainingStopped(CorpusForgeError):
    """A signal ended a training, after everything was saved: the same command goes on."""

    exit_code = 75


class VerificationError(CorpusForgeError):
    """Shards differ from what their manifest and the stored text say; `problems` holds one line each."""

    exit_code = 4

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))

    def __reduce__(self) -> tuple[type, tuple[tuple[str, ...]]]:
        return type(self), (self.problems,)


class TokenizerDefect(CorpusForgeError):
    """An audit found errors in a tokenizer, or warnings where these count too; what they are is printed before."""

    exit_code = 6


class StageDefect(Exception):
    """A stage broke its contract: a defect of that stage, never of a document, so it is shown with its traceback."""


_GO_ON = "then run the same command again: what is finished is kept"

# What the operating system says, what has to change, and whose it is to change.
_REFUSALS: dict[int, tuple[type[CorpusForgeError], str]] = {
    errno.EACCES: (FolderRefused, "change the permissions of the file or its folder, or give another --out"),
    errno.EPERM: (FolderRefused, "change the permissions of the file or its folder, or give another --out"),
    errno.EROFS: (FolderRefused, "mount it writable, or give another --out"),
    errno.EEXIST: (FolderRefused, "a file stands where a folder is needed: move it away, or give another --out"),
    errno.ENOTDIR: (FolderRefused, "a file stands where a folder is needed: move it away, or give another --out"),
    errno.EISDIR: (FolderRefused, "a folder stands where a file is needed: move it away, or give another --out"),
    errno.ENAMETOOLONG: (FolderRefused, "give a shorter --out, or shorter names of sources"),
    errno.EFBIG: (FileFailed, f"raise `ulimit -f`, or use a file system for larger files, {_GO_ON}"),
    errno.EMFILE: (FileFailed, f"raise the limit with `ulimit -n 65536`, {_GO_ON}"),
    errno.ENFILE: (FileFailed, f"close other programs, or raise fs.file-max, {_GO_ON}"),
    errno.ENOENT: (FileFailed, f"see that nothing else deletes there while a build runs, {_GO_ON}"),
}
_FAILURE = (FileFailed, f"check the disk or the network behind it (`dmesg` may say more), {_GO_ON}")


def system_error(error: OSError | MemoryError, path: str | Path) -> CorpusForgeError:
    """What the operating system said, for a user: the file that the error names, else `path`; what happened; the cure."""
    if isinstance(error, MemoryError):
        said = f" ({error})" if str(error) else ""
        return OutOfMemory(f"{path}: memory is short{said}; give the build more memory or fewer --workers, {_GO_ON}")
    where = re.sub(r"\.[0-9a-f]{32}\.partial", "", os.fsdecode(error.filename or path))
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"{where}: {_no_space(error.errno, where)}; make room or give another --out, {_GO_ON}")
    kind, cure = _REFUSALS.get(error.errno or 0, _FAILURE)
    said = os.strerror(error.errno) if error.errno else str(error)
    return kind(f"{where}: {said}; {cure}")


def _no_space(number: int, where: str) -> str:
    if number == errno.EDQUOT:
        return "the disk quota of this user is used up"
    folder = next(each for each in Path(where).absolute().parents if each.is_dir())
    files = os.statvfs(folder)
    if files.f_files and not files.f_favail:
        return f"no inodes are left for new files on the disk of {folder}"
    usage = shutil.disk_usage(folder)
    return f"the disk is full: {usage.free / 1e6:,.1f} of {usage.total / 1e6:,.1f} MB are free in {folder}"


@contextmanager
def translated_os_errors(path: str | Path) -> Iterator[None]:
    """Turn OSError and MemoryError into errors for a user; `path` is where we were when the error names no file."""
    try:
        yield
    except (OSError, MemoryError) as error:
        raise system_error(error, path) from error
