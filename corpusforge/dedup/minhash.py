"""Near-duplicates by MinHash and locality-sensitive hashing, with a kept witness for every document that goes.

    sign     parts        signature, band keys; nodes and signatures stay in files
    pair     partitions   documents that share a band: pairs whose signatures agree enough
    collect  parts        shingle sets of the documents that are in a pair, and of no others
    verify   partitions   exact Jaccard similarity of each pair
    decide   once         greedy leader over the verified pairs

Signatures only nominate; the similarity that removes a document is exact, so the chance of a false removal is none.
"""

from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import Field, model_validator

from corpusforge.core import DECISION, ELSEWHERE, Barrier, Desk, PartOrigin, Round
from corpusforge.dedup import index, sketches
from corpusforge.dedup.bands import Bands, choose_bands
from corpusforge.dedup.copies import id_words, ids_of
from corpusforge.dedup.families import PEERS, Hashing, is_signed, sketches_of
from corpusforge.dedup.leaders import leaders
from corpusforge.dedup.pairs import EQUAL, PAIR, Nomination, addressed
from corpusforge.settings import BuildPaths
from corpusforge.text.hashing import name_hash
from corpusforge.text.minhash import band_keys, jaccards
from corpusforge.text.shingles import Shingles, character_shingles, mixed_all, set_hashes, shingle_sets, shingles
from corpusforge.text.view import TextView

# Standard errors of an estimate by which a pair may miss the threshold and still be verified.
_MARGIN = 4.0


