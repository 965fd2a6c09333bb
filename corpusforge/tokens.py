"""Token columns, and the facts about a tokenizer that everything after encoding needs.

A tokenizer artefact is a folder ready for `from_pretrained`; beside tokenizer.json lies corpusforge.json with these facts, so
that splitting and writing never load a tokenizer library.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import orjson
import pyarrow as pa

# Token ids of a document as the reference tokenizer gives them, without BOS or EOD.
IDS_FIELD = pa.field("ids", pa.large_list(pa.field("item", pa.int32(), nullable=False)), nullable=False)

# Bytes of UTF-8 text that each token covers: they sum to the text's length. A character that is spelled by several tokens
# is spread over them so that no boundary between those tokens falls on a character boundary of the text.
WIDTHS_FIELD = pa.field("widths", pa.large_list(pa.field("item", pa.uint16(), nullable=False)), nullable=False)

# Pieces of a document, in order and without gaps: token positions and UTF-8 byte positions, begin <= x < end.
PIECE = pa.struct(
    [pa.field(name, pa.int32(), nullable=False) for name in ("token_begin", "token_end", "text_begin", "text_end")]
)
PIECES_FIELD = pa.field("pieces", pa.large_list(pa.field("item", PIECE, nullable=False)), nullable=False)

# Whether loss falls on each token of a document and, last, on the EOD behind it: one more than it has ids. Such a document is
# one piece, and no BOS is put before it.
LOSS_FIELD = pa.field("loss", pa.large_list(pa.field("item", pa.bool_(), nullable=False)), nullable=False)

TokenDtype = Literal["uint16", "int32"]


def token_dtype(vocab_size: int) -> TokenDtype:
    """Dtype in which Megatron stores ids of a vocabulary: uint16 below 65,500 ids, else int32 (its DType.optimal_dtype)."""
    return "uint16" if vocab_size < 65_500 else "int32"


@dataclass(frozen=True)
class TokenFacts:
    """What splitting, writing and verification need to know of a tokenizer.

    `eod_id` ends every sequence; `bos_id` starts it where the recipe asks for one, else None; `vocab_size` is
    len(tokenizer), special tokens included; `digest` is the sha256 of tokenizer.json.
    """

    eod_id: int
    bos_id: int | None
    vocab_size: int
    digest: str

    @property
    def dtype(self) -> TokenDtype:
        """Dtype of the shards."""
        return token_dtype(self.vocab_size)

    @property
    def num_marks(self) -> int:
        """Tokens that a sequence has beside its text: EOD, and BOS where asked for."""
        return 1 if self.bos_id is None else 2

    def write(self, folder: Path) -> None:
        """Write corpusforge.json into a tokenizer folder."""
        (folder / "corpusforge.json").write_bytes(orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2) + b"\n")

    @classmethod
    def read(cls, folder: Path) -> "TokenFacts":
        """Read them back from a tokenizer artefact."""
        return cls(**orjson.loads((folder / "corpusforge.json").read_bytes()))
