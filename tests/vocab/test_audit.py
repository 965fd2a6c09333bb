"""The audit on small tokenizers, each broken in one way."""

import io
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pytest
import sentencepiece
from hypothesis import given, settings
from hypothesis import strategies as st
from vocab_samples import extended, geology, trained

from corpusforge.errors import InputError, UserError
from corpusforge.vocab.audit.audit import Audit, audit
from corpusforge.vocab.audit.comparison import compare
from corpusforge.vocab.audit.findings import Finding, Severity
from corpusforge.vocab.audit.measures import Texts, measure, renyi_efficiency
from corpusforge.vocab.audit.reach import Why, reach
from corpusforge.vocab.audit.subject import read_subject
from corpusforge.vocab.convert import normal_scores
from corpusforge.vocab.extend import Extend
from corpusforge.vocab.merges import joined
from corpusforge.vocab.proto import Piece, PieceKind, SentencePieceModel
from corpusforge.vocab.train import Train


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    return trained(Train(vocab_size=480), geology(100), tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def model(base) -> SentencePieceModel:
    return SentencePieceModel.parse((base / "tokenizer.model").read_bytes(), origin="base")


@pytest.fixture(scope="module")
def texts() -> list[Texts]:
    return [Texts.of("geology", pa.array(geology(60, seed=3), pa.large_string()))]


def _saved(model: SentencePieceModel, folder: Path) -> Path:
    (folder / "tokenizer.model").write_bytes(model.to_bytes())
    return folder


def _with(model: SentencePieceModel, texts: list[str], scores: list[float]) -> SentencePieceModel:
    new = [Piece(text, score, PieceKind.NORMAL) for text, score in zip(texts, scores, strict=True)]
    return model.with_pieces([*model.pieces, *new])


def _audited(path: Path, base: Path | None = None, texts: list[Texts] | None = None) -> Audit:
    return audit(read_subject(path), None if base is None else read_subject(base), texts or [])


def _findings(found: Audit, check: str) -> list[Finding]:
    return [each for each in found.findings if each.check == check]


def _json(path: Path, described: dict) -> Path:
    path.write_bytes(orjson.dumps(described))
    return path


def test_a_sound_tokenizer_has_neither_error_nor_warning(base, texts):
    found = _audited(base, texts=texts)
    assert [each.title for each in found.findings if each.severity is not Severity.NOTE] == []
    assert _findings(found, "loaders")[0].title.startswith("tokenizer.json and SentencePiece give the same ids on ")


def test_an_extension_of_ours_has_no_error_against_its_base(base, texts, tmp_path):
    folder = extended(Extend(base=base, num_pieces=100), geology(300, seed=2), tmp_path)
    found = _audited(folder, base, texts)
    assert [each.title for each in found.findings if each.severity is not Severity.NOTE] == []
    assert _findings(found, "rows_added")[0].num == 100


def test_pieces_without_halves_and_pieces_behind_other_merges_are_told_apart(model, tmp_path):
    lowest = min(normal_scores(model.pieces).values())
    broken = _with(model, ["qxj", "zq", "qz", "zqz"], [lowest - 1, lowest - 2, lowest - 4, lowest - 5])
    found = _findings(_audited(_saved(broken, tmp_path)), "unreachable_pieces")[0]
    assert found.severity is Severity.ERROR
    assert found.num == 1
    assert "qxj gives q|x|j" in found.examples[0]
    behind = _with(model, ["qj", "zq", "jx", "zqjx"], [lowest - 1, lowest - 2, lowest - 3, lowest - 4])
    found = reach(read_subject(_saved(behind, tmp_path)).loader).unreachable
    assert [(each.why, each.cut) for each in found] == [(Why.ORDER, ("z", "qj", "x"))]


@given(st.lists(st.text("abcd", min_size=2, max_size=5), unique=True, max_size=25), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_unreachable_pieces_are_those_that_merging_never_makes(model, tmp_path_factory, pieces, rng):
    kept = [piece for piece in model.pieces if piece.kind is not PieceKind.NORMAL or len(piece.text) == 1]
    scores = [-float(rng.randrange(10)) for _ in pieces]
    changed = _with(model.with_pieces(kept), pieces, scores)
    found = reach(read_subject(_saved(changed, tmp_path_factory.mktemp("any"))).loader).unreachable
    known = normal_scores(changed.pieces)
    assert {changed.pieces[each.number].text for each in found} == {text for text in known if joined(text, known) != [text]}


def test_scores_that_float32_cannot_tell_apart_are_counted(model, base, tmp_path):
    texts = [first + second for first in "abcdefgh" for second in "ABCDEFGHIJ"]
    low = _with(model, texts, [-1e9 - 1 - rank for rank in range(80)])
    found = _findings(_audited(_saved(low, tmp_path), base), "tied_scores")[0]
    assert found.severity is Severity.ERROR
    assert found.title.endswith("share 2 scores; the 80 new ones have 2")
    assert found.num == 80


def test_a_lost_prefix_space_is_an_error_against_the_base_and_in_the_files(model, base, texts, tmp_path):
    lost = model.without_normalizer(adds_dummy_prefix=False)
    bare = tmp_path / "base"
    bare.mkdir()
    found = _audited(_saved(lost, tmp_path), _saved(model, bare), texts)
    assert [each.severity for each in _findings(found, "lost_prefix")] == [Severity.ERROR]
    changed = _findings(found, "base_segmentation")[0]
    assert (changed.severity, changed.num) == (Severity.ERROR, changed.whole)
    (tmp_path / "tokenizer.json").write_bytes((base / "tokenizer.json").read_bytes())
    found = _audited(tmp_path)
    assert "tokenizer.json puts a space in front, the .model does not" in _findings(found, "prefix")[0].title
    assert _findings(found, "loaders")[0].severity is Severity.ERROR


def test_a_piece_above_the_base_changes_its_segmentation(model, base, texts, tmp_path):
    above = _with(model, ["et"], [1.0])
    found = _audited(_saved(above, tmp_path), base, texts)
    assert _findings(found, "coarser")[0].num > 0
    assert [each.check for each in found.findings if each.severity is Severity.ERROR][:1] != []
    renamed = model.with_pieces([*model.pieces[:-1], Piece("qqq", -99.0, PieceKind.NORMAL)])
    spelled = _findings(_audited(_saved(renamed, tmp_path), base), "base_ids")[0]
    assert (spelled.severity, spelled.num) == (Severity.ERROR, 1)


def _sentencepiece(path: Path, **options) -> Path:
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=(line for text in geology(150) for line in text.split("\n")), model_writer=written,
        hard_vocab_limit=False, minloglevel=2, vocab_size=420, **options,
    )  # fmt: skip
    path.write_bytes(written.getvalue())
    return path


def test_what_a_normalising_unigram_model_loses_is_named(texts, tmp_path):
    found = _audited(_sentencepiece(tmp_path / "a.model", model_type="unigram"), texts=[_odd_text(), *texts])
    checks = {each.check: each for each in found.findings}
    assert {name for name, each in checks.items() if each.severity is Severity.WARNING} >= {
        "normalizer", "removed_spaces", "no_byte_fallback", "round_trip"
    }  # fmt: skip
    assert checks["unknown_tokens"].num > 0
    assert "（１２） x becomes (12) x" in checks["normalizer"].examples[0]
    assert any("cannot be compared" in each for each in found.not_checked)


def _odd_text() -> Texts:
    return Texts.of("odd", pa.array(["（１２）  x\n𠮷野"], pa.large_string()))


@pytest.mark.parametrize("kind", ["char", "word"])
def test_models_of_characters_and_words_are_audited_as_far_as_it_goes(kind, texts, tmp_path):
    found = _audited(_sentencepiece(tmp_path / "a.model", model_type=kind), texts=texts)
    assert found.kind == "SentencePiece words or characters"
    assert any("words or characters has no tokenizer.json" in each for each in found.not_checked)
    assert found.measures[0].num_tokens > 0


def _bpe(**changes) -> dict:
    model = {
        "type": "BPE",
        "unk_token": None,
        "byte_fallback": False,
        "vocab": {"a": 0, "b": 1, "ab": 2},
        "merges": [["a", "b"]],
    }
    model |= {"dropout": None, "continuing_subword_prefix": None, "end_of_word_suffix": None, "fuse_unk": False}
    plain = {
        "version": "1.0",
        "added_tokens": [],
        "normalizer": None,
        "pre_tokenizer": None,
        "decoder": None,
        "post_processor": None,
    }
    return {**plain, "truncation": None, "padding": None, "model": {**model, **changes}}


def _added(number: int, content: str, special: bool) -> dict:
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    return {"id": number, "content": content, **flags, "special": special}


def test_a_piece_that_the_pre_tokeniser_cuts_or_the_normaliser_changes_is_unreachable(tmp_path):
    vocabulary = {"a": 0, "b": 1, " ": 2, "a ": 3, "a b": 4, "A": 5}
    described = _bpe(vocab=vocabulary, merges=[["a", " "], ["a ", "b"]])
    described["pre_tokenizer"] = {
        "type": "Split",
        "pattern": {"String": " "},
        "behavior": "MergedWithPrevious",
        "invert": False,
    }
    described["normalizer"] = {"type": "Lowercase"}
    found = reach(read_subject(_json(tmp_path / "tokenizer.json", described)).loader)
    assert [(each.number, each.why) for each in found.unreachable] == [(4, Why.WORDS), (5, Why.NORMALIZER)]


def test_pieces_that_are_only_looked_up_as_whole_words_are_named(tmp_path):
    described = _bpe(vocab={"a": 0, "b": 1, "ab": 2, "ba": 3}, ignore_merges=True)
    found = reach(read_subject(_json(tmp_path / "tokenizer.json", described)).loader)
    assert (found.unreachable, found.whole_words) == ((), (3,))


def test_ids_that_are_wrong_are_named_one_by_one(tmp_path):
    described = _bpe(vocab={"a": 0, "b": 1, "ab": 2, "c": 2, "d": 9})
    described["added_tokens"] = [_added(0, "b", True), _added(10, "ab", False)]
    text = orjson.dumps(described).decode().replace('"a":0', '"a":0,"a":0')
    (tmp_path / "tokenizer.json").write_text(text)
    _json(tmp_path / "config.json", {"vocab_size": 5})
    _json(tmp_path / "tokenizer_config.json", {"eos_token": "</s>", "pad_token": "a", "bos_token": {"content": "a"}})
    found = _audited(tmp_path)
    severe = {each.check: each.num for each in found.findings if each.severity is Severity.ERROR}
    assert severe["repeated_pieces"] == 1
    assert severe["shared_ids"] == 1
    assert severe["added_tokens"] == 2
    assert severe["vocab_size"] == 6
    assert severe["special_tokens"] == 1
    assert _findings(found, "holes")[0].num == 7


@pytest.mark.parametrize("config", [{"vocab_size": 3}, {"text_config": {"vocab_size": 3}}])
def test_rows_are_compared_wherever_a_model_states_them(tmp_path, config):
    _json(tmp_path / "tokenizer.json", _bpe(vocab={"a": 0, "b": 1, "ab": 2, "c": 3}))
    _json(tmp_path / "config.json", config)
    assert [(each.severity, each.num) for each in _findings(_audited(tmp_path), "vocab_size")] == [(Severity.ERROR, 1)]


def test_added_tokens_that_are_found_inside_pieces_are_errors(tmp_path):
    described = _bpe(vocab={"a": 0, "b": 1, "ab": 2, "aba": 3}, merges=[["a", "b"], ["ab", "a"]])
    described["added_tokens"] = [_added(4, "ba", False)]
    found = _findings(_audited(_json(tmp_path / "tokenizer.json", described)), "shadowed_pieces")[0]
    assert (found.num, found.examples) == (1, ("ba inside aba",))


@pytest.mark.parametrize(
    ("num_ids", "severity"),
    [(65_499, Severity.NOTE), (65_500, Severity.WARNING), (65_536, Severity.WARNING), (65_537, Severity.NOTE)],
)
def test_vocabularies_near_16_bits_are_warned_about(tmp_path, num_ids, severity):
    described = _bpe(vocab={chr(0x4E00 + number): number for number in range(20_000)} | {"a": num_ids - 1}, merges=[])
    subject = read_subject(_json(tmp_path / "tokenizer.json", described))
    assert _findings(audit(subject, None, []), "dtype")[0].severity is severity


def test_ids_beyond_32_bits_are_an_error_and_nothing_is_loaded(tmp_path):
    found = _audited(_json(tmp_path / "tokenizer.json", _bpe(vocab={"a": 0, "b": 2**31}, merges=[])))
    assert [each.check for each in found.findings if each.severity is Severity.ERROR] == ["too_many_ids"]
    assert found.not_checked == ("everything else: ids are too large to load it",)


def test_duplicate_pieces_of_a_model_are_an_error(model, tmp_path):
    found = _audited(_saved(_with(model, ["the", "the"], [-900.0, -901.0]), tmp_path))
    assert {each.check for each in found.findings if each.severity is Severity.ERROR} >= {"repeated_pieces", "loading"}


def test_a_file_without_the_parts_that_are_null_is_read_as_if_it_had_them(tmp_path):
    described = {"version": "1.0", "model": {"vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]}}
    found = _audited(_json(tmp_path / "tokenizer.json", described))
    assert (found.kind, _findings(found, "unreachable_pieces")[0].title) == ("BPE", "all 3 pieces can be reached")


def test_a_part_without_its_type_is_an_error(tmp_path):
    described = {**_bpe(), "normalizer": {"prepend": "x"}}
    found = _audited(_json(tmp_path / "tokenizer.json", described))
    assert _findings(found, "loading")[0].examples[0].endswith("does not say what it is ('type'); save it again")


@pytest.mark.parametrize("message", [b"\x12\x02\x08\xff", b"\x12\x03\x1a\x01x", b"\x1a\x02\x12\x05", b"\x10\x01"])
def test_damaged_settings_of_a_model_are_refused(model, tmp_path, message):
    (tmp_path / "tokenizer.model").write_bytes(model.to_bytes() + message)
    with pytest.raises(InputError, match="not a SentencePiece model"):
        read_subject(tmp_path)


def test_a_base_that_is_too_large_to_load_is_refused(tmp_path):
    huge = _json(tmp_path / "huge.json", _bpe(vocab={"a": 0, "b": 2**31}, merges=[]))
    with pytest.raises(InputError, match=r"ids reach 2,147,483,648"):
        _audited(_json(tmp_path / "tokenizer.json", _bpe()), huge)


def test_word_piece_is_audited_and_what_is_not_checked_is_said(tmp_path):
    inner = {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100}
    inner["vocab"] = {"[UNK]": 0, "rock": 1, "##s": 2, "r": 3}
    described = {**_bpe(), "model": inner, "pre_tokenizer": {"type": "Whitespace"}}
    found = _audited(
        _json(tmp_path / "tokenizer.json", described), texts=[Texts.of("t", pa.array(["rocks rock"], pa.large_string()))]
    )
    assert any("1 entries" in each for each in found.not_checked)
    assert found.measures[0].num_tokens == 3


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "no tokenizer.json or .model file there"),
        ({"tokenizer.json": b"{"}, "is not JSON"),
        ({"tokenizer.json": b"[]"}, "is not an object"),
        ({"tokenizer.json": b"{}"}, "has no model with a vocabulary"),
        ({"tokenizer.json": b'{"model": {"vocab": {"a": "0"}, "merges": []}}'}, "has no model with a vocabulary"),
        ({"tokenizer.json": b'{"model": {"vocab": {"a": 0}}, "added_tokens": [{"id": 1}]}'}, "has no model with a vocabulary"),
        ({"tokenizer.model": b"\xff\xff\xff"}, "not a SentencePiece model"),
        ({"tokenizer_config.json": b'{"auto_map": {"AutoTokenizer": ["x.Y", null]}}', "tokenizer.json": b"{}"}, "Python code"),
    ],
)  # fmt: skip
def test_what_is_no_tokenizer_is_refused_with_a_cure(tmp_path, files, said):
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=said):
        read_subject(tmp_path)


