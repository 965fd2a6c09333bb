"""`corpusforge vocab ...`: tokenizers, looked at and made ready for a model."""

import typer

vocab = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Look at tokenizers, and make a model ready for one.")
