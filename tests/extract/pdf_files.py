"""PDFs that tests write: pages of text at given places, uncompressed, so that a reader can see what is in them."""

from collections.abc import Sequence
from typing import NamedTuple


class Words(NamedTuple):
    """A piece of text at a place; `turn` is the text matrix's first four numbers, `mode` 3 is invisible."""

    text: str
    x: float
    y: float
    size: float = 10
    turn: str = "1 0 0 1"
    mode: int = 0


def pdf(*pages: Sequence[Words], info: str = "", more: str = "", font: str = "Helvetica", encoding: str = "") -> bytes:
    """A file of pages of 600 by 800 points; `info` is PDF source for its table of facts, `more` for each page's object."""
    kids = " ".join(f"{5 + 2 * i} 0 R" for i in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] >>",
        f"<< /Type /Font /Subtype /Type1 /BaseFont /{font} {encoding} >>",
        f"<< {info} >>",
    ]
    for i, page in enumerate(pages):
        resources = "/Resources << /Font << /F 3 0 R >> >>"
        box = "" if "/MediaBox" in more else "/MediaBox [0 0 600 800]"
        objects.append(f"<< /Type /Page /Parent 2 0 R {box} {resources} /Contents {6 + 2 * i} 0 R {more} >>")
        content = "\n".join(map(_shown, page))
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    return _file(objects)


def column(lines: Sequence[str], x: float, y: float, size: float = 10, leading: float = 12) -> list[Words]:
    """Lines below each other."""
    return [Words(line, x, y - i * leading, size) for i, line in enumerate(lines)]


def _shown(words: Words) -> str:
    text = words.text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    return f"BT /F {words.size} Tf {words.mode} Tr {words.turn} {words.x} {words.y} Tm ({text}) Tj ET"


def _file(objects: Sequence[str]) -> bytes:
    out, offsets = "%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{each}\nendobj\n"
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    start = len(out)
    out += f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer << /Size {size} /Root 1 0 R /Info 4 0 R >>\n"
    return (out + f"startxref\n{start}\n%%EOF\n").encode("latin-1")
