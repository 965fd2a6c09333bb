"""`corpusforge verify`, `report`, `status`, `clean` and `diff`: the output folder of a build as a whole."""

from pathlib import Path
from typing import Annotated

import typer

from corpusforge.commands.arguments import AsJson, Finished, OutFolder, local


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
    from corpusforge.terminal.build import print_verified

    print_verified(out, verify(out, documents or None))


def report_command(out: Finished) -> None:
    """Write report.html, one page: the flow of documents, why they went, every signal with its thresholds, examples.

    A build writes it by itself; this writes it again.

    Example: corpusforge report out/geo
    """
    from corpusforge.report.page import write_report

    typer.echo(write_report(out))


def status_command(out: OutFolder, as_json: AsJson = False) -> None:
    """Tell what is in an output folder: steps, the books, shards, damaged input, sizes; also while a build runs.

    Example: corpusforge status out/geo
    """
    from corpusforge.inspect.status import status
    from corpusforge.terminal.folder import print_status

    print_status(status(out.absolute()), as_json)


def clean_command(
    out: Finished,
    yes: Annotated[bool, typer.Option("--yes", help="Delete; without it, only say what would go.")] = False,
    unfinished: Annotated[bool, typer.Option("--unfinished", help="Also what a build that was stopped has left.")] = False,
) -> None:
    """List what earlier builds have left in an output folder, and with --yes delete it.

    Example: corpusforge clean out/geo
    """
    from corpusforge.inspect.clean import clean
    from corpusforge.terminal.folder import print_leftovers

    print_leftovers(clean(out.absolute(), with_unfinished=unfinished, delete=yes))


def diff_command(
    a: Finished,
    b: Annotated[Path, typer.Argument(callback=local, help="Output folder of another.", show_default=False)],
    limit: Annotated[int, typer.Option("--limit", min=0, help="Examples of documents that only one of them kept.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Compare two builds: counts by source, step and rule, documents that only one of them kept, tokens.

    Example: corpusforge diff out/geo out/geo-strict
    """
    from corpusforge.inspect.diff import diff
    from corpusforge.terminal.difference import print_difference

    print_difference(a.absolute(), b.absolute(), diff(a, b, limit), as_json)
