"""The command `train`, in a file of its own."""

from pathlib import Path
from typing import Annotated

import typer


def train_command(
    recipe: Annotated[Path, typer.Argument(help="A recipe with a `train:` block.", show_default=False)],
    stage: Annotated[str | None, typer.Option("--stage", help="Only this stage; all unless given.", show_default=False)] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="A.B=VALUE", help="Change a recipe setting; may be given often.", show_default=False),
    ] = None,
    processes: Annotated[
        int | None,
        typer.Option("--processes", min=1, help="On this machine; one per GPU unless given, or one.", show_default=False),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show steps, tokens and memory, and train nothing.")] = False,
) -> None:
    """Train on the shards of a build: continue pre-training or fine-tune, stage by stage, exactly resumable.

    The same command goes on after a kill or a signal. Under torchrun or the deepspeed launcher (--no_local_rank) it is one of
    the processes they start. Exit code 75: stopped by a signal, all is saved; 6: the loss was no number.

    Example: corpusforge train recipes/geo-train.yaml --stage adapt --processes 2
    """
    from corpusforge.recipe import load_training
    from corpusforge.terminal.train import print_training, train_and_print

    training = load_training(recipe, overrides or ())
    if dry_run:
        print_training(training, stage, processes or 1)
        return
    code = train_and_print(training, stage, processes)
    if code:
        raise typer.Exit(code)
