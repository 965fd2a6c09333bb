"""Makes the PDFs of this folder and the text that each of them shows; needs LaTeX, LibreOffice, poppler and pypdfium2.

    python tests/data/pdf/make.py [NAME ...]

The text is our own (recipes/samples/articles_*.jsonl). One list of blocks gives both the document, through LaTeX or
LibreOffice, and the text a reader sees in it, NAME.txt.
"""

import json
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

HERE = Path(__file__).resolve().parent
SAMPLES = HERE.parents[2] / "recipes/samples"
ARTICLES = {
    "en": [
        "en-002",
        "en-005",
        "en-007",
        "en-013",
        "en-014",
        "en-015",
        "en-006",
        "en-008",
        "en-001",
        "en-003",
        "en-004",
        "en-010",
    ],
    "zh": [
        "zh-001",
        "zh-004",
        "zh-008",
        "zh-013",
        "zh-014",
        "zh-015",
        "zh-009",
        "zh-005",
        "zh-003",
        "zh-006",
        "zh-016",
        "zh-002",
    ],
}
FIRST_SECTIONS = {"en": "Introduction", "zh": "引言"}
NOTES = {
    "en": "The figures in these articles are invented for practice and describe no real locality.",
    "zh": "文中数字均为教学而虚构，不代表任何真实地点。",
}
RUNNING_HEADS = {"en": "Reading for field courses", "zh": "野外课程读物"}
TABLES = {
    "en": [
        ["Rock", "Density", "Velocity"],
        ["Granite", "2.65", "5.8"],
        ["Basalt", "2.95", "6.2"],
        ["Sandstone", "2.35", "3.4"],
    ],
    "zh": [["岩石", "密度", "波速"], ["花岗岩", "2.65", "5.8"], ["玄武岩", "2.95", "6.2"], ["砂岩", "2.35", "3.4"]],
}
CAPTIONS = {"en": "Table 1: Density and velocity of three rocks.", "zh": "表 1: 三种岩石的密度和波速。"}
ITEMS = {
    "en": ["Strike and dip are read to one degree.", "Samples are numbered in the order of the log."],
    "zh": ["走向和倾角读到一度。", "样品按剖面顺序编号。"],
}
ODD = set('\\_^{}~<>|`"■„→⇌⌊⌋∠′₀₁₂₃₄₅₆₇₈₉⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻½σμ∶①‰\u3000')  # not in every font, or asking for more than plain text

_COMMANDS = {mark: f"\\{mark}" for mark in "#$%&"} | {"–": "--{}", "—": "---{}", "°": "\\degree{}"}
_COMMANDS |= {"−": "\\ensuremath{-}", "×": "\\ensuremath{\\times}", "≈": "\\ensuremath{\\approx}", "±": "\\ensuremath{\\pm}"}
_COMMANDS |= {"α": "\\ensuremath{\\alpha}", "Δ": "\\ensuremath{\\Delta}", "µ": "\\textmu{}"}


@dataclass(frozen=True)
class Spec:
    """What a document looks like."""

    name: str
    lang: str
    columns: int
    characters: int
    has_line_numbers: bool = False


SPECS = [
    Spec("latex-en-one", "en", 1, 13_000, True),
    Spec("latex-en-two", "en", 2, 14_000),
    Spec("latex-en-three", "en", 3, 9_000),
    Spec("latex-zh-one", "zh", 1, 5_500),
    Spec("latex-zh-two", "zh", 2, 3_500),
    Spec("office-en-one", "en", 1, 11_000),
    Spec("office-en-two", "en", 2, 14_000),
    Spec("office-zh-one", "zh", 1, 2_800),
    Spec("office-zh-two", "zh", 2, 2_800),
]


