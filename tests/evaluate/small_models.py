"""A model with random weights and a tokenizer of bytes, made in a moment, and likelihoods by the plainest loop there is."""

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

WINDOW = 96


def byte_model(folder: Path, *, window: int = WINDOW, rows: int = 260) -> Path:
    """Ids 0 and 1 are BOS and EOS, every other one is a byte, but for " A", which is one id."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {name: number for number, name in enumerate(["<s>", "</s>", *letters, "ĠA"])}
    tokenizer = Tokenizer(models.BPE(vocabulary, [("Ġ", "A")]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<s>", "</s>"])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    torch.manual_seed(11)
    config = LlamaConfig(
        vocab_size=rows, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, bos_token_id=0,
        eos_token_id=1, max_position_embeddings=window, initializer_range=0.3,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text('{"bos_token": "<s>", "eos_token": "</s>"}')
    return folder


def plain_likelihood(folder: Path, ids: list[int], num_scored: int) -> float:
    """One sequence at a time, all logits, no batch."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype="auto").eval()
    with torch.no_grad():
        logs = torch.log_softmax(model(torch.tensor([ids])).logits[0].double(), -1)
    return sum(float(logs[place - 1, ids[place]]) for place in range(len(ids) - num_scored, len(ids)))


def plain_likeliest(folder: Path, ids: list[int]) -> list[int]:
    """The likeliest id behind each."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype="auto").eval()
    with torch.no_grad():
        return model(torch.tensor([ids])).logits[0].argmax(-1).tolist()


def plain_ids(folder: Path, text: str) -> list[int]:
    return Tokenizer.from_file(str(folder / "tokenizer.json")).encode(text, add_special_tokens=False).ids
