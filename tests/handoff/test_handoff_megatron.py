"""The script for Megatron-LM: the weights of the mix, and arguments that arrive as they are."""

import os
import subprocess
from pathlib import Path

import pytest

from corpusforge.engine.run import build
from corpusforge.errors import InputError, UserError
from corpusforge.handoff.megatron import MegatronOptions, megatron_script, shard_weights
from corpusforge.handoff.slurm import write_script
from corpusforge.index.mix import MixGroup, MixShard
from corpusforge.recipe import load_recipe

ROOT = Path(__file__).resolve().parents[2]


def group(**tokens: int) -> MixGroup:
    """A group of shards with so many tokens each."""
    shards = tuple(
        MixShard(name=name.replace("_", "-"), num_sequences=1, num_tokens=count, files={}) for name, count in tokens.items()
    )
    return MixGroup(num_documents=1, num_sequences=len(shards), num_tokens=sum(tokens.values()), shards=shards)


GROUPS = {"geo": group(geo_00000=30, geo_00001=10), "web": group(web_00000=60)}


def test_shards_share_the_weight_of_their_group_by_tokens() -> None:
    weights = shard_weights({"geo": 0.8, "web": 0.2}, GROUPS)
    assert weights == pytest.approx({"geo-00000": 0.6, "geo-00001": 0.2, "web-00000": 0.2})


def test_a_group_that_the_stage_does_not_read_is_left_out() -> None:
    assert shard_weights({"geo": 1.0}, GROUPS) == pytest.approx({"geo-00000": 0.75, "geo-00001": 0.25})


PACKED = ("sink.layout=packed", "sink.seq_length=64", "sink.held_out=0.3")


def test_a_stage_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    build(load_recipe(ROOT / "recipes/tiny.yaml"), tmp_path)
    with pytest.raises(InputError, match="the mix has no stage 'late'; it has: main"):
        megatron_script(tmp_path, MegatronOptions(seq_length=2048, stage="late"))


def test_packed_rows_are_samples_kept_apart_by_masks_and_validated_on_what_was_held_out(tmp_path: Path) -> None:
    build(load_recipe(ROOT / "recipes/tiny.yaml", PACKED), tmp_path)
    script = megatron_script(tmp_path, MegatronOptions(seq_length=64))
    assert "  --reset-position-ids --reset-attention-mask --eod-mask-loss\n)" in script
    training, validation = script.split("data=(")[1].split("held_out=(")
    assert "-held-out-" not in training
    assert "-held-out-00000" in validation
    assert '  --train-data-path "${data[@]}"\n  --valid-data-path "${held_out[@]}"\n' in script
    assert "--split" not in script


def test_packed_rows_of_another_length_are_refused(tmp_path: Path) -> None:
    build(load_recipe(ROOT / "recipes/tiny.yaml", PACKED), tmp_path)
    with pytest.raises(UserError, match="have 64 tokens, and samples of 2048 would cut across them; give --seq-length 64"):
        megatron_script(tmp_path, MegatronOptions(seq_length=2048))


def test_without_a_finished_build_there_is_nothing_to_hand_over(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no finished build"):
        megatron_script(tmp_path, MegatronOptions(seq_length=2048))


def test_megatron_gets_the_weights_prefixes_and_tokenizer_of_the_build(tmp_path: Path) -> None:
    out = tmp_path / "it's out"
    build(load_recipe(ROOT / "recipes/tiny.yaml"), out)
    write_script(tmp_path / "bin/torchrun", "#!/usr/bin/env bash\nprintf '%s\\0' \"$@\"\n")
    write_script(tmp_path / "train.sh", megatron_script(out, MegatronOptions(seq_length=512, gpus_per_node=2)))
    subprocess.run(["bash", "-n", tmp_path / "train.sh"], check=True)
    environment = {**os.environ, "PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "MEGATRON": "/opt/my megatron"}
    environment = {name: value for name, value in environment.items() if name not in ("NNODES", "NODE_RANK")}
    words = subprocess.run(
        ["bash", tmp_path / "train.sh", "--num-layers", "2"], check=True, capture_output=True, text=True, env=environment
    ).stdout.split("\0")[:-1]
    given = words[words.index("/opt/my megatron/pretrain_gpt.py") + 1 :]
    blend = given[1 : given.index("--split")]
    assert given[0] == "--data-path"
    assert all(Path(f"{prefix}.idx").is_file() for prefix in blend[1::2])
    assert sum(map(float, blend[::2])) == pytest.approx(1.0)
    assert given[given.index("--tokenizer-model") + 1] == str(out / "tokenizer")
    assert given[given.index("--seq-length") + 1] == "512"
    assert given[-2:] == ["--num-layers", "2"]
    assert words[words.index("--nproc-per-node") + 1] == "2"


def test_without_a_checkout_of_megatron_the_script_says_what_to_set(tmp_path: Path) -> None:
    build(load_recipe(ROOT / "recipes/tiny.yaml"), tmp_path / "out")
    script = megatron_script(tmp_path / "out", MegatronOptions(seq_length=512))
    environment = {name: value for name, value in os.environ.items() if name != "MEGATRON"}
    done = subprocess.run(["bash", "-c", script], check=False, capture_output=True, text=True, env=environment)
    assert done.returncode != 0
    assert "MEGATRON: set it to a checkout of Megatron-LM" in done.stderr
