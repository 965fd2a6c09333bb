"""The figures of training.json: the two forms of a trained tokenizer, compared on all that it was trained on."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from corpusforge.vocab.engines import reference_tokens
from corpusforge.vocab.fitted import num_unreachable
from corpusforge.vocab.folder import reference_tokenizer
from corpusforge.vocab.growth import num_bytes, num_chars
from corpusforge.vocab.parity import check_equal_but_for_ties, check_reachable, count_tokens, stress_texts
from corpusforge.vocab.proto import PieceKind, SentencePieceModel

if TYPE_CHECKING:
    from sentencepiece import SentencePieceProcessor
    from tokenizers import Tokenizer

Figures = dict[str, int | float]


def trained_figures(
    model: SentencePieceModel, trained: SentencePieceModel, files: dict[str, bytes], sample: Sequence[pa.Array]
) -> Figures:
    """What the `model` that was made from `trained` does to the sample; raises ConversionDiffers where its forms differ."""
    import sentencepiece

    processor = sentencepiece.SentencePieceProcessor(model_proto=files["tokenizer.model"])
    tokenizer = reference_tokenizer(files["tokenizer.json"], origin="tokenizer.json")
    check_reachable(model, tokenizer)
    special = [piece.text for piece in model.pieces if piece.kind in (PieceKind.UNKNOWN, PieceKind.CONTROL)]
    stress = stress_texts(special)
    if model.is_unigram:
        compared = _equal_but_for_ties(processor, tokenizer, stress, sample)
    else:
        count_tokens(processor, tokenizer, stress)
        compared = {"num_tokens": count_tokens(processor, tokenizer, strings(sample))}
    return {
        **compared,
        "vocab_size": len(model.pieces),
        "num_special_tokens": len(special),
        "num_characters": sum(1 for piece in model.pieces if piece.kind is PieceKind.NORMAL and len(piece.text) == 1),
        "num_documents": sum(map(len, sample)),
        "num_bytes": num_bytes(sample),
        "chars_per_token": round(num_chars(sample) / compared["num_tokens"], 4),
        "bytes_per_token": round(num_bytes(sample) / compared["num_tokens"], 4),
        "num_stress_texts": len(stress),
        "unreachable_left_out": num_unreachable(trained),
    }


def strings(arrays: Sequence[pa.Array]) -> Iterator[str]:
    """Texts one after another, made into strings a few at a time."""
    for texts in arrays:
        for begin in range(0, len(texts), 256):
            yield from texts.slice(begin, 256).to_pylist()


def _equal_but_for_ties(
    processor: "SentencePieceProcessor", tokenizer: "Tokenizer", stress: Sequence[str], sample: Sequence[pa.Array]
) -> dict[str, int]:
    """The outcome line by line, where a tie is seldom and a difference stands out, and the tokens of whole texts."""
    check_equal_but_for_ties(processor, tokenizer, stress)
    lines = [line for text in strings(sample) for line in text.splitlines() if line]
    return {
        "lines_in_both_loaders": len(lines),
        "lines_that_are_ties": check_equal_but_for_ties(processor, tokenizer, lines),
        "num_tokens": sum(len(reference_tokens(tokenizer, texts.to_pylist()).ids) for texts in sample),
    }
