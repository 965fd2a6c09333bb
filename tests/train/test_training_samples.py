"""Rows in the order of a stage: each once an epoch, from any position, for any world size, never what was held out."""

import pickle
import shutil
from collections import Counter
from dataclasses import fields
from pathlib import Path

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packed_builds import RECIPE, ROW, SOURCES, build_packed, text

from corpusforge.errors import InputError
from corpusforge.index.format import NO_LOSS, ShardWriter, shard_file
from corpusforge.index.mix import Mix
from corpusforge.index.reader import ShardReader, read_lineage
from corpusforge.tokens import TokenFacts
from corpusforge.train.consumed import consumed
from corpusforge.train.data import Batch, Samples


def joined(batches: list[Batch]) -> Batch:
    return Batch(**{each.name: np.concatenate([getattr(batch, each.name) for batch in batches]) for each in fields(Batch)})


def same(a: Batch, b: Batch) -> bool:
    return all(np.array_equal(getattr(a, each.name), getattr(b, each.name)) for each in fields(Batch))


def copied(build: Path, folder: Path) -> Path:
    return Path(shutil.copytree(build, folder / "out", ignore=shutil.ignore_patterns("[0-9][0-9]-*")))


def test_each_row_of_a_group_is_read_once_in_every_epoch(packed_build: Path) -> None:
    mix, samples = Mix.read(packed_build), Samples.open(packed_build, "specialise")
    read = Counter(samples.origins(0, samples.num_rows))
    for name, plan in mix.stage("specialise").groups.items():
        prefixes = [str(packed_build / "shards" / shard.name) for shard in mix.groups[name].shards]
        counts = {row: count for row, count in read.items() if row[0] in prefixes}
        assert sum(counts.values()) == plan.num_rows
        assert set(counts.values()) <= {int(plan.epochs), int(plan.epochs) + 1}
        assert len(counts) == min(plan.num_rows, mix.groups[name].num_sequences)


def test_what_is_replayed_was_not_read_by_the_stage_before(packed_build: Path) -> None:
    adapt, specialise = (Samples.open(packed_build, name) for name in ("adapt", "specialise"))
    seen = set(adapt.origins(0, adapt.num_rows))
    assert seen
    assert not seen & set(specialise.origins(0, specialise.num_rows))


def test_the_default_mix_reads_every_row_once(tmp_path: Path) -> None:
    build = build_packed(tmp_path, recipe=RECIPE.split("mix:")[0])
    samples = Samples.open(build)
    rows = {
        (str(build / "shards" / shard.name), sequence)
        for group in Mix.read(build).groups.values()
        for shard in group.shards
        for sequence in range(shard.num_sequences)
    }
    assert Counter(samples.origins(0, samples.num_rows)) == Counter(rows)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_rows_from_any_position_are_those_of_the_walk(packed_build: Path, data: st.DataObject) -> None:
    samples = Samples.open(packed_build, "specialise")
    walk = joined([samples.rows(at, at + 1) for at in range(samples.num_rows)])
    start = data.draw(st.integers(0, samples.num_rows))
    stop = data.draw(st.integers(start, samples.num_rows))
    part = Batch(**{each.name: getattr(walk, each.name)[start:stop] for each in fields(Batch)})
    assert same(Samples.open(packed_build, "specialise").rows(start, stop), part)


@pytest.mark.parametrize("world_size", [1, 2, 3, 8])
def test_ranks_together_read_what_one_reads(packed_build: Path, world_size: int) -> None:
    samples = Samples.open(packed_build, "specialise")
    batch, end = 24, samples.num_rows // 24 * 24
    micro = batch // world_size
    ranks = [
        [samples.rows(step + rank * micro, step + (rank + 1) * micro) for rank in range(world_size)]
        for step in range(0, end, batch)
    ]
    assert same(joined([each for step in ranks for each in step]), samples.rows(0, end))


