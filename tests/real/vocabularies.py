"""Documents of the zh and en collections, and the vocabularies that others would make of them."""

import io
import random
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import sentencepiece
from measure.texts import article_text
from tokenizers import Tokenizer

from corpusforge.vocab.proto import Piece, PieceKind, SentencePieceModel
from corpusforge.vocab.sample import training_lines

DATA = Path(__file__).resolve().parents[3] / "shared/data"
LLAMA = DATA / "tokenizers/llama/tokenizer.model"
QWEN = DATA / "tokenizers/qwen.tiktoken"

# Share of documents of each collection that no vocabulary is made from.
_TEST_SHARE = 8


def collections() -> dict[str, list[str]]:
    """Whole documents by collection; journal articles as their text."""
    found: dict[str, list[str]] = {}
    for name in ("zh", "en"):
        paths = sorted(path for path in (DATA / name).rglob("*") if path.suffix in (".md", ".xml"))
        found[name] = [article_text(path.read_bytes()) if path.suffix == ".xml" else path.read_text("utf-8") for path in paths]
    return found


def split(texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """(to learn from, to test on): whole documents, always the same."""
    order = sorted(texts)
    random.Random(5).shuffle(order)
    size = max(1, len(order) // _TEST_SHARE)
    return order[size:], order[:size]


def without_digits(texts: Iterable[str]) -> list[str]:
    """Texts without digits, of which Llama makes a token each and models trained apart do not."""
    return [re.sub(r"\d+", "", text) for text in texts]


def chars_per_token(model: SentencePieceModel, texts: Sequence[str]) -> float:
    """Characters of all texts by tokens of all texts."""
    processor = sentencepiece.SentencePieceProcessor(model_proto=model.to_bytes())
    return sum(map(len, texts)) / sum(map(len, processor.encode(texts)))


def converted(model: SentencePieceModel, folder: Path) -> Tokenizer:
    """The model as transformers reads the bare tokenizer.model that is written to `folder`."""
    from transformers import LlamaTokenizer

    (folder / "tokenizer.model").write_bytes(model.to_bytes())
    tokenizer: Tokenizer = LlamaTokenizer.from_pretrained(str(folder)).backend_tokenizer
    return tokenizer


def chinese_llama(
    base: SentencePieceModel, texts: Sequence[str], num_pieces: int, *, split_digits: bool = False
) -> SentencePieceModel:
    """What Chinese-LLaMA-Alpaca's merge_tokenizers.py makes: missing pieces of a unigram model, all with score 0.

    Where there are more than `num_pieces` the least probable go, characters apart, as in training. The script leaves
    `split_digits` off, which Llama had on.
    """
    have = {piece.text for piece in base.pieces}
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=training_lines(texts),
        model_writer=written,
        model_type="unigram",
        vocab_size=round(1.77 * num_pieces),
        character_coverage=0.9995,
        split_digits=split_digits,
        num_threads=1,
        minloglevel=2,
    )
    trained = SentencePieceModel.parse(written.getvalue(), origin="trained")
    missing = [piece.text for piece in trained.pieces if piece.text not in have]
    assert len(missing) >= num_pieces, "train a larger one"
    longer = [text for text in missing if len(text) > 1]
    dropped = set(longer[len(longer) - len(missing) + num_pieces :])
    added = [Piece(text, 0.0, PieceKind.NORMAL) for text in missing if text not in dropped]
    return base.with_pieces([*base.pieces, *added])
