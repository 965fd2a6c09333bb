"""`corpusforge vocab init-embeddings`: a model gets rows for the new ids of a tokenizer."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from corpusforge.commands.arguments import AsJson, Link, local


def init_embeddings_command(
    model: Annotated[
        Path, typer.Option("--model", callback=local, help="Folder of the base: a Hugging Face checkpoint in safetensors.")
    ],
    tokenizer: Annotated[
        Path, typer.Option("--tokenizer", callback=local, help="Folder of the tokenizer with more ids than the base's.")
    ],
    out: Annotated[Path, typer.Option("--out", callback=local, help="Folder to write the checkpoint to; it must not exist.")],
    *,
    method: Annotated[
        Literal["mean", "weighted"],
        typer.Option(
            "--method", help="Mean of the constituents, or weighted: the last counts most in input, the first in output."
        ),
    ] = "mean",
    output_method: Annotated[
        Literal["mean", "weighted", "first"] | None,
        typer.Option("--output-method", help="For an output matrix of its own; as --method unless given.", show_default=False),
    ] = None,
    norm: Annotated[
        Literal["median", "none"] | None,
        typer.Option(
            "--norm",
            help="Length of new input rows: the base's median, or as it comes; median unless given, none where input and "
            "output are one matrix.",
            show_default=False,
        ),
    ] = None,
    output_norm: Annotated[
        Literal["median", "none"], typer.Option("--output-norm", help="The same for an output matrix of its own.")
    ] = "none",
    pad_to_multiple: Annotated[
        int, typer.Option("--pad-to-multiple", min=1, help="Add rows until their number is a multiple.")
    ] = 1,
    base_tokenizer: Annotated[
        Path | None,
        typer.Option("--base-tokenizer", help="Folder of the base's tokenizer; the model's unless given.", show_default=False),
    ] = None,
    input_matrix: Annotated[
        str | None, typer.Option("--input-matrix", metavar="NAME", help="Found by name unless given.", show_default=False)
    ] = None,
    output_matrix: Annotated[
        str | None, typer.Option("--output-matrix", metavar="NAME", help="Found by name unless given.", show_default=False)
    ] = None,
    link: Link = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check that all fits, say what would be done, write nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Give a model rows for the new ids of an extended tokenizer, each made of the rows of what it consists of.

    Only the input and the output matrix are read; the other files of tensors are copied byte by byte, so a model of any size
    takes little memory. What was written is read back and compared, and init_embeddings.json tells how it came to be.

    Example: corpusforge vocab init-embeddings --model models/llama-2 --tokenizer out/geo/tokenizer --out models/llama-2-geo
    """
    from corpusforge.terminal.embeddings import print_embeddings
    from corpusforge.vocab.embedded_model import write_model
    from corpusforge.vocab.embeddings import Names, RowSettings, plan_embeddings

    settings = RowSettings(method, output_method, norm, output_norm, pad_to_multiple)
    planned = plan_embeddings(model, tokenizer, settings, Names(base_tokenizer, input_matrix, output_matrix))
    print_embeddings(planned.facts() if dry_run else write_model(planned, out, link=link), None if dry_run else out, as_json)
