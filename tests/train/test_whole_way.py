"""From samples to a fine-tuned model with a vocabulary of its own: the way as a person goes it, in two processes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

from corpusforge.train.data import Samples

ROOT = Path(__file__).parents[2]
TOKENIZER = ROOT / "recipes/samples/tokenizer"
LENGTH = 256

pytestmark = pytest.mark.slow


def started(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    """The command in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "corpusforge", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )


def corpusforge(folder: Path, *arguments: str) -> str:
    process = started(folder, *arguments)
    said, complained = process.communicate()
    assert process.returncode == 0, said + complained
    assert "Warning" not in complained
    return said


def stage(name: str, **settings: Any) -> dict[str, Any]:
    return {
        "name": name, "sequence_length": LENGTH, "global_batch_tokens": 4 * LENGTH, "micro_batch_rows": 2, "steps": 6,
        "learning_rate": 5e-3, "precision": "fp32", "log_every": 1, "evaluate_rows": 8, **settings,
    }  # fmt: skip


def recipe(
    folder: Path, name: str, changes: dict[str, dict[str, Any]], variables: dict[str, str], train: dict[str, Any]
) -> None:
    """A shipped recipe with rows of another length, some stages changed, and a training."""
    tree = yaml.safe_load((ROOT / f"recipes/{name}.yaml").read_text("utf-8"))
    tree["variables"] |= variables
    tree["stages"] = [changes.get(each["use"], each) for each in tree["stages"]]
    tree["sink"]["seq_length"] = LENGTH
    tree["train"] = {**train, "tensorboard": False}
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(tree, sort_keys=False, allow_unicode=True), "utf-8")


def metrics(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def way(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Vocabulary extended, rows for it, two stages of pre-training under ZeRO-2 and 3, adapters under both."""
    folder = tmp_path_factory.mktemp("way")
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=4000, hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=512,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder / "base")
    for path in TOKENIZER.iterdir():
        (folder / "base" / path.name).write_bytes(path.read_bytes())
    extend = {"use": "vocab.extend", "base": str(TOKENIZER), "num_pieces": 1000}
    stages = [stage("adapt", mix="adapt", zero=2), stage("specialise", mix="specialise", zero=3)]
    recipe(
        folder, "geo", {"vocab.train": extend, "split.greedy": {"use": "split.greedy", "max_tokens": LENGTH}},
        {"samples": str(ROOT / "recipes/samples")}, {"build": "build", "model": "model", "out": "train", "stages": stages},
    )  # fmt: skip
    corpusforge(folder, "build", "geo.yaml", "--out", "build")
    corpusforge(folder, "vocab", "init-embeddings", "--model", "base", "--tokenizer", "build/tokenizer", "--out", "model")
    corpusforge(folder, "train", "geo.yaml", "--processes", "2")
    render = {"use": "sft.render", "tokenizer": "build/tokenizer", "template": "alpaca", "max_tokens": LENGTH}
    lora = {"trains": "lora", "lora": {"rank": 4, "alpha": 8}, "init_from": "base", "steps": 4}
    recipe(
        folder, "sft", {"sft.render": render}, {"rows": str(ROOT / "recipes/samples/sft")},
        {
            "build": "sft", "model": "train/specialise/final", "out": "train-sft",
            "stages": [stage("two", zero=2, **lora), stage("three", zero=3, **lora)],
        },
    )  # fmt: skip
    corpusforge(folder, "build", "sft.yaml", "--out", "sft")
    corpusforge(folder, "train", "sft.yaml", "--processes", "2")
    return folder


def test_training_reads_ids_that_the_base_did_not_have_and_learns_from_them(way: Path) -> None:
    rows = Samples.open(way / "build", "specialise").rows(0, 24)
    assert rows.tokens.max() >= 4000
    for name, group in (("adapt", "web"), ("specialise", "articles")):
        scores = [each["bits_per_byte"][group] for each in metrics(way / "train" / name) if "bits_per_byte" in each]
        assert scores[-1] < scores[0]
    model = AutoModelForCausalLM.from_pretrained(way / "train/specialise/final")
    assert (
        model.get_input_embeddings().weight.shape[0]
        == len(AutoTokenizer.from_pretrained(way / "train/specialise/final"))
        == 5000
    )


def test_adapters_under_zero_2_and_3_learn_the_same_from_answers(way: Path) -> None:
    two, three = ([each["loss"] for each in metrics(way / "train-sft" / name) if "loss" in each] for name in ("two", "three"))
    assert len(two) == 4
    assert three == pytest.approx(two, rel=1e-5)


def test_a_merged_adapter_is_a_model(way: Path) -> None:
    corpusforge(
        way, "weights", "merge", "--base", "train/specialise/final", "--adapter", "train-sft/three/final", "--out", "chat"
    )
    merged, before = (AutoModelForCausalLM.from_pretrained(way / name) for name in ("chat", "train/specialise/final"))
    assert not torch.equal(merged.model.layers[0].self_attn.q_proj.weight, before.model.layers[0].self_attn.q_proj.weight)
    assert torch.equal(merged.model.embed_tokens.weight, before.model.embed_tokens.weight)


def test_a_pretrained_model_goes_on_after_kill_9_as_if_nothing_had_been(way: Path, tmp_path: Path) -> None:
    stories = ROOT.parent / "shared/data/models/stories260K"
    base = stories if stories.is_dir() else way / "train/specialise/final"
    stages = [stage(f"zero-{zero}", mix="adapt", zero=zero, steps=40, save_every=8, init_from="base") for zero in (2, 3)]
    encode = {"use": "vocab.encode", "tokenizer": str(base)}
    changes = {
        "vocab.train": {"use": "filter.length", "min_words": 1}, "vocab.encode": encode,
        "split.greedy": {"use": "split.greedy", "max_tokens": LENGTH},
    }  # fmt: skip
    train = {"build": "build", "model": str(base), "stages": stages}
    recipe(tmp_path, "geo", changes, {"samples": str(ROOT / "recipes/samples")}, train)
    corpusforge(tmp_path, "build", "geo.yaml", "--out", "build")
    corpusforge(tmp_path, "train", "geo.yaml", "--processes", "2", "--set", "train.out=straight")
    for number in (0, 1):
        name = f"zero-{2 + number}"
        process = started(tmp_path, "train", "geo.yaml", "--processes", "2", "--set", "train.out=killed")
        written = tmp_path / "killed" / name / "metrics.jsonl"
        while not (written.is_file() and '"step":19,' in written.read_text("utf-8")):
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        assert not (tmp_path / "killed" / name / "final").exists()
    corpusforge(tmp_path, "train", "geo.yaml", "--processes", "2", "--set", "train.out=killed")
    for name in ("zero-2", "zero-3"):
        straight, killed = (tmp_path / out / name for out in ("straight", "killed"))
        losses = [[each["loss"] for each in metrics(folder) if "loss" in each] for folder in (straight, killed)]
        assert len(losses[0]) == 40
        assert losses[0] == losses[1]
        weights = [load_file(folder / "final/model.safetensors") for folder in (straight, killed)]
        assert all(torch.equal(weights[1][each], weight) for each, weight in weights[0].items())
