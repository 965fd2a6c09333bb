"""The figures of extension.json, each the outcome of a check that stops the build where it fails."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import chain, pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from corpusforge.vocab.encode import Encoder
from corpusforge.vocab.folder import TokenizerFiles
from corpusforge.vocab.growth import Base, Counted, Row, num_chars
from corpusforge.vocab.learning import Grown
from corpusforge.vocab.parity import check_equal_but_for_ties, count_tokens, stress_texts
from corpusforge.vocab.proofs import Effect, check_coarser, check_ids, effect

# Bytes of text on which SentencePiece and Hugging Face are compared: both are slow.
_PARITY_BYTES = 8 * 2**20
# Points of the curve of savings.
_NUM_POINTS = 50

Figures = dict[str, object]


def verified(
    base: Base, files: dict[str, bytes], rows: Sequence[Row], held_out: Sequence[pa.Array], learned: Sequence[pa.Array]
) -> Figures:
    """Check the tokenizer in `files` against its base: on text held out, on text it was learned from, and on odd texts.

    Raises ExtensionDiffers or ConversionDiffers where it is not what it must be.
    """
    extended = Encoder.load(TokenizerFiles(Path("tokenizer.json"), files))
    check_ids(extended.reference, base.symbols, rows)
    names = [token.content for token in extended.reference.get_added_tokens_decoder().values()]
    odd = pa.array([*stress_texts(names[:50]), *(base.text_of(row) for row in rows)], pa.large_string())
    figures: Figures = {"unreachable": 0}
    for name, texts in (("held_out", held_out), ("sample", learned), ("odd_texts", [odd])):
        compared = texts if base.is_coarser else [_lines(array) for array in texts]
        found = effect(base.encoder, extended, compared, len(base.symbols))
        if base.is_coarser:
            check_coarser(found)
        figures[name] = {**asdict(found), **_density(num_chars(compared), found)}
    if "tokenizer.model" in files:
        strings = chain(odd.to_pylist(), _first([*held_out, *learned], _PARITY_BYTES))
        figures |= _equal_loaders(base, files, extended, strings)
    return figures


def _equal_loaders(base: Base, files: dict[str, bytes], extended: Encoder, texts: Iterable[str]) -> Figures:
    """Compare SentencePiece and Hugging Face; for unigram models line by line, and but for ties.

    SentencePiece adds scores in 32 bits and tokenizers in 64, so of ways to cut a text that are equally good, such as cuts of a
    run of one sign, they may take different ones in any unigram model.
    """
    import sentencepiece

    processor = sentencepiece.SentencePieceProcessor(model_proto=files["tokenizer.model"])
    if base.is_coarser:
        return {"tokens_equal_in_both_loaders": count_tokens(processor, extended.reference, texts)}
    lines = [line for text in texts for line in text.splitlines() if line]
    ties = check_equal_but_for_ties(processor, extended.reference, lines)
    return {"lines_in_both_loaders": len(lines), "lines_that_are_ties": ties}


def _lines(texts: pa.Array) -> pa.Array:
    """The lines of all texts: where boundaries may be new, a whole document says little."""
    return pc.list_flatten(pc.split_pattern(texts, "\n"))


def _density(chars: int, found: Effect) -> Figures:
    if not found.tokens:
        return {}
    return {
        "base_chars_per_token": round(chars / found.base_tokens, 4),
        "chars_per_token": round(chars / found.tokens, 4),
    }


def learned_figures(base: Base, result: Grown, sample: Counted, unseen: Counted) -> Figures:
    """What was added, to what effect on text that nothing was learned from, and what each further row saved there."""
    figures: Figures = {
        "base_size": len(base.symbols),
        "pieces": len(result.rows),
        "characters": sum(row.parts is None for row in result.rows),
        "pruned": result.num_pruned,
        "sample_documents": sample.num_documents,
        "sample_bytes": sample.num_bytes,
        "held_out_documents": unseen.num_documents,
        "held_out_bytes": unseen.num_bytes,
    }
    return figures | ({"curve": _curve(result.savings, unseen)} if len(result.savings) and unseen.num_tokens else {})


def _curve(savings: NDArray[np.int64], unseen: Counted) -> list[Figures]:
    """Rows by what they save, in steps: chars per token with so many, and tokens saved per row of the step in a million."""
    ends = np.unique(np.linspace(0, len(savings), _NUM_POINTS + 1).astype(int))
    points: list[Figures] = []
    for begin, end in pairwise(ends.tolist()):
        tokens = unseen.num_tokens - int(savings[:end].sum())
        marginal = float(savings[begin:end].mean()) / unseen.num_tokens * 1e6
        points.append(
            {"rows": int(end), "chars_per_token": round(unseen.num_chars / tokens, 4), "saved_per_row": round(marginal, 2)}
        )
    return points


def _first(texts: Sequence[pa.Array], limit: int) -> Iterator[str]:
    """Texts, a few at a time, until they hold `limit` bytes."""
    for array in texts:
        for begin in range(0, len(array), 256):
            if limit <= 0:
                return
            block = array.slice(begin, 256)
            limit -= int(pc.sum(pc.binary_length(block)).as_py() or 0)
            yield from block.to_pylist()
