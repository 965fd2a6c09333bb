"""vocab init-embeddings on a real model, stories260K: its vocabulary with merges for words of its own stories on top."""

import json
import shutil
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from measure.tiny_models import bits_per_byte, tokenizer_of
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM, PreTrainedModel

from corpusforge.vocab.embedded_model import write_model
from corpusforge.vocab.embeddings import RowSettings, plan_embeddings

MODEL = Path(__file__).resolve().parents[3] / "shared/data/models/stories260K"

pytestmark = pytest.mark.skipif(not MODEL.is_dir(), reason="no real model beside the checkout")


def _stories(model: PreTrainedModel, tokenizer: Tokenizer) -> list[str]:
    """What the model itself writes."""
    torch.manual_seed(5)
    ids = model.generate(
        torch.ones(16, 1, dtype=torch.long), do_sample=True, temperature=0.7, max_new_tokens=150, pad_token_id=2
    )
    return tokenizer.decode_batch(ids.tolist(), skip_special_tokens=True)


def _with_merges(tokenizer: Tokenizer, texts: list[str], count: int, folder: Path) -> Path:
    """The tokenizer with `count` merges more, each of the two neighbours that are most frequent then."""
    described = json.loads(tokenizer.to_str())
    lines = [tokenizer.encode(text, add_special_tokens=False).tokens for text in texts]
    for _ in range(count):
        pairs = Counter(pair for line in lines for pair in pairwise(line) if "▁" not in pair[1])
        first, second = max(pairs, key=lambda pair: (pairs[pair], pair))
        described["model"]["vocab"][first + second] = len(described["model"]["vocab"])
        described["model"]["merges"].append([first, second])
        lines = [_joined(line, first, second) for line in lines]
    folder.mkdir()
    (folder / "tokenizer.json").write_text(json.dumps(described))
    shutil.copy(MODEL / "tokenizer_config.json", folder)
    return folder


def _joined(line: list[str], first: str, second: str) -> list[str]:
    joined: list[str] = []
    for token in line:
        is_pair = token == second and joined[-1:] == [first]
        joined = [*joined[:-1], first + second] if is_pair else [*joined, token]
    return joined


def test_a_real_model_says_the_same_without_new_pieces_and_knows_more_of_them_than_of_other_rows(tmp_path):
    base, tokenizer = AutoModelForCausalLM.from_pretrained(MODEL), tokenizer_of(MODEL)
    stories = _stories(base, tokenizer)
    new = _with_merges(tokenizer, stories, 100, tmp_path / "new")
    write_model(plan_embeddings(MODEL, new, RowSettings()), tmp_path / "out")
    extended = AutoModelForCausalLM.from_pretrained(tmp_path / "out")
    assert extended.lm_head.weight is extended.model.embed_tokens.weight

    ids = torch.tensor([tokenizer.encode("Q, Z; x? 7!").ids])
    assert tokenizer_of(new).encode("Q, Z; x? 7!").ids == ids[0].tolist()
    torch.testing.assert_close(extended(ids).logits[..., :512], base(ids).logits, rtol=0, atol=0)

    known = bits_per_byte(base, tokenizer, stories)
    constituents = bits_per_byte(extended, tokenizer_of(new), stories)
    others = [bits_per_byte(_resized(mean_resizing), tokenizer_of(new), stories) for mean_resizing in (False, True)]
    assert known < constituents < known + 0.6 * (min(others) - known)


def _resized(mean_resizing: bool) -> PreTrainedModel:
    """What transformers makes of the model by itself."""
    model = AutoModelForCausalLM.from_pretrained(MODEL)
    torch.manual_seed(1)
    model.resize_token_embeddings(612, mean_resizing=mean_resizing)
    return model
