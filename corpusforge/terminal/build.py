"""How `build` runs, and what `build`, `plan` and `verify` print."""

from pathlib import Path

from rich.markup import escape

from corpusforge.engine import run
from corpusforge.engine.estimate import estimate
from corpusforge.engine.executors.ray import Ray
from corpusforge.engine.manifest import read_manifest
from corpusforge.engine.plan import Plan
from corpusforge.engine.remote_output import Published, output_folder, working_folder
from corpusforge.engine.slices import Slice
from corpusforge.errors import VerificationError
from corpusforge.index.mix import Mix
from corpusforge.inspect.folder import Documents
from corpusforge.inspect.removals import dedup_steps
from corpusforge.inspect.status import status
from corpusforge.inspect.steps import latest_generation
from corpusforge.inspect.verify import Verified
from corpusforge.recipe.model import Recipe
from corpusforge.report.page import write_report
from corpusforge.terminal.console import disk_line, relative, say, say_table, size_text, table
from corpusforge.terminal.folder import say_damaged, say_no_documents, say_rows, shards_table, sources_table
from corpusforge.terminal.progress import BuildProgress


def build_and_print(
    recipe: Recipe, out: str | Path, scratch: Path | None, workers: int | Ray, task: Slice | None, until: str | None
) -> None:
    """Build, telling how far it is, and print what came of it; to an address it is sent only when it is whole."""
    if until is not None:
        print_until(
            run.build(recipe, working_folder(out, scratch), workers, BuildProgress(), task=task, until=until).out, until
        )
        return
    with output_folder(out, recipe, scratch, print_published) as folder:
        run.build(recipe, folder, workers, BuildProgress(), task=task)
        report_and_summarize(folder)


def report_and_summarize(out: Path) -> None:
    """Write report.html; print shards, tokens and what to do next."""
    report = write_report(out)
    manifest = read_manifest(out)
    say_table(shards_table(manifest["shards"]))
    say_rows(manifest, Mix.read(out))
    say_no_documents({step["name"].removesuffix("-read"): step.get("no_documents", {}) for step in manifest["steps"]})
    say_damaged([bad for step in manifest["steps"] for bad in step.get("bad_shards", [])])
    shown = relative(out)
    say(
        f"built {escape(str(shown))}; next: corpusforge verify {escape(str(shown))}, or look at {escape(str(relative(report)))}"
    )


def print_until(out: Path, step: str) -> None:
    """What is left of each source, and what to do next."""
    sources = status(out.absolute()).sources
    say_table(sources_table(sources))
    say_no_documents({each.name: each.no_documents for each in sources})
    shown = escape(str(relative(out)))
    say(f"stopped after {escape(step)}, nothing published; the same command without --until goes on from here")
    looks = ["status", *(["dedup summary", "dedup show"] if dedup_steps(Documents(out, latest_generation(out))) else [])]
    say(f"look: {', '.join(f'corpusforge {look} {shown}' for look in looks)}")


def print_published(done: Published) -> None:
    """What was sent to a store."""
    old = f", {done.num_removed} old ones removed" if done.num_removed else ""
    sent = f"{done.num_sent} objects sent, {size_text(done.sent_bytes)}; {done.num_there} were there{old}"
    say(f"published at {escape(done.url)}: {sent}")


def print_plan(plan: Plan) -> None:
    """Inputs and steps; which of them are done."""
    for name, files in plan.inputs.items():
        size = size_text(sum(file.size_bytes for file in files))
        say(f"{name}: {len(files):,} files, {size}")
    steps = table("state", "step", "folder", "stages")
    for step in plan.steps:
        state = "[green]done[/green]" if step.is_done else "to run"
        steps.add_row(state, step.name, step.folder.name, " ".join(named.use for named in step.stages))
    say_table(steps)
    for step in plan.steps:
        for named in step.stages:
            for remark in named.stage.remarks():
                say(f"{escape(step.name)}: {escape(remark)}")
    todo = sum(not step.is_done for step in plan.steps)
    needs = f"; {disk_line(estimate(plan))}" if todo else ""
    say(f"{todo} of {len(plan.steps)} steps to run; output in {escape(str(relative(plan.out)))}{needs}")


def print_verified(out: Path, verified: Verified) -> None:
    """What was checked; raises VerificationError with every problem."""
    if verified.problems:
        raise VerificationError(verified.problems)
    say(
        f"{out}: {verified.num_shards} shards, {verified.num_documents:,} documents, {verified.num_sequences:,} sequences, "
        f"{verified.num_tokens:,} tokens: every byte as the manifest says\n"
        f"{verified.num_encoded:,} documents encoded again from their stored text: every id equal"
    )
