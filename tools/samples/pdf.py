"""Sets the texts of tools/samples/pdf as PDF: one and two columns, furniture, a scan, an encrypted one.

Not part of `tools/pack-samples`, as it needs what nothing else here does: reportlab, pyphen and Pillow by pip, and the fonts of
Debian's fonts-liberation and fonts-wqy-zenhei. Run: PYTHONPATH=tools python -m samples.pdf
"""

import io
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pypdfium2
from PIL import Image
from reportlab import rl_config
from reportlab.lib.pagesizes import A4, A5, A6
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate, Paragraph

HERE = Path(__file__).resolve().parent
PAPERS = HERE.parents[1] / "recipes/samples/papers"
FONTS = Path("/usr/share/fonts/truetype")

# The date that reportlab writes where it is told to write no true one, and the one that stands instead.
_NO_DATE, _DATE = b"D:20000101000000", b"D:20240601080000"


@dataclass(frozen=True)
class Layout:
    """How a text is set."""

    columns: int = 1
    is_chinese: bool = False
    page: tuple[float, float] = A4
    running_head: str = ""
    has_line_numbers: bool = False


LAYOUTS = {
    "frost-heave": Layout(page=A5),
    "rating-curves": Layout(),
    "beach-pebbles": Layout(page=A5),
    "tsunami-lakes": Layout(columns=2, page=A5),
    "drilling-report": Layout(page=A6, running_head="Survey Report No. 41: Long Moss", has_line_numbers=True),
    "core-taking-zh": Layout(page=A5, is_chinese=True),
    "chloride-recharge-zh": Layout(columns=2, is_chinese=True, page=A5),
}


def set_text(text: str, layout: Layout, encryption: StandardEncryption | None = None) -> bytes:
    """A PDF of a text whose blocks are a title, a line below it, paragraphs, "# " headings and "- " items."""
    title, byline, *blocks = text.strip().split("\n\n")
    buffer = io.BytesIO()
    document = BaseDocTemplate(
        buffer, pagesize=layout.page, title=title, author="CorpusForge samples", encrypt=encryption, invariant=1
    )
    document.addPageTemplates(PageTemplate(frames=_frames(layout), onPage=lambda canvas, _: _furniture(canvas, layout)))
    story = [Paragraph(title, _style(layout, 15, spaceAfter=6)), Paragraph(byline, _style(layout, 9, spaceAfter=10))]
    document.build([*story, *(part for block in blocks for part in _parts(block, layout))])
    return buffer.getvalue().replace(_NO_DATE, _DATE)


def scanned(pdf: bytes) -> bytes:
    """The pages of a PDF as grey pictures, with no text behind them."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A5, invariant=1)
    for page in pypdfium2.PdfDocument(pdf):
        picture = page.render(scale=1.6, grayscale=True).to_pil().rotate(0.6, fillcolor=238, resample=Image.Resampling.BICUBIC)
        jpeg = io.BytesIO()
        picture.save(jpeg, "JPEG", quality=45)
        canvas.drawImage(ImageReader(io.BytesIO(jpeg.getvalue())), 0, 0, *A5)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _frames(layout: Layout) -> list[Frame]:
    margin, gap = 18 * mm, 7 * mm
    width = (layout.page[0] - 2 * margin - (layout.columns - 1) * gap) / layout.columns
    height = layout.page[1] - 2 * margin
    return [Frame(margin + column * (width + gap), margin, width, height, 0, 0, 0, 0) for column in range(layout.columns)]


def _parts(block: str, layout: Layout) -> list[Paragraph]:
    if block.startswith("# "):
        return [Paragraph(block[2:], _style(layout, 12, spaceBefore=6, spaceAfter=3, keepWithNext=1))]
    if block.startswith("- "):
        style = _style(layout, 10, leftIndent=14, bulletIndent=4, spaceAfter=2)
        return [Paragraph(item.strip(), style, bulletText="\u2022") for item in re.split(r"(?m)^- ", block)[1:]]
    first_line = 20 if layout.is_chinese else 0
    return [Paragraph(block, _style(layout, 10, firstLineIndent=first_line, spaceAfter=5, alignment=4))]


def _style(layout: Layout, size: int, **more: Any) -> ParagraphStyle:
    if layout.is_chinese:
        return ParagraphStyle(
            "zh", fontName="Song", fontSize=size, leading=size * 1.5, wordWrap="CJK", **{**more, "alignment": 0}
        )
    hyphens = {"hyphenationLang": "en_GB", "embeddedHyphenation": 1} if layout.columns > 1 and size == 10 else {}
    return ParagraphStyle("en", fontName="Serif", fontSize=size, leading=size * 1.25, **hyphens, **more)


def _furniture(canvas: Canvas, layout: Layout) -> None:
    width, height = layout.page
    canvas.setFont("Serif", 8)
    canvas.drawCentredString(width / 2, 9 * mm, str(canvas.getPageNumber()))
    if layout.running_head:
        canvas.drawString(18 * mm, height - 11 * mm, layout.running_head)
        canvas.drawRightString(width - 18 * mm, height - 11 * mm, "FOR INTERNAL USE")
    if layout.has_line_numbers:
        for number in range(5, 26, 5):
            canvas.drawRightString(14 * mm, height - 18 * mm - number * 12.5, str(number))


def main() -> None:
    """Write all PDFs of recipes/samples/papers."""
    rl_config.invariant = 1
    pdfmetrics.registerFont(TTFont("Serif", str(FONTS / "liberation/LiberationSerif-Regular.ttf")))
    pdfmetrics.registerFont(TTFont("Song", str(FONTS / "wqy/wqy-zenhei.ttc")))
    texts = {path.stem: path.read_text(encoding="utf-8") for path in (HERE / "pdf").glob("*.txt")}
    made = {name: set_text(texts[name], layout) for name, layout in LAYOUTS.items()}
    letter = replace(Layout(), page=A5)
    made["survey-letter"] = scanned(set_text(texts["survey-letter"], letter))
    made["members-only"] = set_text(texts["members-only"], letter, StandardEncryption("hammer", "anvil", strength=128))
    for name, content in made.items():
        (PAPERS / f"{name}.pdf").write_bytes(content)
        print(f"{name}.pdf: {len(content):,} bytes")


if __name__ == "__main__":
    main()