def test_a_tiktoken_file_needs_a_pattern_and_a_missing_file_is_named(tmp_path):
    (tmp_path / "a.tiktoken").write_bytes(b"")
    with pytest.raises(UserError, match="--pattern"):
        read_subject(tmp_path / "a.tiktoken")
    with pytest.raises(InputError, match="no such file"):
        read_subject(tmp_path / "missing")


def test_figures_are_what_a_reader_counts(tmp_path):
    loader = read_subject(_json(tmp_path / "tokenizer.json", _bpe())).loader
    found, use = measure(loader, [Texts.of("t", pa.array(["abab", "b"], pa.large_string()))])
    assert use.counts.tolist() == [0, 1, 2]
    assert (found[0].num_tokens, found[0].chars_per_token, found[0].bytes_per_token) == (3, 1.666667, 1.666667)
    assert (found[0].tokens_per_word, found[0].single_character_share, found[0].used_share) == (1.5, 0.333333, 0.666667)


def test_renyi_efficiency_is_one_for_an_even_use_and_falls_with_a_frequent_token():
    assert renyi_efficiency(np.array([5, 5, 5, 5]), 4) == 1.0
    assert renyi_efficiency(np.array([5, 5]), 4) == 0.5
    assert renyi_efficiency(np.array([97, 1, 1, 1]), 4) < 0.1
    assert renyi_efficiency(np.array([7]), 1) == 0.0


def test_tokenizers_are_put_side_by_side_on_the_same_lines(base, texts, tmp_path):
    folder = extended(Extend(base=base, num_pieces=60), geology(300, seed=2), tmp_path)
    found = compare([read_subject(base), read_subject(folder)], texts, num_examples=3, seed=0)
    assert [each.num_ids for each in found.tokenizers] == [480, 540]
    assert found.overlaps[0].num_shared == found.tokenizers[0].num_pieces == 480
    assert len(found.examples) == 3
    assert all("".join(pieces).removeprefix(" ") == example.text for example in found.examples for pieces in example.pieces)
    assert all(len(new) <= len(old) for old, new in (example.pieces for example in found.examples))
