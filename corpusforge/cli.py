"""The command line: parse, call one library function, print. Results go to stdout, progress and errors to stderr."""

import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from typer.core import TyperGroup

from corpusforge import __version__
from corpusforge.commands.evaluate import evaluate
from corpusforge.commands.init_embeddings import init_embeddings_command
from corpusforge.commands.train import train
from corpusforge.commands.vocab import vocab
from corpusforge.commands.weights import weights
from corpusforge.errors import CorpusForgeError, translated_os_errors
from corpusforge.remote.urls import check_local


class _Interruptible(TyperGroup):
    """Says how to go on after Ctrl-C; typer itself ends without a word."""

    def invoke(self, ctx: typer.Context) -> object:  # type: ignore[override]  # typer's own context
        """Run the command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            print("\nstopped; what was finished is kept: run the same command to go on", file=sys.stderr)
            raise typer.Exit(130) from None


# Exit code of a task that has done its share and did not wait for the others: no error.
MORE_TO_DO = 75

app = typer.Typer(
    cls=_Interruptible, no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False,
    help="CorpusForge: from raw sources to verified training shards, from one recipe.",
)  # fmt: skip

RecipePath = Annotated[Path, typer.Argument(help="The recipe, a YAML file.", show_default=False)]
Out = Annotated[
    str | None,
    typer.Option(
        "--out", help="Output folder, or an address such as s3://bucket/geo; out/<name> unless given.", show_default=False
    ),
]
Scratch = Annotated[
    Path | None,
    typer.Option(
        "--scratch", help="With an address: the folder to build in; one of the cache unless given.", show_default=False
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="A.B=VALUE", help="Change a recipe setting; may be given often.", show_default=False),
]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, help="Worker processes; one per core unless given.", show_default=False)
]
Limit = Annotated[
    int | None,
    typer.Option("--limit", min=1, metavar="N", help="A trial on the first N documents of each source.", show_default=False),
]
Sample = Annotated[
    float | None, typer.Option("--sample", metavar="SHARE", help="A trial on a share, such as 0.01.", show_default=False)
]


def _local(folder: Path) -> Path:
    check_local(folder)
    return folder


Finished = Annotated[Path, typer.Argument(callback=_local, help="Output folder of a finished build.", show_default=False)]
OutFolder = Annotated[
    Path, typer.Argument(callback=_local, help="Output folder of a build, finished or not.", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


@app.command("build")
def build_command(
    recipe: RecipePath,
    out: Out = None,
    overrides: Overrides = None,
    workers: Workers = None,
    *,
    scratch: Scratch = None,
    limit: Limit = None,
    sample: Sample = None,
    ray: Annotated[str | None, typer.Option("--ray", help="Run on the Ray cluster at this address.", show_default=False)] = (
        None
    ),
    task: Annotated[
        str | None,
        typer.Option("--task", metavar="I/N", help="Do task I of N; start all N, on any machines.", show_default=False),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="With --task: wait for the other tasks, or end.")] = True,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="STEP", help="Stop after this step or stage, publish nothing.", show_default=False),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done, as `plan` does.")] = False,
) -> None:
    """Build a recipe: read, extract, filter, deduplicate, encode, split, write shards.

    What is done already is not done again, so a build that was stopped goes on by the same command. To look at what
    deduplication takes before anything is spent on it: `--until dedup`, then `dedup summary` and `dedup show`.

    Example: corpusforge build recipes/geo.yaml --workers 2
    """
    if dry_run:
        plan_command(recipe, out, overrides, scratch=scratch, limit=limit, sample=sample)
        return
    from corpusforge.engine.executors.ray import Ray
    from corpusforge.engine.slices import Slice
    from corpusforge.recipe import Trial, default_out, load_recipe
    from corpusforge.terminal.build import build_and_print

    trial = Trial(limit, sample)
    loaded = load_recipe(recipe, overrides or (), trial=trial)
    hands = Ray(ray) if ray else workers or os.cpu_count() or 1
    part = Slice.parse(task, wait) if task else None
    build_and_print(loaded, out or default_out(loaded, trial), scratch, hands, part, until)


@app.command("plan")
def plan_command(
    recipe: RecipePath,
    out: Out = None,
    overrides: Overrides = None,
    *,
    scratch: Scratch = None,
    limit: Limit = None,
    sample: Sample = None,
) -> None:
    """Check a recipe and show its steps: which are done, which would run, on how much input.

    Example: corpusforge plan recipes/geo.yaml --set stages.4.max_tokens=1024
    """
    from corpusforge.engine.plan import make_plan
    from corpusforge.engine.remote_output import working_folder
    from corpusforge.recipe import Trial, default_out, load_recipe
    from corpusforge.terminal.build import print_plan

    trial = Trial(limit, sample)
    loaded = load_recipe(recipe, overrides or (), trial=trial)
    print_plan(make_plan(loaded, working_folder(out or default_out(loaded, trial), scratch).absolute()))


@app.command("stages")
def stages_command(
    name: Annotated[str | None, typer.Argument(help="A stage, to see its settings.", show_default=False)] = None,
) -> None:
    """List the stages a recipe can use, or show the settings of one.

    Example: corpusforge stages filter.length
    """
    from corpusforge.terminal.stages import print_stage, print_stages

    if name is None:
        print_stages()
    else:
        print_stage(name)


@app.command("verify")
def verify_command(
    out: Finished,
    documents: Annotated[
        int, typer.Option("--documents", min=0, help="Documents to encode again with the reference tokenizer; 0 is all.")
    ] = 1000,
) -> None:
    """Check every byte of the shards against the manifest, and their tokens against the stored text.

    Example: corpusforge verify out/geo --documents 0
    """
    from corpusforge.inspect.verify import verify
    from corpusforge.terminal.build import print_verified

    print_verified(out, verify(out, documents or None))


@app.command("trace")
def trace_command(
    shard: Annotated[Path, typer.Argument(help="A shard, such as out/geo/shards/books-00000.", show_default=False)],
    index: Annotated[int, typer.Argument(help="Number of the training sample (sequence) in the shard.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Show where a training sample comes from: document, URL, licence, span of text, every signal.

    Example: corpusforge trace out/geo/shards/books-00000 17
    """
    from corpusforge.inspect.trace import trace
    from corpusforge.terminal.documents import print_segments

    print_segments(trace(shard, index), as_json)


