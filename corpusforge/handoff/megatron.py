"""The shards of a finished build as arguments of Megatron-LM's pretrain_gpt.py, in a script for torchrun.

A shard's weight is its group's share times its part of the group's tokens, so that the mix is that of mix.json however
documents fell on shards. Packed rows are taken for documents of one length: where samples are as long, Megatron's samples are
exactly our rows, in its own order, and its masks at every EOD keep the pieces apart and the loss off the fill.
"""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from corpusforge.engine.manifest import read_manifest
from corpusforge.errors import UserError
from corpusforge.index.mix import Mix, MixGroup
from corpusforge.tokens import TokenFacts

_MASKS = "--reset-position-ids --reset-attention-mask --eod-mask-loss"


@dataclass(frozen=True)
class MegatronOptions:
    """What the shards do not say."""

    seq_length: int
    stage: str | None = None
    """Of mix.json, the stage whose weights count; None is the only one."""
    split: str = "99,1,0"
    """Parts for training, validation and test, as Megatron cuts each shard; not used where slices were held out."""
    gpus_per_node: int = 8


def megatron_script(out: Path, options: MegatronOptions) -> str:
    """A script that trains on the shards in `out`; arguments given to it (the model, its optimizer) go to pretrain_gpt.py.

    Raises InputError when no finished build is in `out`, or mix.json has no such stage, and UserError for packed rows whose
    length is not `seq_length`.
    """
    out = out.absolute()
    name, mix, facts = read_manifest(out)["name"], Mix.read(out), TokenFacts.read(out / "tokenizer")
    if mix.layout == "packed" and mix.seq_length != options.seq_length:
        what = f"the rows of {out} have {mix.seq_length} tokens, and samples of {options.seq_length} would cut across them"
        raise UserError(f"handoff megatron: {what}; give --seq-length {mix.seq_length}, or build with another sink.seq_length")
    stage = mix.stage(options.stage)
    weights = shard_weights({group: plan.share for group, plan in stage.groups.items()}, mix.groups)
    lines = [
        "#!/usr/bin/env bash",
        f"# Trains on {len(weights)} shards of the build {name!r}: stage {stage.name}, {stage.num_tokens:,} tokens.",
        "#   MEGATRON=/path/to/Megatron-LM ./THIS_FILE --num-layers 24 --hidden-size 2048 --num-attention-heads 16 ...",
        "# On several nodes set NNODES, NODE_RANK and MASTER_ADDR for each, as srun can.",
        "set -euo pipefail",
        "",
        "# Weight and prefix of each shard.",
        *_array("data", weights, out),
        *(_array("held_out", _held_out_weights(mix), out) if mix.held_out else ()),
        "",
        f"# Every sequence ends with EOD, id {facts.eod_id}; Megatron pads the vocabulary of {facts.vocab_size} itself.",
        "arguments=(",
        *_data_arguments(mix, options),
        f"  --seq-length {options.seq_length}",
        f"  --max-position-embeddings {options.seq_length}",
        "  --tokenizer-type HuggingFaceTokenizer",
        f"  --tokenizer-model {shlex.quote(str(out / 'tokenizer'))}",
        f"  --vocab-size {facts.vocab_size}",
        *([f"  {_MASKS}"] if mix.layout == "packed" else ()),
        ")",
        *([] if mix.layout == "packed" else ["# Keep documents apart inside a sample, if you want that:", f"#   {_MASKS}"]),
        "",
        'exec torchrun --nnodes "${NNODES:-1}" --node-rank "${NODE_RANK:-0}" --master-addr "${MASTER_ADDR:-localhost}" \\',
        f'  --master-port "${{MASTER_PORT:-29500}}" --nproc-per-node "${{GPUS_PER_NODE:-{options.gpus_per_node}}}" \\',
        '  "${MEGATRON:?set it to a checkout of Megatron-LM}/pretrain_gpt.py" "${arguments[@]}" "$@"',
    ]
    return "\n".join(lines) + "\n"


def shard_weights(shares: Mapping[str, float], groups: Mapping[str, MixGroup]) -> dict[str, float]:
    """Shard name -> weight, from each group's share of the tokens; together what the shares sum to."""
    return {
        shard.name: share * shard.num_tokens / groups[group].num_tokens
        for group, share in shares.items()
        for shard in groups[group].shards
    }


def _held_out_weights(mix: Mix) -> dict[str, float]:
    total = sum(group.num_tokens for group in mix.held_out.values())
    return shard_weights({name: group.num_tokens / total for name, group in mix.held_out.items()}, mix.held_out)


def _array(name: str, weights: Mapping[str, float], out: Path) -> list[str]:
    entries = [f"  {weight:.9f} {shlex.quote(str(out / 'shards' / shard))}" for shard, weight in weights.items()]
    return [f"{name}=(", *entries, ")"]


def _data_arguments(mix: Mix, options: MegatronOptions) -> list[str]:
    if mix.held_out:
        return ['  --train-data-path "${data[@]}"', '  --valid-data-path "${held_out[@]}"']
    return ['  --data-path "${data[@]}"', f"  --split {shlex.quote(options.split)}"]
