"""`corpusforge handoff ...`: scripts that give work to a cluster."""

from pathlib import Path
from typing import Annotated

import typer

from corpusforge.commands.arguments import Finished, MixStage, OnlyStage, Out, Overrides, RecipePath, local

handoff = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Write the scripts that give work to a cluster.")

ScriptFile = Annotated[Path | None, typer.Option("--to", help="File to write; stdout unless given.", show_default=False)]


@handoff.command("slurm")
def handoff_slurm_command(
    recipe: RecipePath,
    out: Out = None,
    overrides: Overrides = None,
    *,
    tasks: Annotated[int, typer.Option("--tasks", min=1, help="Jobs in the array.")] = 8,
    cpus: Annotated[int, typer.Option("--cpus", min=1, help="Cores, and worker processes, of each.")] = 8,
    memory: Annotated[str, typer.Option("--memory", help="Memory of each; about 2 GB a worker.")] = "32G",
    time: Annotated[str, typer.Option("--time", help="Time limit of each.")] = "24:00:00",
    partition: Annotated[str, typer.Option("--partition", help="Partition.", show_default=False)] = "",
    account: Annotated[str, typer.Option("--account", help="Account.", show_default=False)] = "",
    logs: Annotated[Path, typer.Option("--logs", help="Folder for a log per job.")] = Path("logs"),
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Jobs run at the same time, or queue themselves again.")
    ] = True,
    to: ScriptFile = None,
) -> None:
    """Write an sbatch script that builds a recipe as an array of jobs on a shared folder.

    Example: corpusforge handoff slurm recipes/geo.yaml --tasks 16 --to build.sbatch
    """
    from corpusforge.handoff.slurm import SlurmOptions, slurm_script
    from corpusforge.recipe import default_out, load_recipe

    changes = tuple(overrides or ())
    options = SlurmOptions(tasks, cpus, memory, time, partition, account, logs, wait, changes)
    folder = local(Path(out)) if out else default_out(load_recipe(recipe, changes))
    script = slurm_script(recipe, folder, options)
    _hand_out(script, to, "sbatch ", logs)


@handoff.command("train")
def handoff_train_command(
    recipe: RecipePath,
    stage: OnlyStage = None,
    overrides: Overrides = None,
    *,
    nodes: Annotated[int, typer.Option("--nodes", min=1, help="Machines.")] = 1,
    gpus_per_node: Annotated[int, typer.Option("--gpus-per-node", min=1, help="GPUs, and processes, of each.")] = 8,
    cpus: Annotated[int, typer.Option("--cpus", min=1, help="Cores of each process.")] = 8,
    time: Annotated[str, typer.Option("--time", help="Time limit; the job saves before it and queues itself again.")] = (
        "24:00:00"
    ),
    partition: Annotated[str, typer.Option("--partition", help="Partition.", show_default=False)] = "",
    account: Annotated[str, typer.Option("--account", help="Account.", show_default=False)] = "",
    logs: Annotated[Path, typer.Option("--logs", help="Folder for the log.")] = Path("logs"),
    to: ScriptFile = None,
) -> None:
    """Write an sbatch script that trains a recipe on the GPUs of some machines, and goes on when its time is up.

    Example: corpusforge handoff train recipes/geo-train.yaml --nodes 2 --to train.sbatch
    """
    from corpusforge.handoff.training import TrainingOptions, training_script
    from corpusforge.recipe import load_training

    load_training(recipe, overrides or ())
    options = TrainingOptions(
        nodes, gpus_per_node, cpus, time=time, partition=partition, account=account, logs=logs, overrides=tuple(overrides or ())
    )
    script = training_script(recipe, stage, options)
    _hand_out(script, to, "sbatch ", logs)


@handoff.command("megatron")
def handoff_megatron_command(
    out: Finished,
    *,
    seq_length: Annotated[int, typer.Option("--seq-length", min=1, help="Tokens of a training sample.", show_default=False)],
    stage: MixStage = None,
    split: Annotated[
        str, typer.Option("--split", help="Parts for training, validation and test; held-out slices come before it.")
    ] = "99,1,0",
    gpus_per_node: Annotated[int, typer.Option("--gpus-per-node", min=1, help="Processes that torchrun starts.")] = 8,
    to: ScriptFile = None,
) -> None:
    """Write a torchrun script that trains Megatron-LM on the shards of a finished build.

    Example: corpusforge handoff megatron out/geo --seq-length 4096 --to train.sh
    """
    from corpusforge.handoff.megatron import MegatronOptions, megatron_script

    script = megatron_script(out, MegatronOptions(seq_length, stage, split, gpus_per_node))
    _hand_out(script, to, "MEGATRON=/path/to/Megatron-LM ")


def _hand_out(script: str, to: Path | None, start: str, logs: Path | None = None) -> None:
    """Write the script and say how to start it, or print it."""
    from corpusforge.handoff.slurm import write_script

    if to is not None:
        write_script(to, script, logs)
    typer.echo(script if to is None else f"{to} written; next: {start}{to}")
