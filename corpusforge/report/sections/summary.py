"""What one wants to know first, the run that made it, and the steps with their fingerprints."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from corpusforge.inspect.steps import StepOnDisk
from corpusforge.report import charts, figures
from corpusforge.report.flow import Flow
from corpusforge.report.markup import Markup, element, joined, table

# Of time and machine, so not the same for every build of the same recipe: whoever compares pages leaves out what is between.
RUN_BEGINS, RUN_ENDS = Markup("<!-- run begins -->"), Markup("<!-- run ends -->")


def summary_section(flow: Flow, manifest: Mapping[str, Any], text_bytes: int) -> Markup:
    """The large numbers."""
    shards = manifest["shards"]
    tokens = sum(shard["num_tokens"] for shard in shards)
    sequences = sum(shard["num_sequences"] for shard in shards)
    size = sum(file["size_bytes"] for shard in shards for file in shard["files"].values())
    tiles = [
        ("documents read", figures.brief(flow.came_in), _sources_text(flow)),
        ("kept", figures.brief(flow.kept), figures.share(flow.kept, flow.came_in)),
        ("rejected", figures.brief(flow.rejected), figures.share(flow.rejected, flow.came_in)),
        ("failed", figures.brief(flow.failed), figures.share(flow.failed, flow.came_in)),
        ("text kept", figures.size(text_bytes), f"{text_bytes / max(1, tokens):.2f} bytes a token"),
        ("tokens", figures.brief(tokens), f"{figures.brief(sequences)} sequences"),
        ("shards", figures.count(len(shards)), figures.size(size)),
    ]
    boxes = [element("div", element("dt", name), element("dd", value), element("dd", more)) for name, value, more in tiles]
    return element("dl", *boxes, class_="tiles")


def _sources_text(flow: Flow) -> str:
    return "1 source" if len(flow.sources) == 1 else f"{len(flow.sources)} sources"


def run_section(run: Mapping[str, Any], steps: Sequence[StepOnDisk], flow: Flow, text_bytes: int) -> Markup:
    """Where and when, and how fast; all that depends on machine or time stands here."""
    facts = [
        ("began", run["began"].replace("T", " ").replace("Z", " UTC")),
        ("took", f"{figures.duration(run['seconds'])} with {run['workers']} worker{'' if run['workers'] == 1 else 's'}"),
        *(_speed(run["seconds"], flow, text_bytes) if _ran_whole(run, steps) else ()),
        ("recipe", " ".join([run["recipe"], *(f"--set {each}" for each in run["overrides"])])),
        ("folder", run["out"]),
        ("machine", f"{run['host']}, Python {run['python']}, CorpusForge {run['corpusforge']}"),
    ]
    note = element("p", "Passes of the last run; what earlier runs had done was not done again.", class_="note")
    return joined([RUN_BEGINS, _facts(facts), _passes(run["seconds_of"], steps), note, RUN_ENDS])


def _ran_whole(run: Mapping[str, Any], steps: Sequence[StepOnDisk]) -> bool:
    """Whether all steps were carried out by this run: no report is older than its beginning."""
    began = datetime.fromisoformat(run["began"]).timestamp()
    return all(step.path("report.json").stat().st_mtime >= began for step in steps)


def _speed(seconds: float, flow: Flow, text_bytes: int) -> list[tuple[str, str]]:
    whole = max(seconds, 1e-3)  # to which seconds are rounded
    return [("speed", f"{flow.came_in / whole:,.0f} documents/s, {text_bytes / 1e6 / whole:,.1f} MB/s of text kept")]


def _passes(seconds: Mapping[str, float], steps: Sequence[StepOnDisk]) -> Markup:
    order = ["sources", *(step.name for step in steps)]
    longest = max(seconds.values())
    rows = [
        [element("code", name), figures.duration(seconds[name]), charts.bar(seconds[name], longest, "s0")]
        for name in sorted(seconds, key=lambda name: order.index(name.partition("+")[0]))
    ]
    return table(["pass", "#took", ""], rows, class_="wide")


def _facts(facts: Iterable[tuple[str, str]]) -> Markup:
    pairs = [element("div", element("dt", name), element("dd", value)) for name, value in facts]
    return element("dl", *pairs, class_="facts")


def steps_section(manifest: Mapping[str, Any], digest: str, steps: Sequence[StepOnDisk]) -> Markup:
    """Everything that names what was built: digests, settings of the sink, and the steps."""
    sink = manifest["sink"]
    settings = ", ".join(f"{name}: {value}" for name, value in sink.items() if name != "use")
    facts = [
        ("fingerprint", steps[-1].fingerprint),
        ("manifest", f"sha256 {digest}"),
        ("seed", str(manifest["seed"])),
        (sink["use"], settings),
    ]
    intro = "The fingerprint is of all that the shards depend on: the input, every stage and setting, every file they name."
    rows = [[step.name, step.kind, element("code", step.fingerprint), ", ".join(_stages(step))] for step in steps]
    return joined([element("p", intro), _facts(facts), table(["step", "kind", "fingerprint", "stages"], rows)])


def _stages(step: StepOnDisk) -> Iterable[str]:
    return dict.fromkeys(each.stage for entries in step.books.values() for each in entries)
