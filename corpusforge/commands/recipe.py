"""`corpusforge stages` and `init`: what one needs to write a recipe."""

from pathlib import Path
from typing import Annotated

import typer


def stages_command(
    name: Annotated[str | None, typer.Argument(help="A stage, to see its settings.", show_default=False)] = None,
) -> None:
    """List the stages a recipe can use, or show the settings of one.

    Example: corpusforge stages filter.length
    """
    from corpusforge.terminal.stages import print_stage, print_stages

    if name is None:
        print_stages()
    else:
        print_stage(name)


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
