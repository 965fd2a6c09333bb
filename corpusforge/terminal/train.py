"""Trains in this process or launches those that do, prints the plan, keeps report.html of the training fresh."""

import os
import sys
import traceback
from pathlib import Path

from rich.markup import escape

from corpusforge.errors import CorpusForgeError, UserError, translated_os_errors
from corpusforge.recipe import Training
from corpusforge.report import figures
from corpusforge.report.training import write_training_report
from corpusforge.terminal.console import err, say, say_table, size_text, table
from corpusforge.train.launch import die_with_parent, is_launched, launch, num_devices
from corpusforge.train.plan import make_plan


def train_and_print(training: Training, only: str | None, processes: int | None) -> int:
    """Train; the exit code. Launches the processes unless this is one of them."""
    if not is_launched():
        processes = processes or num_devices()
        print_training(training, only, processes)
        code = launch(sys.argv[1:], processes)
        if code == 0:
            say(f"{training.out / 'report.html'} written")
        return code
    die_with_parent()
    code = _train(training, only)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # past the destructors of torch and DeepSpeed, some of which abort a process that has done its work


def _train(training: Training, only: str | None) -> int:
    """One process of the training; errors that all processes meet alike are printed by the first."""
    from corpusforge.train.run import Hooks, run

    rank = int(os.environ["RANK"])
    try:
        with translated_os_errors(training.out):
            run(training, only, Hooks(_tell, _report))
    except CorpusForgeError as error:
        if rank == 0 or not isinstance(error, UserError):
            err.print(f"[red]error:[/] {'' if rank == 0 else f'process {rank}: '}{escape(str(error))}", soft_wrap=True)
        return error.exit_code
    except Exception:
        err.print(escape(f"process {rank}: {traceback.format_exc()}"), soft_wrap=True)
        return 1
    return 0


def _tell(text: str) -> None:
    err.print(escape(text), soft_wrap=True)


def _report(out: Path) -> None:
    write_training_report(out)


def print_training(training: Training, only: str | None, processes: int) -> None:
    """The plan: what each stage does, on how much, and what it takes."""
    plans = make_plan(training, only, processes)
    say(f"[bold]{escape(training.name)}[/]: train on {escape(str(training.build))}, into {escape(str(training.out))}")
    made = table("stage", "trains", "#steps", "#tokens", "#rows", "#epochs", "#weights", "#training", "#memory", "status")
    for plan in plans:
        made.add_row(
            plan.stage.name, plan.stage.trains, f"{plan.batches.num_steps:,}", f"{plan.num_tokens:,}", f"{plan.num_rows:,}",
            f"{plan.epochs:.2f}", figures.brief(plan.num_weights), figures.brief(plan.num_training),
            f"~{size_text(plan.memory.total)}", plan.status,
        )  # fmt: skip
    say_table(made)
    for plan in plans:
        shared, parts = plan.batches, plan.memory
        say(
            f"{plan.stage.name}: a step is {plan.stage.global_batch_tokens:,} tokens, {shared.world} processes x "
            f"{shared.accumulation} x {shared.micro_rows} rows; memory of each about {size_text(parts.weights)} weights, "
            f"{size_text(parts.gradients)} gradients, {size_text(parts.optimizer)} optimizer, "
            f"{size_text(parts.activations)} activations"
        )
