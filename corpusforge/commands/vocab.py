"""`corpusforge vocab ...`: tokenizers, looked at and made ready for a model."""

from pathlib import Path
from typing import Annotated

import typer

vocab = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Look at tokenizers, and make a model ready for one.")

_KINDS = "a Hugging Face folder, tokenizer.json, SentencePiece .model or .tiktoken file"

TextPaths = Annotated[
    list[str] | None,
    typer.Option(
        "--text", metavar="PATH", show_default=False,
        help="Text to try on: files or folders of .txt, .md, .rst and .jsonl; may be given often, as domain and general.",
    ),
]  # fmt: skip
TextBytes = Annotated[int, typer.Option("--text-bytes", min=1, help="Read at most so many bytes of all text together.")]
TextField = Annotated[str, typer.Option("--field", help="Field of JSON Lines that holds the text.")]
Pattern = Annotated[
    str | None,
    typer.Option(
        "--pattern", show_default=False,
        help="How a .tiktoken file cuts text: qwen, cl100k, llama3, gpt2, or the regular expression itself.",
    ),
]  # fmt: skip
Seed = Annotated[int, typer.Option("--seed", min=0, help="Chooses other blocks of large files.")]
Html = Annotated[Path | None, typer.Option("--html", help="Write a page to this file, too.", show_default=False)]
Json = Annotated[Path | None, typer.Option("--json", help="Write JSON to this file, too.", show_default=False)]


@vocab.command("audit")
def audit_command(
    tokenizer: Annotated[Path, typer.Argument(help=f"The tokenizer: {_KINDS}.", show_default=False)],
    *,
    base: Annotated[
        Path | None, typer.Option("--base", help="The tokenizer that it was made from, to compare with.", show_default=False)
    ] = None,
    text: TextPaths = None,
    text_bytes: TextBytes = 8_000_000,
    field: TextField = "text",
    pattern: Pattern = None,
    seed: Seed = 0,
    html: Html = None,
    json: Json = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as errors.")] = False,
) -> None:
    """Find what is wrong with a tokenizer, anyone's: pieces that no text gives, loaders that disagree, a changed base.

    Every piece is tried. Exit code 6 where there are errors, so that it can stand in CI; nothing is downloaded or run.

    Example: corpusforge vocab audit models/chinese-llama --base models/llama-2 --text corpus/zh --text corpus/en
    """
    from corpusforge.inspect.texts import TextRequest
    from corpusforge.inspect.tokenizers import audit_tokenizer
    from corpusforge.report.tokenizers import write_audit
    from corpusforge.terminal.tokenizers import check_audit, print_audit

    found = audit_tokenizer(tokenizer, base, TextRequest(tuple(text or ()), text_bytes, field, seed), pattern)
    print_audit(found)
    write_audit(found, html, json)
    check_audit(found, strict=strict)


@vocab.command("compare")
def compare_command(
    tokenizers: Annotated[list[Path], typer.Argument(help=f"Two or more tokenizers, each {_KINDS}.", show_default=False)],
    *,
    text: TextPaths = None,
    text_bytes: TextBytes = 8_000_000,
    field: TextField = "text",
    pattern: Pattern = None,
    examples: Annotated[int, typer.Option("--examples", min=0, help="Lines of text to cut with each.")] = 4,
    seed: Seed = 0,
    html: Html = None,
    json: Json = None,
) -> None:
    """Put tokenizers side by side on the same text: how each cuts it, characters per token, fertility, shared pieces.

    Example: corpusforge vocab compare models/llama-2 out/geo/tokenizer --text corpus/zh --text corpus/en
    """
    from corpusforge.inspect.texts import TextRequest
    from corpusforge.inspect.tokenizers import compare_tokenizers
    from corpusforge.report.tokenizers import write_comparison
    from corpusforge.terminal.tokenizers import print_comparison

    request = TextRequest(tuple(text or ()), text_bytes, field, seed)
    found = compare_tokenizers(tokenizers, request, pattern, examples)
    print_comparison(found)
    write_comparison(found, html, json)
