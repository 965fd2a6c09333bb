"""Second writings of the words, lines and paragraphs of corpusforge.text.spans, on str."""

import re

import oracle


def words(text: str) -> list[str]:
    kinds = "".join(map(oracle.kind, text))
    return [text[slice(*match.span())] for match in re.finditer("C|(?:(?:LM*J(?=L))|[LN]M*)+", kinds)]


def lines(text: str) -> list[str]:
    found = text.split("\n")
    return [line.removesuffix("\r") for line in (found if found[-1] else found[:-1])]


def paragraphs(text: str) -> list[str]:
    """Runs of lines that are not blank, joined by bars."""
    found: list[list[str]] = [[]]
    for line in lines(text):
        if line.strip():
            found[-1].append(line)
        else:
            found.append([])
    return [" | ".join(some) for some in found if some]
