import hashlib
import shutil

import orjson
import pytest
from tokenizers import AddedToken, Tokenizer, models

from corpusforge.errors import InputError, UserError
from corpusforge.vocab.folder import TokenizerFiles, token_facts


@pytest.fixture
def folder(tokenizer_folder, tmp_path):
    """A copy that a test may change."""
    return shutil.copytree(tokenizer_folder, tmp_path / "copy")


def test_only_files_of_the_tokenizer_are_taken(folder):
    (folder / "model.safetensors").write_bytes(b"weights")
    found = TokenizerFiles.read(folder).content
    assert sorted(found) == ["tokenizer.json", "tokenizer.model", "tokenizer_config.json", "training.json"]


def test_a_file_alone_is_taken_alone_and_gets_a_configuration(folder, tmp_path):
    files = TokenizerFiles.read(folder / "tokenizer.json")
    facts, eod = token_facts(files, eod="</s>", bos=False)
    files.write(tmp_path / "out", facts, eod=eod)
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["corpusforge.json", "tokenizer.json", "tokenizer_config.json"]
    assert orjson.loads((tmp_path / "out/tokenizer_config.json").read_bytes())["eos_token"] == "</s>"


def test_writing_replaces_what_was_there(folder, tmp_path):
    files = TokenizerFiles.read(folder)
    facts, eod = token_facts(files, eod=None, bos=False)
    (tmp_path / "out").mkdir()
    (tmp_path / "out/old").write_text("old")
    files.write(tmp_path / "out", facts, eod=eod)
    assert not (tmp_path / "out/old").exists()
    assert (tmp_path / "out/tokenizer_config.json").read_bytes() == (folder / "tokenizer_config.json").read_bytes()


@pytest.mark.parametrize("name", ["missing", "", "tokenizer.model"])
def test_a_path_without_tokenizer_json_is_named(tmp_path, name):
    (tmp_path / "tokenizer.model").write_bytes(b"")
    with pytest.raises(InputError, match=r"no tokenizer.json there; give a folder"):
        TokenizerFiles.read(tmp_path / name)


def test_a_damaged_tokenizer_json_is_named(folder):
    (folder / "tokenizer.json").write_text('{"model": 1}')
    with pytest.raises(InputError, match=r"copy: tokenizer.json cannot be loaded"):
        token_facts(TokenizerFiles.read(folder), eod=None, bos=False)


def test_a_damaged_configuration_is_named(folder):
    (folder / "tokenizer_config.json").write_text("{")
    with pytest.raises(InputError, match=r"tokenizer_config.json is not JSON"):
        token_facts(TokenizerFiles.read(folder), eod=None, bos=False)


def test_facts_count_added_tokens_and_pin_the_file(folder):
    facts, eod = token_facts(TokenizerFiles.read(folder), eod=None, bos=True)
    digest = hashlib.sha256((folder / "tokenizer.json").read_bytes()).hexdigest()
    assert (facts.eod_id, facts.bos_id, facts.vocab_size, facts.digest, eod) == (2, 1, 700, digest, "</s>")


def test_ids_with_holes_count_up_to_the_largest(tmp_path):
    tokenizer = Tokenizer(models.BPE(vocab={"a": 0, "b": 70_000}, merges=[]))
    tokenizer.add_special_tokens(["<end>"])
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    facts, _ = token_facts(TokenizerFiles.read(tmp_path), eod="<end>", bos=False)
    assert facts.vocab_size == 70_001
    assert facts.dtype == "int32"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"tokenizer_config.json": {"eos_token": "<|im_end|>"}}, 4),
        ({"tokenizer_config.json": {"eos_token": {"content": "<|im_end|>"}}}, 4),
        ({"tokenizer_config.json": {"eos_token": None}, "special_tokens_map.json": {"eos_token": "<|im_start|>"}}, 3),
        ({"special_tokens_map.json": {"eos_token": {"content": "</s>"}}}, 2),
    ],
)
def test_the_end_token_is_found_in_either_configuration(folder, files, expected):
    (folder / "tokenizer_config.json").unlink()
    for name, content in files.items():
        (folder / name).write_bytes(orjson.dumps(content))
    assert token_facts(TokenizerFiles.read(folder), eod=None, bos=False)[0].eod_id == expected


def test_the_recipe_may_name_another_end_token(folder):
    assert token_facts(TokenizerFiles.read(folder), eod="<|im_end|>", bos=False)[0].eod_id == 4


def test_without_an_end_token_the_candidates_are_listed(folder):
    (folder / "tokenizer_config.json").unlink()
    with pytest.raises(UserError, match=r"names no eos_token; name one with eod .*<s>, </s>, <\|im_start\|>"):
        token_facts(TokenizerFiles.read(folder), eod=None, bos=False)
    with pytest.raises(UserError, match=r"names no bos_token; add it to tokenizer_config.json or leave bos out"):
        token_facts(TokenizerFiles.read(folder), eod="</s>", bos=True)


def test_an_end_token_that_does_not_exist_is_named_with_the_candidates(folder):
    with pytest.raises(UserError, match=r"eod: .* has no token '<eod>'; its special tokens: <unk>, <s>"):
        token_facts(TokenizerFiles.read(folder), eod="<eod>", bos=False)


@pytest.mark.parametrize("eod", ["basalt", "."])
def test_an_end_token_that_text_can_spell_is_refused(folder, eod):
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.add_tokens([AddedToken("basalt", normalized=False)])
    tokenizer.save(str(folder / "tokenizer.json"))
    with pytest.raises(UserError, match=r"is no special token of .* would end documents"):
        token_facts(TokenizerFiles.read(folder), eod=eod, bos=False)
