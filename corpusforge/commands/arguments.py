"""Arguments and options that several commands have, worded once."""

from pathlib import Path
from typing import Annotated

import typer

from corpusforge.remote.urls import check_local


def local(folder: Path) -> Path:
    """The folder; raises UserError where it was given as an address, for commands that work on this machine alone."""
    check_local(folder)
    return folder


RecipePath = Annotated[Path, typer.Argument(help="The recipe, a YAML file.", show_default=False)]
Out = Annotated[
    str | None,
    typer.Option(
        "--out", help="Output folder, or an address such as s3://bucket/geo; out/<name> unless given.", show_default=False
    ),
]
Scratch = Annotated[
    Path | None,
    typer.Option(
        "--scratch", help="With an address: the folder to build in; one of the cache unless given.", show_default=False
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="A.B=VALUE", help="Change a recipe setting; may be given often.", show_default=False),
]
Limit = Annotated[
    int | None,
    typer.Option("--limit", min=1, metavar="N", help="A trial on the first N documents of each source.", show_default=False),
]
Sample = Annotated[
    float | None, typer.Option("--sample", metavar="SHARE", help="A trial on a share, such as 0.01.", show_default=False)
]
Finished = Annotated[Path, typer.Argument(callback=local, help="Output folder of a finished build.", show_default=False)]
OutFolder = Annotated[
    Path, typer.Argument(callback=local, help="Output folder of a build, finished or not.", show_default=False)
]
OnlyStage = Annotated[str | None, typer.Option("--stage", help="Only this stage; all unless given.", show_default=False)]
MixStage = Annotated[
    str | None,
    typer.Option("--stage", help="Stage of the mix; not needed where there is one.", show_default=False),
]
Link = Annotated[bool, typer.Option("--link", help="Hard links, not copies, of files of tensors that stay as they are.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
