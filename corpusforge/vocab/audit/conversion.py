"""What transformers 5 makes of a bare SentencePiece model: LlamaTokenizer.from_pretrained on a folder without tokenizer.json.

It ranks merges by id and not by score, of each piece every split, control pieces and bytes included, and marks spaces in a
pre-tokenizer that puts no space of its own before one of the text. A unigram model is taken as its settings say. Written out
here, and compared with transformers in the tests, so that an audit need not install it.
"""

import base64

import orjson

from corpusforge.vocab.convert import SPACE, Json, special_token
from corpusforge.vocab.proto import PieceKind, SentencePieceModel

_METASPACE = {"type": "Metaspace", "replacement": SPACE, "prepend_scheme": "first", "split": False}


def transformers_json(model: SentencePieceModel) -> bytes:
    """The tokenizer.json that transformers 5 would load a BPE or unigram model as."""
    return orjson.dumps(_as_llama(model) if model.is_bpe else _as_unigram(model))


def _as_llama(model: SentencePieceModel) -> Json:
    """The model's own flags do not count: every text gets a prefix, characters outside are bytes."""
    ids = {piece.text: number for number, piece in enumerate(model.pieces)}
    ranked = [
        (number, cut, (piece.text[:cut], piece.text[cut:]))
        for number, piece in enumerate(model.pieces)
        for cut in range(1, len(piece.text))
        if piece.text[:cut] in ids and piece.text[cut:] in ids
    ]
    described: Json = {
        "type": "BPE",
        "dropout": None,
        "unk_token": None,
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": True,
        "byte_fallback": True,
        "ignore_merges": False,
        "vocab": ids,
        "merges": [pair for *_, pair in sorted(ranked, key=lambda each: each[:2])],
    }
    return _whole(model, described, None, _METASPACE)


def _as_unigram(model: SentencePieceModel) -> Json:
    described: Json = {
        "type": "Unigram",
        "unk_id": model.unk_id,
        "vocab": [[piece.text, piece.score] for piece in model.pieces],
        "byte_fallback": model.has_byte_fallback,
    }
    steps: list[Json] = []
    if model.character_map:
        steps.append({"type": "Precompiled", "precompiled_charsmap": base64.b64encode(model.character_map).decode()})
    if model.removes_extra_whitespaces:
        steps += [_replace({"Regex": r"\A +| +\z"}, ""), _replace({"Regex": " {2,}"}, " ")]
    if model.escapes_whitespaces:
        steps.append(_replace({"String": " "}, SPACE))
    if model.adds_dummy_prefix:
        steps.append(_replace({"Regex": rf"\A{SPACE}"}, SPACE * 2))
    pre_tokenizer = {**_METASPACE, "prepend_scheme": "always"} if model.adds_dummy_prefix else None
    return _whole(model, described, {"type": "Sequence", "normalizers": steps}, pre_tokenizer)


def _replace(pattern: Json, content: str) -> Json:
    return {"type": "Replace", "pattern": pattern, "content": content}


def _whole(model: SentencePieceModel, described: Json, normalizer: Json | None, pre_tokenizer: Json | None) -> Json:
    is_special = (PieceKind.CONTROL, PieceKind.UNKNOWN)
    added = [special_token(number, piece.text) for number, piece in enumerate(model.pieces) if piece.kind in is_special]
    replace = _replace({"String": SPACE}, " ")
    strip = [{"type": "Strip", "content": " ", "start": 1, "stop": 0}] if pre_tokenizer else []
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": normalizer,
        "pre_tokenizer": pre_tokenizer,
        "post_processor": None,
        "decoder": {"type": "Sequence", "decoders": [replace, {"type": "ByteFallback"}, {"type": "Fuse"}, *strip]},
        "model": described,
    }