class Minhash(Barrier):
    """Rejects as `near_duplicate` every document that is like one that stays: Jaccard of shingles >= threshold.

    Better is by position of the source in the recipe, then by `quality`, length and id. The one that stays is the witness,
    the similarity the value; how many documents it stands for, itself among them, is its `cluster_size`.
    """

    revision: ClassVar[int] = 2
    reads: ClassVar[tuple[str, ...]] = ("text",)
    adds: ClassVar[tuple[str, ...]] = ("cluster_size", "copies")
    defaults: ClassVar[dict[str, int]] = {"cluster_size": 1, "copies": 1}

    threshold: float = Field(default=0.8, gt=0, le=1)
    """Jaccard similarity of two documents' shingles from which one of them goes."""
    ngram: int = Field(default=5, ge=1, le=64)
    """Words of a shingle, or characters with `unit: character`."""
    cjk_ngram: int | None = Field(default=None, ge=1, le=64)
    """CJK characters of a shingle where its words are such; as many as `ngram` unless given."""
    unit: Literal["word", "character"] = "word"
    """What shingles are made of: words, of which a CJK character is one, or characters of any script."""
    permutations: int = Field(default=256, ge=16, le=4096)
    """Places of a signature."""
    hashing: Hashing = "permutations"
    """How they are made. one_permutation hashes each shingle once and takes half the time on texts of a thousand words; it
    errs more below a hundred. datatrove and nemo_curator nominate what these would, to compare."""
    recall: float = Field(default=0.995, gt=0, lt=1)
    """Chance that a pair just at the threshold is looked at; bands and rows follow from it."""
    scope: Literal["corpus", "group", "source"] = "corpus"
    """Whether documents of different sources, or of different groups, are compared."""
    quality: str | None = None
    """A signal by which the better of two documents is told, the higher the better."""
    against: BuildPaths = ()
    """Output folders of finished builds, the first one first: what is like a document in their shards goes. List with each
    build those that it was itself built against."""
    keep_index: bool = False
    """Keep the sketches, so that a later build against this one need not sign its texts again."""
    rehydrate: dict[int, int] = Field(default={})
    """Smallest cluster size -> how many copies the document that stays is worth in training, as FineWeb-2 gives weights:
    {2: 2, 3: 3, 5: 5, 100: 8, 1000: 1}. Stored as `copies`, 1 for smaller ones."""
    max_bucket: int = Field(default=64, ge=2)
    """A band shared by more documents than this compares each of them to at most so many leaders."""
    seed: int = Field(default=1, ge=0, lt=2**63)
    """Chooses other permutations."""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        self.bands  # noqa: B018  # raises where no bands reach the recall
        fixed = sorted({"permutations", "recall", "seed"} & self.model_fields_set) if self.hashing in PEERS else []
        if fixed:
            raise ValueError(f"hashing: {self.hashing} fixes {', '.join(fixed)}; leave that out")
        if self.unit == "character" and self.cjk_ngram is not None:
            raise ValueError("cjk_ngram is for shingles of words; with unit: character leave it out")
        wrong = {size: copies for size, copies in self.rehydrate.items() if size < 2 or copies < 1}
        if wrong:
            raise ValueError(f"rehydrate: cluster sizes are 2 or more and copies 1 or more, not {wrong}")
        return self

    @property
    def bands(self) -> Bands:
        """How signatures are cut."""
        return PEERS.get(self.hashing) or choose_bands(self.permutations, self.threshold, self.recall)

    @property
    def places(self) -> int:
        """Places of a signature: a peer has its own number."""
        peer = PEERS.get(self.hashing)
        return peer.bands * peer.rows if peer else self.permutations

    def remarks(self) -> tuple[str, ...]:
        """The bands, and the chance with which they find pairs of some similarities."""
        bands = self.bands
        near = sorted({round(self.threshold + step / 20, 3) for step in range(-4, 5) if 0 < self.threshold + step / 20 <= 1})
        curve = ", ".join(f"{each:g} {bands.found(each):.2%}" for each in near)
        return (f"{bands.bands} bands of {bands.rows}; chance that a pair is looked at, by its similarity: {curve}",)

    def required(self) -> tuple[str, ...]:
        """The text, and the signal of quality if one is named."""
        return (*self.reads, *([self.quality] if self.quality else []))

    def earlier(self) -> tuple[Path, ...]:
        """The builds to compare with."""
        return self.against

    def rounds(self) -> tuple[Round, ...]:
        """sign, pair, collect, verify, decide."""
        return (
            Round("sign", "parts", self._sign),
            Round("pair", "partitions", self._pair, takes_sorted=False),
            Round("collect", "parts", self._collect),
            Round("verify", "partitions", self._verify, takes_sorted=False),
            Round("decide", "one", self._decide, takes_sorted=False),
        )

    def record_bytes(self, num_documents: int, text_bytes: int) -> int:
        """Sixteen bytes for each band of each document."""
        return 16 * self.bands.bands * num_documents

    def facts(self, folder: Path) -> dict[str, Any]:
        """The bands, the pairs that were nominated, and what was left out in hot buckets."""
        told = [orjson.loads(path.read_bytes()) for path in sorted(folder.glob("*.nominated.json"))]
        sums = {name: sum(each[name] for each in told) for name in ("candidate_pairs", "hot_buckets", "left_alone")}
        return {"bands": self.bands.bands, "rows": self.bands.rows, **sums}

    def _shingles(self, view: TextView) -> Shingles:
        if self.unit == "character":
            return character_shingles(view, self.ngram)
        return shingles(view, self.ngram, self.cjk_ngram)

    def _sign(self, desk: Desk) -> pa.Table:
        assert desk.part is not None
        nodes, signed = self._recalled(desk, desk.part) or self._signed(desk, desk.part)
        sketches.save(sketches.node_path(desk.folder, desk.number), nodes)
        sketches.save(sketches.signature_path(desk.folder, desk.number), signed)
        if self.keep_index and not desk.part.build:
            index.keep(self._index(desk.lasting), desk.part.name, desk.folder, desk.number)
        to_compare = np.flatnonzero(nodes["shingles"].any(axis=1) & is_signed(signed))
        if len(to_compare) < len(signed):
            signed = signed[to_compare]
        places = sketches.places(desk.number, to_compare)
        return _records(key=self._keys(signed, desk.part), place=np.repeat(places, self.bands.bands))

    def _index(self, step: Path) -> Path:
        names = {"ngram", "cjk_ngram", "unit", "permutations", "hashing", "seed"}
        return index.index_folder(step, {"revision": self.revision, **self.model_dump(include=names)})

    def _recalled(self, desk: Desk, part: PartOrigin) -> tuple[np.ndarray, NDArray[np.uint16]] | None:
        """What an earlier build kept of a part, if it did."""
        if part.lasting is None or not self._index(part.lasting).is_dir():
            return None
        rows = [(batch["row"].to_numpy(), batch["source_rank"]) for batch in desk.batches(())]
        ranks = pa.concat_arrays([each for _, each in rows])
        return index.recall(
            self._index(part.lasting),
            part.name,
            np.concatenate([each for each, _ in rows]),
            ranks[0].as_py() if len(ranks) else 0,
        )

    def _signed(self, desk: Desk, part: PartOrigin) -> tuple[np.ndarray, NDArray[np.uint16]]:
        nodes, rows = [], []
        for batch in desk.batches(self.reads if part.build else self.required()):
            view = TextView(batch["text"])
            found = self._shingles(view)
            rows.append(sketches_of(self.hashing, view, found, self.permutations, self.seed))
            nodes.append(self._nodes(batch, set_hashes(found), None if part.build else self.quality))
        return np.concatenate(nodes), np.concatenate(rows)

    def _nodes(self, batch: pa.RecordBatch, hashes: NDArray[np.uint64], quality: str | None) -> np.ndarray:
        nodes = np.zeros(batch.num_rows, sketches.NODE)
        nodes["row"] = batch["row"].to_numpy()
        nodes["source_rank"] = batch["source_rank"].to_numpy()
        nodes["size"] = pc.binary_length(batch["text"]).to_numpy()
        nodes["shingles"] = hashes
        nodes["id"] = id_words(batch["id"])
        if quality:
            given = batch[quality].cast(pa.float64()).fill_null(float("-inf"))
            nodes["quality"] = np.nan_to_num(given.to_numpy(), nan=-np.inf, posinf=np.inf, neginf=-np.inf)
        return nodes

    def _keys(self, signed: NDArray[np.uint16], part: PartOrigin) -> NDArray[np.uint64]:
        bands = self.bands
        keys = band_keys(np.ascontiguousarray(signed).reshape(-1), self.places, bands.bands, bands.rows)
        if self.scope == "corpus":
            return keys
        return mixed_all(keys ^ np.uint64(name_hash(part.source if self.scope == "source" else part.group)))

    def _pair(self, desk: Desk) -> pa.Table:
        nomination = Nomination(desk.folder, self.places, self._least_agreeing(), self.max_bucket)
        found = nomination.nominate(desk.records["key"].to_numpy(), desk.records["place"].to_numpy())
        told = {"candidate_pairs": len(found.pairs), "hot_buckets": found.hot_buckets, "left_alone": found.left_alone}
        sketches.save_bytes(desk.folder / f"{desk.number:05d}.nominated.json", orjson.dumps(told))
        return addressed(found)

    def _least_agreeing(self) -> int:
        """Places in which a pair worth verifying agrees; a peer takes whatever shares a band."""
        if self.hashing in PEERS:
            return 1
        error = np.sqrt(self.threshold * (1 - self.threshold) / self.permutations)
        return max(1, int(np.floor((self.threshold - _MARGIN * error) * self.permutations)))

    def _collect(self, desk: Desk) -> pa.Table:
        records = desk.records
        kinds, own = records["kind"].to_numpy(), records["a"].to_numpy()
        wanted = np.unique(sketches.position_of(own[kinds != EQUAL]))
        if len(wanted):
            self._save_sets(desk, wanted)
        forward = np.flatnonzero((kinds == PAIR) | (kinds == EQUAL))
        a, b = own[forward], records["b"].to_numpy()[forward]
        key = mixed_all(a.astype(np.uint64) ^ mixed_all(b.astype(np.uint64)))
        return _records(key=key, a=a, b=b, kind=kinds[forward])

    def _save_sets(self, desk: Desk, wanted: NDArray[np.int64]) -> None:
        first, hashes, count, held = [np.zeros(1, np.int64)], [np.empty(0, np.uint64)], 0, 0
        for batch in desk.batches(("text",)):
            here = wanted[(wanted >= count) & (wanted < count + batch.num_rows)] - count
            count += batch.num_rows
            found = shingle_sets(self._shingles(TextView(batch["text"].take(pa.array(here)))))
            first.append(found.first[1:] + held)
            hashes.append(found.hashes)
            held += len(found.hashes)
        for what, array in (("positions", wanted), ("first", np.concatenate(first)), ("hashes", np.concatenate(hashes))):
            sketches.save(sketches.set_path(desk.folder, desk.number, what), array)

    def _verify(self, desk: Desk) -> pa.Table:
        pairs = desk.records.group_by(["a", "b", "kind"]).aggregate([]).sort_by([("a", "ascending"), ("b", "ascending")])
        a, b, kinds = (pairs[name].to_numpy() for name in ("a", "b", "kind"))
        similarity = np.ones(len(a), np.float64)
        to_compare = np.flatnonzero(kinds == PAIR)
        similarity[to_compare] = _similarities(desk, a[to_compare], b[to_compare])
        like = np.flatnonzero(similarity >= self.threshold)
        return _records(key=np.zeros(len(like), np.uint64), a=a[like], b=b[like], kind=kinds[like], similarity=similarity[like])

    def _decide(self, desk: Desk) -> pa.Table:
        a, b, kinds, similarity = (desk.records[name].to_numpy() for name in ("a", "b", "kind", "similarity"))
        documents, of_record = np.unique(np.concatenate([a, b]), return_inverse=True)
        nodes = sketches.nodes_at(desk.folder, documents)
        order = sketches.rank_order(nodes)
        rank = np.empty(len(documents), np.int64)
        rank[order] = np.arange(len(documents))
        left, right = rank[of_record[: len(a)]], rank[of_record[len(a) :]]
        is_pair = kinds == PAIR
        better, worse = np.minimum(left, right)[is_pair], np.maximum(left, right)[is_pair]
        witness, likeness = leaders(len(documents), better, worse, similarity[is_pair])
        stands_for, member = left[~is_pair], right[~is_pair]
        goes_with = witness[stands_for]
        witness[member] = np.where(goes_with < 0, stands_for, goes_with)
        likeness[member] = np.where(goes_with < 0, 1.0, likeness[stands_for])
        return self._decisions(documents[order], nodes[order], witness, likeness)

    def _decisions(
        self, documents: NDArray[np.int64], nodes: np.ndarray, witness: NDArray[np.int64], likeness: NDArray[np.float64]
    ) -> pa.Table:
        """A row for each document that goes, and for each of this build that stays for others; both best first."""
        sizes = 1 + np.bincount(witness[witness >= 0], minlength=len(witness)).astype(np.int32)
        told = np.flatnonzero((witness >= 0) | ((sizes > 1) & (nodes["source_rank"] >= 0)))
        goes = witness[told] >= 0
        stays = np.maximum(witness[told], 0)
        earlier = goes & (nodes["source_rank"][stays] < 0)
        columns = {
            "part": pa.array(sketches.part_of(documents[told]).astype(np.int32)),
            "row": pa.array(np.ascontiguousarray(nodes["row"][told])),
            "drop": pc.if_else(pa.array(goes), "near_duplicate", ""),
            "failed": pa.array(np.zeros(len(told), np.bool_)),
            "value": pa.array(likeness[told], mask=~goes),
            "threshold": pa.array(np.full(len(told), self.threshold), mask=~goes),
            "message": pc.if_else(pa.array(earlier), ELSEWHERE, ""),
            "witness": pc.if_else(pa.array(goes), ids_of(nodes["id"][stays]), None),
            "cluster_size": pa.array(np.where(goes, 1, sizes[told])),
            "copies": pa.array(np.where(goes, 1, self._copies(sizes[told])).astype(np.int32)),
        }
        added = [pa.field(name, pa.int32(), nullable=False) for name in self.adds]
        return pa.table(columns, schema=pa.schema([*DECISION, *added]))

    def _copies(self, sizes: NDArray[np.int32]) -> NDArray[np.int64]:
        """What documents that stand for so many are worth in training."""
        steps = sorted(self.rehydrate)
        worth = np.array([1, *(self.rehydrate[step] for step in steps)])
        found: NDArray[np.int64] = worth[np.searchsorted(steps, sizes, side="right")]
        return found


def _records(**columns: np.ndarray) -> pa.Table:
    return pa.table({name: pa.array(values) for name, values in columns.items()})


def _similarities(desk: Desk, a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.float64]:
    """Exact Jaccard similarity of each pair of places."""
    found = np.empty(len(a), np.float64)
    step = sketches.CHUNK // 8
    for begin in range(0, len(a), step):
        some = slice(begin, begin + step)
        documents, of_pair = np.unique(np.concatenate([a[some], b[some]]), return_inverse=True)
        sets = sketches.sets_at(desk.folder, documents)
        count = len(a[some])
        found[some] = jaccards(sets.first, sets.hashes, of_pair[:count], of_pair[count:])
    return found