def test_rows_say_where_loss_falls_and_where_segments_are(packed_build: Path) -> None:
    samples = Samples.open(packed_build, "specialise")
    batch = samples.rows(0, samples.num_rows)
    for place, (prefix, sequence) in enumerate(samples.origins(0, samples.num_rows)):
        lengths = ShardReader(Path(f"{prefix}.segments"))[sequence].tolist()
        fill = ROW - sum(lengths)
        spans = [*lengths, *([fill] if fill else [])]
        ids = ShardReader(Path(prefix))[sequence].tolist()
        labels = [NO_LOSS if at == 0 else 1 for length in lengths for at in range(length)] + [NO_LOSS] * fill
        assert batch.tokens[place].tolist() == ids
        assert batch.positions[place].tolist() == [at for length in spans for at in range(length)]
        assert batch.segments[place].tolist() == [number for number, length in enumerate(spans) for _ in range(length)]
        assert batch.labels[place].tolist() == [
            NO_LOSS if label == NO_LOSS else token for label, token in zip(labels, ids, strict=True)
        ]
    assert {getattr(batch, each.name).dtype for each in fields(Batch)} == {np.dtype(np.int32)}


def test_every_text_is_read_whole_and_once_in_training_or_held_out(packed_build: Path, tmp_path: Path) -> None:
    from tokenizers import Tokenizer

    mix, facts = Mix.read(packed_build), TokenFacts.read(packed_build / "tokenizer")
    pieces: dict[str, dict[int, list[int]]] = {}
    for group in [*mix.groups.values(), *mix.held_out.values()]:
        for shard in group.shards:
            prefix = packed_build / "shards" / shard.name
            rows = ShardReader(prefix)
            for row in read_lineage(prefix).to_pylist():
                ids = rows[row["sequence"]][row["start"] : row["start"] + row["length"]].tolist()
                assert ids[-1] == facts.eod_id
                assert row["piece"] not in pieces.setdefault(row["url"], {})
                pieces[row["url"]][row["piece"]] = ids[:-1]
    tokenizer = Tokenizer.from_file(str(packed_build / "tokenizer/tokenizer.json"))
    expected = {
        f"https://{source}/{number}": tokenizer.encode(text(source, number), add_special_tokens=False).ids
        for source, count in SOURCES.items()
        for number in range(count)
    }
    found = {url: [each for number in sorted(its) for each in its[number]] for url, its in pieces.items()}
    assert found == expected


def test_what_was_held_out_is_never_trained_on(packed_build: Path) -> None:
    trained = {
        piece.document
        for stage in ("adapt", "specialise")
        for samples in [Samples.open(packed_build, stage)]
        for row in consumed(samples, 0, samples.num_rows)
        for piece in row.pieces
    }
    held_out = [Samples.held_out(packed_build, group) for group in ("general", "geo", "notes")]
    kept_back = {piece.document for each in held_out for row in consumed(each, 0, each.num_rows) for piece in row.pieces}
    assert kept_back
    assert not trained & kept_back
    assert held_out[0].origins(0, 2) == [(str(packed_build / "shards/general-held-out-00000"), number) for number in (0, 1)]
    assert held_out[0].held_out_groups == ("general", "geo", "notes")


def test_consumed_rows_name_documents_and_addresses(packed_build: Path) -> None:
    samples = Samples.open(packed_build, "adapt")
    rows = list(consumed(samples, 2, 5))
    assert [(row.position, row.shard, row.sequence) for row in rows] == [
        (position, *origin) for position, origin in enumerate(samples.origins(2, 5), 2)
    ]
    assert {piece.url.rsplit("/", 1)[0] for row in rows for piece in row.pieces} == {"https://web"}
    lineage = read_lineage(Path(rows[0].shard)).to_pylist()
    expected = [row["document"].hex() for row in lineage if row["sequence"] == rows[0].sequence]
    assert [piece.document for piece in rows[0].pieces] == expected


