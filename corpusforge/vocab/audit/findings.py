"""What an audit finds: each with its weight, its number, an example, what it means and the cure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

# Above this share of pieces or texts a defect is an error, below a warning: trained vocabularies waste a few pieces.
MANY = 0.001

# Examples that a finding shows.
MAX_EXAMPLES = 5


class Severity(StrEnum):
    """How much a finding weighs: an error makes the audit fail, a warning does with --strict, a note never does."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """`num` of `whole` (pieces, texts, tokens as `title` says) are as `title` says; `whole` is 0 where it is no share."""

    check: str
    severity: Severity
    title: str
    num: int
    whole: int
    examples: tuple[str, ...]
    meaning: str
    cure: str


def weight_of(num: int, whole: int) -> Severity:
    """An error where it is more than MANY of the whole."""
    return Severity.ERROR if num > MANY * whole else Severity.WARNING


def share(num: int, whole: int) -> str:
    """ "1.2 %", "0.004 %", "none": never 0 where there is something."""
    if not num or not whole:
        return "none"
    percent = 100 * num / whole
    return f"{percent:.1f} %" if percent >= 1 else f"{percent:.2g} %"


def counted(num: int, whole: int, what: str) -> str:
    """ "539 of 49,695 pieces (1.1 %)"."""
    return f"{num:,} of {whole:,} {what} ({share(num, whole)})"


def some(examples: Sequence[str]) -> tuple[str, ...]:
    """The first few, and how many more there are."""
    more = len(examples) - MAX_EXAMPLES
    return (*examples[:MAX_EXAMPLES], *([f"{more:,} more"] if more > 0 else []))
