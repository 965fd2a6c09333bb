"""Figures of a run, the plan before it, and the files that tell of it."""

import json
import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from made_rows import MadeRows, make_base, make_build

from corpusforge.errors import Diverged, InputError, OutOfMemory, UserError
from corpusforge.recipe.training import TrainStage
from corpusforge.report.training import write_training_report
from corpusforge.train.base import check_vocabulary, read_base
from corpusforge.train.batches import Batches
from corpusforge.train.flops import Work, peak_flops
from corpusforge.train.loop import update
from corpusforge.train.memory import memory, num_training
from corpusforge.train.metrics import Hardware, Metrics, StepFacts, read_metrics, speeds
from corpusforge.train.run import memory_advice

WORK = Work(matrix_weights=1000, num_layers=2, attention_width=8, weights_train=True)


def stage(**settings: Any) -> TrainStage:
    return TrainStage(
        **{"name": "a", "sequence_length": 8, "global_batch_tokens": 64, "learning_rate": 1.0, "steps": 2, **settings}
    )


def facts(step: int, loss: float = 2.0) -> StepFacts:
    return StepFacts(step, loss, 1e-4, 0.5, num_labels=90, num_tokens=100, num_pairs=1000, waited_seconds=0.25)


def test_operations_are_those_of_the_formula() -> None:
    assert WORK.flops(100, 1000) == 6 * 1000 * 100 + 12 * 2 * 8 * 1000
    assert Work(1000, 2, 8, weights_train=False).flops(100, 0) == 4 * 1000 * 100


@pytest.mark.parametrize(
    ("name", "peak"),
    [
        ("NVIDIA H200", 989e12),
        ("NVIDIA H100 80GB HBM3", 989e12),
        ("NVIDIA H100 PCIe", 756e12),
        ("cpu (x86_64)", None),
        ("RTX 9", None),
    ],
)
def test_the_peak_is_that_of_the_device_and_none_where_it_is_unknown(name: str, peak: float | None) -> None:
    assert peak_flops(name) == peak


def test_speed_and_mfu_are_over_all_processes() -> None:
    steps = [facts(1), facts(2)]
    found = speeds(steps, 2.0, Hardware("NVIDIA H200", 4, WORK))
    assert found["tokens_per_second"] == 100
    assert found["data_wait"] == 0.25
    assert found["mfu"] == WORK.flops(200, 2000) / 2 / (4 * 989e12)
    assert "mfu" not in speeds(steps, 2.0, Hardware("cpu", 4, WORK))


def test_after_a_resume_no_step_stands_twice_in_the_file(tmp_path: Path) -> None:
    said: list[str] = []
    first = Metrics(tmp_path, 0, 9, Hardware("cpu", 1, WORK), said.append)
    for step in (1, 2, 3):
        first.step(facts(step), step == 3, 10**9)
    first.held_out(3, {"geo": 1.5})
    first.close()
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"step":4,"lo')  # killed while writing
    again = Metrics(tmp_path, 2, 9, Hardware("cpu", 1, WORK), said.append)
    again.step(facts(3, 7.0), False, 10**9)
    again.close()
    assert [(line["step"], line["loss"]) for line in read_metrics(tmp_path / "metrics.jsonl")] == [(1, 2.0), (2, 2.0), (3, 7.0)]
    assert said[0].startswith("step 3/9  loss 2.0000  lr 0.0001  ")
    assert said[1] == "step 3/9  held-out bits per byte: geo 1.5000"


def test_a_step_whose_gradient_overflowed_fp16_is_told_and_counted(tmp_path: Path) -> None:
    said: list[str] = []
    (tmp_path / "a").mkdir()
    told = Metrics(tmp_path / "a", 0, 9, Hardware("cpu", 1, WORK), said.append)
    told.step(replace(facts(1), gradient_norm=math.inf, loss_scale=65536.0), False, 10**9)
    told.step(replace(facts(2), loss_scale=32768.0), True, 10**9)
    told.close()
    assert said[0].startswith("step 1/9  skipped: its gradient overflowed fp16 at loss scale 65,536")
    lines = read_metrics(tmp_path / "a" / "metrics.jsonl")
    assert [(line["gradient_norm"], line["loss_scale"], line["skipped"]) for line in lines] == [
        (None, 65536.0, True),
        (0.5, 32768.0, False),
    ]
    assert "2 steps, 1 of them skipped since gradients overflowed fp16" in write_training_report(tmp_path).read_text()


def test_gradients_that_overflow_fp16_at_any_scale_end_with_the_step_and_a_cure(tmp_path: Path) -> None:
    def step() -> None:
        raise Exception("Current loss scale already at minimum - cannot decrease scale anymore. Exiting run.")

    job = SimpleNamespace(
        stage=stage(precision="fp16"),
        batches=Batches(8, 1, 2, 0, 1),
        source=MadeRows(tmp_path),
        engine=SimpleNamespace(step=step),
    )
    with pytest.raises(
        Diverged, match=r"step 2, rows 8 to 15 \(.*\): the gradient overflows fp16 at any scale; lower the learning"
    ):
        update(job, 1)  # type: ignore[arg-type]


