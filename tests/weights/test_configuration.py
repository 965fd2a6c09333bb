"""What config.json says of rows and of tied matrices, wherever a model states it."""

import pytest

from corpusforge.weights.configuration import is_tied, num_rows, untied, with_rows


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"vocab_size": 40, "model_type": "llama"}, {"vocab_size": 43, "model_type": "llama"}),
        ({"model_type": "llama"}, {"model_type": "llama", "vocab_size": 43}),
        ({"text_config": {"vocab_size": 40, "a": 1}}, {"text_config": {"vocab_size": 43, "a": 1}}),
        ({"text_config": {"a": 1}}, {"text_config": {"a": 1, "vocab_size": 43}}),
        ({"vocab_size": 40, "text_config": {"a": 1}}, {"vocab_size": 43, "text_config": {"a": 1, "vocab_size": 43}}),
    ],
)
def test_the_number_of_rows_is_stated_where_the_model_reads_it(config, expected):
    assert with_rows(config, 43) == expected
    assert num_rows(with_rows(config, 43)) == 43


@pytest.mark.parametrize(
    ("config", "tied"),
    [
        ({}, None),
        ({"tie_word_embeddings": True}, True),
        ({"text_config": {"tie_word_embeddings": True}}, True),
        ({"tie_word_embeddings": None, "text_config": {"tie_word_embeddings": False}}, False),
        ({"tie_word_embeddings": False, "text_config": {"tie_word_embeddings": True}}, False),
    ],
)
def test_the_top_of_a_configuration_says_first_whether_matrices_are_tied(config, tied):
    assert is_tied(config) is tied


def test_transformers_reads_what_was_stated_of_a_model_that_stated_nothing():
    pytest.importorskip("transformers", reason="transformers is not installed")
    from transformers import Gemma3Config

    stated = {"model_type": "gemma3", "text_config": {"model_type": "gemma3_text", "hidden_size": 32}}
    read = Gemma3Config.from_dict(untied(with_rows(stated, 43)))
    assert read.get_text_config().vocab_size == 43
    assert (read.tie_word_embeddings, read.get_text_config().tie_word_embeddings) == (False, False)
    assert Gemma3Config.from_dict(stated).tie_word_embeddings is True
