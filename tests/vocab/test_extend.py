import hashlib
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pytest
import sentencepiece
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tokenizers import Tokenizer
from vocab_samples import extended, geology, sourced_batch, trained

from corpusforge.errors import InputError, UserError
from corpusforge.tokens import TokenFacts
from corpusforge.vocab.encode import Encoder
from corpusforge.vocab.extend import Extend
from corpusforge.vocab.folder import TokenizerFiles
from corpusforge.vocab.proofs import effect
from corpusforge.vocab.proto import Piece, PieceKind
from corpusforge.vocab.train import Train

HERE = Path(__file__).parent
BASE = HERE.parents[1] / "recipes/samples/tokenizer"
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
ODD_TEXT = st.lists(
    st.sampled_from(
        [" ", "  ", "\n", "=", "花岗岩", "岩", "地", "granite", " the", "Tarim", "1", "<s>", "</s>", "é", "𠮷", "年龄约为"]
    )
).map("".join)


@pytest.fixture(scope="module")
def base_folder(tmp_path_factory) -> Path:
    """A base of 480 ids, hardly more than characters."""
    return trained(Train(vocab_size=480), geology(100), tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def folder(base_folder, tmp_path_factory) -> Path:
    """200 pieces more than a base that saw other documents."""
    return extended(Extend(base=base_folder, num_pieces=200), geology(600, seed=2), tmp_path_factory.mktemp("extended"))


@pytest.fixture(scope="module")
def figures(folder) -> dict:
    return orjson.loads((folder / "extension.json").read_bytes())


@pytest.fixture(scope="module")
def pair(base_folder, folder) -> tuple[Encoder, Encoder]:
    return Encoder.load(TokenizerFiles.read(base_folder)), Encoder.load(TokenizerFiles.read(folder))


def _digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_the_folder_holds_both_forms_with_exactly_the_pieces_asked_for(folder):
    names = ["corpusforge.json", "extension.json", "tokenizer.json", "tokenizer.model", "tokenizer_config.json"]
    assert sorted(_digests(folder)) == names
    processor = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    assert len(processor) == tokenizer.get_vocab_size() == TokenFacts.read(folder).vocab_size == 680


def test_base_ids_spell_and_score_what_they_did(base_folder, folder):
    before, after = (
        sentencepiece.SentencePieceProcessor(model_file=str(each / "tokenizer.model")) for each in (base_folder, folder)
    )
    assert [after.id_to_piece(number) for number in range(480)] == [before.id_to_piece(number) for number in range(480)]
    assert [after.get_score(number) for number in range(480)] == [before.get_score(number) for number in range(480)]


def test_new_scores_are_distinct_whole_numbers_below_all_of_the_base(folder):
    processor = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
    scores = [processor.get_score(number) for number in range(680)]
    assert scores[480:] == [min(scores[:480]) - 1 - rank for rank in range(200)]


@pytest.fixture(scope="module")
def crossing(base_folder, tmp_path_factory) -> Encoder:
    """Pieces that cross every border that they may."""
    stage = Extend(base=base_folder, num_pieces=300, across=("digits", "scripts"))
    return Encoder.load(TokenizerFiles.read(extended(stage, geology(600, seed=2), tmp_path_factory.mktemp("crossing"))))


@given(ANY_TEXT | ODD_TEXT | st.sampled_from(geology(50, seed=7)))
@settings(max_examples=300, deadline=None)
def test_boundaries_are_the_bases_though_pieces_cross_its_borders(pair, crossing, text):
    found = effect(pair[0], crossing, [pa.array([text], pa.large_string())], 480)
    assert found.not_coarser == 0


@given(ANY_TEXT | ODD_TEXT)
@settings(max_examples=400, deadline=None)
def test_boundaries_are_the_bases_and_ids_change_only_with_a_new_piece(pair, text):
    found = effect(*pair, [pa.array([text], pa.large_string())], 480)
    assert found.not_coarser == 0
    assert found.tokens <= found.base_tokens


@given(ANY_TEXT | ODD_TEXT)
@settings(max_examples=300, deadline=None)
def test_both_loaders_give_the_same_ids_on_any_text(folder, pair, text):
    processor = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
    assert pair[1].reference.encode(text, add_special_tokens=False).ids == processor.encode(text)


def test_every_new_piece_stands_for_itself_in_both_loaders(folder, pair):
    processor = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
    pieces = [processor.id_to_piece(number) for number in range(480, 680)]
    assert [[token.id for token in pair[1].reference.model.tokenize(piece)] for piece in pieces] == [
        [n] for n in range(480, 680)
    ]
    spelled = [piece for piece in pieces if piece.startswith("\u2581")]
    assert [processor.encode(piece[1:]) for piece in spelled] == [[processor.piece_to_id(piece)] for piece in spelled]


def test_figures_tell_the_effect_on_text_that_nothing_was_learned_from(figures):
    held_out = figures["held_out"]
    assert held_out["texts"] == figures["held_out_documents"] > 15
    assert held_out["chars_per_token"] > 1.15 * held_out["base_chars_per_token"]
    assert (figures["pieces"], figures["unreachable"], held_out["not_coarser"]) == (200, 0, 0)
    assert figures["curve"][-1] == {
        "rows": 200,
        "chars_per_token": held_out["chars_per_token"],
        "saved_per_row": figures["curve"][-1]["saved_per_row"],
    }


def test_the_same_documents_in_another_order_give_the_same_bytes_in_a_fresh_process(base_folder, folder, tmp_path):
    code = (
        "import sys; from pathlib import Path; from vocab_samples import extended, geology, sourced_batch, trained;"
        "from corpusforge.vocab.extend import Extend;"
        "extended(Extend(base=Path(sys.argv[1]), num_pieces=200), geology(600, seed=2), Path(sys.argv[2]), cut=37)"
    )
    path = f"{HERE}:{HERE.parents[1]}"
    command = [sys.executable, "-c", code, str(base_folder), str(tmp_path)]
    done = subprocess.run(command, env={"PYTHONPATH": path}, capture_output=True, text=True, check=True)
    assert _digests(tmp_path / "tokenizer") == _digests(folder)
    assert (done.stdout, done.stderr) == ("", "")


def test_vocab_size_is_a_size_to_reach_and_padding_comes_on_top(base_folder, tmp_path):
    folder = extended(Extend(base=base_folder, vocab_size=530, pad_to_multiple=64), geology(300), tmp_path)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    assert TokenFacts.read(folder).vocab_size == tokenizer.get_vocab_size() == 576
    assert [tokenizer.id_to_token(number) for number in (530, 575)] == ["<|reserved_0|>", "<|reserved_45|>"]
    tokenizer.encode_special_tokens = True
    assert max(tokenizer.encode("a<|reserved_0|>b <|reserved_45|>").ids) < 530


def test_terms_are_single_tokens_though_no_text_has_them(base_folder, tmp_path):
    terms = tmp_path / "terms.txt"
    terms.write_text("# rocks\ncharnockite\n紫苏花岗岩\n榴辉岩\n", encoding="utf-8")
    folder = extended(Extend(base=base_folder, num_pieces=60, terms=terms), geology(300), tmp_path)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    assert tokenizer.encode("a charnockite", add_special_tokens=False).tokens[-1] == "\u2581charnockite"
    assert tokenizer.encode("，紫苏花岗岩。榴辉岩", add_special_tokens=False).tokens[-3::2] == ["紫苏花岗岩", "榴辉岩"]


def test_rows_end_where_they_save_too_little(base_folder, tmp_path):
    stage = Extend(base=base_folder, min_saving=300, held_out_share=0.3)
    figures = orjson.loads((extended(stage, geology(600), tmp_path) / "extension.json").read_bytes())
    assert 0 < figures["pieces"] < 400
    assert figures["curve"][-1]["saved_per_row"] > 100


def test_what_only_one_document_repeats_gives_way(base_folder, tmp_path):
    texts = [*geology(300), " zyxwvut" * 3000]
    damped = extended(Extend(base=base_folder, num_pieces=40, seed=3, held_out_share=0), texts, tmp_path / "damped")
    plain = extended(Extend(base=base_folder, num_pieces=40, repeats=1, seed=3, held_out_share=0), texts, tmp_path / "plain")
    ranks = [Tokenizer.from_file(str(each / "tokenizer.json")).token_to_id("\u2581zyxwvut") for each in (damped, plain)]
    assert ranks[1] is not None
    assert ranks[0] is None or ranks[0] > ranks[1]


def test_a_piece_that_unseen_text_does_not_use_goes(base_folder, tmp_path):
    """Half of the documents are held out, and only those that are learned from have the word."""
    batch = pa.Table.from_batches([Extend(base=base_folder, num_pieces=1).map(sourced_batch(geology(400)))])
    stage = Extend(base=base_folder, num_pieces=150, held_out_share=0.5, repeats=1)
    unseen = [place for place, each in enumerate(batch["id"].to_pylist()) if xxhash.xxh3_64_intdigest(each, 1) < 2**63]
    texts = [text if place in unseen else f"{text} zyxwvut" for place, text in enumerate(batch["text"].to_pylist())]
    records = batch.set_column(batch.schema.get_field_index("text"), "text", pa.array(texts, pa.large_string()))
    stage.finish(iter([records]), tmp_path)
    assert Tokenizer.from_file(str(tmp_path / "tokenizer/tokenizer.json")).token_to_id("\u2581zyxwvut") is None
    assert orjson.loads((tmp_path / "tokenizer/extension.json").read_bytes())["pruned"] > 0


def test_weights_choose_the_share_of_each_source(base_folder, tmp_path):
    zh, en = ["花岗岩与片麻岩。" * 20] * 40, ["Gneiss overlies the shale. " * 20] * 40
    sources = ["zh"] * 40 + ["en"] * 40
    stage = Extend(base=base_folder, num_pieces=5, weights={"zh": 1, "en": 0}, held_out_share=0)
    tokenizer = Tokenizer.from_file(str(extended(stage, zh + en, tmp_path, sources=sources) / "tokenizer.json"))
    assert all(any(char > "\u3000" for char in tokenizer.id_to_token(number)) for number in range(480, 485))


@pytest.mark.parametrize(
    ("weights", "said"),
    [({"zh": 1.0}, "no weight for source 'en'"), ({"zh": 1.0, "en": 1.0, "fr": 1.0}, "source 'fr' has no text here")],
)
def test_weights_that_do_not_fit_the_sources_are_refused(base_folder, tmp_path, weights, said):
    stage = Extend(base=base_folder, num_pieces=5, weights=weights)
    with pytest.raises(UserError, match=said):
        extended(stage, geology(4), tmp_path, sources=["zh", "en"] * 2)


def test_what_lay_around_the_base_is_kept(base_folder, tmp_path):
    base = _copied(base_folder, tmp_path / "base")
    configuration = orjson.loads((base / "tokenizer_config.json").read_bytes())
    configuration |= {"chat_template": "{{ messages }}", "model_max_length": 4096, "tokenizer_class": "LlamaTokenizer"}
    (base / "tokenizer_config.json").write_bytes(orjson.dumps(configuration))
    (base / "chat_template.jinja").write_text("{{ messages }}")
    folder = extended(Extend(base=base, num_pieces=20), geology(200), tmp_path)
    kept = orjson.loads((folder / "tokenizer_config.json").read_bytes())
    assert (kept["chat_template"], kept["model_max_length"], kept["eos_token"]) == ("{{ messages }}", 4096, "</s>")
    assert kept["tokenizer_class"] == "PreTrainedTokenizerFast"
    assert (folder / "chat_template.jinja").read_text() == "{{ messages }}"


def test_tokens_that_were_added_to_the_base_keep_their_ids(base_folder, tmp_path):
    base = _copied(base_folder, tmp_path / "base")
    tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    tokenizer.add_special_tokens(["<|tool|>"])
    tokenizer.save(str(base / "tokenizer.json"))
    folder = extended(Extend(base=base, num_pieces=20), geology(200), tmp_path)
    extension = Tokenizer.from_file(str(folder / "tokenizer.json"))
    processor = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
    assert extension.token_to_id("<|tool|>") == processor.piece_to_id("<|tool|>") == 480
    assert extension.get_vocab_size() == 501


def _copied(folder: Path, target: Path) -> Path:
    target.mkdir()
    for path in folder.iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    return target


def test_append_takes_pieces_of_a_model_trained_apart_and_all_are_reached(base_folder, tmp_path):
    stage = Extend(base=base_folder, num_pieces=100, method="append")
    figures = orjson.loads((extended(stage, geology(600, seed=2), tmp_path) / "extension.json").read_bytes())
    assert (figures["pieces"], figures["unreachable"], figures["sample"]["not_coarser"]) == (100, 0, 0)
    assert figures["held_out"]["chars_per_token"] > figures["held_out"]["base_chars_per_token"]


@pytest.mark.parametrize(
    ("across", "tokens"),
    [
        ((), ["\u2581", "2", "0", "2", "4", "\u5e74", "\uff0c"]),
        (("digits",), ["\u2581", "2024", "\u5e74", "\uff0c"]),
        (("scripts",), ["\u2581", "2", "0", "2", "4", "\u5e74\uff0c"]),
    ],
)
def test_pieces_cross_borders_of_the_base_only_where_that_is_asked_for(base_folder, tmp_path, across, tokens):
    texts = [*geology(200), *["\u82b12024\u5e74\uff0c\u82b12024\u5e74\uff0c\u82b1"] * 200]
    stage = Extend(base=base_folder, num_pieces=60, across=across, repeats=1)
    tokenizer = TokenizerFiles.read(extended(stage, texts, tmp_path)).loaded()
    assert tokenizer.encode("2024\u5e74\uff0c", add_special_tokens=False).tokens == tokens


def test_more_pieces_than_the_text_carries_says_how_many_it_does(base_folder, tmp_path):
    with pytest.raises(UserError, match=r"5000 pieces are more than the text can carry: [\d,]+ bytes give \d+; ask for"):
        extended(Extend(base=base_folder, num_pieces=5000), geology(50), tmp_path)


def test_characters_that_do_not_fit_say_so(base_folder, tmp_path):
    han = ["".join(chr(0x4E00 + place) for place in range(200))] * 9
    with pytest.raises(UserError, match=r"terms and the characters of the text are 1\d\d pieces, more than the 50 to add"):
        extended(Extend(base=base_folder, num_pieces=50, character_coverage=1), han, tmp_path)


def test_a_script_that_the_base_lacks_gets_its_characters_and_words(base_folder, tmp_path):
    texts = ["\u0f56\u0f7c\u0f51\u0f0b\u0f61\u0f74\u0f63\u0f0d " * 5 for _ in range(60)]
    folder = extended(Extend(base=base_folder, num_pieces=14), texts, tmp_path)
    before, after = (Tokenizer.from_file(str(each / "tokenizer.json")).encode(texts[0]).ids for each in (base_folder, folder))
    assert len(after) < len(before) / 4


@pytest.mark.parametrize("texts", [[], [""]])
def test_no_text_is_an_error_that_says_so(base_folder, tmp_path, texts):
    with pytest.raises(UserError, match="no text to learn from"):
        extended(Extend(base=base_folder, num_pieces=10), texts, tmp_path)


def test_a_size_below_the_bases_is_refused_before_the_corpus_is_read(base_folder, tmp_path):
    with pytest.raises(UserError, match="vocab_size 480 is not above the base's 480 ids"):
        Extend(base=base_folder, vocab_size=480).prepare({}, tmp_path)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "needs a target"),
        ({"num_pieces": 5, "vocab_size": 900}, "two ways to say one thing"),
        ({"vocab_size": 2**31}, "less than 2147483648"),
        ({"num_pieces": 5, "weights": {"a": -1.0}}, "weights must be 0 or more"),
        ({"num_pieces": 5, "method": "append", "min_saving": 1.0}, "need method: continued"),
        ({"num_pieces": 5, "method": "append", "character_coverage": 0.9}, "below 0.98 needs method: continued"),
    ],
)
def test_settings_that_make_no_sense_are_refused(options, said):
    with pytest.raises(ValidationError, match=said):
        Extend(base=BASE, **options)


