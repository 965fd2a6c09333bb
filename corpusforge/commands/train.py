"""The commands below `train`: `corpusforge train RECIPE` trains, `corpusforge train samples` lists what was read."""

from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

from corpusforge.commands.arguments import AsJson, Finished, MixStage, OnlyStage, Overrides


class _RunByDefault(TyperGroup):
    """`train RECIPE` stands for `train run RECIPE`: what is no command of the group is a recipe."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]  # typer's own context
        """Put the command in where none is named."""
        named = not args or args[0] in self.commands or args[0] == "--help"
        return super().parse_args(ctx, args if named else ["run", *args])


train = typer.Typer(
    cls=_RunByDefault, no_args_is_help=True, rich_markup_mode=None,
    help="Train on the shards of a build: `train RECIPE` is `train run RECIPE`.",
)  # fmt: skip


@train.command("run")
def train_run_command(
    recipe: Annotated[Path, typer.Argument(help="A recipe with a `train:` block.", show_default=False)],
    stage: OnlyStage = None,
    overrides: Overrides = None,
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


@train.command("samples")
def train_samples_command(
    out: Finished,
    *,
    stage: MixStage = None,
    start: Annotated[int, typer.Option("--from", min=0, help="First row, in the order in which the stage reads.")] = 0,
    stop: Annotated[
        int | None, typer.Option("--to", min=0, help="The row before which to stop; all unless given.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the rows that a stage reads between two positions: shard, sequence, documents and their addresses.

    A run that has taken N rows has seen rows 0 to N - 1, whatever its world size.

    Example: corpusforge train samples out/geo --stage adapt --from 0 --to 64
    """
    from corpusforge.terminal.consumed import print_consumed

    print_consumed(out, stage, start, stop, as_json)
