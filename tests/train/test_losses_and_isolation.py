"""The loss in chunks beside plain cross entropy, and documents of a row that know nothing of each other."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from made_rows import MadeRows, make_base
from transformers import AutoModelForCausalLM

from corpusforge.errors import UserError
from corpusforge.train.attention import segment_bounds
from corpusforge.train.data import Batch
from corpusforge.train.feed import read_share
from corpusforge.train.loss import NO_LABEL, Chunks, LossHead, plain_loss, targets_of
from corpusforge.train.objective import Objective, check_loss


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 3), st.integers(2, 17), st.integers(1, 40), st.integers(0, 2**31), st.floats(0, 1))
def test_chunks_give_the_loss_and_the_gradients_of_plain_cross_entropy(
    rows: int, length: int, chunk: int, seed: int, masked: float
) -> None:
    random = torch.Generator().manual_seed(seed)
    hidden = torch.randn(rows, length, 8, generator=random, dtype=torch.float32, requires_grad=True)
    head = LossHead(8, 13, bias=False)
    labels = torch.randint(0, 13, (rows, length), generator=random)
    labels[torch.rand(rows, length, generator=random) < masked] = NO_LABEL
    plain = plain_loss(head(hidden), labels)
    ours = head(hidden.flatten(0, 1), targets_of(labels), Chunks(chunk))
    torch.testing.assert_close(ours, plain, rtol=1e-5, atol=1e-5)
    wanted = torch.autograd.grad(plain * 3, [hidden, head.weight])
    torch.testing.assert_close(torch.autograd.grad(ours * 3, [hidden, head.weight]), wanted, rtol=1e-4, atol=1e-5)


def test_without_gradients_chunks_give_the_same_loss() -> None:
    head, hidden, targets = LossHead(8, 13, bias=False), torch.randn(9, 8), torch.arange(9)
    with_gradients = head(hidden, targets, Chunks(4))
    with torch.no_grad():
        assert torch.equal(head(hidden, targets, Chunks(4)), with_gradients)


def test_a_gradient_that_fits_fp16_survives_a_sum_over_tokens_that_does_not() -> None:
    head = LossHead(8, 13, bias=False).half()
    hidden = torch.full((2048, 8), 100.0, dtype=torch.float16, requires_grad=True)
    targets = torch.full((2048,), 5)
    loss = head(hidden, targets, Chunks(256)) / 2048
    wanted = torch.nn.functional.cross_entropy(hidden.detach().float() @ head.weight.detach().float().T, targets)
    torch.testing.assert_close(loss, wanted, rtol=2e-3, atol=1e-3)
    (by_weight,) = torch.autograd.grad(loss, [head.weight])
    weight = head.weight.detach().float().requires_grad_()
    torch.nn.functional.cross_entropy(hidden.detach().float() @ weight.T, targets).backward()
    assert weight.grad.abs().max() * 2048 > torch.finfo(torch.float16).max
    torch.testing.assert_close(by_weight.float(), weight.grad, rtol=1e-2, atol=1e-2)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_base(tmp_path_factory.mktemp("base"))


def objective(base: Path, implementation: str = "sdpa", chunk: int = 16) -> Objective:
    model = AutoModelForCausalLM.from_pretrained(base, attn_implementation=implementation, dtype=torch.float32)
    return Objective(model, Chunks(chunk))


def tensors(batch: Batch) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(getattr(batch, name)).long() for name in ("tokens", "labels", "positions")}


@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
def test_attention_never_crosses_a_document(base: Path, tmp_path: Path, implementation: str) -> None:
    model = objective(base, implementation).model
    batch = MadeRows(tmp_path).rows(0, 3)
    changed = np.where(batch.segments == 1, 5, batch.tokens).astype(np.int32)

    def logits(tokens: np.ndarray) -> torch.Tensor:
        given = {"input_ids": torch.from_numpy(tokens).long(), "position_ids": torch.from_numpy(batch.positions).long()}
        with torch.no_grad():
            return model(**given, use_cache=False).logits

    before, after = logits(batch.tokens), logits(changed)
    others = torch.from_numpy(batch.segments != 1)
    assert torch.equal(before[others], after[others])
    assert (before[~others] - after[~others]).abs().max() > 0.01


def test_packed_rows_lose_what_their_documents_lose_one_by_one(base: Path, tmp_path: Path) -> None:
    made, batch = objective(base), MadeRows(tmp_path).rows(0, 4)
    alone = torch.zeros(())
    for row in range(4):
        for segment in range(batch.segments[row].max() + 1):
            at = batch.segments[row] == segment
            single = Batch(*(each[row][at][None] for each in (batch.tokens, batch.labels, batch.positions, batch.segments)))
            alone = alone + made(**tensors(single)).detach()
    torch.testing.assert_close(made(**tensors(batch)).detach(), alone, rtol=1e-5, atol=1e-4)


def test_a_model_that_does_more_than_a_head_is_noticed(base: Path) -> None:
    made = objective(base)
    check_loss(made)
    made.model.lm_head.register_forward_hook(lambda module, args, out: 2 * out if out.ndim == 3 else None)
    with pytest.raises(UserError, match="it does more than a linear head; set loss_chunk_tokens: 0"):
        check_loss(made)


def test_counts_leave_out_the_fill_and_know_who_attends_to_whom(tmp_path: Path) -> None:
    rows = MadeRows(tmp_path)
    share = read_share(rows, 62, 66)  # two of them behind the end, where the order begins anew
    assert np.array_equal(share.batch.tokens, np.concatenate([rows.rows(62, 64).tokens, rows.rows(0, 2).tokens]))
    lengths = [np.bincount(row[place]) for row, place in zip(share.batch.segments, share.batch.labels != -1, strict=True)]
    documents = [each[:-1] for each in lengths]  # the last segment is the fill
    assert share.num_tokens == sum(int(each.sum()) for each in documents)
    assert share.num_labels == sum(int((each - 1).sum()) for each in documents)
    assert share.num_pairs == sum(int((each * (each + 1) // 2).sum()) for each in documents)


def test_bounds_of_documents_are_where_positions_begin_anew() -> None:
    positions = np.array([[0, 1, 2, 0, 1], [0, 0, 1, 2, 3]], np.int32)
    assert segment_bounds(positions).tolist() == [0, 3, 5, 6, 10]
