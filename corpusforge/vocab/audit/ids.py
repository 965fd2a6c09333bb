"""Findings about ids: twice, never, out of place, or too many for what stores them."""

from collections import Counter
from collections.abc import Iterator

import pyarrow as pa

from corpusforge.tokens import token_dtype
from corpusforge.vocab.audit.findings import Finding, Severity, counted, some
from corpusforge.vocab.audit.loaders import Loader, ids_of
from corpusforge.vocab.audit.subject import MAX_ID, Subject
from corpusforge.vocab.proto import PieceKind
from corpusforge.weights.configuration import num_rows

_ROLES = ("bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token", "mask_token")
_UINT16 = 2**16


def id_findings(subject: Subject) -> list[Finding]:
    """What the files alone say of ids."""
    return [*_sizes(subject), *_repeated(subject), *_forms(subject), *_roles(subject)]


def _sizes(subject: Subject) -> Iterator[Finding]:
    size, largest, entries = subject.size, max(subject.ids.values(), default=-1), len(subject.ids)
    if largest > MAX_ID:
        yield Finding(
            "too_many_ids", Severity.ERROR, f"ids reach {largest:,}, above 2**31 - 1", largest, 0, (),
            "Shards hold ids as 32-bit numbers; nothing else was checked with the text.", "number the pieces from 0 on",
        )  # fmt: skip
        return
    is_near = 65_500 <= size <= _UINT16
    title = f"{size:,} ids (len {entries:,}, largest {largest:,}): shards are {token_dtype(size)}"
    meaning = (
        "Megatron stores 65,500 ids and more as int32 although 16 bits would hold them: a program that goes by 65,536 reads "
        "such shards wrongly."
    )
    cure = "pad to more than 65,536 ids, or stay below 65,500"
    severity = Severity.WARNING if is_near else Severity.NOTE
    yield Finding("dtype", severity, title, size, 0, (), meaning if is_near else "", cure if is_near else "")
    num_holes = size - len(set(subject.ids.values()))
    if num_holes > 0:
        taken = set(subject.ids.values())
        holes = [str(number) for number in range(min(size, 2**24)) if number not in taken]
        yield Finding(
            "holes", Severity.NOTE, f"{counted(num_holes, size, 'ids')} stand for nothing", num_holes, size, some(holes),
            "len(tokenizer) is smaller than the rows a model needs; a model that is sized by it misses the largest ids.",
            "size the model by the largest id + 1",
        )  # fmt: skip
    rows = num_rows(subject.files.get("config.json", {}))
    if rows is not None and rows != size:
        severity = Severity.ERROR if rows < size else Severity.NOTE
        title = f"config.json says vocab_size {rows:,}, ids need {size:,}"
        meaning = "Ids beyond the rows of the model stop it." if rows < size else "The model has rows to spare: padding."
        yield Finding("vocab_size", severity, title, abs(rows - size), rows, (), meaning, "resize the embeddings to the ids")


def _repeated(subject: Subject) -> Iterator[Finding]:
    names = list(subject.repeated)
    if subject.model is not None:
        names += [text for text, times in Counter(piece.text for piece in subject.model.pieces).items() if times > 1]
    if names:
        yield Finding(
            "repeated_pieces", Severity.ERROR, f"{len(names):,} pieces stand twice", len(names), len(subject.ids),
            some(sorted(names)), "Which id they have depends on the program; SentencePiece refuses such a model.",
            "keep the first of each",
        )  # fmt: skip
    texts: dict[int, list[str]] = {}
    for text, number in subject.ids.items():
        texts.setdefault(number, []).append(text)
    shared = [" = ".join(each) for each in texts.values() if len(each) > 1]
    if shared:
        yield Finding(
            "shared_ids", Severity.ERROR, f"{len(shared):,} ids stand for more than one piece", len(shared), subject.size,
            some(shared), "Text does not come back from such ids.", "give each piece its own id",
        )  # fmt: skip
    if subject.content is not None:
        moved = list(_moved(subject))
        if moved:
            yield Finding(
                "added_tokens", Severity.ERROR, f"{len(moved):,} added tokens have another id in the vocabulary", len(moved),
                len(subject.described["added_tokens"]), some(moved), "The program decides which of the two ids counts.",
                "give them the id of the vocabulary",
            )  # fmt: skip


