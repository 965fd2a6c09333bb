"""A SentencePiece BPE model as a Hugging Face tokenizer.json with the same ids.

Written by hand and not by transformers: its conversion re-sorts merges and splits at spaces, and 16 % of real documents then
get other ids. Spaces become U+2581 and one is put in front, as in Llama; characters outside the vocabulary are spelled in
bytes; the decoder undoes both. Special tokens are added tokens. Nothing is put around a text: BOS and EOD are the build's.
"""

from collections.abc import Sequence

import orjson

from corpusforge.errors import InputError
from corpusforge.vocab.merges import ordered_merges
from corpusforge.vocab.proto import Piece, PieceKind, SentencePieceModel

SPACE = "\N{LOWER ONE EIGHTH BLOCK}"

Json = dict[str, object]


def normal_scores(pieces: Sequence[Piece]) -> dict[str, float]:
    """Score of each piece that text can give: neither special, nor byte, nor unused."""
    return {piece.text: piece.score for piece in pieces if piece.kind is PieceKind.NORMAL}


def tokenizer_json(model: SentencePieceModel, *, origin: str) -> bytes:
    """The tokenizer.json of a BPE model that keeps text as it is; raises InputError naming `origin` for any other model."""
    check_bpe(model, origin)
    ids = {piece.text: number for number, piece in enumerate(model.pieces)}
    try:
        merges = ordered_merges(normal_scores(model.pieces), ids)
    except KeyError as error:
        raise InputError(f"{origin}: a piece has the part {error}, which is no piece itself; retrain the model") from error
    described: Json = {
        "type": "BPE",
        "dropout": None,
        "unk_token": model.pieces[model.unk_id].text,
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": True,
        "byte_fallback": model.has_byte_fallback,
        "ignore_merges": False,
        "vocab": ids,
        "merges": merges,
    }
    return _tokenizer_json(model, described)


def unigram_json(model: SentencePieceModel, *, origin: str) -> bytes:
    """The tokenizer.json of a unigram model that keeps text as it is; raises InputError naming `origin` for any other model.

    tokenizers looks for every entry in the text, for <s> and <0x0A> too, which SentencePiece never does. They score so low that
    spelling them is better, which takes that each of their characters is a piece.
    """
    if not model.is_unigram:
        raise InputError(f"{origin}: not a unigram model; give one trained with model_type=unigram")
    _check_text(model, origin)
    scores = normal_scores(model.pieces)
    hidden = {piece.text for piece in model.pieces if piece.kind is not PieceKind.NORMAL}
    unknown = sorted({character for text in hidden for character in text} - set(scores))
    if unknown:
        raise InputError(
            f"{origin}: {unknown[0]!r}, which the names of its special tokens hold, is no piece, so tokenizers would take text "
            "for such a token; train it with required_chars"
        )
    lowest = min(scores.values()) * max(map(len, hidden)) - 100
    vocabulary = [[piece.text, piece.score if piece.text in scores else lowest] for piece in model.pieces]
    described: Json = {
        "type": "Unigram",
        "unk_id": model.unk_id,
        "vocab": vocabulary,
        "byte_fallback": model.has_byte_fallback,
    }
    return _tokenizer_json(model, described)


def _tokenizer_json(model: SentencePieceModel, described: Json) -> bytes:
    content: Json = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [special_token(number, piece.text) for number, piece in enumerate(model.pieces) if _is_special(piece)],
        "normalizer": _normalizer(model.adds_dummy_prefix),
        "pre_tokenizer": None,
        "post_processor": None,
        "decoder": _decoder(model.adds_dummy_prefix),
        "model": described,
    }
    return orjson.dumps(content) + b"\n"


def tokenizer_config(model: SentencePieceModel) -> bytes:
    """The tokenizer_config.json that makes transformers load tokenizer.json as it is."""
    named = {model.unk_id: "unk_token", model.bos_id: "bos_token", model.eos_id: "eos_token"}
    names = {role: model.pieces[number].text for number, role in named.items() if number >= 0}
    others = [piece.text for number, piece in enumerate(model.pieces) if _is_special(piece) and number not in named]
    content: Json = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        **names,
        **({"additional_special_tokens": others} if others else {}),
        "clean_up_tokenization_spaces": False,
        "model_max_length": 2**31 - 1,
    }
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"


def check_bpe(model: SentencePieceModel, origin: str) -> None:
    """Raise InputError unless this is a BPE model that keeps text as it is."""
    if not model.is_bpe:
        raise InputError(f"{origin}: a unigram model has no merges; give a SentencePiece model trained with model_type=bpe")
    _check_text(model, origin)


def _check_text(model: SentencePieceModel, origin: str) -> None:
    if not model.keeps_text:
        raise InputError(f"{origin}: normalises text or collapses spaces; give a model trained with the identity rule")
    odd = [piece.text for piece in model.pieces if piece.kind is PieceKind.USER_DEFINED]
    if odd:
        raise InputError(f"{origin}: has user-defined symbols ({odd[0]!r}); train with them as special tokens instead")


def _is_special(piece: Piece) -> bool:
    return piece.kind in (PieceKind.UNKNOWN, PieceKind.CONTROL)


def special_token(number: int, content: str) -> Json:
    """An entry of added_tokens that plain text never gives."""
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    return {"id": number, "content": content, **flags, "special": True}


def _normalizer(adds_dummy_prefix: bool) -> Json:
    spaces: Json = {"type": "Replace", "pattern": {"String": " "}, "content": SPACE}
    prefix: list[Json] = [{"type": "Prepend", "prepend": SPACE}] if adds_dummy_prefix else []
    return {"type": "Sequence", "normalizers": [*prefix, spaces]}


def _decoder(adds_dummy_prefix: bool) -> Json:
    strip: list[Json] = [{"type": "Strip", "content": " ", "start": 1, "stop": 0}] if adds_dummy_prefix else []
    spaces: Json = {"type": "Replace", "pattern": {"String": SPACE}, "content": " "}
    return {"type": "Sequence", "decoders": [spaces, {"type": "ByteFallback"}, {"type": "Fuse"}, *strip]}
