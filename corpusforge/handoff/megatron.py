"""The shards of a finished build as arguments of Megatron-LM's pretrain_gpt.py, in a script for torchrun.

A shard's weight is its group's weight times its share of the group's tokens, so that the mix is that of mix.json however
documents fell on shards.
"""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpusforge.engine.manifest import read_manifest
from corpusforge.engine.store import read_json
from corpusforge.errors import UserError
from corpusforge.tokens import TokenFacts


@dataclass(frozen=True)
class MegatronOptions:
    """What the shards do not say."""

    seq_length: int
    stage: str = "main"
    """Of mix.json, the stage whose weights count."""
    split: str = "99,1,0"
    """Parts for training, validation and test, as Megatron cuts each shard."""
    gpus_per_node: int = 8


def megatron_script(out: Path, options: MegatronOptions) -> str:
    """A script that trains on the shards in `out`; arguments given to it (the model, its optimizer) go to pretrain_gpt.py.

    Raises InputError when no finished build is in `out`, UserError when mix.json has no such stage.
    """
    out = out.absolute()
    manifest = read_manifest(out)
    tokenizer = out / "tokenizer"
    facts = TokenFacts.read(tokenizer)
    weights = shard_weights(manifest, read_json(out / "mix.json"), options.stage)
    num_tokens = sum(shard["num_tokens"] for shard in manifest["shards"] if shard["name"] in weights)
    lines = [
        "#!/usr/bin/env bash",
        f"# Trains on the {len(weights)} shards of the build {manifest['name']!r}: {num_tokens:,} tokens.",
        "#   MEGATRON=/path/to/Megatron-LM ./THIS_FILE --num-layers 24 --hidden-size 2048 --num-attention-heads 16 ...",
        "# On several nodes set NNODES, NODE_RANK and MASTER_ADDR for each, as srun can.",
        "set -euo pipefail",
        "",
        "# Weight and prefix of each shard.",
        "data=(",
        *(f"  {weight:.9f} {shlex.quote(str(out / 'shards' / name))}" for name, weight in weights.items()),
        ")",
        "",
        f"# Every sequence ends with EOD, id {facts.eod_id}; Megatron pads the vocabulary of {facts.vocab_size} itself.",
        "arguments=(",
        '  --data-path "${data[@]}"',
        f"  --split {shlex.quote(options.split)}",
        f"  --seq-length {options.seq_length}",
        f"  --max-position-embeddings {options.seq_length}",
        "  --tokenizer-type HuggingFaceTokenizer",
        f"  --tokenizer-model {shlex.quote(str(tokenizer))}",
        f"  --vocab-size {facts.vocab_size}",
        ")",
        "# Keep documents apart inside a sample, if you want that:",
        "#   --reset-position-ids --reset-attention-mask --eod-mask-loss",
        "",
        'exec torchrun --nnodes "${NNODES:-1}" --node-rank "${NODE_RANK:-0}" --master-addr "${MASTER_ADDR:-localhost}" \\',
        f'  --master-port "${{MASTER_PORT:-29500}}" --nproc-per-node "${{GPUS_PER_NODE:-{options.gpus_per_node}}}" \\',
        '  "${MEGATRON:?set it to a checkout of Megatron-LM}/pretrain_gpt.py" "${arguments[@]}" "$@"',
    ]
    return "\n".join(lines) + "\n"


def shard_weights(manifest: dict[str, Any], mix: dict[str, Any], stage: str) -> dict[str, float]:
    """Shard name -> weight; together 1. Raises UserError when the mix has no such stage."""
    stages = {each["name"]: each["weights"] for each in mix["stages"]}
    if stage not in stages:
        raise UserError(f"handoff megatron: no stage {stage!r} in mix.json; it has: {', '.join(stages)}")
    return {
        shard["name"]: stages[stage][shard["group"]] * shard["num_tokens"] / mix["groups"][shard["group"]]["num_tokens"]
        for shard in manifest["shards"]
        if stages[stage].get(shard["group"], 0) > 0
    }
