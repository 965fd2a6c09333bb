"""Whether shards are what their manifest says, and say what the stored text says."""

from dataclasses import dataclass
from pathlib import Path

import xxhash

from corpusforge.engine.manifest import holds_mix
from corpusforge.index.mix import MIX
from corpusforge.index.verify import ShardFacts, documents, verify_shard
from corpusforge.inspect.folder import BuildFolder
from corpusforge.tokens import TokenFacts
from corpusforge.vocab.folder import TokenizerFiles


@dataclass(frozen=True)
class Verified:
    """What was looked at, and every problem found."""

    num_shards: int
    num_documents: int
    num_sequences: int
    num_tokens: int
    num_encoded: int
    problems: tuple[str, ...]


def verify(out: Path, num_documents: int | None = None) -> Verified:
    """Check every byte of every shard, and encode about `num_documents` (None: all) again with the reference tokenizer.

    A document's pieces, put together without BOS and EOD, must be the reference's ids of its stored text. Which documents
    are encoded depends on their ids alone. Raises InputError when `out` holds no finished build.
    """
    build = BuildFolder(out)
    facts = TokenFacts.read(out / "tokenizer")
    shards = [ShardFacts.from_json(shard) for shard in build.manifest["shards"]]
    total = sum(shard.num_documents for shard in shards)
    share = 1.0 if num_documents is None else min(1.0, num_documents / max(1, total))
    problems: list[str] = []
    if not holds_mix(out, build.manifest):
        problems.append(f"{out / MIX}: it is gone or not what the manifest says; run the build again: it writes it anew")
    encoded = 0
    for shard in shards:
        found = verify_shard(build.prefix(shard.name), shard, facts)
        if not found:
            count, found = _against_text(build, shard.name, facts, share)
            encoded += count
        problems += found
    return Verified(
        len(shards), total, sum(shard.num_sequences for shard in shards), sum(shard.num_tokens for shard in shards),
        encoded, tuple(problems),
    )  # fmt: skip


def _against_text(build: BuildFolder, name: str, facts: TokenFacts, share: float) -> tuple[int, list[str]]:
    """How many documents of a shard were encoded again, and which of them differ."""
    prefix = build.prefix(name)
    group = build.shard(name)["group"]
    ids_of = {
        document: ids
        for document, ids in documents(prefix, facts)
        if share >= 1.0 or xxhash.xxh3_64_intdigest(document) < share * 2**64
    }
    places = build.find(list(ids_of), [each["name"] for each in build.manifest["sources"] if each["group"] == group])
    problems = [
        f"{prefix}: document {document.hex()} is in no part of its sources; build again"
        for document in ids_of
        if document not in places
    ]
    reference = TokenizerFiles.read(build.out / "tokenizer").loaded()
    problems += [
        f"{prefix}: document {document.hex()}: its tokens are not the reference tokenizer's ids of its stored text; "
        "delete the folder of vocab.encode and build again; if it stays, use engine: tokenizers and report it"
        for document, text in build.texts(places)
        if reference.encode(text, add_special_tokens=False).ids != ids_of[document].tolist()
    ]
    return len(ids_of), problems
