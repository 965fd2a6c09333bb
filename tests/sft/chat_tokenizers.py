"""Tokenizers to render with, and what their tokens spell, found without their decoders."""

import re
from collections.abc import Sequence
from pathlib import Path

import orjson
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from corpusforge.tokens import TokenFacts
from corpusforge.vocab.convert import tokenizer_config, tokenizer_json
from corpusforge.vocab.proto import SentencePieceModel

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "recipes/samples/tokenizer"
LLAMA = ROOT / "../shared/data/tokenizers/llama/tokenizer.model"

SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<s>", "</s>")


def byte_level(folder: Path, *, eos: str, template: str = "") -> Path:
    """A byte-level BPE like GPT-2's, with ChatML's and Llama's special tokens."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=list(SPECIAL), initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(["granite holds quartz and cools slowly " * 20, "花岗岩含有石英 " * 20], trainer)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    names = {"eos_token": eos, "bos_token": "<s>", "tokenizer_class": "PreTrainedTokenizerFast"}
    content = {**names, "clean_up_tokenization_spaces": False, **({"chat_template": template} if template else {})}
    (folder / "tokenizer_config.json").write_bytes(orjson.dumps(content))
    return folder


def llama(folder: Path) -> Path:
    """Llama's own vocabulary, from the model file that lies beside a checkout."""
    model = SentencePieceModel.parse(LLAMA.read_bytes(), origin=str(LLAMA))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.json").write_bytes(tokenizer_json(model, origin=str(LLAMA)))
    (folder / "tokenizer_config.json").write_bytes(tokenizer_config(model))
    return folder


class Reading:
    """A tokenizer folder as a reader of ids sees it."""

    def __init__(self, folder: Path) -> None:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.eod = TokenFacts.read(folder).eod_id
        self.special = {number: token.content for number, token in tokenizer.get_added_tokens_decoder().items()}
        self._names = {number: name for name, number in tokenizer.get_vocab().items()}
        self._bytes = None
        if "ByteLevel" in (folder / "tokenizer.json").read_text("utf-8"):
            printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
            others = [byte for byte in range(256) if byte not in printable]
            self._bytes = {chr(byte): byte for byte in printable} | {chr(256 + n): byte for n, byte in enumerate(others)}

    def spelled(self, ids: Sequence[int]) -> str:
        """What the tokens say, special ones by their names; U+2581 is a space to SentencePiece."""
        return b"".join(self._spelled(number) for number in ids).decode()

    def _spelled(self, number: int) -> bytes:
        name = self._names[number]
        if number in self.special:
            return name.encode()
        if self._bytes is not None:
            return bytes(self._bytes[character] for character in name)
        byte = re.fullmatch("<0x(..)>", name)
        return bytes([int(byte[1], 16)]) if byte else name.replace("\u2581", " ").encode()

    def answers(self, ids: Sequence[int], loss: Sequence[bool]) -> list[tuple[str, str]]:
        """(words, token behind them) of each run of tokens that bear loss; `loss` also tells of the EOD behind the ids."""
        runs, whole = list[list[int]](), [*ids, self.eod]
        for place, (number, bears) in enumerate(zip(whole, loss, strict=True)):
            if bears and not (place and loss[place - 1]):
                runs.append([])
            if bears:
                runs[-1].append(number)
        return [(self.spelled(run[:-1]), self._names[run[-1]]) for run in runs]
