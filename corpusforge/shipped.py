"""Folders that are shipped beside the code: pipelines, recipes and schemas.

In a checkout (and an editable install) they lie at the top of the repository, in a wheel inside the package.
"""

from pathlib import Path
from typing import Literal


def shipped_folder(name: Literal["pipelines", "recipes", "schemas"]) -> Path:
    """The folder `name` of this installation."""
    package = Path(__file__).resolve().parent
    in_wheel = package / "_shared" / name
    return in_wheel if in_wheel.is_dir() else package.parent / name
