"""The bytes over which bits are told: of fine-tuning rows only those of the answers."""

from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from corpusforge.train.data import NO_LOSS, Batch
from corpusforge.train.held_out import labelled_bytes

TOKENIZER = Path(__file__).parents[2] / "recipes/samples/tokenizer"


def test_only_what_bears_loss_counts_and_special_tokens_spell_nothing() -> None:
    reader = Tokenizer.from_file(str(TOKENIZER / "tokenizer.json"))
    end = reader.token_to_id("</s>")
    row, labels, spelled = [], [], 0
    for prompt, answer in (("What is basalt?", "A dark lava."), ("什么是玄武岩？", "一种深色的火山岩。")):
        asked, told = (reader.encode(text, add_special_tokens=False).ids for text in (prompt, answer))
        row += [*asked, *told, end]
        labels += [NO_LOSS] * len(asked) + [*told, end]
        spelled += len(answer.encode())
    rows = np.array([row], np.int32)
    batch = Batch(rows, np.array([labels], np.int32), np.arange(len(row), dtype=np.int32)[None], np.zeros_like(rows))
    assert labelled_bytes(TOKENIZER, batch) == spelled
    nothing = Batch(rows, np.full_like(rows, NO_LOSS), batch.positions, batch.segments)
    assert labelled_bytes(TOKENIZER, nothing) == 0
