"""The command line: the list of all commands, and how they end. What each does stands in corpusforge/commands."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

from corpusforge import __version__
from corpusforge.commands.build import build_command, plan_command, refilter_command
from corpusforge.commands.dedup import dedup
from corpusforge.commands.documents import show_command, trace_command, why_command
from corpusforge.commands.evaluate import evaluate
from corpusforge.commands.folder import clean_command, diff_command, report_command, status_command, verify_command
from corpusforge.commands.handoff import handoff
from corpusforge.commands.init_embeddings import init_embeddings_command
from corpusforge.commands.recipe import init_command, stages_command
from corpusforge.commands.train import train
from corpusforge.commands.vocab import vocab
from corpusforge.commands.weights import weights
from corpusforge.errors import CorpusForgeError, translated_os_errors


class _Interruptible(TyperGroup):
    """Says how to go on after Ctrl-C; typer itself ends without a word."""

    def invoke(self, ctx: typer.Context) -> object:  # type: ignore[override]  # typer's own context
        """Run the command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            print("\nstopped; what was finished is kept: run the same command to go on", file=sys.stderr)
            raise typer.Exit(130) from None


# Exit code of a task that has done its share and did not wait for the others: no error.
MORE_TO_DO = 75

app = typer.Typer(
    cls=_Interruptible, no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False,
    help="CorpusForge: from raw sources to verified training shards, from one recipe.",
)  # fmt: skip

# In the order in which --help lists them.
app.command("build")(build_command)
app.command("plan")(plan_command)
app.command("stages")(stages_command)
app.command("verify")(verify_command)
app.command("trace")(trace_command)
app.command("why")(why_command)
app.command("show")(show_command)
app.command("report")(report_command)
app.command("status")(status_command)
app.command("clean")(clean_command)
app.command("diff")(diff_command)
app.command("refilter")(refilter_command)
app.command("init")(init_command)
app.add_typer(dedup, name="dedup")
app.add_typer(train, name="train")
app.add_typer(handoff, name="handoff")
app.add_typer(vocab, name="vocab")
app.add_typer(weights, name="weights")
app.add_typer(evaluate, name="evaluate")
vocab.command("init-embeddings")(init_embeddings_command)


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
        with translated_os_errors(Path.cwd()):
            app()
    except CorpusForgeError as error:
        for line in str(error).splitlines():
            print(line if error.exit_code == MORE_TO_DO else f"error: {line}", file=sys.stderr)
        sys.exit(error.exit_code)
