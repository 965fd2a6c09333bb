"""What was kept: its languages and lengths."""

from collections.abc import Mapping

from corpusforge.report import charts, figures
from corpusforge.report.charts import Series
from corpusforge.report.contents import Amount, Contents
from corpusforge.report.corpus import Kept, Lengths
from corpusforge.report.histogram import bins_of
from corpusforge.report.markup import Markup, element, folded, joined, table

_MAX_LANGUAGES = 30


def languages_section(num_read: Mapping[str, int], contents: Contents) -> Markup:
    """Documents, bytes and tokens by language, most tokens first."""
    of_lang, whole = contents.by(1), contents.all
    amounts = {lang: of_lang.get((lang,), Amount()) for lang in num_read}
    order = sorted(num_read, key=lambda lang: (-amounts[lang].num_tokens, -num_read[lang], lang))
    rows = [
        [
            lang or "not stated", figures.count(num_read[lang]), figures.count(amounts[lang].num_documents),
            figures.size(amounts[lang].text_bytes), figures.count(amounts[lang].num_tokens),
            figures.share(amounts[lang].num_tokens, whole.num_tokens), _bytes_per_token(amounts[lang]),
            charts.bar(amounts[lang].num_tokens, whole.num_tokens, "kept"),
        ]
        for lang in order
    ]  # fmt: skip
    head = ["language", "#read", "#kept", "#text kept", "#tokens", "#of tokens", "#bytes a token", ""]
    made = table(head, rows[:_MAX_LANGUAGES], class_="wide")
    if len(rows) <= _MAX_LANGUAGES:
        return made
    return joined([made, folded(f"{len(rows) - _MAX_LANGUAGES} more languages", table(head, rows[_MAX_LANGUAGES:]))])


def _bytes_per_token(amount: Amount) -> str:
    return f"{amount.text_bytes / amount.num_tokens:.2f}" if amount.num_tokens else ""


def lengths_section(kept: Kept) -> Markup:
    """A histogram for each kind of length."""
    made = [_length_chart(title, lengths) for title, lengths in kept.lengths.items()]
    intro = "Of the documents that were kept. Tokens count the marks that training sees, such as the one that ends a piece."
    return joined([element("p", intro), element("div", *made, class_="charts")])


def _length_chart(title: str, lengths: Lengths) -> Markup:
    notes = [element("small", f" {figures.count(lengths.num_missing)} without")] if lengths.num_missing else []
    caption = element("figcaption", title, *notes)
    values = lengths.sample.rows[:, 0]
    if not len(values):
        return element("figure", caption, element("p", "No document has a value.", class_="note"))
    bins = bins_of(values)
    what = title.partition(" per ")[2] + "s"
    chart = charts.histogram(bins, [Series(what, "kept", bins.counts(values))], what=what)
    facts = charts.quantile_list(values, lengths.low, lengths.high)
    mean = element("p", f"mean {figures.number(lengths.total / lengths.num_known)}", class_="axis-note")
    return element("figure", caption, chart, facts, mean, *_sample_note(lengths))


def _sample_note(lengths: Lengths) -> list[Markup]:
    if lengths.sample.share == 1:
        return []
    held = figures.count(len(lengths.sample.rows))
    return [element("p", f"Bars and quantiles from a sample of {held} of {figures.count(lengths.num_known)}.", class_="note")]
