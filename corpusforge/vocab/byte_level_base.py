"""A byte-level BPE tokenizer as a base: GPT-2, Qwen, Llama 3, DeepSeek.

Its pre-tokenizer cuts text into words that no token crosses, so words are counted once per document and only distinct ones are
segmented. A character may be spelled by several tokens; a new token may then end inside one, where a longer one is made of it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from corpusforge.errors import InputError
from corpusforge.text.joins import Words
from corpusforge.vocab.convert import special_token
from corpusforge.vocab.encode import Encoder
from corpusforge.vocab.folder import TokenizerFiles
from corpusforge.vocab.growth import MAX_WORD_SYMBOLS, Counted, Row, Sample, count_characters, num_bytes, num_chars
from corpusforge.vocab.shell import check_added_tokens, kept_configuration, kept_files, padding_names, read_configuration
from corpusforge.vocab.tiktoken import byte_spelling

# Longest piece in bytes: 21 Han characters.
_MAX_BYTES = 64


@dataclass(frozen=True)
class ByteLevelBase:
    """The tokenizer.json in `content`; `folder` has the files around it, `origin` names it in messages."""

    origin: str
    content: bytes
    configuration: dict[str, Any]
    kept: dict[str, bytes]

    @classmethod
    def read(cls, path: Path) -> "ByteLevelBase":
        """Read a tokenizer.json; raises InputError where it is not byte-level BPE."""
        return cls.of(path.read_bytes(), str(path), read_configuration(path.parent), kept_files(path.parent))

    @classmethod
    def of(cls, content: bytes, origin: str, configuration: dict[str, Any], kept: dict[str, bytes]) -> "ByteLevelBase":
        """Check the content of a tokenizer.json."""
        base = cls(origin, content, configuration, kept)
        model = base.described["model"]
        if model["type"] != "BPE" or '"ByteLevel"' not in orjson.dumps(base.described["pre_tokenizer"]).decode():
            raise InputError(
                f"{origin}: a {model['type']} model that is not byte-level BPE; give a base with byte-level BPE, or with a "
                "SentencePiece tokenizer.model"
            )
        if model.get("continuing_subword_prefix") or model.get("end_of_word_suffix"):
            raise InputError(f"{origin}: marks parts of words in a way of its own; give another base")
        added = base.described["added_tokens"]
        check_added_tokens(added, origin)
        largest = max([*model["vocab"].values(), *(token["id"] for token in added)], default=0)
        if largest >= 2**31 - 2**20:
            raise InputError(f"{origin}: ids up to {largest} leave no room below 2**31; give another base")
        return base

    @cached_property
    def described(self) -> dict[str, Any]:
        """tokenizer.json."""
        try:
            found = orjson.loads(self.content)
        except orjson.JSONDecodeError as error:
            raise InputError(f"{self.origin}: not JSON ({error}); get the file again") from error
        if not isinstance(found, dict) or not isinstance(found.get("model"), dict) or "vocab" not in found["model"]:
            raise InputError(f"{self.origin}: not a tokenizer.json with a vocabulary; get the file again")
        return found

    @cached_property
    def encoder(self) -> Encoder:
        """The base itself, as fast as it can be."""
        return Encoder.load(TokenizerFiles(Path(self.origin), {"tokenizer.json": self.content}))

    @cached_property
    def symbols(self) -> Sequence[str]:
        """Spelling of each id, "" where there is none."""
        ids = self.encoder.reference.get_vocab(with_added_tokens=True)
        texts = [""] * (max(ids.values()) + 1)
        for text, number in ids.items():
            texts[number] = text
        return texts

    @property
    def max_length(self) -> int:
        """Longest new piece, in bytes."""
        return _MAX_BYTES

    @property
    def is_coarser(self) -> bool:
        """Whether boundaries of the extended tokenizer are the base's in any text."""
        return True

    def text_of(self, row: Row) -> str:
        """Text that a new piece stands for, with U+FFFD where it begins or ends inside a character."""
        back = {character: byte for byte, character in byte_spelling().items()}
        return bytes(back[character] for character in row.text).decode(errors="replace")

    def counted(self, sample: Sample) -> Counted:
        """The words of a sample, each once per document."""
        tokens: list[int] = []
        sizes: list[int] = []
        times: list[int] = []
        documents: list[int] = []
        known: dict[str, list[int]] = {}
        num_tokens = document = 0
        for array in sample.texts:
            for text in array:
                for word, count in self._words(text.as_py()).items():
                    if word not in known:
                        known[word] = [token.id for token in self.encoder.reference.model.tokenize(word)]
                    ids = known[word]
                    num_tokens += count * len(ids)
                    for begin in range(0, len(ids) if len(ids) > 1 else 0, MAX_WORD_SYMBOLS):
                        part = ids[begin : begin + MAX_WORD_SYMBOLS]
                        tokens += part
                        sizes.append(len(part))
                        times.append(count)
                        documents.append(document)
                document += 1
        offsets = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])
        words = Words(np.array(tokens, np.int32), offsets, np.array(times, np.int64), np.array(documents, np.int64))
        none = np.zeros(0, np.int64)
        return Counted(
            words,
            count_characters(none, none),
            sample.weights,
            num_tokens,
            num_chars(sample.texts),
            num_bytes(sample.texts),
            document,
        )

    def files(self, rows: Sequence[Row], num_padding: int) -> dict[str, bytes]:
        """tokenizer.json and its configuration, with what lay beside it."""
        described = self.described
        added = list(described["added_tokens"])
        end = len(self.symbols) + len(rows)
        for number, name in enumerate(padding_names(num_padding, set(self.symbols)), start=end):
            added.append(special_token(number, name))
        # An added token outside the model's vocabulary would be numbered anew, behind the new pieces.
        ids = {**described["model"]["vocab"], **{token["content"]: token["id"] for token in added}}
        ids |= {row.text: number for number, row in enumerate(rows, start=len(self.symbols))}
        merges = list(described["model"]["merges"])
        is_joined_text = bool(merges) and isinstance(merges[0], str)
        merges += [" ".join(row.parts) if is_joined_text else list(row.parts) for row in rows if row.parts]
        model = {**described["model"], "vocab": ids, "merges": merges}
        content = orjson.dumps({**described, "added_tokens": added, "model": model}) + b"\n"
        own = {"clean_up_tokenization_spaces": False}
        configuration = {"tokenizer_config.json": kept_configuration(self.configuration, own)} if self.configuration else {}
        return {**self.kept, "tokenizer.json": content, **configuration}

    def _words(self, text: str) -> Counter[str]:
        normalizer, pre_tokenizer = self.encoder.reference.normalizer, self.encoder.reference.pre_tokenizer
        assert pre_tokenizer is not None
        normal = text if normalizer is None else normalizer.normalize_str(text)
        return Counter(word for word, _ in pre_tokenizer.pre_tokenize_str(normal))
