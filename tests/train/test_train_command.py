"""`corpusforge train` on a real build: processes of its own, two stages, held-out slices, what is left, and faults."""

import json
import math
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from made_rows import make_base
from transformers import AutoModelForCausalLM, AutoTokenizer

from corpusforge.inspect.trace import trace
from corpusforge.train.data import Samples
from corpusforge.train.metrics import read_metrics
from corpusforge.weights.verify import verify_checkpoint

pytestmark = pytest.mark.slow

STAGES: list[dict[str, Any]] = [
    {"name": "adapt", "mix": "adapt", "steps": 4, "evaluate_rows": 8},
    {"name": "answer", "mix": "specialise", "steps": 2, "trains": "lora", "lora": {"rank": 2}},
]


def write_recipe(folder: Path, build: Path, name: str = "run", stages: list[dict[str, Any]] = STAGES) -> Path:
    usual = {
        "sequence_length": 64, "global_batch_tokens": 256, "learning_rate": 0.003, "precision": "fp32", "log_every": 2,
        "save_every": 2,
    }  # fmt: skip
    train = {
        "build": str(build),
        "model": str(folder / "base"),
        "out": str(folder / name),
        "stages": [{**usual, **each} for each in stages],
    }
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump({"version": 1, "name": name, "train": train}, sort_keys=False))
    return path


def command(recipe: Path, *arguments: str, **more: Any) -> "subprocess.CompletedProcess[str]":
    line = [sys.executable, "-W", "ignore", "-m", "corpusforge", "train", str(recipe), *arguments]
    return subprocess.run(line, capture_output=True, text=True, check=False, env={**os.environ, "OMP_NUM_THREADS": "1"}, **more)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, packed_build: Path) -> Path:
    made = tmp_path_factory.mktemp("command")
    make_base(made / "base", Samples.open(packed_build, "adapt").vocab_size)
    return made


@pytest.fixture(scope="module")
def run(folder: Path, packed_build: Path) -> "subprocess.CompletedProcess[str]":
    return command(write_recipe(folder, packed_build), "--processes", "2")


def test_two_stages_train_and_leave_what_others_can_load(run: "subprocess.CompletedProcess[str]", folder: Path) -> None:
    assert run.returncode == 0, run.stderr
    assert "stage answer: done" in run.stderr
    final = folder / "run" / "adapt" / "final"
    assert AutoModelForCausalLM.from_pretrained(final).config.num_hidden_layers == 2
    assert AutoTokenizer.from_pretrained(final).is_fast
    facts = json.loads((folder / "run" / "answer" / "final" / "corpusforge.json").read_text())
    assert (facts["step"], facts["base_folder"]) == (2, str(final))
    verified = [verify_checkpoint(folder / "run" / name / "final") for name in ("adapt", "answer")]
    assert [(each.records, each.problems) for each in verified] == [(("corpusforge.json",), ())] * 2
    assert facts["files"].keys() == {path.name for path in (folder / "run/answer/final").iterdir()} - {"corpusforge.json"}
    assert (folder / "run" / "report.html").read_text().count("<polyline") >= 4
    assert list((folder / "run" / "adapt" / "tensorboard").iterdir())