def paragraphs(lang: str) -> Iterator[tuple[str, str]]:
    """("section", title) and ("paragraph", text) of the articles that are plain prose."""
    lines = (SAMPLES / f"articles_{lang}.jsonl").read_text(encoding="utf-8").splitlines()
    texts = {row["id"]: row["text"] for row in map(json.loads, lines)}
    for key in ARTICLES[lang]:
        title, *rest = texts[key].split("\n\n")
        prose = [each.replace("\n", "" if lang == "zh" else " ") for each in rest]
        kept = [each for each in prose if len(each) > 60 and not ODD & set(each) and not each[0].isdigit() and "- " not in each]
        if kept:
            yield "section", title.rstrip(".") if not ODD & set(title) and len(title) < 60 else FIRST_SECTIONS[lang]
            yield from (("paragraph", each) for each in kept)


def blocks(spec: Spec) -> list[tuple[str, object]]:
    """The whole document: title, abstract, sections, and among them a list, a table and a formula."""
    found: list[tuple[str, object]] = []
    size = 0
    for kind, text in paragraphs(spec.lang):
        if size < spec.characters:
            found.append((kind, text))
            size += len(text) if kind == "paragraph" else 0
    where = [i for i, (kind, _) in enumerate(found) if kind == "paragraph"]
    for offset, block in ((3, ("list", ITEMS)), (6, ("table", TABLES)), (8, ("formula", "v = k i"))):
        position = where[offset] + 1 + sum(kind not in ("section", "paragraph") for kind, _ in found)
        found.insert(position, (block[0], block[1][spec.lang] if isinstance(block[1], dict) else block[1]))
    abstract = found.pop(next(i for i, each in enumerate(found) if each[0] == "paragraph"))[1]
    title = {"en": "Notes on Rocks, Water and Ice", "zh": "岩石、水与冰札记"}[spec.lang]
    return [("title", title), ("abstract", abstract), *found]


def _noted(found: Sequence[tuple[str, object]]) -> int:
    """The block that has the footnote: the first paragraph of the body."""
    return next(i for i, (kind, _) in enumerate(found) if kind == "paragraph")


def shown(spec: Spec) -> str:
    """The text that a reader sees, in the house form; the footnote stands behind what begins on the first page."""
    out: list[str] = []
    page = _squeezed(subprocess.check_output(["pdftotext", "-l", "1", HERE / f"{spec.name}.pdf", "-"], text=True))
    begun = [i for i, block in enumerate(blocks(spec)) if block[0] != "section" and _beginning(*block, spec.lang) in page]
    noted = _noted(blocks(spec))
    for number, (kind, value) in enumerate(blocks(spec)):
        match kind, value:
            case "title", str():
                out.append(f"# {value}")
            case "section", str():
                out.append(f"## {value}")
            case "list", list():
                out.append("\n".join(f"- {item}" for item in value))
            case "table", list():
                head, *rows = ["| " + " | ".join(row) + " |" for row in value]
                out.append(CAPTIONS[spec.lang])
                out.append("\n".join([head, "| --- | --- | --- |", *rows]))
            case _:
                out.append(str(value))
        if number == noted:
            out[-1] += "¹"
        if number == begun[-1]:
            out.append(f"{'1' if spec.name.startswith('office') else '¹'}{NOTES[spec.lang]}")
    return "\n\n".join(out) + "\n"


def _beginning(kind: str, value: object, lang: str) -> str:
    text = CAPTIONS[lang] if kind == "table" else value[0] if isinstance(value, list) else str(value)
    return _squeezed(text)[:20]


def _squeezed(text: str) -> str:
    return "".join(text.split())


