"""`corpusforge build`, `plan` and `refilter`: what is done with a recipe."""

import os
from typing import Annotated

import typer

from corpusforge.commands.arguments import AsJson, Limit, Out, Overrides, RecipePath, Sample, Scratch

Workers = Annotated[
    int | None, typer.Option("--workers", min=1, help="Worker processes; one per core unless given.", show_default=False)
]


def build_command(
    recipe: RecipePath,
    out: Out = None,
    overrides: Overrides = None,
    workers: Workers = None,
    *,
    scratch: Scratch = None,
    limit: Limit = None,
    sample: Sample = None,
    ray: Annotated[str | None, typer.Option("--ray", help="Run on the Ray cluster at this address.", show_default=False)] = (
        None
    ),
    task: Annotated[
        str | None,
        typer.Option("--task", metavar="I/N", help="Do task I of N; start all N, on any machines.", show_default=False),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="With --task: wait for the other tasks, or end.")] = True,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="STEP", help="Stop after this step or stage, publish nothing.", show_default=False),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done, as `plan` does.")] = False,
) -> None:
    """Build a recipe: read, extract, filter, deduplicate, encode, split, write shards.

    What is done already is not done again, so a build that was stopped goes on by the same command. To look at what
    deduplication takes before anything is spent on it: `--until dedup`, then `dedup summary` and `dedup show`.

    Example: corpusforge build recipes/geo.yaml --workers 2
    """
    if dry_run:
        plan_command(recipe, out, overrides, scratch=scratch, limit=limit, sample=sample)
        return
    from corpusforge.engine.executors.ray import Ray
    from corpusforge.engine.slices import Slice
    from corpusforge.recipe import Trial, default_out, load_recipe
    from corpusforge.terminal.build import build_and_print

    trial = Trial(limit, sample)
    loaded = load_recipe(recipe, overrides or (), trial=trial)
    hands = Ray(ray) if ray else workers or os.cpu_count() or 1
    part = Slice.parse(task, wait) if task else None
    build_and_print(loaded, out or default_out(loaded, trial), scratch, hands, part, until)


def plan_command(
    recipe: RecipePath,
    out: Out = None,
    overrides: Overrides = None,
    *,
    scratch: Scratch = None,
    limit: Limit = None,
    sample: Sample = None,
) -> None:
    """Check a recipe and show its steps: which are done, which would run, on how much input.

    Example: corpusforge plan recipes/geo.yaml --set stages.4.max_tokens=1024
    """
    from corpusforge.engine.plan import make_plan
    from corpusforge.engine.remote_output import working_folder
    from corpusforge.recipe import Trial, default_out, load_recipe
    from corpusforge.terminal.build import print_plan

    trial = Trial(limit, sample)
    loaded = load_recipe(recipe, overrides or (), trial=trial)
    print_plan(make_plan(loaded, working_folder(out or default_out(loaded, trial), scratch).absolute()))


def refilter_command(
    recipe: RecipePath,
    out: Out = None,
    overrides: Overrides = None,
    *,
    scratch: Scratch = None,
    limit: Limit = None,
    sample: Sample = None,
    examples: Annotated[int, typer.Option("--examples", min=0, help="Documents whose fate changes, to be shown.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Tell what other thresholds would keep and reject, from the signals of the last build: in seconds, writing nothing.

    Example: corpusforge refilter recipes/geo.yaml --set sources.articles.pipeline.length.min_words=60
    """
    from corpusforge.engine.remote_output import working_folder
    from corpusforge.inspect.refilter import refilter
    from corpusforge.recipe import Trial, default_out, load_recipe
    from corpusforge.terminal.difference import print_redecided

    trial = Trial(limit, sample)
    loaded = load_recipe(recipe, overrides or (), trial=trial)
    print_redecided(refilter(loaded, working_folder(out or default_out(loaded, trial), scratch), examples), as_json)
