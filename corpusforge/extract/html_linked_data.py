"""What a page says of itself as JSON-LD: headline, authors, date, publisher, licence of the article it holds."""

from collections.abc import Iterator

import orjson

# A page with more than this describes something else than itself.
_MAX_CHARACTERS = 200_000
_MAX_OBJECTS = 300
_ARTICLES = ("article", "posting", "report", "webpage", "book", "chapter", "dataset", "thesis", "course", "learningresource")


def linked_facts(scripts: list[str]) -> dict[str, str]:
    """Facts of the first article described: keys headline, author, datePublished, publisher, license, inLanguage."""
    for item in _objects(scripts):
        if any(kind in " ".join(_texts(item.get("@type"))).lower() for kind in _ARTICLES):
            facts = {
                name: _first(item.get(name)) for name in ("headline", "datePublished", "license", "inLanguage", "publisher")
            }
            authors = _texts(item.get("author"))
            return {name: value for name, value in {**facts, "author": "; ".join(authors)}.items() if value}
    return {}


def _objects(scripts: list[str]) -> Iterator[dict[str, object]]:
    """Objects at the top of the scripts and in their lists and graphs, articles before web pages."""
    pages = []
    for script in scripts:
        if len(script) > _MAX_CHARACTERS:
            continue
        try:
            waiting = [orjson.loads(script)]
        except orjson.JSONDecodeError:
            continue
        for _ in range(_MAX_OBJECTS):
            if not waiting:
                break
            item = waiting.pop(0)
            if isinstance(item, list):
                waiting = item[:_MAX_OBJECTS] + waiting
            elif isinstance(item, dict):
                graph = item.get("@graph")
                waiting += graph[:_MAX_OBJECTS] if isinstance(graph, list) else []
                if "webpage" in " ".join(_texts(item.get("@type"))).lower():
                    pages.append(item)
                else:
                    yield item
    yield from pages


def _texts(value: object) -> list[str]:
    """Names in a value: itself, those of its items, its `name`, or an address."""
    if isinstance(value, str):
        return [value.strip()] if value.strip() else []
    if isinstance(value, list):
        return [text for item in value[:50] if not isinstance(item, list) for text in _texts(item)]
    if isinstance(value, dict):
        return next((found for key in ("name", "url", "@id") if (found := _texts(_plain(value.get(key))))), [])
    return []


def _plain(value: object) -> object:
    return value if isinstance(value, str) else None


def _first(value: object) -> str:
    return next(iter(_texts(value)), "")
