"""vocab.extend on Llama's and Qwen's vocabularies and the zh and en collections, beside what others make of them.

Measured on documents that no vocabulary was made from, 8,000 pieces each (run with -s to see the figures).
"""

import shutil
import sys
from pathlib import Path

import orjson
import pyarrow as pa
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "vocab"))
from hypothesis import given, settings
from hypothesis import strategies as st
from vocab_samples import extended
from vocabularies import (
    LLAMA,
    QWEN,
    chars_per_token,
    chinese_llama,
    collections,
    converted,
    split,
    without_digits,
)

from corpusforge.vocab.encode import Encoder
from corpusforge.vocab.extend import Extend
from corpusforge.vocab.folder import TokenizerFiles
from corpusforge.vocab.parity import count_tokens
from corpusforge.vocab.proofs import effect
from corpusforge.vocab.proto import SentencePieceModel

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not LLAMA.exists(), reason="no real data beside the checkout")]

NUM_PIECES = 8000
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)


@pytest.fixture(scope="module")
def documents() -> dict[str, list[str]]:
    found = {name: split(texts) for name, texts in collections().items()}
    return {
        "learned": [text for learned, _ in found.values() for text in learned],
        **{name: test for name, (_, test) in found.items()},
    }


@pytest.fixture(scope="module")
def llama_folder(documents, tmp_path_factory) -> Path:
    stage = Extend(base=LLAMA, num_pieces=NUM_PIECES)
    return extended(stage, documents["learned"], tmp_path_factory.mktemp("llama"))


@pytest.fixture(scope="module")
def llama(llama_folder) -> SentencePieceModel:
    return SentencePieceModel.parse((llama_folder / "tokenizer.model").read_bytes(), origin="extended")


@pytest.fixture(scope="module")
def by_rule(documents, llama, tmp_path_factory) -> dict[tuple[str, ...], SentencePieceModel]:
    """Extensions by what their pieces reach across: as llama, and with digits joined."""
    return {(): llama, ("digits",): _extension(documents, tmp_path_factory.mktemp("joined"), across=("digits",))}


@pytest.fixture(scope="module")
def base() -> SentencePieceModel:
    return SentencePieceModel.parse(LLAMA.read_bytes(), origin="llama")


@pytest.fixture(scope="module")
def pair(base, llama_folder) -> tuple[Encoder, Encoder]:
    from corpusforge.vocab.convert import tokenizer_json

    content = {"tokenizer.json": tokenizer_json(base, origin="llama")}
    return Encoder.load(TokenizerFiles(LLAMA, content)), Encoder.load(TokenizerFiles.read(llama_folder))


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _strings(texts: list[str]) -> list[pa.Array]:
    return [pa.array(texts, pa.large_string())]


def test_lines_that_nothing_was_learned_from_are_equal_in_both_loaders(documents, llama_folder, pair):
    import sentencepiece

    lines = [line for name in ("zh", "en") for text in documents[name] for line in text.splitlines() if line]
    lines += [line for text in documents["learned"] for line in text.splitlines() if line][:20_000]
    processor = sentencepiece.SentencePieceProcessor(model_file=str(llama_folder / "tokenizer.model"))
    assert len(lines) > 20_000
    assert count_tokens(processor, pair[1].reference, lines) > 0
    found = effect(*pair, _strings(lines), 32_000)
    assert found.not_coarser == 0
    assert found.touched_texts < found.texts


@given(ANY_TEXT)
@settings(max_examples=500, deadline=None)
def test_boundaries_are_llamas_on_any_text(pair, text):
    assert effect(*pair, _strings([text]), 32_000).not_coarser == 0


def test_every_new_piece_is_reached(llama_folder, llama):
    figures = orjson.loads((llama_folder / "extension.json").read_bytes())
    assert (len(llama.pieces), figures["pieces"], figures["unreachable"]) == (40_000, NUM_PIECES, 0)


def test_the_fast_engine_takes_the_extended_tokenizer(pair):
    assert [encoder.fast is not None for encoder in pair] == [True, True]


