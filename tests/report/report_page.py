"""Reads a page as a browser would: what sections say, what tables hold, what elements there are. Strict about nesting."""

from collections import defaultdict
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

_NO_CONTENT = ("meta", "br", "wbr")


@dataclass
class Page(HTMLParser):
    """Sections by their id: text of each, tables as rows of cells, named facts; every element with its attributes."""

    source: str
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=lambda: defaultdict(str))
    tables: dict[str, list[list[list[str]]]] = field(default_factory=lambda: defaultdict(list))
    facts: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    open_elements: list[str] = field(default_factory=list)
    section: str = ""
    name: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.source)
        self.close()
        assert self.open_elements == [], f"never closed: {self.open_elements}"

    @classmethod
    def read(cls, path: Path) -> "Page":
        return cls(path.read_text(encoding="utf-8"))

    def names(self) -> set[str]:
        return {name for name, _ in self.elements}

    def cells(self, section: str, table: int = 0) -> dict[str, list[str]]:
        """Rows of a table by their first cell."""
        return {row[0]: row[1:] for row in self.tables[section][table]}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        assert len(attributes) == len(attrs), f"{tag} has an attribute twice: {attrs}"
        self.elements.append((tag, attributes))
        if tag not in _NO_CONTENT:
            self.open_elements.append(tag)
        if attributes.get("class") == "part":
            self.section = attributes["id"] or ""
        if tag == "table":
            self.tables[self.section].append([])
        if tag == "tr":
            self.tables[self.section][-1].append([])
        if tag in ("td", "th"):
            self.tables[self.section][-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open_elements.pop() == tag, f"</{tag}> closes what it did not open"

    def handle_data(self, data: str) -> None:
        self.texts[self.section] += data
        if self.open_elements[-1:] == ["dt"]:
            self.name = data
        if self.open_elements[-1:] == ["dd"]:
            self.facts[self.section].setdefault(self.name, data)
        if "td" in self.open_elements or "th" in self.open_elements:
            self.tables[self.section][-1][-1][-1] += data
