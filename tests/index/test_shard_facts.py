"""A shard's entry in the manifest: to JSON and back, and from the files."""

import json
from pathlib import Path

import pytest
from shard_samples import SMALL, table, write

from corpusforge.errors import InputError
from corpusforge.index.facts import ShardFacts, shard_digests


def test_facts_survive_json(tmp_path: Path) -> None:
    _, facts = write(tmp_path, [table(SMALL)], "pieces")
    assert ShardFacts.from_json(json.loads(json.dumps(facts.to_json()))) == facts


def test_facts_are_read_from_an_entry_that_says_more(tmp_path: Path) -> None:
    _, facts = write(tmp_path, [table(SMALL)], "pieces")
    assert ShardFacts.from_json({**facts.to_json(), "group": "geo"}) == facts


def test_an_entry_that_lacks_a_fact_is_refused() -> None:
    with pytest.raises(InputError, match=r"manifest, shard geo-00000: .*num_tokens: Field required.*build again"):
        ShardFacts.from_json({"name": "geo-00000"})


def test_digests_are_those_of_the_files(tmp_path: Path) -> None:
    (tmp_path / "s.bin").write_bytes(b"abc")
    (tmp_path / "s.other").write_bytes(b"abc")
    sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert shard_digests(tmp_path / "s") == {".bin": {"size_bytes": 3, "sha256": sha256}}
