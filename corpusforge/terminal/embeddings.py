"""What `vocab init-embeddings` prints."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.markup import escape

from corpusforge.terminal.console import say, say_json


def print_embeddings(facts: Mapping[str, Any], out: Path | None, as_json: bool) -> None:
    """What was done, or without `out` would be."""
    if as_json:
        say_json(facts)
        return
    output = "the same matrix" if facts["output_matrix"] is None else facts["output_matrix"]
    tied = " (tied)" if facts["tied"] and facts["output_matrix"] else ""
    say(escape(f"input {facts['input_matrix']}, output {output}{tied}"))
    say(f"rows {facts['base_rows']:,} -> {facts['rows']:,}: {facts['new_ids']:,} new ids, of which")
    say(f"  {facts['new_ids_in_rows_of_the_base']:,} have rows in the base, which are written over")
    say(f"  {facts['without_constituents']:,} stand for no text and get the mean of all rows")
    say(f"  the others consist of {facts['constituents_per_new_id']:.2f} ids on average")
    for name, length in facts["base_length"].items():
        new = facts.get("new_length", {}).get(name)
        say(
            f"length of rows of {escape(name)}: {length:.4g} in the base"
            + ("" if new is None else f", {new:.4g} of the new ones")
        )
    say(
        "nothing was written"
        if out is None
        else f"{escape(str(out))} written, read back and compared; init_embeddings.json has the record"
    )
