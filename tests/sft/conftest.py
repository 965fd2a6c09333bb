"""Renderers for templates and tokenizers, made once."""

from collections.abc import Callable
from pathlib import Path

import pytest
from chat_tokenizers import LLAMA, SAMPLE, Reading, byte_level, llama

from corpusforge.sft.render import Render

Made = tuple[Render, dict[str, Path], Reading]


@pytest.fixture(scope="session")
def rendering(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Made]:
    """(tokenizer, template, settings) -> the stage, its artefacts, and a reader of its ids."""
    made: dict[str, Made] = {}

    def make(tokenizer: str, template: str, **settings: object) -> Made:
        key = f"{tokenizer} {template} {settings}"
        if key not in made:
            folder = tmp_path_factory.mktemp("render")
            stage = Render(
                tokenizer=_folder(tokenizer, folder / "given"), template=template, **{"max_tokens": 4096, **settings}
            )
            stage.prepare({}, folder)
            made[key] = (stage, {"tokenizer": folder / "tokenizer"}, Reading(folder / "tokenizer"))
        return made[key]

    return make


def _folder(name: str, folder: Path) -> Path:
    if name == "sample":
        return SAMPLE
    if name == "llama":
        if not LLAMA.exists():
            pytest.skip(f"no vocabulary at {LLAMA}")
        return llama(folder)
    return byte_level(folder, eos=name)