@pytest.mark.parametrize(
    ("across", "least"),
    [((), {"zh": 1.065, "zh without digits": 1.075}), (("digits",), {"zh": 1.08, "zh without digits": 1.07})],
)
def test_more_characters_per_token_than_the_chinese_llama_script_under_the_same_rule_of_digits(
    documents, base, by_rule, tmp_path, across, least
):
    ours = by_rule[across]
    script = chinese_llama(base, documents["learned"], NUM_PIECES, split_digits=not across)
    ratios = _ratios(documents, {"ours": ours, "script": script})
    assert {name: ratio for name, ratio in ratios.items() if ratio < least.get(name, 1.0)} == {}
    pytest.importorskip("transformers")
    tokenizer = converted(script, tmp_path)
    for name, texts in _texts(documents).items():
        encodings = tokenizer.encode_batch(texts, add_special_tokens=False)
        density = sum(map(len, texts)) / sum(len(encoding.ids) for encoding in encodings)
        ratio = chars_per_token(ours, texts) / density
        _tell(f"{name}: script as transformers reads it {density:.4f}: {100 * (ratio - 1):+.1f} %")


@pytest.mark.parametrize(
    ("across", "least"),
    [((), {"zh": 1.04, "zh without digits": 1.05}), (("digits",), {"zh": 1.05, "zh without digits": 1.05})],
)
def test_more_characters_per_token_than_pieces_that_are_appended(documents, by_rule, tmp_path, across, least):
    ours = by_rule[across]
    other = _extension(documents, tmp_path, across=across, method="append")
    assert len(other.pieces) == len(ours.pieces)
    ratios = _ratios(documents, {"ours": ours, "appended": other})
    assert {name: ratio for name, ratio in ratios.items() if ratio < least.get(name, 0.985)} == {}


def test_no_choice_of_rows_could_gain_much_more_while_every_digit_is_a_token(documents, llama, tmp_path):
    """Rows that are learned from the very Chinese text they are tested on, and from nothing else."""
    stage = Extend(base=LLAMA, num_pieces=NUM_PIECES, repeats=1, min_count=2, held_out_share=0)
    folder = extended(stage, documents["zh"], tmp_path)
    best = SentencePieceModel.parse((folder / "tokenizer.model").read_bytes(), origin="best")
    ratios = _ratios(documents, {"ours": llama, "learned from the test": best})
    assert 0.9 < ratios["zh"] < 1


def _extension(documents, folder: Path, **options) -> SentencePieceModel:
    made = extended(Extend(base=LLAMA, num_pieces=NUM_PIECES, **options), documents["learned"], folder)
    return SentencePieceModel.parse((made / "tokenizer.model").read_bytes(), origin="extended")


def _texts(documents) -> dict[str, list[str]]:
    """Test documents by collection; without digits, where rules about them do not count."""
    plain = {name: documents[name] for name in ("zh", "en")}
    return {**plain, **{f"{name} without digits": without_digits(texts) for name, texts in plain.items()}}


def _ratios(documents, models: dict[str, SentencePieceModel]) -> dict[str, float]:
    """Characters per token of the first of two models by that of the second, by text."""
    found = {}
    for name, texts in _texts(documents).items():
        one, two = (chars_per_token(model, texts) for model in models.values())
        found[name] = one / two
        _tell(f"{name}: {', '.join(models)}: {one:.4f}, {two:.4f}: {100 * (found[name] - 1):+.1f} %")
    return found


def test_transformers_loads_what_was_written(documents, llama_folder, pair, tmp_path):
    transformers = pytest.importorskip("transformers")
    folder = shutil.copytree(llama_folder, tmp_path / "tokenizer")
    loaded = transformers.AutoTokenizer.from_pretrained(str(folder))
    assert len(loaded) == 40_000
    texts = [text[:3000] for text in [*documents["zh"], *documents["en"]]]
    found = [loaded(text, add_special_tokens=False)["input_ids"] for text in texts]
    assert found == [encoding.ids for encoding in pair[1].reference.encode_batch(texts, add_special_tokens=False)]


def test_qwens_vocabulary_has_the_same_guarantees(documents, tmp_path):
    special = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
    stage = Extend(base=QWEN, num_pieces=NUM_PIECES, pattern="qwen", special_tokens=special, eod="<|endoftext|>")
    folder = extended(stage, documents["learned"], tmp_path)
    figures = orjson.loads((folder / "extension.json").read_bytes())
    assert (figures["base_size"], figures["pieces"], figures["unreachable"]) == (151_646, NUM_PIECES, 0)
    extension = Encoder.load(TokenizerFiles.read(folder))
    assert extension.fast is not None
    from corpusforge.vocab.bases import read_base

    old = read_base(QWEN, pattern="qwen", special_tokens=special).encoder
    found = effect(old, extension, _strings([*documents["zh"], *documents["en"]]), 151_646)
    _tell(f"Qwen: {found.base_tokens} -> {found.tokens} tokens")
    assert found.not_coarser == 0
    assert found.tokens < 0.97 * found.base_tokens