@app.command("why")
def why_command(
    out: OutFolder,
    document: Annotated[
        str, typer.Argument(help="Its id in hex (6 digits or more), its origin, or source:origin.", show_default=False)
    ],
    as_json: AsJson = False,
) -> None:
    """Tell a document's whole fate: where it came from, what each step said of it, which sequences it became.

    Example: corpusforge why out/geo articles_zh.jsonl:0
    """
    from corpusforge.inspect.why import why
    from corpusforge.terminal.documents import print_fates

    print_fates(why(out, document), as_json)


@app.command("show")
def show_command(
    out: OutFolder,
    step: Annotated[str | None, typer.Argument(help="A step as in `status`; all unless given.", show_default=False)] = None,
    *,
    kept: Annotated[bool, typer.Option("--kept", help="Documents that the step, or the build, kept: the default.")] = False,
    rejected: Annotated[bool, typer.Option("--rejected", help="Documents that the step, or any step, rejected.")] = False,
    failed: Annotated[bool, typer.Option("--failed", help="Documents on which a library raised an error.")] = False,
    source: Annotated[str | None, typer.Option("--source", help="Of this source only.", show_default=False)] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Rejected by this rule only.", show_default=False)] = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="How many at most; 0 is all.")] = 20,
    seed: Annotated[
        int | None, typer.Option("--random", metavar="SEED", help="A random sample, not the first ones.", show_default=False)
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="The whole text, not its beginning.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")] = False,
) -> None:
    """Show documents that a step kept, rejected or failed on, with reason, value, threshold, signals and text.

    Example: corpusforge show out/geo filter.length --rejected --random 7
    """
    from corpusforge.inspect.show import Question, one_verdict, show
    from corpusforge.terminal.documents import print_shown

    wanted = one_verdict({"kept": kept, "rejected": rejected, "failed": failed}, reason)
    print_shown(show(out, Question(wanted, step, source, reason, limit, seed)), as_json, full)


