"""`corpusforge dedup ...`: what deduplication took out."""

from typing import Annotated, Literal

import typer

from corpusforge.commands.arguments import AsJson, OutFolder

dedup = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Look at what deduplication took out.")


@dedup.command("summary")
def dedup_summary_command(out: OutFolder, as_json: AsJson = False) -> None:
    """Tell what each dedup step took out: by source, by similarity, by size of the groups, and the largest groups.

    Works on a build that was stopped, too: `build --until dedup` goes just so far.

    Example: corpusforge dedup summary out/geo
    """
    from corpusforge.inspect.dedup import summary
    from corpusforge.terminal.dedup import print_summary

    print_summary(out, summary(out), as_json)


@dedup.command("show")
def dedup_show_command(
    out: OutFolder,
    document: Annotated[
        str | None,
        typer.Argument(
            help="Pairs of this one, which went or stayed: named as in `why`; all unless given.", show_default=False
        ),
    ] = None,
    *,
    step: Annotated[str | None, typer.Option("--step", help="Removed by this step only.", show_default=False)] = None,
    source: Annotated[str | None, typer.Option("--source", help="Removed from this source only.", show_default=False)] = None,
    least: Annotated[float | None, typer.Option("--least", help="Similarity from here on.", show_default=False)] = None,
    most: Annotated[float | None, typer.Option("--most", help="Similarity up to here.", show_default=False)] = None,
    order: Annotated[
        Literal["similarity", "group"],
        typer.Option("--order", help="The least alike first, or the largest groups, a pair of each."),
    ] = "similarity",
    seed: Annotated[
        int | None, typer.Option("--random", metavar="SEED", help="A random sample instead.", show_default=False)
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="How many at most; 0 is all.")] = 20,
    full: Annotated[bool, typer.Option("--full", help="The whole texts, not only where they differ.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")] = False,
) -> None:
    """Show documents that deduplication took out beside the one that stays, with the differences marked.

    Example: corpusforge dedup show out/geo --step dedup.minhash --most 0.85
    """
    from corpusforge.inspect.pairs import PairQuestion, pairs
    from corpusforge.terminal.pairs import print_pairs

    print_pairs(pairs(out, PairQuestion(document, step, source, least, most, order, seed, limit)), as_json, full)
