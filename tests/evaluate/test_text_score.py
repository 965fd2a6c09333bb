import json
import math
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("torch", reason="torch is not installed")

from evaluate.small_models import WINDOW, byte_model, plain_ids, plain_likeliest, plain_likelihood

from corpusforge.errors import InputError, UserError
from corpusforge.evaluate.model import LanguageModel, batches
from corpusforge.evaluate.text import TextSettings, evaluate_text, windows

TEXT = "Granite is a rock. Gesteine sind älter als Bäume. 花岗岩是一种岩石。"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return byte_model(tmp_path_factory.mktemp("text") / "model")


@pytest.fixture(scope="module")
def model(folder):
    return LanguageModel.load(folder, device="cpu")


def _file(path, text):
    path.write_text(text)
    return path


def test_bits_per_byte_are_those_of_one_reading(tmp_path, folder, model):
    found = evaluate_text(model, [_file(tmp_path / "a.txt", TEXT)], TextSettings())
    ids = plain_ids(folder, TEXT)
    nats = plain_likelihood(folder, [0, *ids], len(ids))
    assert len(ids) <= WINDOW
    assert (found["num_tokens"], found["num_bytes"]) == (len(ids), len(TEXT.encode()))
    assert found["bits_per_byte"] == pytest.approx(-nats / math.log(2) / len(TEXT.encode()), abs=1e-5)


def test_a_long_text_is_the_sum_of_its_windows(tmp_path, folder, model):
    ids = [0, *plain_ids(folder, TEXT * 3)]
    found = evaluate_text(model, [_file(tmp_path / "a.txt", TEXT * 3)], TextSettings(stride=40, max_tokens=64))
    nats, done = 0.0, 1
    while done < len(ids):
        end = min(len(ids), 65 if done == 1 else done + 40)
        nats += plain_likelihood(folder, ids[max(0, end - 65) : end], end - done)
        done = end
    assert found["nats_per_token"] == pytest.approx(-nats / (len(ids) - 1), abs=1e-5)


def test_documents_of_json_lines_are_read_apart_and_others_rejected(tmp_path, model):
    lines = [json.dumps({"body": TEXT}), "{", json.dumps({"body": " "}), json.dumps({"body": TEXT})]
    found = evaluate_text(model, [_file(tmp_path / "a.jsonl", "\n".join(lines))], TextSettings(column="body"))
    one = evaluate_text(model, [_file(tmp_path / "a.txt", TEXT)], TextSettings())
    assert [each["reason"] for each in found["rejections"]] == ["not_json", "no_text"]
    assert (found["num_documents"], found["bits_per_byte"]) == (2, pytest.approx(one["bits_per_byte"]))


def test_token_accuracy_is_the_share_of_ids_that_were_likeliest(tmp_path, folder, model):
    found = evaluate_text(model, [_file(tmp_path / "a.txt", TEXT)], TextSettings())
    ids = [0, *plain_ids(folder, TEXT)]
    right = sum(likeliest == wanted for likeliest, wanted in zip(plain_likeliest(folder, ids), ids[1:], strict=False))
    assert found["token_accuracy"] == right / (len(ids) - 1)


@pytest.mark.parametrize(
    ("settings", "what"),
    [(TextSettings(stride=97), "--stride 97"), (TextSettings(max_tokens=97), "--max-tokens 97: the model reads 96")],
)
def test_settings_that_do_not_fit_the_model_are_refused(tmp_path, model, settings, what):
    with pytest.raises(UserError, match=what):
        evaluate_text(model, [_file(tmp_path / "a.txt", TEXT)], settings)


def test_files_without_text_are_refused(tmp_path, model):
    (tmp_path / "a.txt").write_bytes(b"a\xff")
    with pytest.raises(InputError, match="byte 1 is not UTF-8"):
        evaluate_text(model, [tmp_path / "a.txt"], TextSettings())
    with pytest.raises(InputError, match="no text there"):
        evaluate_text(model, [_file(tmp_path / "b.txt", " ")], TextSettings())


@given(st.integers(2, 40), st.integers(2, 12), st.data())
def test_windows_ask_for_each_id_once_behind_enough_others(length, window, data):
    stride = data.draw(st.integers(1, window))
    ids = tuple(range(length))
    found = list(windows(ids, 1, window, stride))
    assert sum((each.alternatives[0] for each in found), ()) == ids[1:]
    for each in found:
        asked = each.alternatives[0]
        assert each.ids[-1] == asked[-1] - 1
        assert len(each.ids) <= window
        assert each.ids[0] == 0 or asked[0] - each.ids[0] >= window - stride


@given(st.lists(st.integers(1, 50), max_size=30), st.integers(1, 120))
def test_batches_hold_every_sequence_once_and_no_more_than_fits(lengths, batch_tokens):
    found = list(batches(lengths, batch_tokens))
    assert sorted(chain(*found)) == list(range(len(lengths)))
    assert all(len(each) == 1 or len(each) * max(lengths[place] for place in each) <= batch_tokens for each in found)
