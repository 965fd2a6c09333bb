"""The command line: parse, call one library function, print. Results go to stdout, progress and errors to stderr."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from corpusforge import __version__
from corpusforge.errors import CorpusForgeError

app = typer.Typer(
    no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False,
    help="CorpusForge: from raw sources to verified training shards, from one recipe.",
)  # fmt: skip

RecipePath = Annotated[Path, typer.Argument(help="The recipe, a YAML file.", show_default=False)]
Out = Annotated[
    Path | None, typer.Option("--out", help="Output folder; out/<name of the recipe> unless given.", show_default=False)
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="A.B=VALUE", help="Change a recipe setting; may be given often.", show_default=False),
]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, help="Worker processes; one per core unless given.", show_default=False)
]
Finished = Annotated[Path, typer.Argument(help="Output folder of a finished build.", show_default=False)]


@app.command("build")
def build_command(
    recipe: RecipePath,
    out: Out = None,
    overrides: Overrides = None,
    workers: Workers = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done, as `plan` does.")] = False,
) -> None:
    """Build a recipe: read, extract, filter, deduplicate, encode, split, write shards.

    What is done already is not done again, so a build that was stopped goes on by the same command.

    Example: corpusforge build recipes/geo.yaml --workers 2
    """
    if dry_run:
        plan_command(recipe, out, overrides)
        return
    from corpusforge.engine.run import build
    from corpusforge.recipe import load_recipe
    from corpusforge.terminal import BuildProgress, print_summary

    loaded = load_recipe(recipe, overrides or ())
    plan = build(loaded, out or Path("out") / loaded.name, workers or os.cpu_count() or 1, BuildProgress())
    print_summary(plan.out)


@app.command("plan")
def plan_command(recipe: RecipePath, out: Out = None, overrides: Overrides = None) -> None:
    """Check a recipe and show its steps: which are done, which would run, on how much input.

    Example: corpusforge plan recipes/geo.yaml --set stages.4.max_tokens=1024
    """
    from corpusforge.engine.plan import make_plan
    from corpusforge.recipe import load_recipe
    from corpusforge.terminal import print_plan

    loaded = load_recipe(recipe, overrides or ())
    print_plan(make_plan(loaded, (out or Path("out") / loaded.name).absolute()))


@app.command("stages")
def stages_command(
    name: Annotated[str | None, typer.Argument(help="A stage, to see its settings.", show_default=False)] = None,
) -> None:
    """List the stages a recipe can use, or show the settings of one.

    Example: corpusforge stages filter.length
    """
    from corpusforge.terminal import print_stage, print_stages

    if name is None:
        print_stages()
    else:
        print_stage(name)


@app.command("verify")
def verify_command(
    out: Finished,
    documents: Annotated[
        int, typer.Option("--documents", min=0, help="Documents to encode again with the reference tokenizer; 0 is all.")
    ] = 1000,
) -> None:
    """Check every byte of the shards against the manifest, and their tokens against the stored text.

    Example: corpusforge verify out/geo --documents 0
    """
    from corpusforge.inspect.verify import verify
    from corpusforge.terminal import print_verified

    print_verified(out, verify(out, documents or None))


@app.command("trace")
def trace_command(
    shard: Annotated[Path, typer.Argument(help="A shard, such as out/geo/shards/geo-00000.", show_default=False)],
    index: Annotated[int, typer.Argument(help="Number of the training sample (sequence) in the shard.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Show where a training sample comes from: document, URL, licence, span of text, every signal.

    Example: corpusforge trace out/geo/shards/geo-00000 17
    """
    from corpusforge.inspect.trace import trace
    from corpusforge.terminal import print_segments

    print_segments(trace(shard, index), as_json)


@app.command("init")
def init_command(
    recipe: Annotated[Path, typer.Argument(help="The file to write.")] = Path("recipe.yaml"),
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file if it exists.")] = False,
) -> None:
    """Write a starter recipe with comments, to be filled in.

    Example: corpusforge init my-corpus.yaml
    """
    from corpusforge.recipe.starter import write_starter

    write_starter(recipe, force)
    typer.echo(f"{recipe} written; set `path` in it, then: corpusforge plan {recipe}")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"corpusforge {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False,
) -> None:
    pass


def main() -> None:
    """Entry point: errors of ours become one message on stderr and the exit code of their kind."""
    try:
        app()
    except CorpusForgeError as error:
        for line in str(error).splitlines():
            print(f"error: {line}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("stopped; what was finished is kept: run the same command to go on", file=sys.stderr)
        sys.exit(130)
