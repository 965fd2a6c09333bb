"""What was cut out of texts: bytes by source and by reason, with what stood around it."""

from corpusforge.report import charts, figures
from corpusforge.report.edits import Edits
from corpusforge.report.examples import Excerpts, example, examples_folded
from corpusforge.report.flow import Flow
from corpusforge.report.markup import Markup, element, joined, table


def edits_section(flow: Flow, edits: Edits, excerpts: Excerpts) -> Markup | None:
    """Bytes cut by source and by reason, with examples; None where nothing was cut."""
    cut = [(each.stage, source.name, each.cut_bytes) for source in flow.sources for each in source.entries if each.cut_bytes]
    if not cut:
        return None
    most = max(size for _, _, size in cut)
    by_source = [
        [element("code", stage), source, figures.size(size), charts.bar(size, most, "lost0")] for stage, source, size in cut
    ]
    keys = sorted(edits.span_bytes, key=lambda key: (-edits.span_bytes[key], key))
    by_reason = [
        [
            element("code", stage), element("code", reason), figures.count(edits.num_documents[stage, reason]),
            figures.count(edits.num_spans[stage, reason]), figures.size(edits.span_bytes[stage, reason]),
            charts.bar(edits.span_bytes[stage, reason], edits.span_bytes[keys[0]], "lost0"),
        ]
        for stage, reason in keys
    ]  # fmt: skip
    boxes = [example(excerpts[place], key[1], "cut") for key in keys for place in edits.examples[key]]
    return joined(
        [
            element("p", "What stages cut out of documents that they kept; spans of different reasons may overlap."),
            table(["stage", "source", "#cut", ""], by_source, class_="wide"),
            table(["stage", "reason", "#documents", "#spans", "#bytes of spans", ""], by_reason, class_="wide"),
            examples_folded("Examples", boxes),
        ]
    )
