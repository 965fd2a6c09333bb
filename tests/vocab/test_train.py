import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pytest
import sentencepiece
from pydantic import ValidationError
from tokenizers import Tokenizer
from vocab_samples import batch_of, geology, trained

from corpusforge.errors import UserError
from corpusforge.tokens import TokenFacts
from corpusforge.vocab.train import Train

HERE = Path(__file__).parent


def _digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_the_folder_holds_the_tokenizer_in_both_forms_with_exactly_the_ids_asked_for(tokenizer_folder):
    names = ["corpusforge.json", "tokenizer.json", "tokenizer.model", "tokenizer_config.json", "training.json"]
    assert sorted(_digests(tokenizer_folder)) == names
    processor = sentencepiece.SentencePieceProcessor(model_file=str(tokenizer_folder / "tokenizer.model"))
    tokenizer = Tokenizer.from_file(str(tokenizer_folder / "tokenizer.json"))
    assert len(processor) == tokenizer.get_vocab_size() == 700


def test_facts_name_the_end_of_documents_and_the_digest(tokenizer_folder):
    digest = hashlib.sha256((tokenizer_folder / "tokenizer.json").read_bytes()).hexdigest()
    assert TokenFacts.read(tokenizer_folder) == TokenFacts(eod_id=2, bos_id=None, vocab_size=700, digest=digest)


def test_figures_say_what_it_was_trained_on(tokenizer_folder):
    figures = orjson.loads((tokenizer_folder / "training.json").read_bytes())
    num_bytes = sum(len(text.encode()) for text in geology(400))
    assert (figures["num_documents"], figures["num_bytes"], figures["vocab_size"]) == (400, num_bytes, 700)
    assert figures["num_special_tokens"] == 5
    assert 3 < figures["bytes_per_token"] < 7
    assert figures["bytes_per_token"] == round(num_bytes / figures["num_tokens"], 4)


def test_the_same_documents_give_the_same_bytes_in_a_fresh_process(tokenizer_folder, tmp_path):
    code = (
        "import sys; from pathlib import Path; from vocab_samples import geology, trained;"
        "from corpusforge.vocab.train import Train;"
        "trained(Train(vocab_size=700, special_tokens=('<|im_start|>', '<|im_end|>')), geology(400), Path(sys.argv[1]))"
    )
    path = f"{HERE}:{HERE.parents[1]}"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], env={"PYTHONPATH": path}, capture_output=True, text=True, check=True
    )
    assert _digests(tmp_path / "tokenizer") == _digests(tokenizer_folder)
    assert (done.stdout, done.stderr) == ("", "")


def test_the_sample_does_not_depend_on_how_the_corpus_is_cut():
    stage = Train(vocab_size=700)
    whole = batch_of(geology(50))
    parts = [whole.slice(30, 20), whole.slice(0, 7), whole.slice(7, 23)]
    records = [stage.map(part) for part in parts]
    assert pa.Table.from_batches(records).sort_by("key") == pa.Table.from_batches([stage.map(whole)]).sort_by("key")


def test_keys_are_spread_over_all_64_bits_and_follow_the_seed():
    batch = batch_of(geology(200))
    keys = Train(vocab_size=700).map(batch)["key"].to_numpy()
    others = Train(vocab_size=700, seed=1).map(batch)["key"].to_numpy()
    assert keys.dtype == np.uint64
    assert 0.4 < (keys > 2**63).mean() < 0.6
    assert not set(keys) & set(others)


def test_a_share_of_documents_is_the_share_with_the_lowest_keys():
    batch = batch_of(geology(200))
    keys = Train(vocab_size=700).map(batch)["key"].to_numpy()
    shared = Train(vocab_size=700, sample_share=0.25).map(batch)
    assert set(shared["key"].to_numpy()) == {key for key in keys if key < 2**62}
    assert shared.schema.names == ["key", "id", "text"]


def test_only_sample_bytes_are_trained_on(tmp_path):
    folder = trained(Train(vocab_size=550, sample_bytes=20_000), geology(400), tmp_path)
    figures = orjson.loads((folder / "training.json").read_bytes())
    assert 20_000 <= figures["num_bytes"] < 22_000


