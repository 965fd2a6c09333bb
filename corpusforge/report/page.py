"""report.html: everything that can be seen of a finished build, on one page that needs nothing else.

No script, no font and no picture is loaded, and a policy in the page forbids it: texts of documents stand on it, and they may
come from anywhere. The corpus is walked once, part by part, reading the columns that are shown and never the whole text.
"""

from hashlib import sha256
from pathlib import Path
from typing import Any

from corpusforge.engine.manifest import MANIFEST, REPORT
from corpusforge.engine.store import publish, read_json
from corpusforge.index.mix import Mix
from corpusforge.inspect.folder import BuildFolder
from corpusforge.report.charsets import Charsets
from corpusforge.report.contents import Contents
from corpusforge.report.corpus import Kept, shard_prefixes
from corpusforge.report.duplicates import duplicate_stages, largest_clusters, likenesses
from corpusforge.report.edits import Edits
from corpusforge.report.examples import read_excerpts
from corpusforge.report.flow import flow_of
from corpusforge.report.frame import Sections, framed
from corpusforge.report.losses import Losses
from corpusforge.report.rows import walk
from corpusforge.report.sections.charsets import charsets_section
from corpusforge.report.sections.contents import licences_section, mix_section
from corpusforge.report.sections.duplicates import duplicates_section
from corpusforge.report.sections.edits import edits_section
from corpusforge.report.sections.flow import flow_section
from corpusforge.report.sections.kept import languages_section, lengths_section
from corpusforge.report.sections.reasons import damage_section, failures_section, reasons_section
from corpusforge.report.sections.rows import rows_section
from corpusforge.report.sections.shards import shards_section
from corpusforge.report.sections.signals import signals_section
from corpusforge.report.sections.sources import sources_section
from corpusforge.report.sections.summary import run_section, steps_section, summary_section
from corpusforge.report.sections.tokenizer import tokenizer_section
from corpusforge.report.signals import Signals


def write_report(out: Path) -> Path:
    """Write report.html of the finished build in `out`; gives its path.

    The same build gives the same bytes, but for what lies between the comments "run begins" and "run ends". Raises InputError
    when no build has finished in `out`, StoreDamaged where its files are not what it wrote.
    """
    build = BuildFolder(out)
    made = framed(
        build.manifest["name"], "CorpusForge build report", f"{build.manifest['name']}: report of a build", _sections(build)
    )
    with publish(out / REPORT) as partial:
        partial.write_text(made, encoding="utf-8")
    return out / REPORT


def _sections(build: BuildFolder) -> Sections:
    """(id, title, content) of each; sections without content are left out."""
    out, manifest, steps = build.out, build.manifest, build.generation.steps
    flow = flow_of(build, {each["name"]: each["group"] for each in manifest["sources"]})
    losses, signals, edits, kept, contents, charsets = Losses(), Signals(), Edits(), Kept(), Contents(), Charsets()
    walk(build, (losses, signals, edits, kept, contents, charsets))
    losses.check(flow, str(out))
    kept.add_lineage(shard_prefixes(out, manifest))
    clusters = largest_clusters(build)
    shown = [member.place for each in clusters for member in each.removed]
    shown += [each.witness for each in clusters if each.witness is not None]
    excerpts = read_excerpts(build, [*losses.places, *signals.places, *edits.places, *shown])
    text_bytes, run = contents.all.text_bytes, read_json(out / "run.json")
    no_documents = {step.name.removesuffix("-read"): step.report.get("no_documents", {}) for step in steps}
    damaged: list[dict[str, Any]] = [bad for step in steps for bad in step.report.get("bad_shards", [])]
    digest = sha256((out / MANIFEST).read_bytes()).hexdigest()
    yield "summary", "Summary", summary_section(flow, manifest, text_bytes)
    yield "flow", "Flow", flow_section(flow, no_documents)
    yield "mix", "Mix", mix_section(flow, contents)
    yield "languages", "Languages", languages_section(kept.num_read, contents)
    yield "licences", "Licences", licences_section(contents)
    yield "sources", "Sources", sources_section(manifest["sources"], run["inputs"], contents)
    yield "reasons", "Drop reasons", reasons_section(flow, losses, excerpts)
    yield "failures", "Failures", failures_section(flow, losses, excerpts)
    yield "damage", "Damaged input", damage_section(damaged)
    yield "signals", "Signals", signals_section(signals, excerpts)
    yield "edits", "Edits", edits_section(flow, edits, excerpts)
    copies = duplicates_section(flow, clusters, likenesses(build), list(duplicate_stages(build)), excerpts)
    yield "duplicates", "Duplicates", copies
    yield "charsets", "Charsets", charsets_section(charsets)
    yield "tokenizer", "Tokenizer", tokenizer_section(out / "tokenizer", {step.name for step in steps})
    yield "lengths", "Lengths", lengths_section(kept)
    yield "rows", "Rows for training", rows_section(manifest, Mix.read(out))
    yield "shards", "Shards", shards_section(manifest)
    yield "steps", "Steps", steps_section(manifest, digest, steps)
    yield "run", "Run", run_section(run, steps, flow, text_bytes)
