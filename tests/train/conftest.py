"""One packed build for all tests that only read it."""

from pathlib import Path

import pytest
from packed_builds import build_packed


@pytest.fixture(scope="session")
def packed_build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_packed(tmp_path_factory.mktemp("packed"))