def test_a_report_shows_curves_and_loads_nothing(tmp_path: Path) -> None:
    (tmp_path / "adapt").mkdir()
    lines = [{"step": step, "loss": 9 / step, "learning_rate": 1e-4, "gradient_norm": 1.0} for step in range(1, 2000)]
    lines += [{"step": step, "bits_per_byte": {"geo<script>": 1.5, "general": 2.0 / step}} for step in (1, 100)]
    (tmp_path / "adapt" / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    page = write_training_report(tmp_path).read_text()
    assert "1,999 steps" in page
    assert page.count("<polyline") == 5
    assert "<script>" not in page
    assert "default-src &#x27;none&#x27;" in page


def test_the_plan_counts_weights_as_the_model_does(tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    for tied in (False, True):
        base = read_base(make_base(tmp_path / f"base-{tied}", tied=tied))
        model = AutoModelForCausalLM.from_pretrained(base.folder)
        assert base.num_weights == sum(each.numel() for each in model.parameters())
        assert base.embedding == (64, 32)
        assert num_training(stage(trains="embeddings"), base) == 64 * 32 * (1 if tied else 2)
        assert base.matrix_weights == base.num_weights - (0 if tied else 64 * 32) - 5 * 32
        lora = stage(trains="lora", lora={"rank": 4, "targets": ["q_proj", "down_proj"]})
        assert num_training(lora, base) == 2 * 4 * (32 + 32 + 64 + 32)


def test_four_bits_are_of_the_matrices_and_not_of_embeddings_and_head(tmp_path: Path) -> None:
    base = read_base(make_base(tmp_path / "base"))
    embeddings = 2 * 64 * 32
    wanted = 2 * embeddings + 0.516 * (base.num_weights - embeddings)
    assert memory(stage(trains="qlora", zero=1), base, 1).weights == int(wanted)


@pytest.mark.parametrize(
    ("said", "settings", "advice"),
    [
        (
            "CUDA out of memory. Tried to allocate 9 GiB\nmore",
            {"micro_batch_rows": 8, "loss_chunk_tokens": 0},
            "micro_batch_rows: 4, loss_chunk_tokens: 2048, activation_checkpointing: true, zero: 3 with more processes, "
            "offload: optimizer, trains: lora;",
        ),
        (
            "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
            {"micro_batch_rows": 6, "global_batch_tokens": 48, "trains": "lora", "zero": 3, "offload": "optimizer"},
            "micro_batch_rows: 3, activation_checkpointing: true, trains: qlora;",
        ),
    ],
)
def test_short_memory_is_told_with_what_to_try(
    monkeypatch: pytest.MonkeyPatch, said: str, settings: dict[str, Any], advice: str
) -> None:
    monkeypatch.setattr("torch.distributed.get_world_size", lambda: 1)
    with pytest.raises(OutOfMemory) as told, memory_advice(stage(**settings)):
        raise RuntimeError(said)
    assert str(told.value).startswith(
        f"train: stage 'a': memory is short ({said.splitlines()[0]}); try, in this order: {advice}"
    )
    with pytest.raises(RuntimeError, match="another"), memory_advice(stage()):
        raise RuntimeError("another error")


def test_processes_share_what_zero_says_they_share(tmp_path: Path) -> None:
    base = read_base(make_base(tmp_path / "base"))
    whole = base.num_weights
    alone, two, three = (memory(stage(zero=zero), base, 4) for zero in (1, 2, 3))
    assert (alone.weights, alone.gradients, alone.optimizer) == (2 * whole, 6 * whole, 12 * whole // 4)
    assert (two.weights, two.gradients) == (2 * whole, 6 * whole // 4)
    assert three.weights == 2 * whole // 4
    assert memory(stage(zero=3, activation_checkpointing=True), base, 4).activations < three.activations


def test_a_base_of_another_vocabulary_is_refused(tmp_path: Path) -> None:
    small, tokenizer = read_base(make_base(tmp_path / "small", 48)), make_build(tmp_path / "build") / "tokenizer"
    with pytest.raises(InputError, match=r"its embedding has 48 rows, the tokenizer of the build 64 ids"):
        check_vocabulary(small, tokenizer, 64)
    base = read_base(make_base(tmp_path / "base"))
    check_vocabulary(base, tokenizer, 64)
    mixed = json.loads((tokenizer / "tokenizer.json").read_text())
    mixed["model"]["vocab"] |= {"t5": 6, "t6": 5}
    (base.folder / "tokenizer.json").write_text(json.dumps(mixed))
    with pytest.raises(
        InputError, match=r"2 of its 64 tokens have another id in the build's tokenizer \(such as 't6': 5 here, 6"
    ):
        check_vocabulary(base, tokenizer, 64)


def test_a_base_that_is_none_or_damaged_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no config\.json in it"):
        read_base(tmp_path)
    base = make_base(tmp_path / "base")
    weights = base / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-8])
    with pytest.raises(InputError, match="it was copied in part"):
        read_base(base)
    weights.rename(base / "pytorch_model.bin")
    with pytest.raises(InputError, match=r"no \.safetensors in it"):
        read_base(base)


def test_half_a_launcher_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from corpusforge.train.launch import is_launched

    for name in ("WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT", "RANK"):
        monkeypatch.delenv(name, raising=False)
    assert not is_launched()
    monkeypatch.setenv("RANK", "0")
    with pytest.raises(UserError, match="RANK is set, but WORLD_SIZE, LOCAL_RANK, MASTER_ADDR, MASTER_PORT is not"):
        is_launched()


def test_made_rows_are_rows(tmp_path: Path) -> None:
    batch = MadeRows(tmp_path).rows(0, 64)
    assert (batch.labels[batch.positions == 0] == -100).all()
    assert ((batch.labels == -100) | (batch.labels == batch.tokens)).all()
