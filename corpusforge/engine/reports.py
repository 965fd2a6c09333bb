"""The reports of a build: one for each step that is done, with its books and what later steps ask of it.

A report is written when everything else of its step lies on disk, and not at all where the books do not add up, nothing is
left, or a source lost more than its alarm share.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from corpusforge.core import Filter
from corpusforge.engine.alarm import check_alarm
from corpusforge.engine.ledger import Entry, check_flow, checked, total
from corpusforge.engine.parts import PartInfo
from corpusforge.engine.plan import Plan, Step
from corpusforge.engine.store import read_json, write_json
from corpusforge.errors import NothingLeft

Books = Mapping[str, Sequence[Entry]]
"""By source (in the sink, by group): one entry for each stage of a step."""


@dataclass
class Reports:
    """State: the reports of the steps done so far, by fingerprint."""

    plan: Plan
    done: dict[str, dict[str, Any]] = field(default_factory=dict)

    def read(self, step: Step) -> Books:
        """Take up a report that lies on disk; gives its books."""
        report = self.done[step.fingerprint] = read_json(step.report)
        return {source: [Entry.from_json(each) for each in books] for source, books in report["ledger"].items()}

    def parts(self, sources: Sequence[str] | None = None) -> list[PartInfo]:
        """Parts of the sources (None: of all), in the order of the recipe."""
        names = self.plan.chains if sources is None else sources
        return [
            PartInfo(part["name"], part["source"], part["rows"], part["text_bytes"])
            for name in names
            for part in self.done[self.plan.chains[name][0].fingerprint]["parts"]
        ]

    def write_stream(self, step: Step, results: Sequence[Mapping[str, Any]]) -> Books:
        """Report a step from what its tasks gave; those that did not go through it are passed over."""
        results = [each for each in results if _concerns(step, each)]
        parts = [part for result in results for part in result["parts"]]
        entries: dict[str, list[list[Entry]]] = {}
        for part in parts:
            books = [Entry.from_json(each) for each in part["entries"][step.fingerprint]]
            entries.setdefault(part["source"], []).append(books)
        facts: dict[str, Any] = {}
        if step.kind == "read":
            facts["parts"] = [{key: part[key] for key in ("name", "source", "rows", "text_bytes")} for part in parts]
            facts["bad_shards"] = [bad for result in results for bad in result["bad_shards"]]
            facts["no_documents"] = _summed(result.get("no_documents", {}) for result in results)
        if step.signals is not None:
            facts["signals"] = step.signals.name
            facts |= _rule_facts(step)
        totals = {source: [total(same) for same in zip(*books, strict=True)] for source, books in entries.items()}
        return self.write(step, totals, facts)

    def write_sink(self, step: Step, written: Sequence[Mapping[str, Any]]) -> Books:
        """Report the sink, group by group: what the sources of the group kept must be what its shards hold."""
        group_of = {chain.name: chain.group for chain in self.plan.recipe.sources}
        entries = {}
        for group in sorted(set(group_of.values())):
            sources = [name for name, its in group_of.items() if its == group]
            came_in = sum(self._flow(name)[-1].kept for name in sources)
            held = sum(each["num_documents"] for each in written if each["group"] == group)
            entries[group] = [checked(Entry(step.name, came_in, held), f"shards of group {group}")]
        return self.write(step, entries, {"shards": written})

    def write(self, step: Step, entries: Books, facts: Mapping[str, Any]) -> Books:
        """Report a step; raises LedgerError, NothingLeft or SourceAlarm and writes nothing where the build has to stop."""
        ledger = {
            source: [checked(each, f"{step.name}, {source}").to_json() for each in books] for source, books in entries.items()
        }
        report = {
            "name": step.name, "kind": step.kind, "fingerprint": step.fingerprint, "parents": list(step.parents),
            "ledger": ledger, **facts,
        }  # fmt: skip
        self._refuse_nothing(step, entries, facts)
        self.done[step.fingerprint] = report
        self._sound_alarm(step, entries)
        write_json(step.report, report)
        return entries

    def check_flow(self) -> None:
        """Raise LedgerError where a step took in another number of documents than the one before it kept."""
        for source in self.plan.chains:
            check_flow(source, self._flow(source))

    def _flow(self, source: str) -> list[Entry]:
        """The books of a source, stage after stage, as far as its steps are done, up to the sink."""
        steps = (*self.plan.chains[source], *self.plan.joined[:-1])
        ledgers = [self.done[step.fingerprint]["ledger"] for step in steps if step.fingerprint in self.done]
        return [Entry.from_json(each) for ledger in ledgers for each in ledger.get(source, [])]

    def _sound_alarm(self, step: Step, entries: Books) -> None:
        if step.kind == "sink":
            return
        known = [name for name, chain in self.plan.chains.items() if chain[0].fingerprint in self.done]
        parts = [(part, self.plan.chains[part.source][0]) for part in self.parts(known)]
        for chain in self.plan.recipe.sources:
            if chain.name in entries:
                check_alarm(chain.name, chain.alarm_share, self._flow(chain.name), step, parts)

    def _refuse_nothing(self, step: Step, entries: Books, facts: Mapping[str, Any]) -> None:
        if step.kind == "read" and not entries:
            name = step.name.removesuffix("-read")
            others = told(facts["no_documents"])
            what = f"hold no document, only {others}" if others else "hold no document"
            raise NothingLeft(f"source {name}: its {len(self.plan.inputs[name])} files {what}; mend `path`")
        if entries and not any(books[-1].kept for books in entries.values()):
            raise NothingLeft(f"{step.name}: no document is left: {_losses(entries)}; loosen the rule or look at the input")


def told(no_documents: Mapping[str, int]) -> str:
    """What a source has that is no document, for people: "17 metadata, 1 warcinfo"; "" for nothing."""
    return ", ".join(f"{count:,} {kind}" for kind, count in sorted(no_documents.items(), key=lambda each: (-each[1], each[0])))


def _summed(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return dict(sorted(total.items()))


def _rule_facts(step: Step) -> dict[str, Any]:
    """What a filter decided by, for whoever looks at the build without its recipe."""
    stage = step.stages[0].stage
    assert isinstance(stage, Filter), step.name
    return {"rules": [asdict(rule) for rule in stage.rules()], "lang": stage.lang}


def _concerns(step: Step, result: Mapping[str, Any]) -> bool:
    """Whether a task went through `step`; a read task that met no document concerns its own source's read step."""
    if not result["parts"]:
        return step.name == f"{result['source']}-read"
    return step.fingerprint in result["parts"][0]["entries"]


def _losses(entries: Books) -> str:
    lost = [(source, each) for source, books in entries.items() for each in books if each.came_in > each.kept]
    texts = []
    for source, each in lost:
        reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(each.rejected.items()))
        failures = f"failed {each.failed}" if each.failed else ""
        texts.append(f"{each.stage} on {source}: {each.came_in} in, {', '.join(part for part in (reasons, failures) if part)}")
    return "; ".join(texts)
