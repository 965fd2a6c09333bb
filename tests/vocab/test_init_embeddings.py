import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer, GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM
from typer.testing import CliRunner
from vocab_samples import extended, geology, trained

from corpusforge.cli import app
from corpusforge.errors import CorpusForgeError, FolderRefused, InputError, UserError
from corpusforge.vocab.constituents import constituents, read_tokenizer
from corpusforge.vocab.embedded_model import write_model
from corpusforge.vocab.embeddings import Names, RowSettings, plan_embeddings
from corpusforge.vocab.extend import Extend
from corpusforge.vocab.proven_rows import ModelDiffers
from corpusforge.vocab.train import Train

BASE_IDS, NEW_IDS = 480, 120
DEFAULT, FOUND = RowSettings(), Names()
INPUT, OUTPUT = "model.embed_tokens.weight", "lm_head.weight"


@pytest.fixture(scope="module")
def base_folder(tmp_path_factory) -> Path:
    folder = trained(Train(vocab_size=BASE_IDS), geology(100), tmp_path_factory.mktemp("base"))
    (folder / "chat_template.jinja").write_text("{{ messages }}")
    return folder


@pytest.fixture(scope="module")
def tokenizer(base_folder, tmp_path_factory) -> Path:
    return extended(Extend(base=base_folder, num_pieces=NEW_IDS), geology(400, seed=2), tmp_path_factory.mktemp("extended"))


