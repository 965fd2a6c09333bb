"""Two processes of DeepSpeed beside a loop written out here, and beside transformers' Trainer: the same losses and weights."""

from pathlib import Path
from typing import Any

import pytest
import torch
from made_rows import MadeRows
from train_processes import Group, Place
from transformers import AutoModelForCausalLM, Trainer, TrainingArguments

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

LORA = {"trains": "lora", "lora": {"rank": 4, "alpha": 8, "embeddings": True}, "weight_decay": 0.0}
CASES: dict[str, dict[str, Any]] = {
    "zero-0": {"zero": 0},
    "zero-2": {"zero": 2},
    "zero-2-at-once": {"zero": 2, "micro_batch_rows": 4, "loss_chunk_tokens": 0},
    "zero-3": {"zero": 3, "activation_checkpointing": True},
    "lora-2": {"zero": 2, **LORA},
    "lora-3": {"zero": 3, **LORA},
    "embeddings": {"zero": 3, "trains": "embeddings"},
    "new-rows": {"zero": 2, "trains": "new_embeddings", "new_rows_from": 40},
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """All cases, trained one after another by the same two processes."""
    made = Place.make(tmp_path_factory.mktemp("references"))
    Group(made, [made.recipe(name, {"clip_norm": 0.5, **case}) for name, case in CASES.items()]).done()
    return made


def by_hand(model: Any, training: dict[str, torch.nn.Parameter], decay: float) -> list[float]:
    """Four steps of AdamW in one process, on whole batches: the loss of each."""
    groups = [
        {"params": [each for each in training.values() if each.ndim > 1], "weight_decay": decay},
        {"params": [each for each in training.values() if each.ndim < 2], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW([group for group in groups if group["params"]], lr=0.01, betas=(0.9, 0.95))
    losses = []
    for step in range(4):
        batch = MadeRows(Path()).rows(8 * step, 8 * step + 8)
        tokens, labels, positions = (torch.from_numpy(each).long() for each in (batch.tokens, batch.labels, batch.positions))
        logits = model(input_ids=tokens, position_ids=positions, use_cache=False).logits
        loss = torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=-100)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(training.values(), 0.5)
        optimizer.step()
        losses.append(loss.item())
    return losses


def load(place: Place) -> Any:
    return AutoModelForCausalLM.from_pretrained(place.folder / "base", dtype=torch.float32)


def assert_same(found: dict[str, torch.Tensor], wanted: dict[str, torch.Tensor]) -> None:
    assert found.keys() == wanted.keys()
    for name, weight in wanted.items():
        torch.testing.assert_close(found[name], weight, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["zero-0", "zero-2", "zero-2-at-once", "zero-3"])
def test_every_zero_and_accumulation_trains_as_the_loop_by_hand(place: Place, name: str) -> None:
    model = load(place)
    assert place.losses(name) == pytest.approx(by_hand(model, dict(model.named_parameters()), 0.1), rel=1e-5)
    assert_same(place.weights(name), model.state_dict())


@pytest.mark.parametrize("name", ["lora-2", "lora-3"])
def test_adapters_with_embeddings_train_as_peft_by_hand_and_none_is_lost(place: Place, name: str) -> None:
    from peft import LoraConfig, PeftModel, get_peft_model

    torch.manual_seed(0)
    model = get_peft_model(
        load(place), LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", modules_to_save=["embed_tokens", "lm_head"])
    )
    training = {key: each for key, each in model.named_parameters() if each.requires_grad}
    assert place.losses(name) == pytest.approx(by_hand(model, training, 0.0), rel=1e-5)
    stored = place.weights(name, file="adapter_model.safetensors")
    assert len(stored) == len(training)
    assert {"base_model.model.lm_head.weight", "base_model.model.model.embed_tokens.weight"} <= stored.keys()
    again = PeftModel.from_pretrained(load(place), place.stage(name) / "final")
    tokens = torch.arange(12).unsqueeze(0)
    torch.testing.assert_close(again(tokens).logits, model(tokens).logits, rtol=1e-4, atol=1e-5)


def test_embeddings_alone_train_as_by_hand_and_the_rest_stays(place: Place) -> None:
    model, base = load(place), load(place).state_dict()
    training = {
        name: each for name, each in model.named_parameters() if name in ("lm_head.weight", "model.embed_tokens.weight")
    }
    for name, each in model.named_parameters():
        each.requires_grad_(name in training)
    assert place.losses("embeddings") == pytest.approx(by_hand(model, training, 0.1), rel=1e-5)
    found = place.weights("embeddings")
    assert_same(found, model.state_dict())
    assert all(torch.equal(found[name], base[name]) for name in base if name not in training)


def test_of_new_rows_alone_the_old_ones_stay_bit_for_bit(place: Place) -> None:
    found, base = place.weights("new-rows"), load(place).state_dict()
    for name in ("lm_head.weight", "model.embed_tokens.weight"):
        assert torch.equal(found[name][:40], base[name][:40])
        assert (found[name][40:] != base[name][40:]).any()
    assert all(torch.equal(found[name], base[name]) for name in base if "embed" not in name and "lm_head" not in name)


def test_the_trainer_of_transformers_gives_the_same_weights_on_the_same_batches(place: Place, tmp_path: Path) -> None:
    rows = MadeRows(Path())

    class InOrder(Trainer):
        def _get_train_sampler(self, *_: Any) -> Any:
            return torch.utils.data.SequentialSampler(dataset)

    dataset = [
        {"input_ids": batch.tokens[0], "labels": batch.labels[0], "position_ids": batch.positions[0]}
        for batch in (rows.rows(number, number + 1) for number in range(32))
    ]
    arguments = TrainingArguments(
        str(tmp_path), max_steps=4, per_device_train_batch_size=2, gradient_accumulation_steps=4, learning_rate=0.01,
        weight_decay=0.1, adam_beta2=0.95, max_grad_norm=0.5, lr_scheduler_type="constant", use_cpu=True, report_to=[],
        save_strategy="no", disable_tqdm=True, logging_strategy="no",
    )  # fmt: skip

    def collate(rows: list[dict]) -> dict[str, torch.Tensor]:
        return {name: torch.stack([torch.from_numpy(row[name]).long() for row in rows]) for name in rows[0]}

    model = load(place)
    InOrder(model, arguments, train_dataset=dataset, data_collator=collate).train()  # type: ignore[arg-type]
    assert_same(place.weights("zero-2"), model.state_dict())
