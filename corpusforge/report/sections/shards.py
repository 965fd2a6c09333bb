"""The shards and their groups."""

from collections.abc import Mapping
from typing import Any

from corpusforge.report import charts, figures
from corpusforge.report.markup import Markup, element, folded, joined, table

# A longer list is folded away.
_MAX_SHARDS = 20


def shards_section(manifest: Mapping[str, Any]) -> Markup:
    """Groups and shards with what they hold."""
    shards = manifest["shards"]
    sums: dict[str, list[int]] = {}
    for shard in shards:
        own = sums.setdefault(shard["group"], [0] * 5)
        for index, value in enumerate((1, *_shard_numbers(shard))):
            own[index] += value
    tokens = sum(each[3] for each in sums.values())
    groups = [
        [
            group, *(figures.count(each) for each in numbers[:4]), figures.share(numbers[3], tokens),
            figures.size(numbers[4]), charts.bar(numbers[3], tokens, "kept"),
        ]
        for group, numbers in sums.items()
    ]  # fmt: skip
    rows = [
        [element("code", shard["name"]), *(figures.count(each) for each in numbers[:3]), figures.size(numbers[3])]
        for shard, numbers in ((shard, _shard_numbers(shard)) for shard in shards)
    ]
    each_shard = table(["shard", "#documents", "#sequences", "#tokens", "#size"], rows)
    head = ["group", "#shards", "#documents", "#sequences", "#tokens", "#of tokens", "#size", ""]
    number = "1 shard" if len(rows) == 1 else f"{len(rows)} shards"
    return joined([table(head, groups, class_="wide"), folded(number, each_shard, is_open=len(rows) <= _MAX_SHARDS)])


def _shard_numbers(shard: Mapping[str, Any]) -> tuple[int, int, int, int]:
    size = sum(file["size_bytes"] for file in shard["files"].values())
    return shard["num_documents"], shard["num_sequences"], shard["num_tokens"], size
