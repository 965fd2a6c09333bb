"""The steps that tools/bench measures: each takes documents as a build would hand them over, and is timed alone."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from measure.peers import CHAIN, Datatrove, Sketches
from measure.timing import PeerRun, Speed, speed
from measure.verdicts import outcomes, part_of, pipeline_filters
from tokenizers import Tokenizer
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.trainers import BpeTrainer

from corpusforge.core import Transform
from corpusforge.index.megatron import Megatron
from corpusforge.recipe import NamedStage
from corpusforge.recipe.registry import find_stage
from corpusforge.source.jsonl import Jsonl
from corpusforge.split.greedy import Greedy
from corpusforge.text.hashing import content_hashes, document_ids
from corpusforge.text.sentences import sentence_ends
from corpusforge.text.spans import line_spans, word_hashes, word_spans
from corpusforge.text.view import TextView
from corpusforge.vocab.bases import read_base
from corpusforge.vocab.encode import Encode
from corpusforge.vocab.engines import reference_tokens
from corpusforge.vocab.folder import TokenizerFiles
from corpusforge.vocab.growth import Sample
from corpusforge.vocab.learning import Limits, candidates, grown

# datatrove does a third of a megabyte a second: enough of it for a steady figure.
_PEER_BYTES = 800_000
_READ_BYTES = 8_000_000
# Hugging Face's tokenizers do a few.
_REFERENCE_BYTES = 8_000_000
_NUM_PIECES = 8000

Batch = tuple[pa.RecordBatch, int]


@dataclass(frozen=True)
class Lab:
    """What steps work with: one language of the corpus, a tokenizer, a model for language, a folder to write to, peers."""

    lang: str
    path: Path
    tokenizer: Path
    lid_model: Path | None
    scratch: Path
    rounds: int
    datatrove: Datatrove | None
    sketches: Sketches | None = None

    @cached_property
    def batches(self) -> list[Batch]:
        """The corpus as documents, in batches of about MAX_BATCH_BYTES, each with its bytes of text."""
        source = Jsonl(path=str(self.path))
        found = [batch for shard in source.shards(source.files()) for batch in source.read(shard)]
        return [(batch.append_column("content_hash", content_hashes(batch["text"])), _num_bytes(batch)) for batch in found]

    @cached_property
    def artifacts(self) -> dict[str, Path]:
        """The tokenizer as vocab.encode hands it on."""
        Encode(tokenizer=self.tokenizer).prepare({}, self.scratch)
        return {"tokenizer": self.scratch / "tokenizer"}

    @cached_property
    def encoded(self) -> list[Batch]:
        """A few batches with ids and widths."""
        encode = Encode(tokenizer=self.tokenizer)
        return [(_with(batch, encode, self.artifacts), size) for batch, size in self.batches[:2]]

    def judged_by_datatrove(self, name: str, filters: Sequence[str]) -> PeerRun | None:
        """datatrove's filters of these names on the first documents."""
        if self.datatrove is None:
            return None
        ask = partial(self.datatrove.judge, self.path, self.lang, filters, _PEER_BYTES)
        return PeerRun(f"datatrove {name}", lambda: _answer(ask()))

    def measured(
        self, step: str, work: Callable[[pa.RecordBatch], object], inputs: Sequence[Batch], peer: PeerRun | None = None
    ) -> Speed:
        """Speed of `work` on batches."""
        return speed(step, self.lang, work, inputs, self.rounds, peer)


def read_step(lab: Lab) -> Iterator[Speed]:
    """JSON Lines to documents, beside datatrove's reader."""
    source = Jsonl(path=str(lab.path))
    inputs = [(shard, sum(_num_bytes(batch) for batch in source.read(shard))) for shard in source.shards(source.files())[:2]]
    peer = None
    if lab.datatrove is not None:
        ask = partial(lab.datatrove.read, head(lab.path, lab.scratch, _READ_BYTES))
        peer = PeerRun("datatrove JsonlReader", lambda: _answer(ask()))
    yield speed("source.jsonl", lab.lang, lambda shard: [*source.read(shard)], inputs, lab.rounds, peer)