def _llama(folder: Path, base: Path, *, rows=BASE_IDS, tied=False, dtype=torch.float32, shard_size="1GB") -> Path:
    torch.manual_seed(7)
    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=rows, tie_word_embeddings=tied, **sizes)).to(dtype)
    model.save_pretrained(folder, max_shard_size=shard_size)
    for name in ("tokenizer.json", "tokenizer.model", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copy(base / name, folder)
    return folder


def _written(model: Path, tokenizer: Path, out: Path, settings: RowSettings = DEFAULT, names: Names = FOUND) -> Path:
    write_model(plan_embeddings(model, tokenizer, settings, names), out)
    return out


def _tensors(folder: Path) -> dict[str, torch.Tensor]:
    return {name: each for path in sorted(folder.glob("*.safetensors")) for name, each in load_file(path).items()}


def _digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


KINDS = {
    "untied": {},
    "tied": {"tied": True},
    "bfloat16": {"dtype": torch.bfloat16},
    "float16, tied": {"dtype": torch.float16, "tied": True},
    "several files": {"shard_size": "40KB"},
    "padded rows": {"rows": 512},
    "more rows than new ids": {"rows": 700, "tied": True},
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_transformers_loads_a_model_that_says_the_same_of_text_without_new_pieces(base_folder, tokenizer, tmp_path, kind):
    base = _llama(tmp_path / "base", base_folder, **kind)
    out = _written(base, tokenizer, tmp_path / "out", RowSettings(pad_to_multiple=64))
    before, after = (AutoModelForCausalLM.from_pretrained(each, dtype="auto") for each in (base, out))
    assert after.dtype == before.dtype
    assert (after.lm_head.weight is after.model.embed_tokens.weight) == kind.get("tied", False)
    rows = max(kind.get("rows", 0), 640) + 63 & ~63
    assert after.config.vocab_size == after.model.embed_tokens.weight.shape[0] == after.lm_head.weight.shape[0] == rows
    ids = AutoTokenizer.from_pretrained(out)("= = 1 2 3 . a b c", return_tensors="pt", add_special_tokens=False).input_ids
    assert ids.max() < BASE_IDS
    with torch.no_grad():
        torch.testing.assert_close(after(ids).logits[..., :BASE_IDS], before(ids).logits[..., :BASE_IDS], rtol=0, atol=0)


def _oracle(weights: torch.Tensor, base: Path, tokenizer: Path, *, length: bool) -> torch.Tensor:
    """Plain Python: each new row from the mean of its constituents."""
    values = weights.double()
    found = constituents(read_tokenizer(base).loaded(), read_tokenizer(tokenizer).loaded(), "here")
    rows = [values[found.parts[begin:end]].mean(0) for begin, end in zip(found.offsets[:-1], found.offsets[1:], strict=True)]
    median = np.median(values[3:BASE_IDS].norm(dim=1).numpy())
    return torch.stack([row / row.norm() * median if length else row for row in rows])


@pytest.mark.parametrize("kind", ["untied", "tied", "bfloat16", "several files", "padded rows"])
def test_new_rows_are_the_mean_of_their_constituents_read_at_the_length_of_the_bases_rows(
    base_folder, tokenizer, tmp_path, kind
):
    base = _llama(tmp_path / "base", base_folder, **KINDS[kind])
    before, after = _tensors(base), _tensors(_written(base, tokenizer, tmp_path / "out"))
    assert before.keys() == after.keys()
    for name in {INPUT, OUTPUT} & before.keys():
        torch.testing.assert_close(after[name][:BASE_IDS], before[name][:BASE_IDS], rtol=0, atol=0)
        is_only_read = name == INPUT and OUTPUT in before
        expected = _oracle(before[name], base, tokenizer, length=is_only_read).to(before[name].dtype)
        torch.testing.assert_close(after[name][BASE_IDS : BASE_IDS + NEW_IDS], expected)
    others = before.keys() - {INPUT, OUTPUT}
    assert all(torch.equal(before[name], after[name]) for name in others)


def test_rows_without_a_token_are_kept_below_and_the_mean_above_the_rows_of_the_base(base_folder, tokenizer, tmp_path):
    base = _llama(tmp_path / "base", base_folder, rows=610)
    before, after = _tensors(base), _tensors(_written(base, tokenizer, tmp_path / "out", RowSettings(pad_to_multiple=128)))
    torch.testing.assert_close(after[INPUT][600:610], before[INPUT][600:], rtol=0, atol=0)
    torch.testing.assert_close(after[INPUT][610:], before[INPUT][3:BASE_IDS].mean(0).expand(30, -1))


def test_weights_of_constituents_follow_the_method(base_folder, tokenizer, tmp_path):
    base = _llama(tmp_path / "base", base_folder)
    before = _tensors(base)
    settings = RowSettings(method="weighted", norm="none")
    weighted = _tensors(_written(base, tokenizer, tmp_path / "weighted", settings))
    first = _tensors(_written(base, tokenizer, tmp_path / "first", RowSettings(output_method="first")))
    found = constituents(read_tokenizer(base).loaded(), read_tokenizer(tokenizer).loaded(), "here")
    place = int(np.flatnonzero(found.counts == 3)[0])
    number, parts = int(found.ids[place]), found.parts[found.offsets[place] :][:3]
    rising, falling = torch.tensor([[1, 2, 4]]) / 7, torch.tensor([[4, 2, 1]]) / 7
    torch.testing.assert_close(weighted[INPUT][number], (rising @ before[INPUT][parts])[0])
    torch.testing.assert_close(weighted[OUTPUT][number], (falling @ before[OUTPUT][parts])[0])
    assert torch.equal(first[OUTPUT][number], before[OUTPUT][parts[0]])


def test_the_same_input_gives_the_same_bytes_and_a_record_of_them(base_folder, tokenizer, tmp_path):
    base = _llama(tmp_path / "base", base_folder, shard_size="40KB")
    one, two = (_written(base, tokenizer, tmp_path / name) for name in ("one", "two"))
    digests = _digests(one)
    assert digests == _digests(two)
    record = json.loads((one / "init_embeddings.json").read_text())
    digests.pop("init_embeddings.json")
    assert record["files"] == digests
    assert record["new_length"][INPUT] == pytest.approx(record["base_length"][INPUT], rel=1e-5)
    assert record["base_files"] == {name: digest for name, digest in _digests(base).items() if name.endswith(".safetensors")}
    assert str(tmp_path) not in (one / "init_embeddings.json").read_text()


def test_files_without_the_matrices_are_copied_or_linked(base_folder, tokenizer, tmp_path):
    base = _llama(tmp_path / "base", base_folder, shard_size="40KB")
    planned = plan_embeddings(base, tokenizer, RowSettings())
    write_model(planned, tmp_path / "copied")
    write_model(planned, tmp_path / "linked", link=True)
    index = json.loads((base / "model.safetensors.index.json").read_text())["weight_map"]
    untouched = sorted(set(index.values()) - {index[INPUT], index[OUTPUT]})
    assert len(untouched) > 1
    assert _digests(tmp_path / "copied") == _digests(tmp_path / "linked")
    inodes = {folder: (tmp_path / folder / untouched[0]).stat().st_ino for folder in ("base", "copied", "linked")}
    assert inodes["base"] == inodes["linked"] != inodes["copied"]
    sizes = json.loads((tmp_path / "copied/model.safetensors.index.json").read_text())["metadata"]
    tensors = _tensors(tmp_path / "copied").values()
    assert sizes["total_size"] == sum(each.numel() * each.element_size() for each in tensors)
    assert sizes["total_parameters"] == sum(each.numel() for each in tensors)


def test_configurations_follow_the_roles_that_the_tokenizer_names_anew(base_folder, tokenizer, tmp_path):
    base = _llama(tmp_path / "base", base_folder)
    named = shutil.copytree(tokenizer, tmp_path / "named")
    (named / "chat_template.jinja").unlink()
    configuration = json.loads((named / "tokenizer_config.json").read_text()) | {"pad_token": "<unk>"}
    (named / "tokenizer_config.json").write_text(json.dumps(configuration))
    (base / "LICENSE.txt").write_text("free")
    out = _written(base, named, tmp_path / "out")
    for name in ("config.json", "generation_config.json"):
        found = json.loads((out / name).read_text())
        assert (found["bos_token_id"], found["eos_token_id"], found["pad_token_id"]) == (1, 2, 0)
    assert (out / "chat_template.jinja").read_text() == "{{ messages }}"
    assert (out / "LICENSE.txt").read_text() == "free"
    assert AutoTokenizer.from_pretrained(out).pad_token_id == 0


def test_gpt_2_has_its_matrix_under_another_name(base_folder, tokenizer, tmp_path):
    torch.manual_seed(7)
    GPT2LMHeadModel(GPT2Config(vocab_size=BASE_IDS, n_embd=32, n_layer=1, n_head=2)).save_pretrained(tmp_path / "base")
    out = _written(tmp_path / "base", tokenizer, tmp_path / "out", names=Names(base_tokenizer=base_folder))
    model = AutoModelForCausalLM.from_pretrained(out)
    assert model.lm_head.weight is model.transformer.wte.weight
    assert model.transformer.wte.weight.shape == (BASE_IDS + NEW_IDS, 32)


def test_a_bias_of_the_output_grows_with_it(base_folder, tokenizer, tmp_path):
    base = _llama(tmp_path / "base", base_folder)
    bias = torch.arange(BASE_IDS, dtype=torch.float32)
    save_file(_tensors(base) | {"lm_head.bias": bias}, base / "model.safetensors", {"format": "pt"})
    found = _tensors(_written(base, tokenizer, tmp_path / "out"))["lm_head.bias"]
    torch.testing.assert_close(found[BASE_IDS:], _oracle(bias[:, None], base, tokenizer, length=False)[:, 0].float())


def test_a_copy_of_a_tied_matrix_grows_like_it(base_folder, tokenizer, tmp_path):
    base = _llama(tmp_path / "base", base_folder, tied=True)
    tensors = _tensors(base)
    save_file(tensors | {OUTPUT: tensors[INPUT].clone()}, base / "model.safetensors", {"format": "pt"})
    found = _tensors(_written(base, tokenizer, tmp_path / "out", RowSettings(method="weighted")))
    assert torch.equal(found[INPUT], found[OUTPUT])
    with pytest.raises(UserError, match="are one matrix; leave --output-method"):
        plan_embeddings(base, tokenizer, RowSettings(output_method="first"))


def _changed(change):
    def apply(base: Path) -> None:
        tensors = _tensors(base)
        change(tensors)
        save_file(tensors, base / "model.safetensors", {"format": "pt"})

    return apply


def _setting(name: str, value: object):
    def apply(base: Path) -> None:
        config = json.loads((base / "config.json").read_text())
        (base / "config.json").write_text(json.dumps(config | {name: value}))

    return apply


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (
            _changed(lambda each: each.update({name: each[name][:470] for name in (INPUT, OUTPUT)})),
            "has 470 rows, and its tokenizer has the id 479",
        ),
        (_changed(lambda each: each.update({"emb.weight": each.pop(INPUT)})), "no input matrix found.*--input-matrix"),
        (
            _changed(lambda each: each.update({OUTPUT: each[OUTPUT][:470]})),
            "output matrix is one of its own, and none is found",
        ),
        (_changed(lambda each: each[OUTPUT].__setitem__(9, float("nan"))), f"{OUTPUT}: row 9 is not finite"),
        (_changed(lambda each: each.update({"x.wte.weight": each[INPUT].clone()})), "several tensors may be the input"),
        (_changed(lambda each: each.update({"x.vocab": each[INPUT].clone()})), "x.vocab has 480 rows or columns, too"),
        (_changed(lambda each: each.update({INPUT: each[INPUT].to(torch.float8_e4m3fn)})), "F8_E4M3.*not quantised"),
        (_setting("tie_word_embeddings", True), "says that .* are one matrix, and they differ"),
        (_setting("auto_map", {"AutoModelForCausalLM": "modeling_x.X"}), "Python code"),
        (lambda base: (base / "tokenizer.json").write_text("{"), "cannot be loaded"),
    ],
)
def test_a_model_that_does_not_fit_is_refused_before_anything_is_written(base_folder, tokenizer, tmp_path, damage, what):
    base = _llama(tmp_path / "base", base_folder)
    damage(base)
    with pytest.raises((InputError, UserError), match=what):
        plan_embeddings(base, tokenizer, RowSettings())


