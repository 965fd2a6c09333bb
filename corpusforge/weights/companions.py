"""What goes along with weights that are written anew: configuration, tokenizer, chat template, licence.

Named one by one: a folder of a model may hold anything else, such as pickled optimizers or a record whose digests are no longer
true. What stays behind is told.
"""

from fnmatch import fnmatch
from pathlib import Path

TOKENIZER = (
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "chat_template.jinja",
    "chat_template.json", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "vocab.json", "vocab.txt", "merges.txt",
    "*.tiktoken", "training.json", "extension.json",
)  # fmt: skip
_OF_WEIGHTS = ("LICENSE*", "LICENCE*", "NOTICE*", "USE_POLICY*", "*processor_config.json")

# Any of these makes a folder one that has a tokenizer.
_VOCABULARIES = ("tokenizer.json", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "vocab.json", "vocab.txt")


def companions(folder: Path) -> dict[str, Path]:
    """Files by name that go along, without config.json, which belongs to the tensors."""
    return _matching(folder, (*TOKENIZER, *_OF_WEIGHTS, "generation_config.json"))


def of_weights(folder: Path) -> dict[str, Path]:
    """Those of them that go along whatever the tokenizer is, by name."""
    return _matching(folder, _OF_WEIGHTS)


def tokenizer_files(folder: Path) -> dict[str, Path]:
    """Files of a tokenizer by name; none where there is no vocabulary."""
    found = _matching(folder, TOKENIZER)
    return found if found.keys() & set(_VOCABULARIES) else {}


def is_of_tokenizer(name: str) -> bool:
    """Whether a file belongs to the tokenizer."""
    return any(fnmatch(name, pattern) for pattern in TOKENIZER)


def _matching(folder: Path, patterns: tuple[str, ...]) -> dict[str, Path]:
    return {
        path.name: path
        for path in sorted(folder.iterdir())
        if path.is_file() and any(fnmatch(path.name, pattern) for pattern in patterns)
    }