def test_the_fingerprint_is_of_the_stage_and_all_that_it_reads(packed_build: Path, tmp_path: Path) -> None:
    opened = {name: Samples.open(packed_build, name).fingerprint for name in ("adapt", "specialise")}
    opened["held out"] = Samples.held_out(packed_build, "geo").fingerprint
    assert len(set(opened.values())) == 3
    again = build_packed(tmp_path)
    assert Samples.open(again, "specialise").fingerprint == opened["specialise"]
    changed = build_packed(tmp_path, changed=".")
    assert Samples.open(changed, "specialise").fingerprint != opened["specialise"]
    assert Samples.open(changed, "adapt").fingerprint == opened["adapt"]
    reseeded = build_packed(tmp_path, "mix.seed=4")
    assert Samples.open(reseeded, "adapt").fingerprint != opened["adapt"]


def test_samples_arrive_in_another_process_as_they_are(packed_build: Path) -> None:
    for samples in (Samples.open(packed_build, "adapt"), Samples.held_out(packed_build, "geo")):
        sent = pickle.loads(pickle.dumps(samples))
        assert (sent.fingerprint, sent.num_rows) == (samples.fingerprint, samples.num_rows)
        assert same(sent.rows(1, 4), samples.rows(1, 4))


def test_labels_of_the_shard_decide_where_they_are(packed_build: Path, tmp_path: Path) -> None:
    build = copied(packed_build, tmp_path)
    mix = orjson.loads((build / "mix.json").read_bytes())
    for shard in mix["groups"]["general"]["shards"]:
        prefix = build / "shards" / shard["name"]
        tokens = ShardReader(prefix)
        labels = np.where(np.arange(tokens.num_tokens) % 3 == 0, NO_LOSS, tokens.tokens(0, tokens.num_tokens).astype(np.int32))
        with ShardWriter(shard_file(prefix, ".labels"), "int32") as writer:
            writer.append(labels, tokens.lengths, np.ones(len(tokens), np.int64))
        for suffix in (".labels.bin", ".labels.idx"):
            shard["files"][suffix] = {"size_bytes": shard_file(prefix, suffix).stat().st_size, "sha256": ""}
    (build / "mix.json").write_bytes(orjson.dumps(mix))
    plain, masked = (Samples.open(each, "adapt").rows(0, 9) for each in (packed_build, build))
    columns = np.arange(ROW)
    for row, (_, sequence) in enumerate(Samples.open(build, "adapt").origins(0, 9)):
        is_masked = (sequence * ROW + columns) % 3 == 0
        assert masked.labels[row].tolist() == np.where(is_masked, NO_LOSS, plain.labels[row]).tolist()


def test_a_file_cut_short_is_named_on_opening(packed_build: Path, tmp_path: Path) -> None:
    build = copied(packed_build, tmp_path)
    path = build / "shards/geo-00000.bin"
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(InputError, match=r"geo-00000\.bin: it has [\d,]+ bytes, mix\.json says"):
        Samples.open(build, "specialise")
    path.unlink()
    with pytest.raises(InputError, match=r"geo-00000\.bin: no such file"):
        Samples.open(build, "specialise")


def test_what_cannot_be_trained_on_is_refused(packed_build: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="several stages; name one of them: adapt, specialise"):
        Samples.open(packed_build)
    with pytest.raises(InputError, match="no stage 'late'; it has: adapt, specialise"):
        Samples.open(packed_build, "late")
    with pytest.raises(InputError, match="nothing of group 'web' was held out; groups with held-out rows: general, geo, notes"):
        Samples.held_out(packed_build, "web")
    with pytest.raises(InputError, match=r"mix\.json: no such file; give the output folder of a finished build"):
        Samples.open(tmp_path)
    with pytest.raises(IndexError):
        Samples.open(packed_build, "adapt").rows(0, 10**6)
    pieces = build_packed(tmp_path, "sink.layout=pieces", "sink.seq_length=0")
    with pytest.raises(InputError, match="layout pieces, training reads packed rows; set `layout: packed`"):
        Samples.open(pieces, "adapt")
    (pieces / "manifest.json").unlink()
    with pytest.raises(InputError, match="the build is not finished"):
        Samples.open(pieces, "adapt")