def test_the_matrices_can_be_named(base_folder, tokenizer, tmp_path):
    base = _llama(tmp_path / "base", base_folder)
    _changed(lambda each: each.update({"emb.weight": each.pop(INPUT), "head.weight": each.pop(OUTPUT)}))(base)
    found = plan_embeddings(base, tokenizer, RowSettings(), Names(input_matrix="emb.weight", output_matrix="head.weight"))
    assert list(found.rows) == ["emb.weight", "head.weight"]
    with pytest.raises(UserError, match="--input-matrix: no tensor 'wte'"):
        plan_embeddings(base, tokenizer, RowSettings(), Names(input_matrix="wte"))


def test_rows_that_are_too_large_for_the_format_are_never_published(base_folder, tokenizer, tmp_path):
    base = _llama(tmp_path / "base", base_folder, dtype=torch.float16)
    found = plan_embeddings(base, tokenizer, RowSettings()).found
    large = torch.full((BASE_IDS, 32), 60_000, dtype=torch.float16)
    large[found.parts[: found.offsets[1]]] = torch.eye(32, dtype=torch.float16)[0]
    _changed(lambda each: each.update({INPUT: large}))(base)
    with pytest.raises(ModelDiffers, match=rf"row \[{BASE_IDS}\] of {INPUT} is not finite"):
        _written(base, tokenizer, tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["base"]


def test_what_the_disk_changed_is_never_published(base_folder, tokenizer, tmp_path, monkeypatch):
    base = _llama(tmp_path / "base", base_folder, shard_size="40KB")

    def torn(source: Path, target: Path) -> str:
        content = source.read_bytes()
        target.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        return hashlib.sha256(content).hexdigest()

    monkeypatch.setattr("corpusforge.weights.changed.copied", torn)
    with pytest.raises(CorpusForgeError, match="is not a copy of the base's"):
        _written(base, tokenizer, tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["base"]


def test_the_command_says_what_it_does_and_with_dry_run_only_that(base_folder, tokenizer, tmp_path):
    base = _llama(tmp_path / "base", base_folder, rows=512)
    command = ["vocab", "init-embeddings", "--model", str(base), "--tokenizer", str(tokenizer), "--out", str(tmp_path / "out")]
    dry = CliRunner().invoke(app, [*command, "--dry-run"])
    assert "rows 512 -> 600: 120 new ids" in dry.stdout
    assert "32 have rows in the base" in dry.stdout
    assert not (tmp_path / "out").exists()
    assert CliRunner().invoke(app, [*command, "--json"]).exit_code == 0
    with pytest.raises(FolderRefused, match="exists"):
        CliRunner().invoke(app, command, catch_exceptions=False)
