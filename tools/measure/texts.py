"""Real text to measure on: folders of markup, PLOS articles and examination items, as plain documents.

Text is extracted with the stages that a build uses, so what is measured is what a recipe would meet.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from corpusforge.extract.markup import Markup
from corpusforge.source.files import Files

# Plain text files of collections are mostly lists and tables of words.
_MARKUP = ("**/*.md", "**/*.rst", "**/*.Rmd")

# Licences and notes on where a collection comes from: about the collection, not part of it.
_ABOUT = ("LICEN[CS]E*", "README*", "SOURCE*", "AUTHORS*", "REFERENCES*")


@dataclass(frozen=True)
class Document:
    """A text with the collection it belongs to, its name there, and its language (en or zh)."""

    collection: str
    name: str
    lang: str
    text: str
    is_prose: bool = True
    """False where people found that nothing is lost with it: a bare table, a list of references."""


def markup_documents(collection: str, folder: Path, lang: str = "") -> Iterator[Document]:
    """Markdown, rst and Rmd files below `folder`, extracted; those without text are left out.

    Without `lang` each text says it itself: zh where more than a tenth of its characters are Han.
    """
    source, extract = Files(path=str(folder), include=_MARKUP, exclude=_ABOUT), Markup()
    for shard in source.shards(source.files()):
        for batch in source.read(shard):
            texts = extract.apply(batch, {})["text"].to_pylist()
            for name, text in zip(batch["origin"].to_pylist(), texts, strict=True):
                if text:
                    yield Document(collection, name, lang or _language(text), text)


def article_documents(collection: str, folder: Path) -> Iterator[Document]:
    """The bodies of JATS articles (*.xml) in `folder`."""
    for path in sorted(folder.glob("*.xml")):
        yield _article(collection, path)


def article_text(content: bytes) -> str:
    """Titles, paragraphs and rows of tables of an article's body, one a line; "" where it has none."""
    body = ElementTree.fromstring(content).find("body")
    return "" if body is None else "\n".join(filter(None, _blocks(body)))


def _blocks(element: ElementTree.Element) -> Iterator[str]:
    if element.tag in ("title", "p", "label"):
        yield _line(element)
    elif element.tag == "tr":
        yield " | ".join(_line(cell) for cell in element)
    else:
        for child in element:
            yield from _blocks(child)


def _line(element: ElementTree.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def item_documents(collection: str, path: Path, min_words: int) -> Iterator[Document]:
    """Multiple-choice items with their choices; only those of at least `min_words` words between spaces."""
    for item in json.loads(path.read_text(encoding="utf-8")):
        question = item["question"]
        choices = [f"{choice['label']}. {choice['text']}" for choice in question["choices"]]
        text = "\n".join([question["stem"], *choices])
        if len(text.split()) >= min_words:
            yield Document(collection, item["id"], "en", text)


# Reads a collection, given its name and the folder of all collections.
Reader = Callable[[str, Path], Iterator[Document]]

# The collections of good text, by name: science, and general text of other kinds.
SCIENCE: Mapping[str, Reader] = {
    "physical_geology": lambda name, data: markup_documents(name, data / "geo_en/physical_geology", "en"),
    "gpg_textbook": lambda name, data: markup_documents(name, data / "geo_en/gpg_textbook", "en"),
    "dea_docs": lambda name, data: markup_documents(name, data / "geo_en/dea_docs", "en"),
    "plos": lambda name, data: article_documents(name, data / "en/plos_xml"),
    "geobench": lambda name, data: item_documents(name, data / "eval/geobench_apstudy.json", min_words=50),
    "gmt_docs": lambda name, data: markup_documents(name, data / "geo_zh/gmt_docs", "zh"),
    "seismology101": lambda name, data: markup_documents(name, data / "geo_zh/seismology101", "zh"),
}
GENERAL: Mapping[str, Reader] = {
    "classic_books": lambda name, data: markup_documents(name, data / "en/classic_books", "en"),
    "lctt": lambda name, data: markup_documents(name, data / "zh/lctt", "zh"),
    "ruanyf_weekly": lambda name, data: markup_documents(name, data / "zh/ruanyf_weekly", "zh"),
    "laws": lambda name, data: markup_documents(name, data / "dup_laws/docs", "zh"),
}


def all_documents(data: Path) -> list[Document]:
    """Every document of markup and every JATS article anywhere under `data`, by path; other XML, also broken, is left out."""
    paths = sorted(data.rglob("*.xml"), key=lambda path: (path.parent, path.name))
    found = [_article(path.parent.name, path) for path in paths if _is_article(path)]
    return [*markup_documents(data.name, data), *(document for document in found if document.text)]


def _article(collection: str, path: Path) -> Document:
    text = article_text(path.read_bytes())
    return Document(collection, path.name, _language(text), text)


def _is_article(path: Path) -> bool:
    try:
        return ElementTree.fromstring(path.read_bytes()).tag == "article"
    except ElementTree.ParseError:
        return False


def _language(text: str) -> str:
    num_han = sum("\u4e00" <= character <= "\u9fff" for character in text)
    return "zh" if num_han * 10 > len(text) else "en"
