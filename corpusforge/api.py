"""The package from Python: `import corpusforge; corpusforge.build("recipes/geo.yaml", out="out/geo")`.

Each function is a command of the same name. `corpusforge` itself offers them and loads this module when one is asked for, so
that `import corpusforge` costs nothing. Errors are those of corpusforge.errors.
"""

from collections.abc import Iterable
from pathlib import Path

from corpusforge.engine.plan import Plan, make_plan
from corpusforge.engine.progress import SILENT, Progress
from corpusforge.engine.remote_output import output_folder, working_folder
from corpusforge.engine.run import build as run_build
from corpusforge.inspect.folder import BuildFolder
from corpusforge.inspect.trace import Segment
from corpusforge.inspect.trace import trace as trace_sequence
from corpusforge.inspect.verify import Verified
from corpusforge.inspect.verify import verify as verify_folder
from corpusforge.inspect.why import Fate
from corpusforge.inspect.why import why as why_document
from corpusforge.recipe import Trial, default_out, load_recipe
from corpusforge.report.page import write_report

StrPath = str | Path


def build(
    recipe: StrPath,
    out: StrPath | None = None,
    *,
    workers: int = 1,
    overrides: Iterable[str] = (),
    trial: Trial | None = None,
    progress: Progress = SILENT,
) -> BuildFolder:
    """Build a recipe under `out` (out/<name of the recipe> unless given) and open what it made.

    Where `out` is an address such as s3://bucket/geo, the build works in a folder of the cache and is published there.

    `overrides` are as after --set: "stages.3.max_tokens=1024". A `trial` takes only the first documents of each source, or a
    share of them, and goes to out/<name>-trial. What is done already is not done again. With more than one worker, processes
    are started that import the calling script: it needs `if __name__ == "__main__":`. Raises RecipeError where the recipe is
    wrong, InputError where the input is, BuildStopped where the build had to stop.
    """
    loaded = load_recipe(Path(recipe), tuple(overrides), trial=trial or Trial())
    with output_folder(out or default_out(loaded, trial), loaded) as folder:
        built = run_build(loaded, folder, workers, progress).out
        write_report(built)
    return BuildFolder(built)


def plan(recipe: StrPath, out: StrPath | None = None, *, overrides: Iterable[str] = (), trial: Trial | None = None) -> Plan:
    """The steps that `build` would carry out, each with its folder and whether it is done; raises RecipeError."""
    loaded = load_recipe(Path(recipe), tuple(overrides), trial=trial or Trial())
    return make_plan(loaded, working_folder(out or default_out(loaded, trial)).absolute())


def verify(out: StrPath, documents: int | None = None) -> Verified:
    """Check every byte of the shards of a finished build, and encode about `documents` (None: all) again.

    Gives the problems found, if any; raises InputError when no finished build is in `out`.
    """
    return verify_folder(Path(out), documents)


def trace(shard: StrPath, sequence: int) -> list[Segment]:
    """The documents behind a training sample: sequence number `sequence` of a shard such as out/geo/shards/books-00000."""
    return trace_sequence(Path(shard), sequence)


def why(out: StrPath, document: str) -> list[Fate]:
    """A document's fate by its id (six hex digits or more), its origin or `source:origin`.

    More than one only where the input gave an id several times; raises InputError when none, or more than one, is meant.
    """
    return why_document(Path(out), document)
