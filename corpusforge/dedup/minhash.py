"""Near-duplicates by MinHash and locality-sensitive hashing, with a kept witness for every document that goes.

    sign     parts        signature, band keys; nodes and signatures stay in files
    pair     partitions   documents that share a band: pairs whose signatures agree enough
    collect  parts        shingle sets of the documents that are in a pair, and of no others
    verify   partitions   exact Jaccard similarity of each pair
    decide   once         greedy leader over the verified pairs

Signatures only nominate; the similarity that removes a document is exact, so the chance of a false removal is none.
"""

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import Field, model_validator

from corpusforge.core import DECISION, Barrier, Desk, Round
from corpusforge.dedup import sketches
from corpusforge.dedup.bands import Bands, choose_bands
from corpusforge.dedup.candidates import bucket_pairs
from corpusforge.dedup.leaders import leaders
from corpusforge.text.minhash import band_keys, jaccards, signatures
from corpusforge.text.shingles import mixed_all, set_hashes, shingle_sets, shingles
from corpusforge.text.view import TextView

# Standard errors of an estimate by which a pair may miss the threshold and still be verified.
_MARGIN = 4.0


# Two documents with a verified pair between them, or with equal shingles (a stands for b in all pairs).
_PAIR, _NEEDED, _EQUAL = 0, 1, 2


