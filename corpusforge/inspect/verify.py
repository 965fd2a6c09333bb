"""Whether shards are what their manifest says, and say what the stored text says."""

from dataclasses import dataclass
from pathlib import Path

import xxhash

from corpusforge.engine.manifest import holds_mix
from corpusforge.index.mix import MIX
from corpusforge.index.verify import ShardFacts, documents, verify_shard
from corpusforge.inspect.answers import has_labels, learned
from corpusforge.inspect.folder import BuildFolder, Location
from corpusforge.tokens import TokenFacts
from corpusforge.vocab.folder import TokenizerFiles


@dataclass(frozen=True)
class Verified:
    """What was looked at, and every problem found; `num_rows` are documents that are rows for fine-tuning."""

    num_shards: int
    num_documents: int
    num_sequences: int
    num_tokens: int
    num_encoded: int
    num_rows: int
    problems: tuple[str, ...]


def verify(out: Path, num_documents: int | None = None) -> Verified:
    """Check every byte of every shard, and encode about `num_documents` (None: all) again with the reference tokenizer.

    A document's pieces, put together without BOS and EOD, must be the reference's ids of its stored text; of a row for
    fine-tuning, the tokens that bear loss must spell its answers. Which documents are looked at depends on their ids alone.
    Raises InputError when `out` holds no finished build.
    """
    build = BuildFolder(out)
    facts = TokenFacts.read(out / "tokenizer")
    shards = [ShardFacts.from_json(shard) for shard in build.manifest["shards"]]
    total = sum(shard.num_documents for shard in shards)
    share = 1.0 if num_documents is None else min(1.0, num_documents / max(1, total))
    problems: list[str] = []
    if not holds_mix(out, build.manifest):
        problems.append(f"{out / MIX}: it is gone or not what the manifest says; run the build again: it writes it anew")
    encoded = rows = 0
    for shard in shards:
        found = verify_shard(build.prefix(shard.name), shard, facts)
        if not found:
            if has_labels(build.prefix(shard.name)):
                count, found = _against_turns(build, shard.name, share)
                rows += count
            else:
                count, found = _against_text(build, shard.name, facts, share)
                encoded += count
        problems += found
    return Verified(
        len(shards), total, sum(shard.num_sequences for shard in shards), sum(shard.num_tokens for shard in shards),
        encoded, rows, tuple(problems),
    )  # fmt: skip


def _against_text(build: BuildFolder, name: str, facts: TokenFacts, share: float) -> tuple[int, list[str]]:
    """How many documents of a shard were encoded again, and which of them differ."""
    prefix = build.prefix(name)
    ids_of = {document: ids for document, ids in documents(prefix, facts) if _is_chosen(document, share)}
    places, problems = _places(build, name, list(ids_of))
    reference = TokenizerFiles.read(build.out / "tokenizer").loaded()
    problems += [
        f"{prefix}: document {document.hex()}: its tokens are not the reference tokenizer's ids of its stored text; "
        "delete the folder of vocab.encode and build again; if it stays, use engine: tokenizers and report it"
        for document, text in build.texts(places)
        if reference.encode(text, add_special_tokens=False).ids != ids_of[document].tolist()
    ]
    return len(ids_of), problems


def _against_turns(build: BuildFolder, name: str, share: float) -> tuple[int, list[str]]:
    """How many rows of a shard for fine-tuning were looked at, and which of them bear loss on something else than answers."""
    prefix = build.prefix(name)
    rows = {each.document: each for each in learned(prefix) if _is_chosen(each.document, share)}
    places, problems = _places(build, name, list(rows))
    reference = TokenizerFiles.read(build.out / "tokenizer").loaded()
    problems += [
        f"{prefix}: document {document.hex()}: the tokens that bear loss do not spell the answers of its stored text; "
        "delete the folder of sft.render and build again, and report it if it stays"
        for document, text, turns in build.conversations(places)
        if not rows[document].is_answers_of(text, turns, reference)
    ]
    return len(rows), problems


def _is_chosen(document: bytes, share: float) -> bool:
    return share >= 1.0 or xxhash.xxh3_64_intdigest(document) < share * 2**64


def _places(build: BuildFolder, name: str, wanted: list[bytes]) -> tuple[dict[bytes, Location], list[str]]:
    """Where the documents of a shard lie, and a line for each that is nowhere."""
    group = build.shard(name)["group"]
    places = build.find(wanted, [each["name"] for each in build.manifest["sources"] if each["group"] == group])
    lost = [document for document in wanted if document not in places]
    return places, [
        f"{build.prefix(name)}: document {document.hex()} is in no part of its sources; build again" for document in lost
    ]