def latex(spec: Spec) -> str:
    """The document in LaTeX."""
    body: list[str] = []
    for number, (kind, value) in enumerate(blocks(spec)):
        note = f"\\footnote{{{NOTES[spec.lang]}}}" if number == _noted(blocks(spec)) else ""
        match kind, value:
            case "title" | "abstract", _:
                continue
            case "section", str():
                body.append(f"\\section*{{{_tex(value)}}}")
            case "list", list():
                body.append("\\begin{itemize}\n" + "\n".join(f"\\item {_tex(item)}" for item in value) + "\n\\end{itemize}")
            case "table", list():
                rows = " \\\\\n".join(" & ".join(row) for row in value)
                caption = _tex(CAPTIONS[spec.lang])
                body.append(
                    f"\\begin{{center}}{caption}\\par\\medskip\n\\begin{{tabular}}{{lrr}}\n{rows}\n\\end{{tabular}}\\end{{center}}"
                )
            case "formula", str():
                body.append(f"\\[ {value} \\]")
            case _:
                body.append(_tex(str(value)) + note)
    text = "\n\n".join(body)
    title, abstract = (_tex(str(value)) for _, value in blocks(spec)[:2])
    if spec.columns == 2:
        start = f"\\twocolumn[\\begin{{center}}{{\\LARGE {title}\\par}}\\bigskip\\end{{center}}{abstract}\\par\\bigskip]"
    else:
        start = f"\\begin{{center}}{{\\LARGE {title}\\par}}\\bigskip\\end{{center}}{abstract}\n\n"
    if spec.columns == 3:
        text = f"\\begin{{multicols}}{{3}}\n{text}\n\\end{{multicols}}"
    return f"{_preamble(spec)}\n\\begin{{document}}\n{start}\n{text}\n\\end{{document}}\n"


def _preamble(spec: Spec) -> str:
    options = ["twocolumn"] if spec.columns == 2 else []
    options += ["fontset=none"] if spec.lang == "zh" else []
    options += ["a4paper", "10pt" if spec.columns > 1 else "11pt"]
    margin = "2.2cm" if spec.columns > 1 else "3cm"
    kind = "ctexart" if spec.lang == "zh" else "article"
    lines = [f"\\documentclass[{','.join(options)}]{{{kind}}}", "\\usepackage{gensymb}"]
    lines += [f"\\usepackage[margin={margin}]{{geometry}}", "\\usepackage{fancyhdr,multicol}", "\\pagestyle{fancy}\\fancyhf{}"]
    if spec.lang == "zh":  # a font of simple outlines, so that the file stays small
        lines += ["\\setCJKmainfont{WenQuanYi Micro Hei}[BoldFont=WenQuanYi Micro Hei]"]
    elif spec.columns == 2:
        lines += ["\\usepackage[T1]{fontenc}\\usepackage{mathptmx}"]
    lines += [f"\\fancyhead[C]{{{RUNNING_HEADS[spec.lang]}}}\\fancyfoot[C]{{\\thepage}}"]
    if spec.has_line_numbers:
        lines += ["\\usepackage{lineno}\\linenumbers"]
    return "\n".join(lines)


def _tex(text: str) -> str:
    return "".join(_COMMANDS.get(character, character) for character in text)


def office(spec: Spec) -> str:
    """The document as a flat OpenDocument text."""
    noted = _noted(blocks(spec))
    body = [
        _office_block(*block, note=NOTES[spec.lang] if i == noted else "", lang=spec.lang)
        for i, block in enumerate(blocks(spec))
    ]
    parts = [*body[:2], f'<text:section text:style-name="columns" text:name="body">{"".join(body[2:])}</text:section>']
    template = (HERE / "office.fodt").read_text(encoding="utf-8")
    language = {"en": ("en", "US"), "zh": ("zh", "CN")}[spec.lang]
    values = {
        "BODY": "".join(parts),
        "HEAD": RUNNING_HEADS[spec.lang],
        "COLUMNS": str(spec.columns),
        "SIZE": "14pt" if spec.lang == "zh" else "11pt",
        "LANGUAGE": language[0],
        "COUNTRY": language[1],
    }
    for name, value in values.items():
        template = template.replace(f"@{name}@", value)
    return template


