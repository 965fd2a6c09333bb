"""Where the documents came from: each source with its settings, its input with a digest, and what is known of its documents."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from corpusforge.report import figures
from corpusforge.report.contents import FACTS, Contents
from corpusforge.report.markup import Markup, dotted, element, joined, table
from corpusforge.report.sections.summary import RUN_BEGINS, RUN_ENDS

_NAMES = {"url": "address", "license": "licence", "lang": "language"}
_DIGEST_LETTERS = 12


def sources_section(sources: Sequence[Mapping[str, Any]], paths: Mapping[str, Sequence[str]], contents: Contents) -> Markup:
    """Settings and digests, largest input first; and the share of kept documents of which a fact is known."""
    order = sorted(sources, key=lambda each: (-each["inputs"]["size_bytes"], each["name"]))
    rows = [_row(each, paths[each["name"]]) for each in order]
    intro = "The digest is of the list of all input files with their sizes and contents; the same digest is the same input."
    head = ["source", "group", "read by", "from", "licence", "#files", "#size", "digest"]
    known = [_known(contents, each["name"]) for each in order if _num_kept(contents, each["name"])]
    facts = table(["source", *(f"#{_NAMES.get(fact, fact)}" for fact in FACTS)], known)
    title = element("h3", "What is known of the documents")
    note = element("p", "Share of the kept documents that have it, from their source or from what they say of themselves.")
    return joined([element("p", intro), table(head, rows, class_="wide"), title, note, facts])


def _row(source: Mapping[str, Any], paths: Sequence[str]) -> list[str]:
    inputs = source["inputs"]
    stages = [source["use"], *(each for each in source["pipeline"] if each.startswith("extract."))]
    lines = [element("span", RUN_BEGINS, *paths, RUN_ENDS), *_settings(source["settings"])]
    digest = element("code", inputs["sha256"][:_DIGEST_LETTERS]) if inputs["sha256"] else "not taken in a trial"
    return [
        source["name"], source["group"], joined(map(dotted, stages), element("br")),
        element("div", joined(lines, element("br")), class_="given"), source["license"] or element("small", "by document"),
        figures.count(inputs["num_files"]), figures.size(inputs["size_bytes"]), digest,
    ]  # fmt: skip


def _settings(settings: Mapping[str, Any], prefix: str = "") -> Iterator[Markup]:
    """A line for each setting that is not the usual one."""
    for name, value in sorted(settings.items()):
        if isinstance(value, Mapping):
            yield from _settings(value, f"{prefix}{name}.")
        else:
            said = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            yield element("small", f"{prefix}{name}: {said}")


def _num_kept(contents: Contents, source: str) -> int:
    return sum(amount.num_documents for (name, *_), amount in contents.amounts.items() if name == source)


def _known(contents: Contents, source: str) -> list[str]:
    whole = _num_kept(contents, source)
    numbers = [contents.num_known[source, fact] for fact in FACTS]
    return [source, *(figures.share(number, whole) if number else element("small", "none") for number in numbers)]
