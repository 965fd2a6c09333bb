"""Models of a few thousand weights, written as transformers writes them, and adapters on them, as peft does."""

from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

SIZES = {"vocab_size": 40, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2}


def llama(folder: Path, *, is_tied: bool = False, dtype: torch.dtype = torch.float32, shard_size: str = "5GB") -> Path:
    torch.manual_seed(5)
    model = LlamaForCausalLM(LlamaConfig(**SIZES, tie_word_embeddings=is_tied, bos_token_id=1, eos_token_id=2)).to(dtype)
    model.save_pretrained(folder, max_shard_size=shard_size)
    return folder


def gpt2(folder: Path) -> Path:
    torch.manual_seed(6)
    sizes = {"vocab_size": 40, "n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 32}
    GPT2LMHeadModel(GPT2Config(**sizes, bos_token_id=1, eos_token_id=2)).save_pretrained(folder)
    return folder


def loaded(folder: Path) -> torch.nn.Module:
    return AutoModelForCausalLM.from_pretrained(folder, dtype="auto").eval()


def adapter(folder: Path, base: Path, *, exact: bool = False, rows: int | None = None, **settings) -> Path:
    """An adapter with random weights; `exact` gives values whose products and sums are exact in float32."""
    from peft import LoraConfig, get_peft_model

    model = loaded(base)
    if rows is not None:
        model.resize_token_embeddings(rows, mean_resizing=False)
    model = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **settings))
    generator = torch.Generator().manual_seed(7)
    for name, parameter in model.named_parameters():
        if "lora_" in name or "modules_to_save" in name:
            values = torch.randn(parameter.shape, generator=generator)
            parameter.data.copy_(torch.round(values * 2) / 8 if exact else values / 4)  # in place: some are tied
    model.save_pretrained(folder)
    return folder


def logits(model: torch.nn.Module) -> torch.Tensor:
    with torch.no_grad():
        return model(torch.arange(3, 23)[None]).logits.float()


def tensors(folder: Path) -> dict[str, torch.Tensor]:
    return dict(loaded(folder).state_dict())
