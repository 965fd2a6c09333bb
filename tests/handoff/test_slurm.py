"""The script for Slurm: what it says, that bash takes it, and that its jobs, run here one by one, build the corpus."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from corpusforge.engine.run import build
from corpusforge.errors import UserError
from corpusforge.handoff.slurm import SlurmOptions, slurm_script, write_script
from corpusforge.recipe import load_recipe

ROOT = Path(__file__).resolve().parents[2]
TINY = ROOT / "recipes/tiny.yaml"


def directives(script: str) -> dict[str, str]:
    lines = [line.removeprefix("#SBATCH --") for line in script.splitlines() if line.startswith("#SBATCH")]
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def test_the_cluster_is_told_what_each_job_needs() -> None:
    options = SlurmOptions(tasks=16, cpus=4, memory="8G", time="2:00:00", partition="cpu", account="geo", logs=Path("logs"))
    assert directives(slurm_script(TINY, Path("out"), options, Path("/scratch/me"))) == {
        "job-name": "corpusforge-tiny", "array": "0-15", "ntasks": "1", "cpus-per-task": "4", "mem": "8G", "time": "2:00:00",
        "partition": "cpu", "account": "geo", "output": "/scratch/me/logs/%A-%a.log", "open-mode": "append", "requeue": "",
    }  # fmt: skip


def test_what_is_not_given_is_left_to_the_cluster() -> None:
    assert {"partition", "account"}.isdisjoint(directives(slurm_script(TINY, Path("out"), SlurmOptions(tasks=2))))


def test_directives_stand_before_the_first_command() -> None:
    lines = slurm_script(TINY, Path("out"), SlurmOptions(tasks=2)).splitlines()
    last = max(number for number, line in enumerate(lines) if line.startswith("#SBATCH"))
    assert all(line.startswith("#") for line in lines[:last])


@pytest.mark.parametrize("partition", ["gpu cpu", 'a"b', "a\n#SBATCH --exclusive", "a#b", "$(id)"])
def test_what_cannot_stand_in_a_directive_is_refused(partition: str) -> None:
    with pytest.raises(UserError, match="partition"):
        slurm_script(TINY, Path("out"), SlurmOptions(tasks=2, partition=partition))


def test_a_percent_sign_in_the_folder_of_the_logs_is_no_pattern() -> None:
    script = slurm_script(TINY, Path("out"), SlurmOptions(tasks=2, logs=Path("/logs/50%")))
    assert directives(script)["output"] == "/logs/50%%/%A-%a.log"


@pytest.mark.parametrize("wait", [True, False])
def test_bash_takes_every_value_for_what_it_is(tmp_path: Path, wait: bool) -> None:
    awkward = 'it\'s $HOME `id` "x" \\ * ; & 深'
    options = SlurmOptions(tasks=3, overrides=(f"a={awkward}",), wait=wait)
    script = slurm_script(Path(awkward) / "r.yaml", Path(awkward), options, tmp_path)
    path = tmp_path / "job.sh"
    write_script(path, script)
    subprocess.run(["bash", "-n", path], check=True)
    shown = (
        script[: script.index("run=(")] + script[script.index("run=(") :].splitlines()[0] + "\nprintf '%s\\0' \"${run[@]}\"\n"
    )
    words = subprocess.run(
        ["bash", "-c", shown], check=True, capture_output=True, text=True, env={**os.environ, "SLURM_ARRAY_TASK_ID": "1"}
    ).stdout.split("\0")[1:-1]
    folder = str(tmp_path / awkward)
    assert words == [
        "-m", "corpusforge", "build", f"{folder}/r.yaml", "--out", folder, "--workers", "8", "--set", f"a={awkward}",
        *([] if wait else ["--no-wait"]), "--task", "2/3",
    ]  # fmt: skip


def test_a_script_can_be_executed_and_the_folder_for_its_logs_is_there(tmp_path: Path) -> None:
    write_script(tmp_path / "jobs/build.sbatch", "#!/usr/bin/env bash\n", tmp_path / "logs")
    assert stat.S_IMODE((tmp_path / "jobs/build.sbatch").stat().st_mode) == 0o755
    assert (tmp_path / "logs").is_dir()


def job(script: Path, number: int, path: str) -> subprocess.Popen[str]:
    """A job of the array, as Slurm would start it."""
    environment = {
        **os.environ,
        "SLURM_ARRAY_TASK_ID": str(number),
        "SLURM_ARRAY_JOB_ID": "77",
        "PATH": path,
        "CORPUSFORGE_PAUSE": "0",
    }
    return subprocess.Popen(["bash", str(script)], env=environment, stderr=subprocess.PIPE, text=True)


def shards(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (out / "shards").iterdir()}


@pytest.mark.slow
def test_the_jobs_of_an_array_that_run_together_build_the_corpus(tmp_path: Path) -> None:
    write_script(tmp_path / "job.sh", slurm_script(TINY, tmp_path / "array", SlurmOptions(tasks=2, cpus=1)))
    jobs = [job(tmp_path / "job.sh", number, os.environ["PATH"]) for number in (0, 1)]
    ends = [(each.communicate(timeout=60)[1], each.returncode) for each in jobs]
    assert [code for _, code in ends] == [0, 0], ends
    build(load_recipe(TINY), tmp_path / "one")
    assert shards(tmp_path / "array") == shards(tmp_path / "one")


@pytest.mark.slow
def test_jobs_that_do_not_wait_queue_themselves_again_until_the_corpus_is_built(tmp_path: Path) -> None:
    fake = tmp_path / "bin/scontrol"
    write_script(fake, f'#!/usr/bin/env bash\necho "$*" >> {tmp_path}/requeued\n')
    write_script(tmp_path / "job.sh", slurm_script(TINY, tmp_path / "array", SlurmOptions(tasks=2, cpus=1, wait=False)))
    path = f"{fake.parent}:{os.environ['PATH']}"
    while not (tmp_path / "array/manifest.json").exists():
        for number in (1, 0):
            again = job(tmp_path / "job.sh", number, path)
            _, said = again.communicate(timeout=60)
            assert again.returncode == 0, said
    assert set((tmp_path / "requeued").read_text().splitlines()) == {"requeue 77_0", "requeue 77_1"}
    build(load_recipe(TINY), tmp_path / "one")
    assert shards(tmp_path / "array") == shards(tmp_path / "one")
