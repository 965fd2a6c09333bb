"""`corpusforge trace`, `why` and `show`: documents, one by one."""

from pathlib import Path
from typing import Annotated

import typer

from corpusforge.commands.arguments import AsJson, OutFolder


def trace_command(
    shard: Annotated[Path, typer.Argument(help="A shard, such as out/geo/shards/books-00000.", show_default=False)],
    index: Annotated[int, typer.Argument(help="Number of the training sample (sequence) in the shard.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Show where a training sample comes from: document, URL, licence, span of text, every signal.

    Example: corpusforge trace out/geo/shards/books-00000 17
    """
    from corpusforge.inspect.trace import trace
    from corpusforge.terminal.documents import print_segments

    print_segments(trace(shard, index), as_json)


def why_command(
    out: OutFolder,
    document: Annotated[
        str, typer.Argument(help="Its id in hex (6 digits or more), its origin, or source:origin.", show_default=False)
    ],
    as_json: AsJson = False,
) -> None:
    """Tell a document's whole fate: where it came from, what each step said of it, which sequences it became.

    Example: corpusforge why out/geo articles_zh.jsonl:0
    """
    from corpusforge.inspect.why import why
    from corpusforge.terminal.documents import print_fates

    print_fates(why(out, document), as_json)


def show_command(
    out: OutFolder,
    step: Annotated[str | None, typer.Argument(help="A step as in `status`; all unless given.", show_default=False)] = None,
    *,
    kept: Annotated[bool, typer.Option("--kept", help="Documents that the step, or the build, kept: the default.")] = False,
    rejected: Annotated[bool, typer.Option("--rejected", help="Documents that the step, or any step, rejected.")] = False,
    failed: Annotated[bool, typer.Option("--failed", help="Documents on which a library raised an error.")] = False,
    source: Annotated[str | None, typer.Option("--source", help="Of this source only.", show_default=False)] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Rejected by this rule only.", show_default=False)] = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="How many at most; 0 is all.")] = 20,
    seed: Annotated[
        int | None, typer.Option("--random", metavar="SEED", help="A random sample, not the first ones.", show_default=False)
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="The whole text, not its beginning.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")] = False,
) -> None:
    """Show documents that a step kept, rejected or failed on, with reason, value, threshold, signals and text.

    Example: corpusforge show out/geo filter.length --rejected --random 7
    """
    from corpusforge.inspect.show import Question, one_verdict, show
    from corpusforge.terminal.documents import print_shown

    wanted = one_verdict({"kept": kept, "rejected": rejected, "failed": failed}, reason)
    print_shown(show(out, Question(wanted, step, source, reason, limit, seed)), as_json, full)
