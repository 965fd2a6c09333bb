"""The sbatch script of a training, run with an srun and an scontrol of our own."""

import os
import subprocess
from pathlib import Path

import pytest

from corpusforge.errors import UserError
from corpusforge.handoff.training import TrainingOptions, training_script

SRUN = """#!/usr/bin/env bash
shift  # --kill-on-bad-exit
for rank in 0 1; do SLURM_PROCID=$rank SLURM_LOCALID=$rank SLURM_NTASKS=2 "$@" || exit $?; done
"""
SCONTROL = """#!/usr/bin/env bash
if [ "$1" = show ]; then printf 'node7\\nnode8\\n'; else echo "$@" >> scontrol.txt; fi
"""
PYTHON = """#!/usr/bin/env bash
echo "$RANK $LOCAL_RANK $WORLD_SIZE $MASTER_ADDR $MASTER_PORT $@" >> ran.txt
exit ${CODE:-0}
"""


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    for name, text in (("srun", SRUN), ("scontrol", SCONTROL), ("python", PYTHON)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    return tmp_path


def submit(tools: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> int:
    monkeypatch.setattr("sys.executable", str(tools / "python"))
    script = training_script(Path("my train.yaml"), "adapt", TrainingOptions(overrides=("train.stages.adapt.steps=5",)), tools)
    environment = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "CODE": str(code)}
    environment |= {"SLURM_JOB_ID": "41", "SLURM_JOB_NODELIST": "node[7-8]"}
    return subprocess.run(["bash", "-c", script], env=environment, check=False).returncode


def test_each_gpu_gets_a_process_that_knows_its_rank(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert submit(tools, monkeypatch, 0) == 0
    arguments = f"-m corpusforge train {tools}/my train.yaml --stage adapt --set train.stages.adapt.steps=5"
    assert (tools / "ran.txt").read_text().splitlines() == [f"{rank} {rank} 2 node7 20041 {arguments}" for rank in (0, 1)]
    assert not (tools / "scontrol.txt").exists()


def test_a_job_that_was_told_to_save_queues_itself_again_and_no_other_does(
    tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert submit(tools, monkeypatch, 6) == 6
    assert not (tools / "scontrol.txt").exists()
    assert submit(tools, monkeypatch, 75) == 0
    assert (tools / "scontrol.txt").read_text() == "requeue 41\n"


def test_what_an_sbatch_line_cannot_hold_is_refused() -> None:
    with pytest.raises(UserError, match="partition: got 'a b'"):
        training_script(Path("x.yaml"), None, TrainingOptions(partition="a b"))