def test_a_stage_does_not_begin_with_weights_that_another_left_and_someone_changed(
    run: "subprocess.CompletedProcess[str]", folder: Path, packed_build: Path
) -> None:
    assert run.returncode == 0
    changed = shutil.copytree(folder / "run" / "adapt" / "final", folder / "changed")
    weights = bytearray((changed / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (changed / "model.safetensors").write_bytes(weights)
    done = command(write_recipe(folder, packed_build, "on-changed", [{**STAGES[1], "init_from": str(changed)}]))
    assert done.returncode == 3, done.stderr
    told = f"stage 'answer' begins with {changed}/model.safetensors: not the file that corpusforge.json describes; delete"
    assert told in done.stderr


def test_bits_per_byte_are_those_of_a_loop_by_hand(
    run: "subprocess.CompletedProcess[str]", folder: Path, packed_build: Path
) -> None:
    assert run.returncode == 0
    looks = [each for each in read_metrics(folder / "run" / "adapt" / "metrics.jsonl") if "bits_per_byte" in each]
    assert [each["step"] for each in looks] == [0, 2, 4]
    model = AutoModelForCausalLM.from_pretrained(folder / "run" / "adapt" / "final", dtype=torch.float32)
    rows = Samples.held_out(packed_build, "geo")
    count = min(8, rows.num_rows)
    batch = rows.rows(0, count)
    tokens, labels, positions = (torch.from_numpy(each).long() for each in (batch.tokens, batch.labels, batch.positions))
    with torch.no_grad():
        logits = model(input_ids=tokens, position_ids=positions, use_cache=False).logits
    nats = torch.nn.functional.cross_entropy(
        logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=-100, reduction="sum"
    ).item()
    segments = [each for shard, sequence in rows.origins(0, count) for each in trace(Path(shard), sequence)]
    text_bytes = sum(len(each.text.encode()) for each in segments)
    assert looks[-1]["bits_per_byte"]["geo"] == pytest.approx(nats / math.log(2) / text_bytes, rel=1e-4)


def test_what_is_done_is_not_done_again_and_the_plan_says_so(run: "subprocess.CompletedProcess[str]", folder: Path) -> None:
    assert run.returncode == 0
    planned = command(folder / "run.yaml", "--dry-run")
    assert planned.returncode == 0
    assert "done: 4 steps" in planned.stdout
    assert "a step is 256 tokens, 1 processes x 4 x 1 rows" in planned.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--stage", "adopt"], "no stage 'adopt'; did you mean 'adapt'?"),
        (["--set", "train.stages.adapt.sequence_length=32"], "sequence_length 32, but the rows in"),
        (
            ["--set", "train.stages.adapt.global_batch_tokens=192", "--processes", "2"],
            "nearest are global_batch_tokens 128 or 256",
        ),
        (["--set", "train.stages.adapt.mix=adopt"], "adopt"),
        (["--set", "train.stages.adapt.steps=9999"], "9,999 steps are wanted"),
    ],
)
def test_what_does_not_fit_is_told_before_anything_starts(
    folder: Path, packed_build: Path, arguments: list[str], told: str
) -> None:
    done = command(write_recipe(folder, packed_build, "wrong"), "--dry-run", *arguments)
    assert (done.returncode, told in done.stderr) == (2, True), done.stderr


def test_a_disk_that_refuses_a_checkpoint_leaves_the_former_ones(folder: Path, packed_build: Path) -> None:
    recipe = write_recipe(folder, packed_build, "full", [{"name": "adapt", "mix": "adapt", "steps": 4, "evaluate_rows": 1}])
    weights_bytes = (folder / "base" / "model.safetensors").stat().st_size
    # The optimizer's file is three times the weights; a limit on the size of files is what a full disk is to torch.
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2 * weights_bytes, resource.RLIM_INFINITY))  # noqa: E731
    done = command(recipe, "--processes", "1", preexec_fn=limit)
    assert done.returncode == 3, done.stderr
    assert "step-00000002" in done.stderr
    assert not [path for path in (folder / "full" / "adapt" / "checkpoints").iterdir() if path.name.endswith("02")]


def test_a_gradient_that_is_no_number_stops_with_its_step(folder: Path, packed_build: Path) -> None:
    wild = {"name": "adapt", "mix": "adapt", "steps": 4, "learning_rate": 1e30, "clip_norm": 0, "evaluate_rows": 1}
    done = command(write_recipe(folder, packed_build, "wild", [wild]), "--processes", "1")
    assert done.returncode == 6, done.stderr
    assert "step 2, rows 4 to 7 (" in done.stderr
    assert "the gradient is not a number; lower the learning rate" in done.stderr


def test_a_loss_that_is_no_number_names_the_first_row_of_which_it_is_not(folder: Path, packed_build: Path) -> None:
    rows = Samples.open(packed_build, "adapt")
    batch = rows.rows(0, 4)
    only_in_row_2 = min(set(batch.tokens[2].tolist()) - set(batch.tokens[[0, 1]].flatten().tolist()))
    model = AutoModelForCausalLM.from_pretrained(folder / "base")
    with torch.no_grad():
        model.get_input_embeddings().weight[only_in_row_2] = math.nan
    model.save_pretrained(folder / "broken")
    recipe = write_recipe(folder, packed_build, "broken-run", [STAGES[0]])
    done = command(recipe, "--processes", "1", "--set", f"train.model={folder / 'broken'}")
    assert done.returncode == 6, done.stderr
    shard, sequence = rows.origins(2, 3)[0]
    assert f"step 1, rows 2 to 2 ({shard} sequence {sequence}): the loss is not a number" in done.stderr
