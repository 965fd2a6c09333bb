"""CorpusForge: from raw sources to verified training shards, from one recipe.

build, plan, verify, trace and why do what the commands do; see corpusforge.api. They are loaded when they are asked for
(by name here, so that nothing below depends on what lies above), and __init__.pyi tells type checkers what they are.
"""

from importlib import import_module

__version__ = "0.1.0"

__all__ = ["Trial", "__version__", "build", "plan", "trace", "verify", "why"]


def __getattr__(name: str) -> object:
    if name in __all__:
        return getattr(import_module("corpusforge.api"), name)
    raise AttributeError(f"module 'corpusforge' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
