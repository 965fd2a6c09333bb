import json
import shutil
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("peft", reason="peft is not installed")

import torch
from peft import PeftModel
from weights.tiny_llama import adapter, gpt2, llama, loaded, logits, tensors

from corpusforge.errors import FolderRefused, InputError
from corpusforge.weights.merge import plan_merge
from corpusforge.weights.merged_model import write_merged
from corpusforge.weights.product import add_product
from corpusforge.weights.verify import verify_checkpoint

ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
pytestmark = pytest.mark.filterwarnings("default")  # peft warns of what is tested here


def _merged(base, given_adapter, out, **options):
    write_merged(plan_merge(base, given_adapter), out, **options)
    return tensors(out)


def _by_peft(base, given_adapter):
    return dict(PeftModel.from_pretrained(loaded(base), given_adapter).merge_and_unload().state_dict())


def _units(found, expected, inputs):
    """Greatest distance in units of the last place, of the largest of the result and the two that it is the sum of."""
    parts = (expected.float(), inputs.float(), expected.float() - inputs.float())
    size = torch.stack([each.abs() for each in parts]).amax(0).clamp(min=1e-30)
    digits = {torch.float32: 23, torch.bfloat16: 7, torch.float16: 10}[expected.dtype]
    unit = 2.0 ** (torch.floor(torch.log2(size)) - digits)
    return float(((found.float() - expected.float()).abs() / unit).max())


def _with_dyadic_weights(base):
    """Weights in steps of 1/64, so that every sum is exact in float32, in whatever order it is taken."""
    path = base / "model.safetensors"
    save_file({name: np.round(each * 64) / 64 for name, each in load_file(path).items()}, path, {"format": "pt"})
    return base


CASES = {
    "plain": {"r": 4, "lora_alpha": 8, "target_modules": ALL},
    "rslora": {"r": 4, "lora_alpha": 8, "use_rslora": True, "target_modules": ["q_proj", "v_proj"]},
    "patterns": {
        "r": 4,
        "target_modules": ALL,
        "rank_pattern": {"layers.0.self_attn.q_proj": 2},
        "alpha_pattern": {"up_proj": 16},
    },
    "whole": {"r": 2, "target_modules": ["q_proj"], "modules_to_save": ["embed_tokens", "lm_head"]},
    "embedding": {"r": 4, "lora_alpha": 2, "target_modules": ["embed_tokens", "lm_head"]},
    "some_layers": {"r": 4, "target_modules": ["q_proj"], "layers_to_transform": [1]},
}


@pytest.mark.parametrize("name", CASES)
def test_a_merge_is_what_peft_makes_of_it_exactly(tmp_path, name):
    base = _with_dyadic_weights(llama(tmp_path / "base"))
    given_adapter = adapter(tmp_path / "adapter", base, exact=True, **CASES[name])
    found, expected = _merged(base, given_adapter, tmp_path / "out"), _by_peft(base, given_adapter)
    before = tensors(base)
    assert found.keys() == expected.keys()
    assert [each for each in found if not torch.equal(found[each], expected[each])] == []
    assert [each for each in found if not torch.equal(found[each], before[each])] != []


