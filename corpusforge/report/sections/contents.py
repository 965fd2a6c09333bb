"""What the shards are made of: the mix of groups, sources and languages, and under which licences."""

from collections.abc import Iterator, Mapping, Sequence

from corpusforge.report import charts, figures
from corpusforge.report.contents import Amount, Contents, total
from corpusforge.report.flow import Flow
from corpusforge.report.markup import Markup, element, folded, joined, table

# Languages with a colour of their own; the others share one.
_NUM_COLOURS = 8
_MAX_LICENCES = 20
_MAX_NAMES = 4

_AMOUNTS = ["#documents", "#text", "#tokens", "#of tokens", ""]


def mix_section(flow: Flow, contents: Contents) -> Markup:
    """Groups with their sources, most tokens first, and the languages of each."""
    languages = [lang for (lang,) in contents.by(1)]
    kinds = {lang: f"s{place}" if place < _NUM_COLOURS else "others" for place, lang in enumerate(languages)}
    legend = [element("span", lang or "not stated", class_=f"key {kinds[lang]}") for lang in languages[:_NUM_COLOURS]]
    if len(languages) > _NUM_COLOURS:
        legend.append(element("span", f"{len(languages) - _NUM_COLOURS} other languages", class_="key others"))
    intro = "What training reads, by group and source; the bars show languages. Tokens are those of the texts alone."
    rows = _mix_rows(flow, contents, kinds)
    made = table(["group", "source", *_AMOUNTS], rows, class_="wide")
    return joined([element("p", intro), element("div", *legend, class_="legend"), made])


def _mix_rows(flow: Flow, contents: Contents, kinds: Mapping[str, str]) -> Iterator[list[str]]:
    """A row for each group, and below it one for each of its sources if there are several."""
    of_source, whole = contents.by(0), contents.all
    groups: dict[str, list[str]] = {}
    for (source,) in of_source:
        groups.setdefault(next(each.group for each in flow.sources if each.name == source), []).append(source)
    sums = {group: total(of_source[source,] for source in sources) for group, sources in groups.items()}
    for group in sorted(groups, key=lambda name: (-sums[name].num_tokens, name)):
        sources = groups[group]
        name = element("strong", group), sources[0] if len(sources) == 1 else f"{len(sources)} sources"
        yield [*name, *_numbers(sums[group], whole), _by_language(contents, sources, kinds, whole)]
        for source in sources if len(sources) > 1 else ():
            yield ["", source, *_numbers(of_source[source,], whole), _by_language(contents, [source], kinds, whole)]


def _numbers(amount: Amount, whole: Amount) -> list[str]:
    share = figures.share(amount.num_tokens, whole.num_tokens)
    return [figures.count(amount.num_documents), figures.size(amount.text_bytes), figures.count(amount.num_tokens), share]


def _by_language(contents: Contents, sources: Sequence[str], kinds: Mapping[str, str], whole: Amount) -> Markup:
    parts = [
        (total(contents.by(0, 1).get((source, lang), Amount()) for source in sources).num_tokens, kind, lang)
        for lang, kind in kinds.items()
    ]
    titled = [(number, kind, f"{lang or 'not stated'}: {figures.count(number)} tokens") for number, kind, lang in parts]
    return charts.stacked(titled, max(1, whole.num_tokens))


def licences_section(contents: Contents) -> Markup:
    """Amounts by licence; what has none is named first."""
    by_licence, whole = contents.by(2), contents.all
    without = by_licence.get(("",), Amount())
    rows = [_licence_row(contents, licence, amount, whole) for (licence,), amount in by_licence.items()]
    head = ["licence", "sources", *_AMOUNTS]
    parts = [_verdict(without, whole), table(head, rows[:_MAX_LICENCES], class_="wide")]
    if len(rows) > _MAX_LICENCES:
        parts.append(folded(f"{len(rows) - _MAX_LICENCES} more licences", table(head, rows[_MAX_LICENCES:], class_="wide")))
    return joined(parts)


def _verdict(without: Amount, whole: Amount) -> Markup:
    if not without.num_documents:
        return element("p", "Every document that was kept has a licence.")
    share = figures.share(without.num_tokens, whole.num_tokens)
    said = f"{figures.documents(without.num_documents)}, {share} of the tokens, without a licence: "
    cure = ["state it as ", element("code", "license"), " of the source, or map the column that has it."]
    return element("p", element("strong", said), *cure, class_="alert")


def _licence_row(contents: Contents, licence: str, amount: Amount, whole: Amount) -> list[str]:
    sources = [source for source, each in contents.by(0, 2) if each == licence]
    more = f" and {len(sources) - _MAX_NAMES} more" if len(sources) > _MAX_NAMES else ""
    name = element("bdi", licence) if licence else element("strong", "none stated", class_="lost-text")
    bar = charts.bar(amount.num_tokens, whole.num_tokens, "kept" if licence else "lost0")
    return [name, ", ".join(sources[:_MAX_NAMES]) + more, *_numbers(amount, whole), bar]