def test_digits_stand_alone_unless_asked_otherwise(tokenizer_folder, tmp_path):
    apart = Tokenizer.from_file(str(tokenizer_folder / "tokenizer.json"))
    together = Tokenizer.from_file(
        str(trained(Train(vocab_size=700, split_digits=False), geology(400), tmp_path) / "tokenizer.json")
    )
    assert not [piece for piece in apart.get_vocab() if len(piece) > 1 and piece[-1].isdigit()]
    assert [piece for piece in together.get_vocab() if piece.isdigit() and len(piece) > 1]


def test_printable_ascii_and_the_characters_of_special_tokens_are_pieces(tmp_path):
    folder = trained(Train(vocab_size=600, special_tokens=("<｜end｜>",)), geology(300), tmp_path)
    vocabulary = Tokenizer.from_file(str(folder / "tokenizer.json")).get_vocab()
    assert {*map(chr, range(0x21, 0x7F)), "｜", "\u2581"} <= set(vocabulary)


def test_pieces_are_no_longer_than_asked(tmp_path):
    folder = trained(Train(vocab_size=500, max_piece_length=4), geology(400), tmp_path)
    vocabulary = Tokenizer.from_file(str(folder / "tokenizer.json")).get_vocab()
    lengths = [len(piece) for piece in vocabulary if not piece.startswith("<")]
    assert max(lengths) == 4


def test_lines_longer_than_sentencepiece_takes_are_not_lost(tmp_path):
    texts = ["orthogneiss " * 2000, *geology(300)]
    folder = trained(Train(vocab_size=600), texts, tmp_path)
    assert "\u2581orthogneiss" in Tokenizer.from_file(str(folder / "tokenizer.json")).get_vocab()


def test_more_pieces_than_the_text_carries_says_how_many_it_does(tmp_path):
    with pytest.raises(UserError, match=r"vocab_size 50000 is more than the text can carry.*at most (\d+) or") as caught:
        trained(Train(vocab_size=50_000), geology(20), tmp_path)
    size = int(str(caught.value).split("at most ")[1].split()[0])
    folder = trained(Train(vocab_size=size), geology(20), tmp_path)
    assert TokenFacts.read(folder).vocab_size == size


@pytest.mark.parametrize("vocab_size", [400, 440])
def test_fewer_ids_than_characters_says_how_many_are_needed(tmp_path, vocab_size):
    han = ["".join(chr(0x4E00 + place) for place in range(90))] * 3
    with pytest.raises(UserError, match=rf"vocab_size {vocab_size} is too small.* 444 ids; raise vocab_size above that"):
        trained(Train(vocab_size=vocab_size, character_coverage=1.0), han, tmp_path)


@pytest.mark.parametrize("texts", [[], [""], ["\n\t \n"]])
def test_no_text_is_an_error_that_says_so(tmp_path, texts):
    with pytest.raises(UserError, match="no text to train on"):
        trained(Train(vocab_size=400), texts, tmp_path)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("<s>",), "'<s>' is given twice or exists already"),
        (("<x>", "<x>"), "'<x>' is given twice"),
        (("<0x0A>",), "exists already"),
        (("a b",), "no space"),
        (("",), "two or more visible"),
    ],
)
def test_unusable_special_tokens_are_refused(names, said):
    with pytest.raises(ValidationError, match=said):
        Train(vocab_size=700, special_tokens=names)


def test_rare_characters_and_the_mark_of_unknown_ones_are_spelled_in_bytes(tmp_path):
    texts = [*geology(200), "a \u2585 rare \U00020bb7 sign\x00"]
    tokenizer = Tokenizer.from_file(str(trained(Train(vocab_size=600), texts, tmp_path) / "tokenizer.json"))
    encoded = tokenizer.encode("\u2585\x00", add_special_tokens=False)
    assert encoded.tokens[-4:] == ["<0xE2>", "<0x96>", "<0x85>", "<0x00>"]


def test_real_text_gives_a_verified_tokenizer_twice_the_same(real_texts, tmp_path):
    stage = Train(vocab_size=6000)
    folders = [trained(stage, real_texts, tmp_path / name) for name in ("a", "b")]
    assert _digests(folders[0]) == _digests(folders[1])
    assert orjson.loads((folders[0] / "training.json").read_bytes())["num_documents"] > 100