def test_in_float32_a_merge_is_the_exact_sum_rounded_which_pefts_is_nearly(tmp_path):
    base = llama(tmp_path / "base")
    given_adapter = adapter(tmp_path / "adapter", base, r=8, lora_alpha=12, target_modules=["down_proj"])
    found, expected, before = _merged(base, given_adapter, tmp_path / "out"), _by_peft(base, given_adapter), tensors(base)
    name = "model.layers.1.mlp.down_proj"
    factors = {
        key: torch.from_numpy(each).double() for key, each in load_file(given_adapter / "adapter_model.safetensors").items()
    }
    left, right = (factors[f"base_model.model.{name}.lora_{letter}.weight"] for letter in "BA")
    exact = before[f"{name}.weight"].double() + 12 / 8 * (left @ right)
    torch.testing.assert_close(found[f"{name}.weight"], exact.float(), rtol=0, atol=0)
    torch.testing.assert_close(found[f"{name}.weight"], expected[f"{name}.weight"], rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_a_merge_is_at_most_a_unit_in_the_last_place_from_pefts(tmp_path, dtype):
    base = llama(tmp_path / "base", dtype=dtype)
    given_adapter = adapter(tmp_path / "adapter", base, r=8, lora_alpha=12, target_modules=ALL)
    found, expected, before = _merged(base, given_adapter, tmp_path / "out"), _by_peft(base, given_adapter), tensors(base)
    assert {each.dtype for each in found.values()} == {dtype}
    assert max(_units(found[name], expected[name], before[name]) for name in found) <= 1


def test_layers_that_are_stored_input_first_are_merged_turned(tmp_path):
    base = _with_dyadic_weights(gpt2(tmp_path / "base"))
    given_adapter = adapter(
        tmp_path / "adapter", base, exact=True, r=4, fan_in_fan_out=True, target_modules=["c_attn", "c_proj"]
    )
    found, expected, before = _merged(base, given_adapter, tmp_path / "out"), _by_peft(base, given_adapter), tensors(base)
    assert [each for each in found if not torch.equal(found[each], expected[each])] == []
    assert not torch.equal(found["transformer.h.0.attn.c_proj.weight"], before["transformer.h.0.attn.c_proj.weight"])


@pytest.mark.parametrize(
    "settings",
    [
        {"target_modules": ["embed_tokens", "q_proj"]},
        {"target_modules": ["lm_head"]},
        {"target_modules": ["q_proj"], "modules_to_save": ["lm_head"]},
        {"target_modules": ["q_proj"], "modules_to_save": ["embed_tokens"]},
        {"target_modules": ["q_proj"], "modules_to_save": ["embed_tokens", "lm_head"]},
    ],
)
def test_where_an_adapter_parts_tied_matrices_the_merged_model_does_what_both_did_together(tmp_path, settings):
    base = llama(tmp_path / "base", is_tied=True)
    given_adapter = adapter(tmp_path / "adapter", base, r=2, **settings)
    together = logits(PeftModel.from_pretrained(loaded(base), given_adapter).eval())
    _merged(base, given_adapter, tmp_path / "out")
    merged = loaded(tmp_path / "out")
    torch.testing.assert_close(logits(merged), together, atol=2e-5, rtol=1e-5)
    assert merged.config.tie_word_embeddings is False
    assert not torch.allclose(logits(loaded(base)), together, atol=1e-3)


@pytest.mark.parametrize(
    "settings", [{"target_modules": ["embed_tokens"]}, {"target_modules": ["q_proj"], "modules_to_save": ["embed_tokens"]}]
)
def test_where_an_adapter_was_trained_with_tied_matrices_they_stay_tied(tmp_path, settings):
    base = llama(tmp_path / "base", is_tied=True)
    given_adapter = adapter(tmp_path / "adapter", base, r=2, ensure_weight_tying=True, **settings)
    together = logits(PeftModel.from_pretrained(loaded(base), given_adapter).eval())
    write_merged(plan_merge(base, given_adapter), tmp_path / "out")
    torch.testing.assert_close(logits(loaded(tmp_path / "out")), together, atol=2e-5, rtol=1e-5)
    assert json.loads((tmp_path / "out/config.json").read_text())["tie_word_embeddings"] is True
    assert "lm_head.weight" not in load_file(tmp_path / "out/model.safetensors")


def test_rows_that_an_adapter_added_come_along_with_its_tokenizer(tmp_path):
    base = llama(tmp_path / "base", is_tied=True)
    (base / "tokenizer.json").write_text("old")
    (base / "chat_template.jinja").write_text("old")
    given_adapter = adapter(tmp_path / "adapter", base, rows=43, r=2, target_modules=["q_proj"])
    (given_adapter / "tokenizer.json").write_text("new")
    _merged(base, given_adapter, tmp_path / "out")
    config = json.loads((tmp_path / "out/config.json").read_text())
    assert (config["vocab_size"], config["tie_word_embeddings"]) == (43, True)
    assert tensors(tmp_path / "out")["model.embed_tokens.weight"].shape == (43, 16)
    assert (tmp_path / "out/tokenizer.json").read_text() == "new"
    assert not (tmp_path / "out/chat_template.jinja").exists()


def test_a_merge_of_several_files_keeps_the_others_and_has_the_same_bytes_again(tmp_path):
    base = llama(tmp_path / "base", shard_size="6KB")
    (base / "chat_template.jinja").write_text("{{ x }}")
    (base / "optimizer.bin").write_text("pickled")
    given_adapter = adapter(tmp_path / "adapter", base, r=2, target_modules=["q_proj"], layers_to_transform=[0])
    record = write_merged(plan_merge(base, given_adapter), tmp_path / "one", link=True)
    write_merged(plan_merge(base, given_adapter), tmp_path / "two")
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(list(base.glob("*.safetensors"))) > 3
    assert all((tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes() for name in files)
    assert set(files) == {path.name for path in base.iterdir()} - {"optimizer.bin"} | {"merge.json"}
    assert record["left_behind"] == ["optimizer.bin"]
    assert verify_checkpoint(tmp_path / "one").problems == ()
    assert verify_checkpoint(tmp_path / "one").records == ("merge.json",)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        base = llama(folder / "base")
        adapter(folder / "adapter", base, r=2, target_modules=["q_proj"], modules_to_save=["lm_head"])
    return folder


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"peft_type": "LOHA"}, "peft_type is 'LOHA'"),
        ({"use_dora": True}, "use_dora is True"),
        ({"trainable_token_indices": [3]}, r"trainable_token_indices is \[3\]"),
        ({"target_parameters": ["experts"]}, "target_parameters is"),
        ({"a_setting_of_2031": 1}, "a_setting_of_2031 is 1"),
        ({"init_lora_weights": "pissa"}, "init_lora_weights is 'pissa'"),
        ({"r": 3}, "has rank 2, and adapter_config.json says 3"),
        ({"r": "many"}, "cannot be read"),
        ({"rank_pattern": {"(": 2}}, "cannot be read"),
        ({"modules_to_save": ["lm_head", "embed_tokens"]}, "no tensors of embed_tokens"),
        ({"target_modules": ["q_proj", "v_proj"]}, "no tensors of v_proj"),
    ],
)
def test_settings_that_would_be_merged_wrongly_are_refused_by_name(plain, tmp_path, changed, what):
    shutil.copytree(plain / "adapter", tmp_path / "adapter")
    path = tmp_path / "adapter/adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))
    with pytest.raises(InputError, match=what):
        plan_merge(plain / "base", tmp_path / "adapter")