def test_the_sample_does_not_depend_on_how_the_corpus_is_cut(base_folder):
    stage = Extend(base=base_folder, num_pieces=1)
    whole = sourced_batch(geology(50))
    parts = [stage.map(part) for part in (whole.slice(30, 20), whole.slice(0, 7), whole.slice(7, 23))]
    assert pa.Table.from_batches(parts).sort_by("key") == pa.Table.from_batches([stage.map(whole)]).sort_by("key")
    assert np.all(np.diff(pa.Table.from_batches(parts).sort_by("key")["key"].to_numpy().astype(float)) > 0)


def _model(**options) -> bytes:
    written = io.BytesIO()
    lines = ["the river cuts the basalt", "the delta grows", "basalt and granite"] * 20
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_writer=written, vocab_size=310, hard_vocab_limit=False, minloglevel=2, **options
    )
    return written.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (lambda: b"no model", "not a SentencePiece model"),
        (lambda: _model(model_type="bpe", byte_fallback=True)[:-9], "not a SentencePiece model"),
        (lambda: _model(model_type="bpe"), "no byte fallback"),
        (lambda: _model(model_type="bpe", byte_fallback=True), "normalises text"),
        (lambda: _model(model_type="unigram", byte_fallback=True), "normalises text"),
    ],
)
def test_a_model_that_cannot_be_extended_is_refused(tmp_path, content, said):
    path = tmp_path / "tokenizer.model"
    path.write_bytes(content())
    with pytest.raises(InputError, match=said):
        Extend(base=path, num_pieces=1).prepare({}, tmp_path)


def test_pieces_with_equal_scores_are_refused(model, tmp_path):
    tied = model.with_pieces([Piece(p.text, 0.0 if p.kind is PieceKind.NORMAL else p.score, p.kind) for p in model.pieces])
    (tmp_path / "tokenizer.model").write_bytes(tied.to_bytes())
    with pytest.raises(InputError, match=r"pieces share a score .* give the base that it was made from"):
        Extend(base=tmp_path, num_pieces=1).prepare({}, tmp_path)


def test_a_tokenizer_of_python_code_is_refused(tmp_path):
    (tmp_path / "tokenizer_config.json").write_text('{"auto_map": {"AutoTokenizer": ["tokenization_x.XTokenizer", null]}}')
    with pytest.raises(InputError, match="its tokenizer is Python code"):
        Extend(base=tmp_path, num_pieces=1).prepare({}, tmp_path)


def test_a_path_without_tokenizer_is_refused(tmp_path):
    with pytest.raises(InputError, match="no tokenizer there"):
        Extend(base=tmp_path, num_pieces=1).prepare({}, tmp_path)
