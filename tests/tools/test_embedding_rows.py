import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "vocab"))
from measure.embeddings import Effort, Texts, Trial, before_training
from measure.tiny_models import Size
from vocab_samples import geology


@pytest.mark.slow
def test_rows_of_constituents_are_far_better_than_others_before_any_training(tmp_path):
    lines = [line for document in geology(2500) for line in document.split("\n") if len(line) > 20]
    texts = {lang: Texts.split([line for line in lines if (line[0] > "z") == (lang == "zh")], seed=1) for lang in ("en", "zh")}
    effort = Effort(Size(64, 2, 64, 8), base_ids=420, new_ids=100, steps=150, passages=100, passage_chars=18)
    trial = Trial(texts, tmp_path, effort, seed=1)
    bits = {name: zh for name, zh, _ in before_training(trial)}
    random_rows, mean, constituents = list(bits.values())[1:4]
    assert bits["base"] < constituents < 0.75 * min(random_rows, mean)
