"""What rows for new ids are worth: a small model trained here, an extended vocabulary, bits per byte before and after training.

`tools/bench --steps embeddings`: a base vocabulary of mostly English, as Llama's is, a Llama of a million weights trained with
it on English and Chinese, `vocab.extend` on both, `vocab init-embeddings` beside what transformers does, and then the same
training on Chinese for base and extended model. All on one core, all from one seed.
"""

import random
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import torch
import xxhash
from measure.texts import GENERAL, SCIENCE
from measure.tiny_models import Size, bits_per_byte, fresh_model, passages, stream, tokenizer_of, train
from transformers import AutoModelForCausalLM

from corpusforge.core import Barrier
from corpusforge.vocab.embedded_model import write_model
from corpusforge.vocab.embeddings import RowSettings, plan_embeddings
from corpusforge.vocab.extend import Extend
from corpusforge.vocab.train import Train

if TYPE_CHECKING:
    from transformers import PreTrainedModel

# Laws are near-duplicates of each other, and examination items hardly running text.
_LEFT_OUT = ("laws", "geobench")
_HELD_OUT_SHARE = 8


@dataclass(frozen=True)
class Texts:
    """Documents of a language: to learn from, and held out."""

    learned: Sequence[str]
    held_out: Sequence[str]

    @classmethod
    def split(cls, texts: Iterable[str], seed: int) -> "Texts":
        """Whole documents, always the same."""
        order = sorted(texts)
        random.Random(seed).shuffle(order)
        size = max(1, len(order) // _HELD_OUT_SHARE)
        return cls(order[size:], order[:size])


@dataclass(frozen=True)
class Effort:
    """How large and how long; the rates are those of AdamW."""

    size: Size = field(default_factory=Size)
    base_ids: int = 2000
    new_ids: int = 2000
    steps: int = 3000
    rate: float = 2e-3
    further_steps: int = 300
    further_rate: float = 1e-3
    passages: int = 300
    passage_chars: int = 160


# By name: settings of init-embeddings, or what transformers does by itself, with mean_resizing or without.
_TRANSFORMERS: Mapping[str, RowSettings | bool] = {
    "random rows (transformers, `mean_resizing=False`)": False,
    "mean of all rows (transformers' default)": True,
}
_TIED: Mapping[str, RowSettings | bool] = {
    **_TRANSFORMERS,
    "mean of constituents": RowSettings(),
    "their norms matched": RowSettings(norm="median"),
    "weighted": RowSettings(method="weighted"),
}
_UNTIED: Mapping[str, RowSettings | bool] = {
    **_TRANSFORMERS,
    "mean of constituents": RowSettings(),
    "no norms matched": RowSettings(norm="none"),
    "output norms matched, too": RowSettings(output_norm="median"),
    "weighted": RowSettings(method="weighted"),
    "output from the first constituent": RowSettings(output_method="first"),
    "input weighted, output from the first": RowSettings(method="weighted", output_method="first"),
}


@dataclass(frozen=True)
class Trial:
    """A base model with its vocabulary and an extended one, made in `folder` when they are asked for."""

    texts: Mapping[str, Texts]
    folder: Path
    effort: Effort
    seed: int
    is_tied: bool = False

    @cached_property
    def base_tokenizer(self) -> Path:
        """Of three times as much English as Chinese, so that rare Han characters are spelled in bytes."""
        some = [*self.texts["en"].learned[:300], *self.texts["zh"].learned[:100]]
        return _made(Train(vocab_size=self.effort.base_ids, character_coverage=0.98), some, self.folder / "base")

    @cached_property
    def tokenizer(self) -> Path:
        """Extended on both languages."""
        some = [text for texts in self.texts.values() for text in texts.learned]
        return _made(Extend(base=self.base_tokenizer, num_pieces=self.effort.new_ids), some, self.folder / "extended")

    @cached_property
    def base_model(self) -> Path:
        """Trained on both languages."""
        mixed = [text for texts in self.texts.values() for text in texts.learned]
        random.Random(self.seed).shuffle(mixed)
        model = fresh_model(self.effort.base_ids, self.effort.size, self.seed, is_tied=self.is_tied)
        ids = stream(tokenizer_of(self.base_tokenizer), mixed)
        train(model, ids, self.effort.size, steps=self.effort.steps, rate=self.effort.rate, seed=self.seed)
        target = self.folder / f"model-{'tied' if self.is_tied else 'untied'}"
        model.save_pretrained(target)
        for path in self.base_tokenizer.iterdir():
            shutil.copy(path, target)
        return target

    def extended_model(self, way: RowSettings | bool) -> "PreTrainedModel":
        """The base model with rows for the extended vocabulary, made in one of the ways above."""
        if isinstance(way, bool):
            model = AutoModelForCausalLM.from_pretrained(self.base_model)
            torch.manual_seed(self.seed)
            model.resize_token_embeddings(self.effort.base_ids + self.effort.new_ids, mean_resizing=way)
            return model
        out = self.folder / "with-rows"
        shutil.rmtree(out, ignore_errors=True)
        write_model(plan_embeddings(self.base_model, self.tokenizer, way), out)
        return AutoModelForCausalLM.from_pretrained(out)

    def asked(self, lang: str) -> list[str]:
        """Passages of a language that nothing was learned from."""
        held_out = self.texts[lang].held_out
        return passages(held_out, num_chars=self.effort.passage_chars, count=self.effort.passages, seed=self.seed)

    def bits(self, model: "PreTrainedModel", tokenizer: Path, lang: str) -> float:
        """Bits per byte of those passages."""
        return bits_per_byte(model, tokenizer_of(tokenizer), self.asked(lang))

    def trained(self, model: "PreTrainedModel", tokenizer: Path, steps: int) -> float:
        """Train on Chinese, in place; CPU seconds that it took."""
        ids = stream(tokenizer_of(tokenizer), self.texts["zh"].learned)
        begin = time.process_time()
        train(model, ids, self.effort.size, steps=steps, rate=self.effort.further_rate, seed=self.seed)
        return time.process_time() - begin


def embeddings_tables(data: Path, seed: int, scratch: Path) -> str:
    """Two tables in Markdown, for a model with two matrices and for one with tied ones."""
    texts = collections(data, seed)
    lines = []
    for is_tied in (False, True):
        trial = Trial(texts, scratch, Effort(), seed, is_tied)
        lines += ["", f"**{'Tied matrices' if is_tied else 'Two matrices'}**", "", *_before(trial), "", *_after(trial)]
    return "\n".join(lines) + "\n"


def collections(data: Path, seed: int) -> dict[str, Texts]:
    """Documents of the open collections by language."""
    found: dict[str, list[str]] = {"en": [], "zh": []}
    for name, reader in {**SCIENCE, **GENERAL}.items():
        for document in reader(name, data) if name not in _LEFT_OUT else []:
            found[document.lang].append(document.text)
    return {lang: Texts.split(texts, seed) for lang, texts in found.items()}


def before_training(trial: Trial) -> Iterator[tuple[str, float, float]]:
    """(name, bits per byte of Chinese, of English) of the base model, and of the extended one with rows of each way."""
    base = AutoModelForCausalLM.from_pretrained(trial.base_model)
    yield "base", trial.bits(base, trial.base_tokenizer, "zh"), trial.bits(base, trial.base_tokenizer, "en")
    for name, way in (_TIED if trial.is_tied else _UNTIED).items():
        model = trial.extended_model(way)
        yield name, trial.bits(model, trial.tokenizer, "zh"), trial.bits(model, trial.tokenizer, "en")


def after_training(trial: Trial) -> Iterator[tuple[str, int, float, float]]:
    """(name, steps, CPU seconds, bits per byte of Chinese) after training on Chinese."""
    steps = trial.effort.further_steps
    base = AutoModelForCausalLM.from_pretrained(trial.base_model)
    seconds = trial.trained(base, trial.base_tokenizer, steps)
    yield "base vocabulary", steps, seconds, trial.bits(base, trial.base_tokenizer, "zh")
    for name, share in (("extended, equal tokens", 1.0), ("extended, equal bytes", 1 / _bytes_ratio(trial))):
        model = trial.extended_model(RowSettings())
        some = round(steps * share)
        seconds = trial.trained(model, trial.tokenizer, some)
        yield name, some, seconds, trial.bits(model, trial.tokenizer, "zh")
    for name, way in _TRANSFORMERS.items():
        model = trial.extended_model(way)
        seconds = trial.trained(model, trial.tokenizer, steps)
        yield f"extended, equal tokens, {name}", steps, seconds, trial.bits(model, trial.tokenizer, "zh")


def _bytes_ratio(trial: Trial) -> float:
    """How many bytes of Chinese a token of the extended vocabulary has for one of the base's."""
    some = trial.texts["zh"].learned
    base, extended = (len(stream(tokenizer_of(each), some)) for each in (trial.base_tokenizer, trial.tokenizer))
    return base / extended


def _before(trial: Trial) -> Iterator[str]:
    yield "| rows for new ids, before any training | zh, bits/byte | en |"
    yield "|---|--:|--:|"
    for name, zh, en in before_training(trial):
        yield f"| {name} | {zh:.3f} | {en:.3f} |"


def _after(trial: Trial) -> Iterator[str]:
    tokens = trial.effort.size.batch * trial.effort.size.window
    yield f"| after training on Chinese, {tokens:,} tokens a step | steps | CPU, s | zh, bits/byte |"
    yield "|---|--:|--:|--:|"
    for name, steps, seconds, bits in after_training(trial):
        yield f"| {name} | {steps} | {seconds:.0f} | {bits:.3f} |"


def _made(stage: Barrier, texts: Sequence[str], folder: Path) -> Path:
    """The tokenizer that a stage makes of these documents."""
    ids = [xxhash.xxh3_128_digest(f"{place} {text}".encode()) for place, text in enumerate(texts)]
    columns = {"id": pa.array(ids, pa.binary(16)), "text": pa.array(texts, pa.large_string())}
    batch = pa.RecordBatch.from_pydict({**columns, "source": pa.array([""] * len(texts))})
    records = pa.Table.from_batches([stage.map(batch)]).sort_by("key")
    stage.finish(iter([stage.reduce(records)]), folder)
    return folder / "tokenizer"
