"""What a page says of itself as JSON-LD: headline, authors, date, publisher, licence of the article it holds."""

from collections.abc import Iterator, Mapping

import orjson

# A page with more than this describes something else than itself.
_MAX_CHARACTERS = 200_000
_MAX_OBJECTS = 300
_ARTICLES = ("article", "posting", "report", "webpage", "book", "chapter", "dataset", "thesis", "course", "learningresource")


def linked_facts(scripts: list[str]) -> dict[str, str]:
    """Facts of the first article described: keys headline, author, datePublished, publisher, license, inLanguage."""
    found = list(_objects(scripts))
    named = {key: name for item in found if (key := _plain(item.get("@id"))) and (name := _plain(item.get("name")))}
    for item in found:
        if any(kind in " ".join(_texts(item.get("@type"))).lower() for kind in _ARTICLES):
            facts = {name: _first(_texts(item.get(name))) for name in ("headline", "datePublished", "license", "inLanguage")}
            facts["publisher"] = _first(_people(item.get("publisher"), named))
            facts["author"] = "; ".join(_people(item.get("author"), named))
            return {name: value for name, value in facts.items() if value}
    return {}


def _people(value: object, named: Mapping[str, str]) -> list[str]:
    """Names of persons or organizations, also of those that are only referred to by the address of an object elsewhere."""
    return [name for each in _texts(value) if "://" not in (name := named.get(each, each))]


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


def _plain(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _first(texts: list[str]) -> str:
    return texts[0] if texts else ""
