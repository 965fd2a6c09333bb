"""How many documents came to each stage and what it took out, by source: the books of the steps, put side by side."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from corpusforge.engine.ledger import Entry
from corpusforge.inspect.folder import Documents

FAILED = "failed"


@dataclass(frozen=True)
class Loss:
    """Documents of one source that one stage took out for one reason; `is_failure` where a library raised on them."""

    source: str
    stage: str
    reason: str
    num_documents: int
    is_failure: bool = False


@dataclass(frozen=True)
class Stop:
    """A stage on the way of the documents, with its entries by source; a stage that a chain has twice is two stops."""

    stage: str
    entries: Mapping[str, Entry]


@dataclass(frozen=True)
class SourceFlow:
    """A source through all its stages."""

    name: str
    group: str
    entries: tuple[Entry, ...]

    @property
    def came_in(self) -> int:
        """Documents that were read."""
        return self.entries[0].came_in

    @property
    def kept(self) -> int:
        """Documents that went into shards."""
        return self.entries[-1].kept

    @property
    def failed(self) -> int:
        """Documents on which a library raised."""
        return sum(each.failed for each in self.entries)

    @property
    def rejected(self) -> int:
        """Documents that a rule, a reader or deduplication took out."""
        return self.came_in - self.kept - self.failed

    @property
    def losses(self) -> list[Loss]:
        """In the order of the stages, of each the most frequent reason first."""
        losses = []
        for each in self.entries:
            reasons = sorted(each.rejected.items(), key=lambda item: (-item[1], item[0]))
            losses += [Loss(self.name, each.stage, reason, number) for reason, number in reasons]
            losses += [Loss(self.name, each.stage, FAILED, each.failed, True)] if each.failed else []
        return losses


@dataclass(frozen=True)
class Flow:
    """All sources, in the order of the recipe."""

    sources: tuple[SourceFlow, ...]

    @property
    def came_in(self) -> int:
        """Documents that were read from all sources."""
        return sum(each.came_in for each in self.sources)

    @property
    def kept(self) -> int:
        """Documents that went into shards."""
        return sum(each.kept for each in self.sources)

    @property
    def rejected(self) -> int:
        """Documents taken out by verdicts."""
        return sum(each.rejected for each in self.sources)

    @property
    def failed(self) -> int:
        """Documents on which a library raised."""
        return sum(each.failed for each in self.sources)

    @property
    def losses(self) -> list[Loss]:
        """Of all sources, in their order."""
        return [loss for source in self.sources for loss in source.losses]

    @property
    def stops(self) -> list[Stop]:
        """The stages of all chains in one order; reading is one stop, whatever the format."""
        ways = {source.name: _keys(source.entries) for source in self.sources}
        entries = {source.name: dict(zip(ways[source.name], source.entries, strict=True)) for source in self.sources}
        return [Stop(key[0], {name: own[key] for name, own in entries.items() if key in own}) for key in merged(ways.values())]


Key = tuple[str, int]


def _keys(entries: Sequence[Entry]) -> list[Key]:
    """(stage, how many times it came before) of each entry."""
    seen: Counter[str] = Counter()
    keys = []
    for each in entries:
        stage = "read" if each.stage.startswith("source.") else each.stage
        keys.append((stage, seen[stage]))
        seen[stage] += 1
    return keys


def merged(ways: Iterable[Sequence[Key]]) -> list[Key]:
    """One order for stages of several chains: each as it comes in the first chain that has it, behind what stands before it."""
    order: list[Key] = []
    for way in ways:
        place = 0
        for key in way:
            if key in order:
                place = max(place, order.index(key) + 1)
            else:
                order.insert(place, key)
                place += 1
    return order


def flow_of(documents: Documents, groups: Mapping[str, str]) -> Flow:
    """From the books of a finished build; `groups` says which group of shards a source belongs to."""
    sources = []
    for name in documents.sources:
        entries = [each for step in documents.steps_of(name) for each in step.books[name]]
        sources.append(SourceFlow(name, groups[name], tuple(entries)))
    return Flow(tuple(sources))
