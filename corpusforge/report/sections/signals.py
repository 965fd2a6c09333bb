"""Each filter: how its rules divided the documents, histograms of what it measured, documents beside the thresholds."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from corpusforge.core import Rule
from corpusforge.report import charts, figures
from corpusforge.report.charts import Mark, Series
from corpusforge.report.examples import Excerpts, Nearest, example
from corpusforge.report.histogram import Floats, bins_of
from corpusforge.report.markup import Markup, element, folded, joined, table, text
from corpusforge.report.signals import Asked, FilterSeen, Measured, Signals

# On a page with more borders than this, examples are folded away.
_MAX_OPEN = 4
_MAX_NAMES = 20


def signals_section(signals: Signals, excerpts: Excerpts) -> Markup | None:
    """A card for each filter; None where a recipe has none."""
    if not signals.filters:
        return None
    borders = sum(bool(asked.rejected.found) for seen in signals.filters.values() for asked in seen.asked)
    cards = [_card(seen, excerpts, borders <= _MAX_OPEN) for seen in signals.filters.values()]
    return joined([element("p", *_introduction()), *cards])


def _introduction() -> Iterator[str]:
    yield "What was measured on the documents that each filter judges. A bar stands for documents that the filter kept, "
    yield "with those that it took out, for whatever reason, on top; a line is the threshold of a rule."


def _card(seen: FilterSeen, excerpts: Excerpts, is_open: bool) -> Markup:
    entry = seen.entry
    rejected = sum(entry.rejected.values())
    counts = f"{figures.documents(entry.came_in)} in, {figures.count(entry.kept)} kept, {figures.count(rejected)} rejected"
    failed = f", {figures.count(entry.failed)} failed" if entry.failed else ""
    judged = figures.count(seen.sample.num_seen)
    language = f"; {judged} of them judged, those where lang is {seen.lang}" if seen.lang else ""
    parts = [
        element("h3", element("code", seen.stage)),
        element("p", f"{', '.join(seen.books)}: {counts}{failed}{language}.", class_="soft"),
        *_rules(seen),
        element("div", *_charts(seen), class_="charts") if seen.sample.num_seen else "",
        *(_border(each, excerpts, is_open) for each in seen.asked if each.rejected.found),
    ]
    return element("section", *parts, class_="card")


def _rules(seen: FilterSeen) -> Iterator[Markup]:
    if not seen.has_rules:
        yield element("p", "The rules of this step are not in its report, so no threshold is shown.", class_="note")
    if not seen.rules:
        return
    rejected = seen.entry.rejected
    rows = [
        [
            rule_text(each.rule), element("code", each.rule.reason), figures.count(each.num_holding),
            figures.count(each.num_failing), figures.count(rejected.get(each.rule.reason, 0)),
            figures.share(rejected.get(each.rule.reason, 0), seen.entry.came_in),
        ]
        for each in seen.asked
    ]  # fmt: skip
    head = ["a document stays when", "reason", "#holds", "#fails", "#rejected", "#share"]
    yield table(head, rows)
    if any(each.num_failing != rejected.get(each.rule.reason, 0) for each in seen.asked):
        yield element(
            "p", "The first rule that fails gives the reason, so a rule may fail more often than it rejects.", class_="note"
        )


def rule_text(rule: Rule) -> Markup:
    """ "num_words ≥ 20", with the documents that it is asked of."""
    asked = f", asked where {rule.when[0]} is {rule.when[1]}" if rule.when is not None else ""
    asked += f", asked unless {rule.unless[0]} is {' or '.join(rule.unless[1])}" if rule.unless is not None else ""
    return joined([element("code", rule.signal), text(f" {threshold_text(rule)}{asked}")])


def threshold_text(rule: Rule) -> str:
    """ "≥ 20"."""
    return f"{'≥' if rule.keep == '>=' else '≤'} {figures.number(rule.threshold)}"


def _charts(seen: FilterSeen) -> Iterator[Markup]:
    rows = seen.sample.rows
    kept = rows[:, -1] == 1
    for column, (name, measured) in enumerate(seen.numbers.items()):
        rules = [rule for rule in seen.rules if rule.signal == name]
        yield _chart(name, measured, rows[:, column], kept, rules)
    for name, counts in seen.names.items():
        most = counts.most_common(_MAX_NAMES)
        named = [[value or "(empty)", figures.count(count), charts.bar(count, most[0][1], "kept")] for value, count in most]
        yield element(
            "figure", element("figcaption", element("code", name)), table(["value", "#documents", ""], named, class_="wide")
        )
    if seen.sample.share < 1:
        held, came_in = figures.count(len(rows)), figures.documents(seen.sample.num_seen)
        note = f"Histograms and quantiles are of a sample of {held} of {came_in}; all other numbers are of all documents."
        yield element("p", note, class_="note")


def _chart(name: str, measured: Measured, values: Floats, kept: NDArray[np.bool_], rules: list[Rule]) -> Markup:
    finite = np.isfinite(values)
    caption = element("figcaption", element("code", name), *_gaps(measured))
    if not finite.any():
        return element("figure", caption, element("p", "No document has a value.", class_="note"))
    shown = values[finite]
    if measured.low == measured.high:
        limits = "".join(f"; a document stays when it is {threshold_text(rule)}" for rule in rules)
        return element("figure", caption, element("p", f"{figures.number(measured.low)} on all{limits}.", class_="note"))
    bins = bins_of(shown)
    cuts = [bins.cut(rule.threshold, rule.keep) for rule in rules]
    bins = bins.cut_at(cuts)
    series = [
        Series("kept", "kept", bins.counts(values[finite & kept])),
        Series("taken out", "lost0", bins.counts(values[finite & ~kept])),
    ]
    marks = [Mark(bins.position(cut), threshold_text(rule)) for cut, rule in zip(cuts, rules, strict=True)]
    facts = charts.quantile_list(shown, measured.low, measured.high)
    return element("figure", caption, charts.histogram(bins, series, marks), facts)


def _gaps(measured: Measured) -> Iterator[Markup]:
    gaps = (("not measured", measured.num_null), ("not finite", measured.num_not_finite))
    said = [f"{what} on {figures.documents(count)}" for what, count in gaps if count]
    if said:
        yield element("small", " ", ", ".join(said))


def _border(asked: Asked, excerpts: Excerpts, is_open: bool) -> Markup:
    rule = asked.rule
    just_out, just_in = _boxes(asked.rejected, excerpts, "rejected"), _boxes(asked.kept, excerpts, "kept")
    sides = [
        element("div", element("h4", f"just rejected as {rule.reason}"), *just_out),
        element("div", element("h4", "just kept"), *(just_in or [element("p", "none", class_="note")])),
    ]
    summary = joined([text("At the border of "), element("code", rule.signal), text(f" {threshold_text(rule)}")])
    return folded(summary, element("div", *sides, class_="border"), is_open=is_open)


def _boxes(nearest: Nearest, excerpts: Excerpts, kind: str) -> list[Markup]:
    return [example(excerpts[place], figures.number(value), kind) for _, value, place in nearest.found]
