"""Trainings on made rows, in one of several processes that a test starts: `made_driver.py RECIPE[@STAGE] ...`.

One group of processes for many trainings: importing torch and DeepSpeed takes longer than training a tiny model.
"""

import os
import sys
from pathlib import Path

import made_rows

from corpusforge.train import data

data.Samples = made_rows.MadeRows  # type: ignore[assignment,misc]

from corpusforge.errors import CorpusForgeError  # noqa: E402
from corpusforge.recipe import load_training  # noqa: E402
from corpusforge.report.training import write_training_report  # noqa: E402
from corpusforge.train import engine  # noqa: E402
from corpusforge.train.run import Hooks, train_stages  # noqa: E402


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main(recipes: list[str]) -> None:
    device = engine.start()
    for each in recipes:
        name, _, stage = each.partition("@")
        hooks = Hooks(say, write_training_report)
        try:
            train_stages(load_training(Path(name)), stage or None, device, hooks)
        except CorpusForgeError as error:
            say(f"error {error.exit_code}: {error}")
            os._exit(error.exit_code)
    engine.stop()


main(sys.argv[1:])