def _moved(subject: Subject) -> Iterator[str]:
    vocabulary = subject.described["model"]["vocab"]
    for token in subject.described.get("added_tokens", []) if isinstance(vocabulary, dict) else []:
        inside = vocabulary.get(token["content"], token["id"])
        if inside != token["id"]:
            yield f"{token['content']} is {token['id']} and {inside}"


def _forms(subject: Subject) -> Iterator[Finding]:
    """Ids of the .model against those of tokenizer.json."""
    if subject.model is None or subject.content is None:
        return
    pieces = {piece.text: number for number, piece in enumerate(subject.model.pieces)}
    inside = [(text, number, subject.ids.get(text)) for text, number in pieces.items()]
    moved = [
        f"{text} is {number} and {other if other is not None else 'missing'}"
        for text, number, other in inside
        if other != number
    ]
    if moved:
        title = f"{counted(len(moved), len(pieces), 'pieces')} of the .model have another id in tokenizer.json, or none"
        meaning, cure = "The two files are two tokenizers.", "write both from one model"
        yield Finding("forms", Severity.ERROR, title, len(moved), len(pieces), some(moved), meaning, cure)


def _roles(subject: Subject) -> Iterator[Finding]:
    """Names of special tokens that the configuration gives."""
    named = dict(role_names(subject))
    missing = [f"{role}: {name}" for role, name in named.items() if name not in subject.ids]
    if missing:
        title = f"{len(missing)} special tokens are named and not in the vocabulary"
        meaning = "Programs add them behind the others, beyond the rows of the model, or fail."
        cure = "add them to the vocabulary, or correct tokenizer_config.json"
        yield Finding("special_tokens", Severity.ERROR, title, len(missing), len(named), some(missing), meaning, cure)
    pairs = [(role, other) for role in named for other in named if other > role and named[other] == named[role]]
    if pairs:
        title = f"{len(pairs)} pairs of special tokens are the same"
        shared = [f"{role} = {other} = {named[role]}" for role, other in pairs]
        meaning = "Where padding is the end of text, a loss that leaves padding out never learns to end."
        yield Finding("special_tokens", Severity.NOTE, title, len(pairs), len(named), some(shared), meaning, "")


def role_names(subject: Subject) -> Iterator[tuple[str, str]]:
    """(role, name) of special tokens."""
    maps = [subject.configuration, subject.files.get("special_tokens_map.json", {})]
    for role in _ROLES:
        for each in maps:
            value = each.get(role)
            name = value.get("content") if isinstance(value, dict) else value
            if isinstance(name, str) and name:
                yield role, name
                break


def special_names(subject: Subject) -> list[str]:
    """Names of tokens that no text should give."""
    names = [name for _, name in role_names(subject)]
    names += [token["content"] for token in subject.described.get("added_tokens", []) if token.get("special")]
    if subject.model is not None and subject.content is None:
        names += [piece.text for piece in subject.model.pieces if piece.kind in (PieceKind.CONTROL, PieceKind.UNKNOWN)]
    return list(dict.fromkeys(name for name in names if name in subject.ids))


def special_findings(subject: Subject, loader: Loader) -> list[Finding]:
    """Special tokens that plain text gives."""
    names = special_names(subject)
    tokens = loader.tokens(pa.array(names, pa.large_string()))
    given = [name for place, name in enumerate(names) if subject.ids[name] in ids_of(tokens, place)]
    if not given:
        title = f"text that spells one of the {len(names):,} special tokens is plain text"
        return [Finding("special_in_text", Severity.NOTE, title, 0, len(names), (), "", "")]
    title = f"text that spells {counted(len(given), len(names), 'special tokens')} gives them"
    meaning = "A document that writes about such a token ends there."
    cure = "mark them special in added_tokens, or as control pieces in the .model"
    return [Finding("special_in_text", Severity.WARNING, title, len(given), len(names), some(given), meaning, cure)]
