"""kill -9 of a real build, twenty times, and Ctrl-C: nobody goes on writing, and the same command ends with the same bytes."""

import gzip
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import orjson
import pytest
from fault_builds import (
    DATA,
    SAMPLES,
    books_that_do_not_add_up,
    command,
    descendants,
    finished,
    leftovers,
    lives,
    outputs,
    reference,
    run,
    small_recipe,
    snapshot,
    workers_of,
)  # fmt: skip

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")]

NUM_KILLS = 20

# As at a terminal: what a script starts in the background does not hear Ctrl-C, and hands that on.
HEARD = (signal.SIGINT, signal.SIG_DFL)

REAL_RECIPE = f"""\
version: 1
name: real
seed: 7
sources:
  - {{name: textbook-en, use: source.files, path: "{SAMPLES}/textbook_en", lang: en, group: geo, pipeline: text}}
  - {{name: textbook-zh, use: source.files, path: "{SAMPLES}/textbook_zh", lang: zh, group: geo, pipeline: text}}
  - name: articles
    use: source.jsonl
    path: articles
    columns: {{id: id}}
    group: articles
    pipeline: [{{use: filter.length, min_words: 20}}]
stages:
  - {{use: dedup.exact}}
  - {{use: dedup.minhash, keep_index: true}}
  - {{use: dedup.paragraph}}
  - {{use: vocab.train, vocab_size: 4000}}
  - {{use: vocab.encode}}
  - {{use: split.greedy, max_tokens: 512}}
sink: {{use: index.megatron, layout: pieces, num_shards: 3}}
"""


def real_recipe(folder: Path) -> Path:
    """The samples, and documents of the collections where they are: sixteen files that cannot be cut, so sixteen tasks."""
    lines = [line for name in ("en", "zh") for line in (SAMPLES / f"articles_{name}.jsonl").read_bytes().splitlines()]
    for path in sorted((DATA / "geo_zh").rglob("*.md"))[:300]:
        lines.append(orjson.dumps({"id": str(path.relative_to(DATA)), "text": path.read_text("utf-8", "replace")}))
    (folder / "articles").mkdir(parents=True)
    for index in range(16):
        (folder / f"articles/{index:02d}.jsonl.gz").write_bytes(gzip.compress(b"\n".join(lines[index::16]) + b"\n", mtime=0))
    recipe = folder / "real.yaml"
    recipe.write_text(REAL_RECIPE, encoding="utf-8")
    return recipe


def is_finished(out: Path) -> bool:
    return (out / "run.json").exists()


def wait_for_changes(process: "subprocess.Popen[str]", out: Path, number: int, quiet_seconds: float) -> None:
    """Until so many files of the folder have changed, or, after the first, none did for a while; or the process ended."""
    before, latest, since = snapshot(out), snapshot(out), time.monotonic()
    while process.poll() is None:
        now = snapshot(out)
        if now != latest:
            latest, since = now, time.monotonic()
        changes = len(set(now.items()) ^ set(before.items()))
        if changes >= number or (changes and time.monotonic() - since > quiet_seconds):
            return
        time.sleep(0.002)


def nobody_writes(out: Path) -> bool:
    before = snapshot(out)
    time.sleep(0.3)
    return snapshot(out) == before


def kill_parent(process: "subprocess.Popen[str]", out: Path) -> bool:
    """Kill it alone; False when it had ended before. Its workers have to end by themselves."""
    children = descendants(process.pid)
    process.kill()
    if process.wait() != -signal.SIGKILL:
        return False
    assert all_end(children)
    assert nobody_writes(out)
    return True


def all_end(processes: list[int]) -> bool:
    """Whether none of the processes lives after a while: a fraction of a second, longer where the machine is busy."""
    limit = time.monotonic() + 20
    while any(map(lives, processes)) and time.monotonic() < limit:
        time.sleep(0.01)
    return not any(map(lives, processes))


def kill_worker(process: "subprocess.Popen[str]", chosen: random.Random) -> bool:
    """Kill one; False when there was none, or its death came too late to matter. The build has to say so and end."""
    workers = workers_of(process.pid)
    if not workers:
        return False
    try:
        os.kill(chosen.choice(workers), signal.SIGKILL)
    except ProcessLookupError:
        return False
    _, said = process.communicate(timeout=300)
    if process.returncode == 0:
        return False
    assert (process.returncode, "run the same command again" in said) == (3, True), said
    return True


def test_twenty_kills_at_random_points_of_a_real_build_change_no_byte(tmp_path: Path) -> None:
    recipe = real_recipe(tmp_path)
    undisturbed = reference(recipe, tmp_path / "undisturbed")
    chosen = random.Random(20)
    out = tmp_path / "killed"
    kills = {"parent": 0, "worker": 0}
    rounds = 0
    while sum(kills.values()) < NUM_KILLS:
        victim = chosen.choice(["parent", "worker"])
        process = subprocess.Popen(command(recipe, out), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        wait_for_changes(process, out, chosen.randrange(1, 60), chosen.uniform(0.1, 1.5))
        time.sleep(chosen.uniform(0, 0.03))
        is_hit = kill_parent(process, out) if victim == "parent" else kill_worker(process, chosen)
        process.communicate()
        kills[victim] += is_hit and not is_finished(out)
        if is_finished(out):
            assert outputs(out) == undisturbed
            shutil.rmtree(out)
            rounds += 1
        assert rounds < NUM_KILLS, f"builds end before they are killed: {kills}"
    assert finished(recipe, out) == undisturbed
    assert leftovers(out) == []
    assert books_that_do_not_add_up(out) == []
    assert min(kills.values()) >= 3


def test_ctrl_c_ends_everything_says_how_to_go_on_and_costs_nothing(tmp_path: Path) -> None:
    recipe = real_recipe(tmp_path)
    out = tmp_path / "out"
    process = subprocess.Popen(
        command(recipe, out),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=partial(signal.signal, *HEARD),  # noqa: PLW1509 - one system call
    )
    wait_for_changes(process, out, 12, 5)
    children = descendants(process.pid)
    assert children
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: the build and all its workers get it
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert "run the same command to go on" in said.splitlines()[-1]
    assert all_end(children)  # workers are waited for; multiprocessing's own helper ends when it sees its parent gone
    assert nobody_writes(out)
    assert finished(recipe, out) == reference(recipe, tmp_path / "undisturbed")
    assert leftovers(out) == []


def test_a_lock_ends_with_its_process_and_a_build_that_was_killed_does_not_keep_the_folder(tmp_path: Path) -> None:
    recipe = small_recipe(tmp_path)
    process = subprocess.Popen(command(recipe, tmp_path / "out"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (tmp_path / "out/.lock").exists():
        time.sleep(0.002)
    process.kill()
    process.wait()
    assert run(recipe, tmp_path / "out").returncode == 0
