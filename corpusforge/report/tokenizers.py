"""Pages about tokenizers: what an audit found, and tokenizers side by side; the same as JSON for programs."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson

from corpusforge.engine.store import publish
from corpusforge.report import charts, figures
from corpusforge.report.frame import Sections, framed
from corpusforge.report.markup import Markup, element, joined, table
from corpusforge.vocab.audit.agreement import segmented
from corpusforge.vocab.audit.audit import Audit
from corpusforge.vocab.audit.comparison import Comparison, Example
from corpusforge.vocab.audit.findings import Finding, Severity
from corpusforge.vocab.audit.measures import Measure

_KINDS = {Severity.ERROR: "lost0", Severity.WARNING: "s1", Severity.NOTE: "kept"}
_MEASURES = ["#tokens", "#chars / token", "", "#tokens / word", "#bytes / token", "#single chars", "#Renyi", "#used"]

_NOTES = (
    "Characters per token and bytes per token say how much text fits a sequence; tokens per word is fertility, where a CJK "
    "character counts as a word. Single characters are tokens of one character or a part of one. Renyi efficiency (alpha 2.5) "
    "is how evenly tokens are used, 1 being all alike, over the whole vocabulary; used is the share of ids that occur."
)


def write_audit(found: Audit, html: Path | None, json: Path | None) -> None:
    """Write the page and the JSON that are asked for."""
    title = f"{Path(found.tokenizer).name}: audit of a tokenizer"
    _write(html, framed(Path(found.tokenizer).name, "CorpusForge tokenizer audit", title, _audit_sections(found)))
    _write(json, orjson.dumps(found, option=orjson.OPT_INDENT_2).decode() + "\n")


def write_comparison(found: Comparison, html: Path | None, json: Path | None) -> None:
    """Write the page and the JSON that are asked for."""
    name = " / ".join(each.name for each in found.tokenizers)
    _write(html, framed(name, "CorpusForge tokenizer comparison", f"{name}: tokenizers compared", _comparison_sections(found)))
    _write(json, orjson.dumps(found, option=orjson.OPT_INDENT_2).decode() + "\n")


def _write(path: Path | None, content: str) -> None:
    if path is not None:
        with publish(path.absolute()) as partial:
            partial.write_text(content, encoding="utf-8")


def _audit_sections(found: Audit) -> Sections:
    yield "summary", "Summary", _summary(found)
    for severity, title in ((Severity.ERROR, "Errors"), (Severity.WARNING, "Warnings")):
        chosen = [each for each in found.findings if each.severity is severity]
        yield f"{severity}s", title, joined(map(_card, chosen)) if chosen else None
    yield "notes", "Notes", _notes(found)
    rows = [(each, "") for each in found.measures]
    yield "figures", "Figures on text", _measures(rows, has_names=False) if rows else None


def _summary(found: Audit) -> Markup:
    tiles = [
        ("errors", figures.count(found.num(Severity.ERROR)), ""),
        ("warnings", figures.count(found.num(Severity.WARNING)), ""),
        ("ids", figures.count(found.num_ids), found.kind),
    ]
    shown = [
        element("div", element("dt", name), element("dd", number), *([element("dd", said)] if said else []))
        for name, number, said in tiles
    ]
    facts = [("tokenizer", found.tokenizer), *([("base", found.base)] if found.base else [])]
    facts += [("text", each) for each in found.texts]
    listed = [element("div", element("dt", name), element("dd", said)) for name, said in facts]
    return joined([element("dl", *shown, class_="tiles"), element("dl", *listed, class_="facts")])


def _card(each: Finding) -> Markup:
    parts = [element("h3", each.title)]
    if each.whole:
        parts.append(charts.bar(min(each.num, each.whole), each.whole, _KINDS[each.severity], each.title))
    if each.examples:
        parts.append(element("p", joined((element("code", example) for example in each.examples), element("br"))))
    parts += [element("p", each.meaning)] if each.meaning else []
    parts += [element("p", element("strong", "Cure: "), each.cure, class_="note")] if each.cure else []
    return element("div", *parts, class_="card")


def _notes(found: Audit) -> Markup:
    notes = [each for each in found.findings if each.severity is Severity.NOTE]
    items = [element("li", each.title, *([" ", element("small", each.meaning)] if each.meaning else [])) for each in notes]
    left = [element("li", f"not checked: {each}") for each in found.not_checked]
    return element("ul", *items, *left)


def _measures(rows: Sequence[tuple[Measure, str]], *, has_names: bool) -> Markup:
    most = max((each.chars_per_token for each, _ in rows), default=1.0)
    head = ["text", "language", *(["tokenizer"] if has_names else []), *_MEASURES]
    made = table(head, (_measure_row(each, name, most, has_names) for each, name in rows), class_="wide")
    return joined([element("p", _NOTES, class_="note"), made])


def _measure_row(each: Measure, name: str, most: float, has_names: bool) -> list[str]:
    return [
        each.text, each.language, *([name] if has_names else []), figures.count(each.num_tokens), f"{each.chars_per_token:.3f}",
        charts.bar(each.chars_per_token, most, "kept"), f"{each.tokens_per_word:.3f}", f"{each.bytes_per_token:.3f}",
        f"{100 * each.single_character_share:.1f} %", f"{each.renyi_efficiency:.3f}", f"{100 * each.used_share:.1f} %",
    ]  # fmt: skip


def _comparison_sections(found: Comparison) -> Sections:
    rows = [[each.name, each.kind, figures.count(each.num_ids), figures.count(each.num_pieces)] for each in found.tokenizers]
    yield "tokenizers", "Tokenizers", table(["tokenizer", "kind", "#ids", "#pieces"], rows)
    groups = zip(*(each.measures for each in found.tokenizers), strict=True)
    names = [each.name for each in found.tokenizers]
    measured = [pair for group in groups for pair in zip(group, names, strict=True)]
    yield "figures", "Figures on text", _measures(measured, has_names=True)
    yield "overlap", "Shared pieces", table(["vocabularies", "#shared", "#of the first", "#of the second"], _overlaps(found))
    yield "examples", "Examples", joined(_example(names, each) for each in found.examples) if found.examples else None


def _overlaps(found: Comparison) -> Iterator[list[str]]:
    for each in found.overlaps:
        one, other = (found.tokenizers[place] for place in (each.one, each.other))
        shares = [figures.share(each.num_shared, side.num_pieces) for side in (one, other)]
        yield [f"{one.name} and {other.name}", figures.count(each.num_shared), *shares]


def _example(names: Sequence[str], example: Example) -> Markup:
    parts = [element("h3", example.text), element("p", example.source, class_="note")]
    for name, pieces in zip(names, example.pieces, strict=True):
        spans = [element("i", segmented([piece]), class_=f"turn{turn % 2}") for turn, piece in enumerate(pieces)]
        title = f"{name}: {figures.count(len(pieces))} tokens"
        parts += [element("h4", title), element("p", *spans, class_="cut")]
    return element("div", *parts, class_="card")