ZEROS = np.zeros((16, 2), np.float32)
Q = "base_model.model.model.layers.{}.self_attn.q_proj.lora_{}.weight"


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda held: held.pop(Q.format(0, "B")), "lora_A only"),
        (lambda held: [held.pop(Q.format(1, each)) for each in "AB"], "no factors of model.layers.1.self_attn.q_proj"),
        (lambda held: held.update({Q.format(0, "A"): np.zeros(0, np.float32)}), "not gathered"),
        (lambda held: held.update({Q.format(0, "A"): np.full((2, 16), np.nan, np.float32)}), "not finite"),
        (lambda held: held.update({Q.format(0, "A"): np.ones((2, 17), np.float32)}), r"the adapter changes \[16, 17\]"),
        (lambda held: held.update({Q.format(layer, "B"): ZEROS for layer in (0, 1)}), "every lora_B is zero"),
        (lambda held: held.update({Q.format(0, "magnitude"): ZEROS}), "does not know the tensor"),
        (lambda held: held.update({Q.format(7, each): held[Q.format(0, each)] for each in "AB"}), "no tensor model.layers.7"),
    ],
)  # fmt: skip
def test_tensors_that_are_lost_or_foreign_are_refused_by_name(plain, tmp_path, change, what):
    shutil.copytree(plain / "adapter", tmp_path / "adapter")
    path = tmp_path / "adapter/adapter_model.safetensors"
    held = load_file(path)
    change(held)
    save_file(held, path)
    with pytest.raises(InputError, match=what):
        write_merged(plan_merge(plain / "base", tmp_path / "adapter"), tmp_path / "out")
    assert not list(tmp_path.glob("out*"))


def test_a_pickled_adapter_is_refused_with_the_cure(plain, tmp_path):
    shutil.copy(plain / "adapter/adapter_config.json", tmp_path)
    (tmp_path / "adapter_model.bin").write_text("")
    with pytest.raises(InputError, match=r"pickled.*save_pretrained"):
        plan_merge(plain / "base", tmp_path)


def test_a_folder_that_exists_is_not_written_over(plain):
    with pytest.raises(FolderRefused):
        write_merged(plan_merge(plain / "base", plain / "adapter"), plain / "base")


@given(st.integers(1, 5), st.integers(1, 9), st.integers(1, 7), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_the_product_is_the_sum_in_float64_rounded_once(rows, rank, columns, seed):
    rng = np.random.default_rng(seed)
    base, left, right = (
        rng.normal(size=shape).astype(np.float32) for shape in ((rows, columns), (rows, rank), (rank, columns))
    )
    expected = np.zeros((rows, columns))
    for part in range(rank):
        expected += left[:, part, None].astype(np.float64) * right[part]
    np.testing.assert_array_equal(add_product(base, left, right, 0.3), (base + 0.3 * expected).astype(np.float32))