dedup = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Look at what deduplication took out.")
app.add_typer(dedup, name="dedup")
app.add_typer(train, name="train")


@dedup.command("summary")
def dedup_summary_command(out: OutFolder, as_json: AsJson = False) -> None:
    """Tell what each dedup step took out: by source, by similarity, by size of the groups, and the largest groups.

    Works on a build that was stopped, too: `build --until dedup` goes just so far.

    Example: corpusforge dedup summary out/geo
    """
    from corpusforge.inspect.dedup import summary
    from corpusforge.terminal.dedup import print_summary

    print_summary(out, summary(out), as_json)


@dedup.command("show")
def dedup_show_command(
    out: OutFolder,
    document: Annotated[
        str | None,
        typer.Argument(
            help="Pairs of this one, which went or stayed: named as in `why`; all unless given.", show_default=False
        ),
    ] = None,
    *,
    step: Annotated[str | None, typer.Option("--step", help="Removed by this step only.", show_default=False)] = None,
    source: Annotated[str | None, typer.Option("--source", help="Removed from this source only.", show_default=False)] = None,
    least: Annotated[float | None, typer.Option("--least", help="Similarity from here on.", show_default=False)] = None,
    most: Annotated[float | None, typer.Option("--most", help="Similarity up to here.", show_default=False)] = None,
    order: Annotated[
        Literal["similarity", "group"],
        typer.Option("--order", help="The least alike first, or the largest groups, a pair of each."),
    ] = "similarity",
    seed: Annotated[
        int | None, typer.Option("--random", metavar="SEED", help="A random sample instead.", show_default=False)
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="How many at most; 0 is all.")] = 20,
    full: Annotated[bool, typer.Option("--full", help="The whole texts, not only where they differ.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")] = False,
) -> None:
    """Show documents that deduplication took out beside the one that stays, with the differences marked.

    Example: corpusforge dedup show out/geo --step dedup.minhash --most 0.85
    """
    from corpusforge.inspect.pairs import PairQuestion, pairs
    from corpusforge.terminal.pairs import print_pairs

    print_pairs(pairs(out, PairQuestion(document, step, source, least, most, order, seed, limit)), as_json, full)


@app.command("report")
def report_command(out: Finished) -> None:
    """Write report.html, one page: the flow of documents, why they went, every signal with its thresholds, examples.

    A build writes it by itself; this writes it again.

    Example: corpusforge report out/geo
    """
    from corpusforge.report.page import write_report

    typer.echo(write_report(out))


@app.command("status")
def status_command(out: OutFolder, as_json: AsJson = False) -> None:
    """Tell what is in an output folder: steps, the books, shards, damaged input, sizes; also while a build runs.

    Example: corpusforge status out/geo
    """
    from corpusforge.inspect.status import status
    from corpusforge.terminal.folder import print_status

    print_status(status(out.absolute()), as_json)


@app.command("clean")
def clean_command(
    out: Finished,
    yes: Annotated[bool, typer.Option("--yes", help="Delete; without it, only say what would go.")] = False,
    unfinished: Annotated[bool, typer.Option("--unfinished", help="Also what a build that was stopped has left.")] = False,
) -> None:
    """List what earlier builds have left in an output folder, and with --yes delete it.

    Example: corpusforge clean out/geo
    """
    from corpusforge.inspect.clean import clean
    from corpusforge.terminal.folder import print_leftovers

    print_leftovers(clean(out.absolute(), with_unfinished=unfinished, delete=yes))