class Minhash(Barrier):
    """Rejects as `near_duplicate` every document that is like one that stays: Jaccard of shingles >= threshold.

    Better is by position of the source in the recipe, then by `quality`, length and id. The one that stays is the witness,
    the similarity the value.
    """

    reads: ClassVar[tuple[str, ...]] = ("text",)

    threshold: float = Field(default=0.8, gt=0, le=1)
    """Jaccard similarity of two documents' shingles from which one of them goes."""
    ngram: int = Field(default=5, ge=1, le=64)
    """Words of a shingle; a CJK character is a word."""
    permutations: int = Field(default=256, ge=16, le=4096)
    """Places of a signature."""
    recall: float = Field(default=0.995, gt=0, lt=1)
    """Chance that a pair just at the threshold is looked at; bands and rows follow from it."""
    scope: Literal["corpus", "source"] = "corpus"
    """Whether documents of different sources are compared."""
    quality: str | None = None
    """A signal by which the better of two documents is told, the higher the better."""
    max_bucket: int = Field(default=64, ge=2)
    """A band shared by more documents than this compares each of them to at most so many leaders."""
    seed: int = Field(default=1, ge=0, lt=2**63)
    """Chooses other permutations."""

    @model_validator(mode="after")
    def _can_find(self) -> Self:
        self.bands  # noqa: B018  # raises where no bands reach the recall
        return self

    @property
    def bands(self) -> Bands:
        """How signatures are cut."""
        return choose_bands(self.permutations, self.threshold, self.recall)

    def remarks(self) -> tuple[str, ...]:
        """The bands, and the chance with which they find pairs of some similarities."""
        bands = self.bands
        near = sorted({round(self.threshold + step / 20, 3) for step in range(-4, 5) if 0 < self.threshold + step / 20 <= 1})
        curve = ", ".join(f"{each:g} {bands.found(each):.2%}" for each in near)
        return (f"{bands.bands} bands of {bands.rows}; chance that a pair is looked at, by its similarity: {curve}",)

    def facts(self) -> dict[str, float]:
        """The threshold, and how signatures are cut."""
        return {"threshold": self.threshold, "bands": self.bands.bands, "rows": self.bands.rows}

    def required(self) -> tuple[str, ...]:
        """The text, and the signal of quality if one is named."""
        return (*self.reads, *([self.quality] if self.quality else []))

    def rounds(self) -> tuple[Round, ...]:
        """sign, pair, collect, verify, decide."""
        return (
            Round("sign", "parts", self._sign),
            Round("pair", "partitions", self._pair),
            Round("collect", "parts", self._collect),
            Round("verify", "partitions", self._verify),
            Round("decide", "one", self._decide),
        )

    def record_bytes(self, num_documents: int, text_bytes: int) -> int:
        """Sixteen bytes for each band of each document."""
        return 16 * self.bands.bands * num_documents

    def _sign(self, desk: Desk) -> pa.Table:
        nodes, rows, keys, positions = [], [], [], []
        count = 0
        for batch in desk.batches([*self.required(), "source"]):
            found = shingles(TextView(batch["text"]), self.ngram)
            signed = signatures(found, self.permutations, self.seed)
            nodes.append(self._nodes(batch, set_hashes(found)))
            rows.append(signed)
            has_shingles = np.flatnonzero(np.diff(found.first))
            keys.append(self._keys(signed[has_shingles], nodes[-1]["source_rank"][has_shingles]))
            positions.append(count + has_shingles)
            count += batch.num_rows
        sketches.save(sketches.node_path(desk.folder, desk.number), np.concatenate(nodes))
        sketches.save(sketches.signature_path(desk.folder, desk.number), np.concatenate(rows))
        places = sketches.places(desk.number, np.concatenate(positions))
        return _records(key=np.concatenate(keys), place=np.repeat(places, self.bands.bands))

    def _nodes(self, batch: pa.RecordBatch, hashes: NDArray[np.uint64]) -> np.ndarray:
        nodes = np.zeros(batch.num_rows, sketches.NODE)
        nodes["row"] = batch["row"].to_numpy()
        nodes["source_rank"] = batch["source_rank"].to_numpy()
        nodes["size"] = pc.binary_length(batch["text"]).to_numpy()
        nodes["shingles"] = hashes
        ids = batch["id"]
        nodes["id"] = np.frombuffer(ids.buffers()[1], ">u8")[2 * ids.offset : 2 * (ids.offset + len(ids))].reshape(-1, 2)
        if self.quality:
            quality = batch[self.quality].cast(pa.float64()).fill_null(float("-inf"))
            nodes["quality"] = np.nan_to_num(quality.to_numpy(), nan=-np.inf, posinf=np.inf, neginf=-np.inf)
        return nodes

    def _keys(self, signed: NDArray[np.uint32], source_ranks: NDArray[np.int32]) -> NDArray[np.uint64]:
        bands = self.bands
        keys = band_keys(signed.reshape(-1), self.permutations, bands.bands, bands.rows)
        if self.scope == "corpus":
            return keys
        return mixed_all(keys ^ np.repeat(source_ranks.astype(np.uint64) + np.uint64(1), bands.bands))

    def _pair(self, desk: Desk) -> pa.Table:
        keys, places = desk.records["key"].to_numpy(), desk.records["place"].to_numpy()
        shared = np.flatnonzero(_is_shared(keys))
        keys, places = keys[shared], places[shared]
        buckets = (
            np.cumsum(np.concatenate([np.zeros(1, np.bool_), keys[1:] != keys[:-1]])) if len(keys) else keys.astype(np.int64)
        )
        documents, index = np.unique(places, return_inverse=True)
        nodes = sketches.nodes_at(desk.folder, documents)
        rank = np.empty(len(documents), np.int64)
        rank[sketches.rank_order(nodes)] = np.arange(len(documents))
        equal, buckets, chosen = _representatives(buckets, index, rank, nodes["shingles"])
        found = list(self._like(desk, documents, buckets, chosen))
        pairs = np.unique(np.concatenate([np.empty((0, 2), np.int64), *found]), axis=0)
        return _addressed(pairs, documents[equal])

    def _like(
        self, desk: Desk, documents: NDArray[np.int64], buckets: NDArray[np.int64], chosen: NDArray[np.int64]
    ) -> Iterator[NDArray[np.int64]]:
        """Pairs of places whose signatures agree, bucket by bucket; `chosen` index `documents`, the best of a bucket first."""
        least = self._least_agreeing()
        starts = np.concatenate([np.flatnonzero(np.diff(buckets, prepend=-1)), [len(buckets)]])
        begin = 0
        while begin < len(starts) - 1:
            end = max(begin + 1, int(np.searchsorted(starts, starts[begin] + sketches.CHUNK, side="right")) - 1)
            members = documents[chosen[starts[begin] : starts[end]]]
            signed = sketches.signatures_at(desk.folder, members, self.permutations)
            pairs, _ = bucket_pairs(
                starts[begin : end + 1] - starts[begin], signed.reshape(-1), self.permutations, least, self.max_bucket
            )
            yield members[pairs.reshape(-1, 2)]
            begin = end

    def _least_agreeing(self) -> int:
        error = np.sqrt(self.threshold * (1 - self.threshold) / self.permutations)
        return max(1, int(np.floor((self.threshold - _MARGIN * error) * self.permutations)))

    def _collect(self, desk: Desk) -> pa.Table:
        records = desk.records
        kinds, own = records["kind"].to_numpy(), records["a"].to_numpy()
        wanted = np.unique(sketches.position_of(own[kinds != _EQUAL]))
        if len(wanted):
            self._save_sets(desk, wanted)
        forward = np.flatnonzero(kinds != _NEEDED)
        a, b = own[forward], records["b"].to_numpy()[forward]
        key = mixed_all(a.astype(np.uint64) ^ mixed_all(b.astype(np.uint64)))
        return _records(key=key, a=a, b=b, kind=kinds[forward])

    def _save_sets(self, desk: Desk, wanted: NDArray[np.int64]) -> None:
        first, hashes, count = [np.zeros(1, np.int64)], [], 0
        for batch in desk.batches(["text"]):
            here = wanted[(wanted >= count) & (wanted < count + batch.num_rows)] - count
            count += batch.num_rows
            found = shingle_sets(shingles(TextView(batch["text"].take(pa.array(here))), self.ngram))
            first.append(found.first[1:] + first[-1][-1])
            hashes.append(found.hashes)
        for what, array in (("positions", wanted), ("first", np.concatenate(first)), ("hashes", np.concatenate(hashes))):
            sketches.save(sketches.set_path(desk.folder, desk.number, what), array)

    def _verify(self, desk: Desk) -> pa.Table:
        pairs = desk.records.group_by(["a", "b", "kind"]).aggregate([]).sort_by([("a", "ascending"), ("b", "ascending")])
        a, b, kinds = (pairs[name].to_numpy() for name in ("a", "b", "kind"))
        similarity = np.ones(len(a), np.float64)
        to_compare = np.flatnonzero(kinds == _PAIR)
        similarity[to_compare] = _similarities(desk, a[to_compare], b[to_compare])
        like = np.flatnonzero(similarity >= self.threshold)
        return _records(key=np.zeros(len(like), np.uint64), a=a[like], b=b[like], kind=kinds[like], similarity=similarity[like])

    def _decide(self, desk: Desk) -> pa.Table:
        a, b, kinds, similarity = (desk.records[name].to_numpy() for name in ("a", "b", "kind", "similarity"))
        documents, index = np.unique(np.concatenate([a, b]), return_inverse=True)
        nodes = sketches.nodes_at(desk.folder, documents)
        order = sketches.rank_order(nodes)
        rank = np.empty(len(documents), np.int64)
        rank[order] = np.arange(len(documents))
        left, right = rank[index[: len(a)]], rank[index[len(a) :]]
        is_pair = kinds == _PAIR
        better, worse = np.minimum(left, right)[is_pair], np.maximum(left, right)[is_pair]
        witness, likeness = leaders(len(documents), better, worse, similarity[is_pair])
        stands_for, member = left[~is_pair], right[~is_pair]
        goes_with = witness[stands_for]
        witness[member] = np.where(goes_with < 0, stands_for, goes_with)
        likeness[member] = np.where(goes_with < 0, 1.0, likeness[stands_for])
        dropped = np.flatnonzero(witness >= 0)
        return self._decisions(documents[order], nodes[order], dropped, witness[dropped], likeness[dropped])

    def _decisions(
        self, documents: NDArray[np.int64], nodes: np.ndarray, dropped: NDArray[np.int64], witness: NDArray[np.int64],
        likeness: NDArray[np.float64],
    ) -> pa.Table:  # fmt: skip
        count = len(dropped)
        ids = np.ascontiguousarray(nodes["id"][witness]).tobytes()
        columns = {
            "part": pa.array(sketches.part_of(documents[dropped]).astype(np.int32)),
            "row": pa.array(np.ascontiguousarray(nodes["row"][dropped])),
            "drop": pa.array(["near_duplicate"] * count, pa.string()),
            "failed": pa.array(np.zeros(count, np.bool_)),
            "value": pa.array(likeness),
            "threshold": pa.array(np.full(count, self.threshold)),
            "message": pa.array([""] * count, pa.string()),
            "witness": pa.Array.from_buffers(pa.binary(16), count, [None, pa.py_buffer(ids)]),
        }
        return pa.table(columns, schema=DECISION)


