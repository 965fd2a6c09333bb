"""report.html of a training: curves of loss and of bits per byte, what was trained on what, checkpoints."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from corpusforge.engine.manifest import REPORT
from corpusforge.engine.store import publish, read_json
from corpusforge.report import figures
from corpusforge.report.frame import framed
from corpusforge.report.line_chart import Line, line_chart
from corpusforge.report.markup import Markup, element, joined, table
from corpusforge.train.checkpoints import checkpoints, read_manifest
from corpusforge.train.metrics import METRICS, read_metrics
from corpusforge.train.origin import CHECKPOINTS, FINAL
from corpusforge.weights.provenance import TRAINING_RECORD

# Points of a curve: more are not seen, and would only make the page heavy.
_MOST_POINTS = 400


def write_training_report(out: Path) -> Path:
    """Write the report of the training in `out`, whatever of it is done."""
    stages = [path.parent for path in sorted(out.glob(f"*/{METRICS}"), key=lambda path: path.stat().st_mtime)]
    sections = [(folder.name, folder.name, _stage(folder)) for folder in stages]
    with publish(out / REPORT) as partial:
        page = framed(out.name, "CorpusForge training report", f"{out.name}: report of a training", sections)
        partial.write_text(page, encoding="utf-8")
    return out / REPORT


def _stage(folder: Path) -> Markup:
    metrics = read_metrics(folder / METRICS)
    return joined([*_facts(folder, metrics), *_curves(metrics), *_checkpoints(folder / CHECKPOINTS)])


def _facts(folder: Path, metrics: list[dict[str, Any]]) -> Iterator[Markup]:
    steps = [each for each in metrics if "loss" in each]
    final = folder / FINAL / TRAINING_RECORD
    said = f"{figures.count(steps[-1]['step'])} steps" if steps else "no step yet"
    num_skipped = sum(each.get("skipped", False) for each in steps)
    said += f", {figures.count(num_skipped)} of them skipped since gradients overflowed fp16" if num_skipped else ""
    speeds = [each for each in metrics if "tokens_per_second" in each]
    if speeds:
        last = speeds[-1]
        said += f"; {last['tokens_per_second']:,.0f} tokens/s"
        said += f", MFU {100 * last['mfu']:.1f} %" if "mfu" in last else ""
        said += f", data wait {100 * last['data_wait']:.1f} %, memory {figures.size(int(last['memory_bytes']))}"
    yield element("p", f"{said}; {'finished' if final.is_file() else 'not finished'}.")
    if final.is_file():
        facts = read_json(final)
        rows = [["base", facts["base_folder"]], ["build", facts["build"]], ["rows", figures.count(facts["rows"])]]
        rows += [[name.replace("_", " "), str(value)] for name, value in facts["facts"]["settings"].items()]
        yield table(["setting", "value"], rows)


def _curves(metrics: list[dict[str, Any]]) -> Iterator[Markup]:
    for name, title in (("loss", "loss, nats a token"), ("learning_rate", "learning rate"), ("gradient_norm", "gradient norm")):
        points = [(each["step"], each[name]) for each in metrics if each.get(name) is not None]  # null was no number
        yield from _figure(title, [Line(title, tuple(_thinned(points)))])
    looks = [each for each in metrics if "bits_per_byte" in each]
    groups = sorted({group for each in looks for group in each["bits_per_byte"]})
    drawn = [Line(group, tuple(_of_group(looks, group))) for group in groups]
    yield from _figure("held-out bits per byte", drawn)


def _of_group(looks: list[dict[str, Any]], group: str) -> Iterator[tuple[int, float]]:
    for each in looks:
        if each["bits_per_byte"].get(group) is not None:
            yield each["step"], each["bits_per_byte"][group]


def _figure(title: str, drawn: list[Line]) -> Iterator[Markup]:
    if any(len(line.points) > 1 for line in drawn):
        yield element("figure", element("figcaption", title), line_chart(drawn, "step"))


def _thinned(points: list[tuple[int, float]]) -> Iterable[tuple[int, float]]:
    """Means of equal runs of points, where there are too many to be seen."""
    size = -(-len(points) // _MOST_POINTS) or 1
    for begin in range(0, len(points), size):
        run = points[begin : begin + size]
        yield run[-1][0], sum(value for _, value in run) / len(run)


def _checkpoints(folder: Path) -> Iterator[Markup]:
    found = [read_manifest(each) for each in checkpoints(folder) if (each / "manifest.json").is_file()]
    if found:
        rows = [
            [
                figures.count(each.step), figures.count(each.rows), str(each.world),
                ", ".join(f"{group} {bits:.4f}" for group, bits in each.bits_per_byte.items()),
                figures.size(sum(facts["size_bytes"] for facts in each.files.values())),
            ]
            for each in found
        ]  # fmt: skip
        yield element("h3", "Checkpoints")
        yield table(["#step", "#rows", "#processes", "bits per byte", "#size"], rows)
