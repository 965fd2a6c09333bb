"""The frame of every page: one file that needs nothing else.

No script, no font and no picture is loaded, and a policy in the page forbids it: texts of documents stand on it, and they may
come from anywhere.
"""

from collections.abc import Iterable
from pathlib import Path

from corpusforge.report.markup import Markup, element, joined

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

# (id, title, content) of each; sections without content are left out.
Sections = Iterable[tuple[str, str, Markup | None]]


def framed(name: str, above: str, title: str, sections: Sections) -> Markup:
    """A page headed by `name` with a line `above` it; `title` is what a browser's tab says."""
    shown = [(key, heading, content) for key, heading, content in sections if content is not None]
    style = Markup(Path(__file__).with_name("style.css").read_text(encoding="utf-8"))
    head = [
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", style),
    ]
    links = [element("a", heading, href=f"#{key}") for key, heading, _ in shown]
    header = element("header", element("p", above), element("h1", name), class_="top")
    body = [element("section", element("h2", heading), content, id=key, class_="part") for key, heading, content in shown]
    main = element("main", joined(body, "\n"))
    made = element("html", element("head", *head), element("body", header, element("nav", *links), main), lang="en")
    return Markup(f"<!doctype html>\n{made}\n")