def _office_block(kind: str, value: object, *, note: str, lang: str) -> str:
    if note:
        cited = '<text:note-citation>1</text:note-citation><text:note-body><text:p text:style-name="note">'
        note = f'<text:note text:note-class="footnote">{cited}{escape(note)}</text:p></text:note-body></text:note>'
    match kind, value:
        case "title" | "section", str():
            level = 1 if kind == "title" else 2
            return f'<text:h text:style-name="h{level}" text:outline-level="{level}">{escape(value)}</text:h>'
        case "list", list():
            items = (
                f'<text:list-item><text:p text:style-name="body">{escape(item)}</text:p></text:list-item>' for item in value
            )
            return f'<text:list text:style-name="bullets">{"".join(items)}</text:list>'
        case "table", list():
            rows = "".join(f"<table:table-row>{''.join(map(_cell, row))}</table:table-row>" for row in value)
            columns = '<table:table-column table:number-columns-repeated="3"/>'
            caption = f'<text:p text:style-name="caption">{escape(CAPTIONS[lang])}</text:p>'
            return f'{caption}<table:table table:name="rocks" table:style-name="rocks">{columns}{rows}</table:table>'
        case "formula", str():
            return f'<text:p text:style-name="caption">{escape(value)}</text:p>'
    return f'<text:p text:style-name="body">{escape(str(value))}{note}</text:p>'


def _cell(text: str) -> str:
    return f'<table:table-cell><text:p text:style-name="cell">{escape(text)}</text:p></table:table-cell>'


def _run(command: Sequence[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=300)


def make(spec: Spec) -> None:
    """Write NAME.pdf and NAME.txt."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if spec.name.startswith("latex"):
            (folder / "d.tex").write_text(latex(spec), encoding="utf-8")
            engine = "xelatex" if spec.lang == "zh" else "pdflatex"
            for _ in range(2):
                _run([engine, "-interaction=nonstopmode", "-halt-on-error", "d.tex"], folder)
        else:
            (folder / "d.fodt").write_text(office(spec), encoding="utf-8")
            _run(
                ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", "pdf", "d.fodt"],
                folder,
            )
        (HERE / f"{spec.name}.pdf").write_bytes((folder / "d.pdf").read_bytes())
    (HERE / f"{spec.name}.txt").write_text(shown(spec), encoding="utf-8")


def make_scan() -> None:
    """scan.pdf: the first page of latex-en-two as two pictures, and no text."""
    import pypdfium2

    pages = pypdfium2.PdfDocument(HERE / "latex-en-two.pdf")
    pictures = [pages[i].render(scale=0.7, grayscale=True).to_numpy() for i in range(2)]
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Count 2 /Kids [3 0 R 6 0 R] >>"]
    for number, picture in enumerate(pictures):
        height, width = picture.shape[:2]
        drawing = b"q %d 0 0 %d 0 0 cm /I Do Q" % (width, height)
        data = zlib.compress(picture[:, :, 0].tobytes() if picture.ndim == 3 else picture.tobytes(), 9)
        first = 3 + 3 * number
        resources = b"<< /XObject << /I %d 0 R >> >>" % (first + 2)
        box = b"[0 0 %d %d]" % (width, height)
        page = b"<< /Type /Page /Parent 2 0 R /MediaBox %s /Resources %s /Contents %d 0 R >>" % (box, resources, first + 1)
        facts = b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray" % (width, height)
        facts += b" /BitsPerComponent 8 /Filter /FlateDecode"
        objects += [page, _stream(b"", drawing), _stream(facts, data)]
    (HERE / "scan.pdf").write_bytes(_file(objects))


def _stream(facts: bytes, data: bytes) -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (facts, len(data), data)


def _file(objects: Sequence[bytes]) -> bytes:
    out, offsets = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    end = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n" % size + table + end


if __name__ == "__main__":
    chosen = sys.argv[1:]
    for each in SPECS:
        if not chosen or each.name in chosen:
            make(each)
    if not chosen or "scan" in chosen:
        make_scan()