@app.command("diff")
def diff_command(
    a: Annotated[Path, typer.Argument(callback=_local, help="Output folder of a finished build.", show_default=False)],
    b: Annotated[Path, typer.Argument(callback=_local, help="Output folder of another.", show_default=False)],
    limit: Annotated[int, typer.Option("--limit", min=0, help="Examples of documents that only one of them kept.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Compare two builds: counts by source, step and rule, documents that only one of them kept, tokens.

    Example: corpusforge diff out/geo out/geo-strict
    """
    from corpusforge.inspect.diff import diff
    from corpusforge.terminal.difference import print_difference

    print_difference(a.absolute(), b.absolute(), diff(a, b, limit), as_json)


@app.command("refilter")
def refilter_command(
    recipe: RecipePath,
    out: Out = None,
    overrides: Overrides = None,
    *,
    scratch: Scratch = None,
    limit: Limit = None,
    sample: Sample = None,
    examples: Annotated[int, typer.Option("--examples", min=0, help="Documents whose fate changes, to be shown.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Tell what other thresholds would keep and reject, from the signals of the last build: in seconds, writing nothing.

    Example: corpusforge refilter recipes/geo.yaml --set sources.articles.pipeline.length.min_words=60
    """
    from corpusforge.engine.remote_output import working_folder
    from corpusforge.inspect.refilter import refilter
    from corpusforge.recipe import Trial, default_out, load_recipe
    from corpusforge.terminal.difference import print_redecided

    trial = Trial(limit, sample)
    loaded = load_recipe(recipe, overrides or (), trial=trial)
    print_redecided(refilter(loaded, working_folder(out or default_out(loaded, trial), scratch), examples), as_json)


@app.command("init")
def init_command(
    recipe: Annotated[Path, typer.Argument(help="The file to write.")] = Path("recipe.yaml"),
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file if it exists.")] = False,
) -> None:
    """Write a starter recipe with comments, to be filled in.

    Example: corpusforge init my-corpus.yaml
    """
    from corpusforge.recipe.starter import write_starter

    write_starter(recipe, force)
    typer.echo(f"{recipe} written; set `path` in it, then: corpusforge plan {recipe}")


handoff = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Write the scripts that give work to a cluster.")
app.add_typer(handoff, name="handoff")

ScriptFile = Annotated[Path | None, typer.Option("--to", help="File to write; stdout unless given.", show_default=False)]


@handoff.command("slurm")
def handoff_slurm_command(
    recipe: RecipePath,
    out: Out = None,
    overrides: Overrides = None,
    *,
    tasks: Annotated[int, typer.Option("--tasks", min=1, help="Jobs in the array.")] = 8,
    cpus: Annotated[int, typer.Option("--cpus", min=1, help="Cores, and worker processes, of each.")] = 8,
    memory: Annotated[str, typer.Option("--memory", help="Memory of each; about 2 GB a worker.")] = "32G",
    time: Annotated[str, typer.Option("--time", help="Time limit of each.")] = "24:00:00",
    partition: Annotated[str, typer.Option("--partition", help="Partition.", show_default=False)] = "",
    account: Annotated[str, typer.Option("--account", help="Account.", show_default=False)] = "",
    logs: Annotated[Path, typer.Option("--logs", help="Folder for a log per job.")] = Path("logs"),
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Jobs run at the same time, or queue themselves again.")
    ] = True,
    to: ScriptFile = None,
) -> None:
    """Write an sbatch script that builds a recipe as an array of jobs on a shared folder.

    Example: corpusforge handoff slurm recipes/geo.yaml --tasks 16 --to build.sbatch
    """
    from corpusforge.handoff.slurm import SlurmOptions, slurm_script, write_script
    from corpusforge.recipe import default_out, load_recipe

    changes = tuple(overrides or ())
    options = SlurmOptions(tasks, cpus, memory, time, partition, account, logs, wait, changes)
    folder = _local(Path(out)) if out else default_out(load_recipe(recipe, changes))
    script = slurm_script(recipe, folder, options)
    if to is not None:
        write_script(to, script, logs)
    typer.echo(script if to is None else f"{to} written; next: sbatch {to}")


@handoff.command("train")
def handoff_train_command(
    recipe: RecipePath,
    stage: Annotated[str | None, typer.Option("--stage", help="Only this stage; all unless given.", show_default=False)] = None,
    overrides: Overrides = None,
    *,
    nodes: Annotated[int, typer.Option("--nodes", min=1, help="Machines.")] = 1,
    gpus_per_node: Annotated[int, typer.Option("--gpus-per-node", min=1, help="GPUs, and processes, of each.")] = 8,
    cpus: Annotated[int, typer.Option("--cpus", min=1, help="Cores of each process.")] = 8,
    time: Annotated[str, typer.Option("--time", help="Time limit; the job saves before it and queues itself again.")] = (
        "24:00:00"
    ),
    partition: Annotated[str, typer.Option("--partition", help="Partition.", show_default=False)] = "",
    account: Annotated[str, typer.Option("--account", help="Account.", show_default=False)] = "",
    logs: Annotated[Path, typer.Option("--logs", help="Folder for the log.")] = Path("logs"),
    to: ScriptFile = None,
) -> None:
    """Write an sbatch script that trains a recipe on the GPUs of some machines, and goes on when its time is up.

    Example: corpusforge handoff train recipes/geo-train.yaml --nodes 2 --to train.sbatch
    """
    from corpusforge.handoff.slurm import write_script
    from corpusforge.handoff.training import TrainingOptions, training_script
    from corpusforge.recipe import load_training

    load_training(recipe, overrides or ())
    options = TrainingOptions(
        nodes, gpus_per_node, cpus, time=time, partition=partition, account=account, logs=logs, overrides=tuple(overrides or ())
    )
    script = training_script(recipe, stage, options)
    if to is not None:
        write_script(to, script, logs)
    typer.echo(script if to is None else f"{to} written; next: sbatch {to}")


@handoff.command("megatron")
def handoff_megatron_command(
    out: Finished,
    *,
    seq_length: Annotated[int, typer.Option("--seq-length", min=1, help="Tokens of a training sample.", show_default=False)],
    stage: Annotated[
        str | None, typer.Option("--stage", help="Stage of the mix; not needed where there is one.", show_default=False)
    ] = None,
    split: Annotated[
        str, typer.Option("--split", help="Parts for training, validation and test; held-out slices come before it.")
    ] = "99,1,0",
    gpus_per_node: Annotated[int, typer.Option("--gpus-per-node", min=1, help="Processes that torchrun starts.")] = 8,
    to: ScriptFile = None,
) -> None:
    """Write a torchrun script that trains Megatron-LM on the shards of a finished build.

    Example: corpusforge handoff megatron out/geo --seq-length 4096 --to train.sh
    """
    from corpusforge.handoff.megatron import MegatronOptions, megatron_script
    from corpusforge.handoff.slurm import write_script

    script = megatron_script(out, MegatronOptions(seq_length, stage, split, gpus_per_node))
    if to is not None:
        write_script(to, script)
    typer.echo(script if to is None else f"{to} written; next: MEGATRON=/path/to/Megatron-LM {to}")


vocab.command("init-embeddings")(init_embeddings_command)
app.add_typer(vocab, name="vocab")
app.add_typer(weights, name="weights")
app.add_typer(evaluate, name="evaluate")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"corpusforge {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False,
) -> None:
    pass


def main() -> None:
    """Entry point: errors of ours become one message on stderr and the exit code of their kind."""
    try:
        with translated_os_errors(Path.cwd()):
            app()
    except CorpusForgeError as error:
        for line in str(error).splitlines():
            print(line if error.exit_code == MORE_TO_DO else f"error: {line}", file=sys.stderr)
        sys.exit(error.exit_code)
