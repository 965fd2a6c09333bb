"""What the build of recipes/tiny.yaml gives, as JSON: digests where bytes are ours alone, content where pyarrow writes them."""

import hashlib
import sys
import tempfile
from pathlib import Path
from typing import Any

import orjson

from corpusforge.engine.run import build
from corpusforge.engine.store import read_json, read_parquet
from corpusforge.recipe import load_recipe

ROOT = Path(__file__).resolve().parents[2]


def golden(out: Path, workers: int = 1) -> dict[str, Any]:
    """Build recipes/tiny.yaml in `out` and describe it."""
    plan = build(load_recipe(ROOT / "recipes/tiny.yaml"), out, workers)
    shards = sorted((out / "shards").iterdir())
    return {
        "digests": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in shards if path.suffix != ".parquet"},
        "lineage": {path.name: _lineage(path) for path in shards if path.suffix == ".parquet"},
        "steps": [f"{step.name} {step.fingerprint}" for step in plan.steps],
        "ledger": {step["name"]: step["ledger"] for step in read_json(out / "manifest.json")["steps"]},
        "mix": _mix(read_json(out / "mix.json")),
    }


def _mix(mix: dict[str, Any]) -> dict[str, Any]:
    """Without the digests of the shards, which stand above."""
    for group in [*mix["groups"].values(), *mix["held_out"].values()]:
        for shard in group["shards"]:
            shard["files"] = sorted(shard["files"])
    return mix


def _lineage(path: Path) -> list[dict[str, Any]]:
    return [{**row, "document": row["document"].hex()} for row in read_parquet(path).to_pylist()]


def as_text(value: dict[str, Any]) -> str:
    """As it lies in tiny.json."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode() + "\n"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(as_text(golden(Path(folder))))
