from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models
from vocab_samples import geology

from corpusforge.vocab.engines import (
    EngineFailed,
    FastEngine,
    checked_tokens,
    fast_tokens,
    load_fast,
    parity_excerpts,
    reference_tokens,
)

SPECIALS = ["<s>", "</s>", "<unk>", "<|im_start|>", "<|im_end|>", "<0x0A>"]
PARTS = st.sampled_from(
    [*SPECIALS, " ", "  ", "\n", "\r\n", "\t", "====", "basalt", "岩", "玄武岩", "\u2581", "1", "é", "e\u0301", "𠮷"]
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.lists(PARTS, max_size=40).map("".join)


class Different:
    """An engine that gives id 7 for every text."""

    def encode_batch_flat(self, inputs, add_special_tokens=False, split_special_tokens=False):
        offsets = np.arange(len(inputs) + 1, dtype=np.uint64)
        return np.full(len(inputs), 7, np.uint32).tobytes(), offsets.tobytes()


class PanicException(BaseException):
    """What pyo3 raises when Rust panics; like it, no Exception."""


class Broken:
    """An engine that raises."""

    def __init__(self, error):
        self.error = error

    def encode_batch_flat(self, inputs, add_special_tokens=False, split_special_tokens=False):
        raise self.error


@pytest.fixture(scope="module")
def reference(tokenizer_folder):
    tokenizer = Tokenizer.from_file(str(tokenizer_folder / "tokenizer.json"))
    tokenizer.encode_special_tokens = True
    return tokenizer


@pytest.fixture(scope="module")
def fast(tokenizer_folder, reference):
    return load_fast((tokenizer_folder / "tokenizer.json").read_bytes(), reference)


def _column(*texts: str) -> pa.Array:
    return pa.array(texts, pa.large_string())


def _lists(tokens) -> list[list[int]]:
    return [tokens.ids[begin:end].tolist() for begin, end in pairwise(tokens.offsets)]


def test_the_reference_is_encode_without_special_tokens(reference):
    texts = [*geology(150), "", "a</s>"]
    tokens = reference_tokens(reference, texts)
    assert _lists(tokens) == [reference.encode(text, add_special_tokens=False).ids for text in texts]
    assert (tokens.ids.dtype, tokens.offsets.dtype) == (np.int32, np.int64)
    assert not {0, 1, 2, 3, 4} & set(tokens.ids.tolist())


def test_no_text_has_no_tokens(reference, fast):
    assert reference_tokens(reference, []).offsets.tolist() == [0]
    assert fast_tokens(fast.encoder, []).offsets.tolist() == [0]


def test_special_tokens_as_plain_text_are_what_a_tokenizer_without_them_gives(reference):
    bare = Tokenizer(models.BPE())
    bare.model, bare.normalizer = reference.model, reference.normalizer
    text = "x<s>y</s> <|im_start|>user\n<unk>"
    assert reference.encode(text, add_special_tokens=False).ids == bare.encode(text, add_special_tokens=False).ids


@given(st.lists(TEXT, max_size=8))
@settings(max_examples=300, deadline=None)
def test_fastokens_gives_the_reference_ids(reference, fast, texts):
    assert _lists(fast_tokens(fast.encoder, texts)) == _lists(reference_tokens(reference, texts))


def test_fastokens_gives_the_reference_ids_on_real_text(reference, fast, real_texts):
    assert _lists(fast_tokens(fast.encoder, real_texts)) == _lists(reference_tokens(reference, real_texts))


def test_an_engine_with_other_ids_fails_the_parity_check(reference):
    with pytest.raises(EngineFailed, match="ids differ"):
        checked_tokens(FastEngine(Different(), ""), reference, _column("basalt", "granite"), 1)


def test_without_parity_documents_nothing_is_compared(reference):
    tokens = checked_tokens(FastEngine(Different(), ""), reference, _column("basalt", "granite"), 0)
    assert tokens.ids.tolist() == [7, 7]


def test_texts_that_the_engine_would_misread_go_to_the_reference(reference):
    texts = ["basalt", "a trap here", "", "trap", "granite"]
    tokens = checked_tokens(FastEngine(Different(), "trap"), reference, _column(*texts), 0)
    expected = [reference.encode(text, add_special_tokens=False).ids for text in texts]
    assert _lists(tokens) == [[7], expected[1], [7], expected[3], [7]]


@pytest.mark.parametrize("error", [ValueError("no"), PanicException("index out of bounds")])
def test_an_engine_that_breaks_is_reported_as_failed(error):
    with pytest.raises(EngineFailed, match=type(error).__name__):
        fast_tokens(Broken(error), ["basalt"])


def test_an_interrupt_is_not_taken_for_a_failure():
    with pytest.raises(KeyboardInterrupt):
        fast_tokens(Broken(KeyboardInterrupt()), ["basalt"])


def test_a_tokenizer_that_fastokens_cannot_load_has_no_engine():
    tokenizer = Tokenizer(models.WordPiece({"[UNK]": 0, "a": 1}, unk_token="[UNK]"))
    assert load_fast(tokenizer.to_str().encode(), tokenizer) is None


def test_a_trained_tokenizer_has_no_traps(fast):
    assert fast.traps == ""


def test_parity_excerpts_follow_the_text_and_not_its_place():
    texts = geology(100)
    chosen = parity_excerpts(texts, 5)
    assert len(chosen) == 5
    assert parity_excerpts(texts[::-1], 5) == chosen
    assert set(chosen) <= set(texts)


def test_parity_excerpts_are_a_small_share_of_a_large_batch():
    texts = [text * 200 for text in geology(300)]
    chosen = parity_excerpts(texts, 32)
    assert len(chosen) == 32
    assert sum(map(len, chosen)) < sum(map(len, texts)) / 90
    assert parity_excerpts(texts, 0) == []