def view_step(lab: Lab) -> Iterator[Speed]:
    """What the filters of a pass share: words with their hashes, lines, counts."""

    def look(batch: pa.RecordBatch) -> None:
        view = TextView(batch["text"])
        assert len(word_hashes(view)) == len(word_spans(view).begin)
        view.once(line_spans)
        assert len(view.num_words) == len(view.num_chars)

    yield lab.measured("text view: words, hashes, lines, counts", look, lab.batches)


def rules_step(lab: Lab) -> Iterator[Speed]:
    """Each filter of `science` alone, then all on one view; both with their verdicts."""
    filters = pipeline_filters("science")
    peers = {f"filter.{name}": name for name in CHAIN[lab.lang]}
    for named in _heard(filters, lab.lang):
        peer = lab.judged_by_datatrove(peers[named.use], [peers[named.use]]) if named.use in peers else None
        yield lab.measured(f"{named.use} alone", partial(_judge, [named]), lab.batches, peer)
    peer = lab.judged_by_datatrove("FineWeb chain", CHAIN[lab.lang])
    yield lab.measured("all rules of science", partial(_judge, filters), lab.batches, peer)


def toxicity_step(lab: Lab) -> Iterator[Speed]:
    """The lexicons, with the sentences that they would cut."""
    yield lab.measured("filter.toxicity", partial(_judge, [_named("filter.toxicity")]), lab.batches)


def language_step(lab: Lab) -> Iterator[Speed]:
    """Language identification on the default share of each text: by script, and by the model where one is given."""
    for name, model in (("by script", None), ("by model", lab.lid_model)):
        if name == "by script" or model is not None:
            stage = _named("filter.language", model=model)
            yield lab.measured(f"filter.language {name}", partial(_judge, [stage]), lab.batches)


def exact_step(lab: Lab) -> Iterator[Speed]:
    """What exact deduplication costs a document: its hash. Records and their grouping are per document, not per byte."""
    yield lab.measured("hash for dedup.exact", lambda batch: content_hashes(batch["text"]), lab.batches)


def encode_step(lab: Lab) -> Iterator[Speed]:
    """Token ids and widths, beside Hugging Face's tokenizers on the same texts."""
    encode = Encode(tokenizer=lab.tokenizer)
    reference = TokenizerFiles.read(lab.tokenizer).loaded()
    texts: list[str] = []
    size = 0
    for text in lab.batches[0][0]["text"].to_pylist():
        if size < _REFERENCE_BYTES:
            texts.append(text)
            size += len(text.encode())

    def encode_by_reference() -> tuple[int, float]:
        found = speed("", "", lambda some: reference_tokens(reference, some), [(texts, size)], rounds=1)
        return size, size / found.megabytes_per_second / 1e6

    peer = PeerRun("Hugging Face tokenizers", encode_by_reference)
    yield lab.measured("vocab.encode", partial(encode.apply, artifacts=lab.artifacts), lab.batches, peer)


def extend_step(lab: Lab) -> Iterator[Speed]:
    """Learning 8,000 pieces on top of a tokenizer, beside Hugging Face's trainer of as many from nothing."""
    base = read_base(lab.tokenizer)
    limits = Limits(coverage=0.9995, max_length=base.max_length, min_count=3, repeats=0.3, min_held_out=0.2)

    def learn(batch: pa.RecordBatch) -> None:
        nothing = base.counted(Sample.of([]))
        sample = base.counted(Sample([batch["text"]], np.ones(batch.num_rows, np.int64)))
        grown(candidates(base, sample, nothing, nothing, num_joins=_NUM_PIECES, limits=limits), _NUM_PIECES, limits)

    def train_by_reference() -> tuple[int, float]:
        batch, size = lab.batches[0]
        tokenizer = Tokenizer(BPE())
        tokenizer.pre_tokenizer = ByteLevel()
        trainer = BpeTrainer(vocab_size=_NUM_PIECES, show_progress=False)
        texts = batch["text"].to_pylist()
        found = speed("", "", lambda some: tokenizer.train_from_iterator(some, trainer), [(texts, size)], rounds=1)
        return size, size / found.megabytes_per_second / 1e6

    peer = PeerRun("Hugging Face BpeTrainer", train_by_reference)
    yield lab.measured("vocab.extend, learning", learn, lab.batches[:1], peer)


