"""Run by an interpreter that has datatrove: python datatrove_verdicts.py < documents.jsonl > verdicts.jsonl

A line of input is {"text"}; one of output has, for each filter, the reason ("" kept, null where datatrove raised) and the text
afterwards, and the same for FineWeb's chain.
"""

import json
import sys

from datatrove.data import Document
from datatrove.pipeline.filters import C4QualityFilter, FineWebQualityFilter, GopherQualityFilter, GopherRepetitionFilter
from loguru import logger

FILTERS = {
    "gopher_repetition": GopherRepetitionFilter(),
    "gopher_quality": GopherQualityFilter(),
    "c4": C4QualityFilter(),
    "c4_any_end": C4QualityFilter(filter_no_terminal_punct=False),
    "fineweb": FineWebQualityFilter(),
}
CHAIN = ("gopher_repetition", "gopher_quality", "c4_any_end", "fineweb")


def verdict(name: str, text: str) -> tuple[str | None, str]:
    document = Document(text=text, id="0")
    try:
        found = FILTERS[name].filter(document)
    except (ZeroDivisionError, OverflowError):
        return None, text
    return ("", document.text) if found is True else (found[1], text)


def chain(text: str) -> tuple[str | None, str]:
    for name in CHAIN:
        reason, text = verdict(name, text)
        if reason != "":
            return reason, text
    return "", text


if __name__ == "__main__":
    logger.remove()
    for line in sys.stdin:
        text = json.loads(line)["text"]
        found = {**{name: verdict(name, text) for name in FILTERS}, "chain": chain(text)}
        sys.stdout.write(json.dumps(found) + "\n")
