"""Citations in the text of a paper: as they are printed, or replaced by the title of what is cited."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from corpusforge.extract.article_text import tagged

_AROUND = re.compile(r"([\[(（［\s]*).*?([\])）］;；,，\s]*)", re.DOTALL)


@dataclass(frozen=True)
class Citations:
    """How citations are written, and what is known of their targets: titles of references, labels of anything.

    A target that the document lacks leaves the citation as it is printed.
    """

    style: Literal["text", "title"] = "text"
    is_tagged: bool = False
    titles: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)

    def citation(self, text: str, targets: Sequence[str]) -> str:
        """A citation of works; brackets that belong to its text stay around a title."""
        printed = text if text.strip() else self.pointer(targets)
        titles = [self.titles[target] for target in targets if self.titles.get(target)] if self.style == "title" else []
        match = _AROUND.fullmatch(printed)
        left, right = (match[1], match[2]) if match else ("", "")
        core = printed[len(left) : len(printed) - len(right)]
        shown = "; ".join(titles) or core
        return left + (tagged("REF", shown) if self.is_tagged else shown) + right

    def pointer(self, targets: Collection[str]) -> str:
        """What an empty cross-reference points to: the labels of its targets."""
        return ", ".join(self.labels[target] for target in targets if self.labels.get(target))