def split_step(lab: Lab) -> Iterator[Speed]:
    """Sentences alone, then cutting at their ends."""
    yield lab.measured("sentences", lambda batch: sentence_ends(TextView(batch["text"])), lab.batches)
    split = Greedy(max_tokens=2048)
    yield lab.measured("split.greedy", partial(split.apply, artifacts=lab.artifacts), lab.encoded)


def write_step(lab: Lab) -> Iterator[Speed]:
    """Pieces to Megatron shards with their lineage."""
    split, sink = Greedy(max_tokens=2048), Megatron(layout="pieces")

    def write(table: pa.Table) -> None:
        folder = lab.scratch / "shard"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        sink.write(iter([table]), folder / "bench", lab.artifacts)

    tables = [(_as_stored(_with(batch, split, lab.artifacts)), size) for batch, size in lab.encoded]
    yield speed("index.megatron", lab.lang, write, tables, lab.rounds)


STEPS: dict[str, Callable[[Lab], Iterator[Speed]]] = {
    "read": read_step,
    "view": view_step,
    "rules": rules_step,
    "toxicity": toxicity_step,
    "language": language_step,
    "exact": exact_step,
    "encode": encode_step,
    "extend": extend_step,
    "split": split_step,
    "write": write_step,
}


def head(path: Path, folder: Path, num_bytes: int) -> Path:
    """The first lines of a file, of about `num_bytes`, as a file of their own."""
    sample = folder / f"head-{num_bytes}-{path.name}"
    with path.open("rb") as lines:
        sample.write_bytes(b"".join(lines.readlines(num_bytes)))
    return sample


def _named(use: str, **settings: object) -> NamedStage:
    return NamedStage(use, find_stage(use)(**settings))


def _judge(filters: Sequence[NamedStage], batch: pa.RecordBatch) -> None:
    for _ in outcomes(filters, part_of(pa.Table.from_batches([batch.select(["text", "content_hash", "lang", "url"])]))):
        pass


def _heard(filters: Sequence[NamedStage], lang: str) -> list[NamedStage]:
    """Filters that judge documents of a language, each kind once."""
    found = {named.use: named for named in filters if getattr(named.stage, "lang", "") in ("", lang)}
    return list(found.values())


def _with(batch: pa.RecordBatch, stage: Transform, artifacts: dict[str, Path]) -> pa.RecordBatch:
    added = stage.apply(batch, artifacts).select(list(stage.adds))
    return pa.RecordBatch.from_arrays([*batch.columns, *added.columns], schema=pa.schema([*batch.schema, *added.schema]))


def _as_stored(batch: pa.RecordBatch) -> pa.Table:
    """What a sink is given: documents with id, source and size."""
    table = pa.Table.from_batches([batch]).append_column("id", document_ids("bench", batch["key"]))
    table = table.append_column("source", pa.array(["bench"] * batch.num_rows))
    return table.append_column("num_bytes", pc.cast(pc.binary_length(batch["text"]), pa.int64()))


def _num_bytes(batch: pa.RecordBatch) -> int:
    return int(pc.sum(pc.binary_length(batch["text"])).as_py() or 0)


def _answer(found: dict[str, object]) -> tuple[int, float]:
    size, seconds = found["num_bytes"], found["seconds"]
    assert isinstance(size, int)
    assert isinstance(seconds, float)
    return size, seconds
