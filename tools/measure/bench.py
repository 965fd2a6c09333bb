"""tools/bench: MB/s of every step beside its peer, on one corpus, in one run, as a table in Markdown."""

import argparse
import platform
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

from measure.corpus import LANGUAGES, CorpusSize, corpus
from measure.crawl import crawl_step
from measure.crawl_pages import crawl_pages_table
from measure.dedup import dedup_step
from measure.dedup_quality import quality
from measure.dedup_scale import NUM_DOCUMENTS, scale
from measure.html_gold import pages_table, peers
from measure.pdf_pages import pdf_table
from measure.peers import Datatrove, Sketches, cache_folder, peer_folder, peer_python
from measure.steps import STEPS, Lab
from measure.timing import Speed
from measure.verdicts import ROOT, SHARED
from measure.whole import whole_build

from corpusforge.engine.executor import prepare_process

_STEPS = {**STEPS, "crawl": crawl_step, "dedup": dedup_step}
_SCALE = "dedup-scale"
_EMBEDDINGS = "embeddings"
_PAGES = "html"
_CRAWL_PAGES = "crawl-pages"


def main() -> None:
    """Parse, make the corpus, measure, print."""
    options = _options()
    prepare_process()
    text = corpus(options.data, CorpusSize(options.megabytes, options.seed), cache_folder())
    found: list[Speed] = []
    further = ""
    try:
        with ExitStack() as stack:
            scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="corpusforge-bench-")))
            python = None if options.no_peers else peer_python(options.peers)
            datatrove = None if python is None else stack.enter_context(Datatrove(python))
            sketches = None if python is None else stack.enter_context(Sketches(python))
            labs = [
                Lab(
                    lang, text / f"{lang}.jsonl", options.tokenizer, options.lid_model, scratch, options.rounds,
                    datatrove, sketches,
                )
                for lang in LANGUAGES
            ]  # fmt: skip
            for each in _speeds(options.steps, text, labs):
                print(f"{each.step} ({each.lang}): {each.megabytes_per_second:.1f} MB/s", file=sys.stderr)
                found.append(each)
            for table in _tables(options, labs, scratch):
                further += table
    finally:  # what was measured before a step failed is worth minutes
        page = report(found, f"{options.megabytes} MB of text from {options.data}, seed {options.seed}") + further
        if options.out:
            options.out.write_text(page, encoding="utf-8")
        else:
            print(page, end="")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools/bench", description=__doc__)
    steps = (*_STEPS, "build", "pdf", _PAGES, _CRAWL_PAGES)
    parser.add_argument(
        "--steps", default=",".join(steps),
        help=f"comma-separated: {', '.join(steps)}; and {_SCALE} and {_EMBEDDINGS}: 15 and 30 minutes",
    )  # fmt: skip
    parser.add_argument("--megabytes", type=int, default=256, help="size of the corpus, half English, half Chinese")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rounds", type=int, default=3, help="the best round counts")
    parser.add_argument("--data", type=Path, default=SHARED if SHARED.is_dir() else ROOT / "recipes/samples",
                        help="folder of real text that the corpus is made from")  # fmt: skip
    parser.add_argument("--tokenizer", type=Path, default=ROOT / "recipes/samples/tokenizer")
    lid = SHARED / "lid/lid.176.ftz"
    parser.add_argument("--lid-model", type=Path, default=lid if lid.is_file() else None, help="a fastText model")
    parser.add_argument("--no-peers", action="store_true", help="measure ourselves only")
    parser.add_argument("--peers", type=Path, default=peer_folder(), help="virtual environment for other programs")
    parser.add_argument("--out", type=Path, help="write the table there; otherwise it is printed")
    options = parser.parse_args()
    options.steps = options.steps.split(",")
    unknown = sorted(set(options.steps) - {*steps, _SCALE, _EMBEDDINGS})
    if unknown:
        parser.error(f"--steps: no step {unknown[0]!r}; there are {', '.join(steps)}")
    return options


def _speeds(steps: list[str], text: Path, labs: list[Lab]) -> Iterator[Speed]:
    for name in steps:
        if name == "build":
            yield from whole_build(text, labs)
        for lab in labs if name in _STEPS else []:
            yield from _STEPS[name](lab)


def _tables(options: argparse.Namespace, labs: list[Lab], scratch: Path) -> Iterator[str]:
    """What is not told in megabytes a second."""
    if "dedup" in options.steps:
        yield quality(labs, options.data, options.seed)
    if "pdf" in options.steps:
        yield pdf_table(options.rounds)
    if _PAGES in options.steps:
        yield pages_table(options.data, options.rounds, {} if options.no_peers else peers())
    if _CRAWL_PAGES in options.steps:
        yield crawl_pages_table(options.data, options.tokenizer, options.rounds, scratch, has_peer=not options.no_peers)
    if _SCALE in options.steps:
        yield scale(NUM_DOCUMENTS, options.data, options.seed, scratch)
    if _EMBEDDINGS in options.steps:
        from measure.embeddings import embeddings_tables  # needs torch and transformers

        yield embeddings_tables(options.data, options.seed, scratch)


def report(found: Iterable[Speed], source: str) -> str:
    """The table, with what it was measured on."""
    lines = [
        f"Measured on {source}; {platform.processor() or platform.machine()}, Python {platform.python_version()}, "
        f"corpusforge {version('corpusforge')}. MB of UTF-8 text per second of CPU time of one thread, best round.",
        "",
        "| step | text | MB/s per core | peer | its MB/s | ratio |",
        "|---|---|--:|---|--:|--:|",
    ]
    notes = []
    for each in found:
        peer, theirs, ratio = each.peer or "-", "-", "-"
        if each.peer_megabytes_per_second:
            times = each.megabytes_per_second / each.peer_megabytes_per_second
            theirs, ratio = f"{each.peer_megabytes_per_second:.2f}", f"{times:.0f}x" if times >= 10 else f"{times:.1f}x"
        lines.append(f"| {each.step} | {each.lang} | {each.megabytes_per_second:.1f} | {peer} | {theirs} | {ratio} |")
        if each.note:
            notes.append(f"{each.step}: {each.note}.")
    return "\n".join([*lines, "", *notes]).rstrip() + "\n"


if __name__ == "__main__":
    main()
