"""In which charsets the kept documents came, and what bad bytes in them cost: what extract stages noted in `meta`."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from corpusforge.report.rows import PartRows

# Names that extract stages give in meta; nothing is noted of a document in UTF-8 without a bad byte.
_NOTED = '"(charset|replaced_chars)":'


@dataclass
class Charsets:
    """State: documents, those of them with bad bytes, and characters lost to these, by charset."""

    num_documents: Counter[str] = field(default_factory=Counter)
    num_damaged: Counter[str] = field(default_factory=Counter)
    num_replaced: Counter[str] = field(default_factory=Counter)

    def add(self, rows: PartRows) -> None:
        """Look at a part: only the few documents of which something is noted are parsed."""
        end = len(rows.steps)
        metas = rows.column("meta", end)
        assert metas is not None, "reading gives it"
        kept = metas.take(pa.array(np.flatnonzero(rows.reached(end))))
        for meta in kept.filter(pc.match_substring_regex(pc.fill_null(kept, ""), _NOTED)).to_pylist():
            noted = orjson.loads(meta)
            charset, num_replaced = noted.get("charset", "utf-8"), noted.get("replaced_chars", 0)
            if isinstance(charset, str) and isinstance(num_replaced, int):  # a source's own field may have the same name
                self.num_documents[charset] += 1
                self.num_damaged[charset] += num_replaced > 0
                self.num_replaced[charset] += num_replaced
