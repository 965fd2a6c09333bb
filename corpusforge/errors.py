"""Every error a user can meet, as one tree.

    CorpusForgeError            exit code 1
      UserError                 exit code 2: the recipe, a flag or an input file has to be changed
        RecipeError               the recipe is wrong; lists every problem at once
        MissingExtra              an optional package is not installed
        InputError                an input file is missing, of the wrong kind or damaged
          BadShard                  damage met while reading: names the file and the offset
      BuildStopped              exit code 3: the build itself decided to stop
        NothingLeft               a source or a step kept no document
        SourceAlarm               exit code 5: a source lost more documents than its alarm share
        LedgerError               the books do not add up: a defect of a stage, never of the input
        WorkerLost                a worker process was killed
        FolderInUse               another build holds the output folder
      VerificationError         exit code 4: shards are not what their manifest says

A message says where, what with the value, and what to do. Failures of our own code are plain exceptions with a traceback.
"""

from collections.abc import Iterable
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
    """Damage met while reading `path` at byte (or record) `offset`."""

    def __init__(self, path: str, offset: int, what: str, cure: str) -> None:
        self.path, self.offset, self.what, self.cure = path, offset, what, cure
        super().__init__(f"{path} at {offset}: {what}; {cure}")

    def __reduce__(self) -> tuple[type, tuple[str, int, str, str]]:
        return type(self), (self.path, self.offset, self.what, self.cure)


class BuildStopped(CorpusForgeError):
    """The build stopped itself before harm was done."""

    exit_code = 3


class NothingLeft(BuildStopped):
    """A source gave no document, or a step kept none."""


class SourceAlarm(BuildStopped):
    """A source lost more documents than its alarm share; the message has examples."""

    exit_code = 5


class LedgerError(BuildStopped):
    """documents in != kept + rejected + failed."""


class WorkerLost(BuildStopped):
    """A worker process ended without an answer."""


class FolderInUse(BuildStopped):
    """Another build is writing to the output folder."""


class VerificationError(CorpusForgeError):
    """Shards differ from what their manifest and the stored text say; `problems` holds one line each."""

    exit_code = 4

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))

    def __reduce__(self) -> tuple[type, tuple[tuple[str, ...]]]:
        return type(self), (self.problems,)