def _records(**columns: np.ndarray) -> pa.Table:
    return pa.table({name: pa.array(values) for name, values in columns.items()})


def _is_shared(keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Which of the ascending keys occur more than once."""
    same = keys[1:] == keys[:-1]
    return np.concatenate([[False], same]) | np.concatenate([same, [False]]) if len(keys) else np.zeros(0, np.bool_)


def _representatives(
    buckets: NDArray[np.int64], index: NDArray[np.int64], rank: NDArray[np.int64], hashes: NDArray[np.uint64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Of documents with equal shingles in a bucket, the best stands for all.

    Gives unique pairs (the best, another) as indices of documents, int64[n, 2]; and buckets and indices of those that stand
    for themselves, ordered by bucket and rank.
    """
    order = np.lexsort((rank[index], hashes[index, 1], hashes[index, 0], buckets))
    bucket, document = buckets[order], index[order]
    same = (bucket[1:] == bucket[:-1]) & (hashes[document[1:]] == hashes[document[:-1]]).all(axis=1)
    is_first = np.concatenate([np.ones(min(1, len(order)), np.bool_), ~same])
    best = document[np.maximum.accumulate(np.where(is_first, np.arange(len(order)), 0))] if len(order) else document
    equal = np.unique(np.column_stack([best[~is_first], document[~is_first]]), axis=0)
    chosen, of_bucket = document[is_first], bucket[is_first]
    by_rank = np.lexsort((rank[chosen], of_bucket))
    return equal, of_bucket[by_rank], chosen[by_rank]


def _addressed(pairs: NDArray[np.int64], equal: NDArray[np.int64]) -> pa.Table:
    """Records for the parts that hold the documents: each pair to both of them, the equal ones to the one that stands."""
    a = np.concatenate([pairs[:, 0], pairs[:, 1], equal[:, 0]])
    b = np.concatenate([pairs[:, 1], pairs[:, 0], equal[:, 1]])
    kind = np.repeat(np.array([_PAIR, _NEEDED, _EQUAL], np.int8), [len(pairs), len(pairs), len(equal)])
    return _records(key=sketches.part_of(a).astype(np.uint64), a=a, b=b, kind=kind)


def _similarities(desk: Desk, a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.float64]:
    """Exact Jaccard similarity of each pair of places."""
    found = np.empty(len(a), np.float64)
    step = sketches.CHUNK // 8
    for begin in range(0, len(a), step):
        some = slice(begin, begin + step)
        documents, index = np.unique(np.concatenate([a[some], b[some]]), return_inverse=True)
        sets = sketches.sets_at(desk.folder, documents)
        count = len(a[some])
        found[some] = jaccards(sets.first, sets.hashes, index[:count], index[count:])
    return found
