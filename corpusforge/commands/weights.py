"""`corpusforge weights ...`: adapters and differences made into models, and models checked."""

from pathlib import Path
from typing import Annotated

import typer

from corpusforge.commands.arguments import AsJson, Link, local

weights = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Merge adapters, make and apply differences, check models."
)


Base = Annotated[
    Path, typer.Option("--base", callback=local, help="Folder of the base: a Hugging Face checkpoint in safetensors.")
]
Out = Annotated[Path, typer.Option("--out", callback=local, help="Folder to write; it must not exist.")]


@weights.command("merge")
def merge_command(
    base: Base,
    adapter: Annotated[Path, typer.Option("--adapter", callback=local, help="Folder of a LoRA adapter that peft saved.")],
    out: Out,
    *,
    link: Link = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check that both fit, say what would be done, write nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Merge a LoRA adapter into its base: a model that does what both do together.

    What is not understood, such as DoRA, is refused by name. What was written is read back; merge.json has digests.

    Example: corpusforge weights merge --base models/llama-2-geo --adapter out/sft/last --out models/geo-chat
    """
    from corpusforge.terminal.weights import print_merge
    from corpusforge.weights.merge import plan_merge
    from corpusforge.weights.merged_model import write_merged

    planned = plan_merge(base, adapter)
    print_merge(planned.facts() if dry_run else write_merged(planned, out, link=link), None if dry_run else out, as_json)


@weights.command("diff")
def diff_command(
    base: Base,
    new: Annotated[Path, typer.Option("--new", callback=local, help="Folder of the model that was trained from it.")],
    out: Out,
    *,
    as_json: AsJson = False,
) -> None:
    """Write what a model differs in from its base, to be given away without the base.

    Bits are compared, so that the model comes back exactly; the delta has digests of every tensor on both sides.

    Example: corpusforge weights diff --base models/llama-2 --new models/geo-chat --out geo-chat-delta
    """
    from corpusforge.terminal.weights import print_delta
    from corpusforge.weights.diff import write_delta

    print_delta(write_delta(base, new, out), out, as_json)


@weights.command("apply")
def apply_command(
    base: Base,
    delta: Annotated[Path, typer.Option("--delta", callback=local, help="Folder that `weights diff` wrote.")],
    out: Out,
    *,
    as_json: AsJson = False,
) -> None:
    """Make the model that a delta was taken from, byte by byte; another base than the delta's is refused.

    Example: corpusforge weights apply --base models/llama-2 --delta geo-chat-delta --out models/geo-chat
    """
    from corpusforge.terminal.weights import print_recovered
    from corpusforge.weights.recover import recover

    print_recovered(recover(base, delta, out), out, as_json)


@weights.command("verify")
def verify_command(
    model: Annotated[Path, typer.Argument(callback=local, help="Folder of a model or an adapter.", show_default=False)],
    *,
    record: Annotated[
        Path | None,
        typer.Option("--record", help="Record with digests of tensors, such as a delta.json; the model's own unless given."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a model: whole files, finite values, and the digests that its record has. Exit code 4 where something is wrong.

    Example: corpusforge weights verify models/geo-chat
    """
    from corpusforge.terminal.weights import print_verified
    from corpusforge.weights.verify import verify_checkpoint

    print_verified(verify_checkpoint(model, record), model, as_json)
