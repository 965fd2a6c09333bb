"""The page around sections: one file that needs nothing else, and a policy that forbids it to load anything."""

from collections.abc import Iterable
from pathlib import Path

from corpusforge.report.markup import Markup, element, joined

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

Sections = Iterable[tuple[str, str, Markup | None]]


def page(name: str, kind: str, sections: Sections) -> Markup:
    """A page of (id, title, content); sections without content are left out."""
    shown = [(key, title, content) for key, title, content in sections if content is not None]
    style = Markup(Path(__file__).with_name("style.css").read_text(encoding="utf-8"))
    head = [
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"{name}: {kind.removeprefix('CorpusForge ')}"),
        element("style", style),
    ]
    links = [element("a", title, href=f"#{key}") for key, title, _ in shown]
    header = element("header", element("p", kind), element("h1", name), class_="top")
    body = [element("section", element("h2", title), content, id=key, class_="part") for key, title, content in shown]
    main = element("main", joined(body, "\n"))
    made = element("html", element("head", *head), element("body", header, element("nav", *links), main), lang="en")
    return Markup(f"<!doctype html>\n{made}\n")
