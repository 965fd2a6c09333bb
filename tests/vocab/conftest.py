"""The tokenizer trained on generated documents, and real text where there is some."""

from pathlib import Path

import pytest
from vocab_samples import geology, trained

from corpusforge.vocab.proto import SentencePieceModel
from corpusforge.vocab.train import Train


@pytest.fixture(scope="session")
def tokenizer_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    stage = Train(vocab_size=700, special_tokens=("<|im_start|>", "<|im_end|>"))
    return trained(stage, geology(400), tmp_path_factory.mktemp("trained"))


@pytest.fixture(scope="session")
def model(tokenizer_folder: Path) -> SentencePieceModel:
    return SentencePieceModel.parse((tokenizer_folder / "tokenizer.model").read_bytes(), origin="tokenizer.model")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real collections beside the checkout; tests that want them skip where they are not."""
    folder = Path(__file__).parents[2] / "../shared/data"
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}")
    return folder


@pytest.fixture(scope="session")
def real_texts(shared_data: Path) -> list[str]:
    """About 600 kB of real Markdown, English and Chinese."""
    folders = [shared_data / name for name in ("geo_en", "geo_zh")]
    taken: list[str] = []
    for folder in folders:
        paths = sorted(path for path in folder.rglob("*") if path.suffix in (".md", ".rst"))
        texts = [path.read_text("utf-8", errors="replace") for path in paths[:60]]
        taken += [text[:5000] for text in texts if text]
    return taken
