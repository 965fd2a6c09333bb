"""What replay keeps of general text: a small model learns general text, then geoscience with and without replay.

The recipe beside it, by the commands that a user has: for each seed a build, a Llama of a million random weights for it,
and three stages of training, of which the latter two read equally many tokens from the same weights. A seed decides the weights
and the order of rows. Bits per byte on the held-out slices, English and Chinese averaged, are what the stages tell themselves.

    PYTHONPATH=tools python -m measure.replay [--data FOLDER] [--seeds 1,2] [--jobs 2] [--work FOLDER] [--set A.B=VALUE]
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from measure.tiny_models import Size, fresh_model, tokenizer_of
from measure.verdicts import ROOT, SHARED

from corpusforge.train.metrics import METRICS, read_metrics

RECIPE = Path(__file__).with_suffix(".yaml")
STAGES = {"general": "general text", "plain": "then geoscience", "replay": "then geoscience with replay"}
SIZE = Size(hidden=128, layers=3, window=256)


@dataclass(frozen=True)
class Score:
    """Bits per byte of held-out text, each the mean of both languages."""

    geo: float
    general: float


def main() -> None:
    """Build and train for each seed, and print the table."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="corpusforge-replay-") as scratch, ThreadPoolExecutor(options.jobs) as pool:
        folder = options.work or Path(scratch)
        found = list(pool.map(lambda seed: scores(seed, folder / f"seed-{seed}", options.data, options.set), options.seeds))
    print("\n".join(table(dict(zip(options.seeds, found, strict=True)))))
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"\n{(used.ru_utime + used.ru_stime) / 60:.0f} minutes of CPU time.")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="measure.replay", description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=SHARED, help="folder of geo_en, geo_zh, en and zh")
    parser.add_argument("--seeds", type=lambda text: [int(seed) for seed in text.split(",")], default=[1, 2])
    parser.add_argument("--jobs", type=int, default=2, help="seeds at a time, each on one core")
    parser.add_argument("--work", type=Path, help="keep builds and trainings there, and go on with what is there")
    parser.add_argument("--set", action="append", default=[], metavar="A.B=VALUE", help="change the recipe")
    return parser.parse_args()


def scores(seed: int, folder: Path, data: Path, changes: Sequence[str]) -> dict[str, Score]:
    """By stage, what the model of a seed has at its end."""
    build, model, out = folder / "build", folder / "model", folder / "train"
    settings = [
        f"variables.data={data}", f"seed={seed}", f"train.build={build}", f"train.model={model}", f"train.out={out}", *changes,
    ]  # fmt: skip
    flags = [part for setting in settings for part in ("--set", setting)]
    _run("build", str(RECIPE), "--out", str(build), "--workers", "1", *flags)
    if not model.is_dir():
        num_rows = tokenizer_of(build / "tokenizer").get_vocab_size()
        fresh_model(num_rows, SIZE, seed, is_tied=True).save_pretrained(model)
    _run("train", "run", str(RECIPE), "--processes", "1", *flags)
    return {stage: _score(out / stage / METRICS) for stage in STAGES}


def _run(*arguments: str) -> None:
    """A command of corpusforge on one thread; what it tells goes to stderr."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-m", "corpusforge", *arguments], env=environment, stdout=sys.stderr, check=True)


def _score(path: Path) -> Score:
    """The last look at the held-out slices."""
    bits = [line["bits_per_byte"] for line in read_metrics(path) if "bits_per_byte" in line][-1]
    return Score(*(mean(bits[f"{kind}-{lang}"] for lang in ("en", "zh")) for kind in ("geo", "general")))


def table(found: dict[int, dict[str, Score]]) -> Iterator[str]:
    """Lines of Markdown: each seed's scores, what geoscience changed of them, and how much of the rise replay takes back."""
    yield "| seed | learned | geoscience | change | general text | rise | of it taken back |"
    yield "|--:|---|--:|--:|--:|--:|--:|"
    for seed, by_stage in found.items():
        before, rise = by_stage["general"], by_stage["plain"].general - by_stage["general"].general
        yield f"| {seed} | {STAGES['general']} | {before.geo:.3f} | | {before.general:.3f} | | |"
        for stage in ("plain", "replay"):
            after = by_stage[stage]
            taken = f" {100 * (1 - (after.general - before.general) / rise):.0f} %" if stage == "replay" else ""
            yield (
                f"| {seed} | {STAGES[stage]} | {after.geo:.3f} | {after.geo - before.geo:+.3f} | {after.general:.3f} | "
                f"{after.general - before.general:+.3f} |{taken} |"
            )


if __name__ == "__main__":
    main()
