"""What the commands of `weights` print."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.markup import escape

from corpusforge.errors import VerificationError
from corpusforge.terminal.console import say, say_json
from corpusforge.weights.verify import Verified


def print_merge(facts: Mapping[str, Any], out: Path | None, as_json: bool) -> None:
    """What was merged, or without `out` would be."""
    if as_json:
        say_json(facts)
        return
    scales = ", ".join(f"{scale:.4g}" for scale in facts["scales"]) or "none"
    say(f"{facts['low_rank']:,} tensors get the product of two factors, times {scales}")
    say(f"{len(facts['whole']):,} come whole from the adapter{_names(facts['whole'])}; {facts['kept']:,} stay as they are")
    if facts["added"]:
        say(f"the two matrices are no longer tied, as the adapter changes one of them:{_names(facts['added'])} is new")
    if out is None:
        say("nothing was written")
        return
    if facts["left_behind"]:
        say(f"left behind:{_names(facts['left_behind'])}")
    tokenizer = f"the tokenizer is the {facts['tokenizer_of']}'s"
    say(f"{escape(str(out))} written, read back and compared; {tokenizer}; merge.json has the digests")


def print_delta(record: Mapping[str, Any], out: Path, as_json: bool) -> None:
    """How large a delta is beside the model."""
    if as_json:
        say_json(record)
        return
    whole = sum(facts["num_bytes"] for facts in record["tensors"].values())
    size = sum((out / shard["delta"]).stat().st_size for shard in record["shards"].values())
    alone = sorted(record["tensors"].keys() - record["base"].keys())
    whole_names = _names(alone, "; stored whole:")
    say(f"{len(record['base']):,} of {len(record['tensors']):,} tensors compared with the base's{whole_names}")
    if record["left_behind"]:
        say(f"left behind:{_names(record['left_behind'])}")
    share = f"{size / 1e6:,.1f} MB for {whole / 1e6:,.1f} MB of tensors"
    say(f"{escape(str(out))} written, {share}; every tensor was recovered from it and is the same")


def print_recovered(record: Mapping[str, Any], out: Path, as_json: bool) -> None:
    """That the model is there."""
    if as_json:
        say_json(record)
        return
    say(f"{escape(str(out))} written: {len(record['tensors']):,} tensors, every file with the digest that it had")


def print_verified(found: Verified, model: Path, as_json: bool) -> None:
    """What was checked; raises VerificationError with every problem."""
    if as_json:
        say_json(found)
    else:
        _say_verified(found, model)
    if found.problems:
        raise VerificationError(found.problems)


def _say_verified(found: Verified, model: Path) -> None:
    say(f"{escape(str(model))}: {found.num_tensors:,} tensors, {found.num_bytes / 1e6:,.1f} MB")
    if found.unknown_formats:
        say(f"values of {', '.join(found.unknown_formats)} were not looked at")
    if not found.problems:
        records = f"as {', '.join(found.records)} says" if found.records else "no record to compare with"
        say(f"whole, all values finite, {escape(records)}")


def _names(names: list[str], before: str = "") -> str:
    """ " (a, b and 3 more)" with what comes before it, nothing where there are none."""
    if not names:
        return ""
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return f"{before} {escape(', '.join(names[:4]) + more)}"
