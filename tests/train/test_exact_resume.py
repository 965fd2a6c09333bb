"""A run that is killed and goes on is the run that was not: loss for loss and weight for weight."""

import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from train_processes import Group, Place

from corpusforge.train.checkpoints import checkpoints, read_manifest

pytestmark = pytest.mark.slow

# Dropout shows that generators are where they would have been; eight steps, a checkpoint every four.
LONG = {"steps": 8, "save_every": 4, "schedule": {"shape": "cosine", "warmup_steps": 2}}
TWO: dict[str, dict[str, Any]] = {
    "zero-2": {**LONG, "zero": 2, "trains": "lora", "lora": {"rank": 4, "dropout": 0.2, "embeddings": True}},
    "zero-3": {**LONG, "zero": 3, "activation_checkpointing": True},
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Straight runs of everything."""
    made = Place.make(tmp_path_factory.mktemp("resume"))
    stable = {"steps": 8, "save_every": 4, "keep": {"last": 1, "milestones": 4}}
    branch = {"name": "b", "steps": 4, "branch_from": "a@4"}
    branched = made.recipe("branched", stable, branch, {**branch, "name": "c", "schedule": {"shape": "decay"}})
    Group(made, [*(made.recipe(name, case) for name, case in TWO.items()), branched]).done()
    return made


def killed(place: Place, name: str, after: int) -> None:
    """Kill both processes once step `after` is done; they cannot do the next."""
    recipe = place.recipe(f"{name}-killed", TWO[name])
    group = Group(place, [recipe], stall_at_row=(after + 1) * 8)
    group.wait_for(place.stage(f"{name}-killed") / "metrics.jsonl", f'"step":{after},')
    group.signal(signal.SIGKILL)


def files(name: str) -> str:
    return "adapter_model.safetensors" if "lora" in str(TWO[name]) else "model.safetensors"


def test_kill_9_and_the_same_command_give_the_run_that_was_never_killed(place: Place) -> None:
    for name in TWO:
        killed(place, name, 6)
    Group(place, [str(place.folder / f"{name}-killed.yaml") for name in TWO]).done()
    for name in TWO:
        assert place.losses(f"{name}-killed") == place.losses(name)
        straight, resumed = place.weights(name, file=files(name)), place.weights(f"{name}-killed", file=files(name))
        assert all(torch.equal(resumed[each], weight) for each, weight in straight.items())
        states = [read_manifest(checkpoints(place.stage(each) / "checkpoints")[0]) for each in (name, f"{name}-killed")]
        assert [(each.step, each.rows, each.facts) for each in states] == [(8, 64, states[0].facts)] * 2


def test_a_signal_saves_and_another_number_of_processes_goes_on_with_the_same_rows(place: Place) -> None:
    recipe = place.recipe("stopped", {**TWO["zero-3"], "save_every": 100})
    group = Group(place, [recipe], stall_at_row=48)
    group.wait_for(place.stage("stopped") / "metrics.jsonl", '"step":3,')
    group.signal(signal.SIGTERM)
    code, said = group.failed()
    assert (code, "stopped by a signal after step" in said) == (75, True)
    Group(place, [recipe], processes=1).done()
    assert place.losses("stopped") == pytest.approx(place.losses("zero-3"), rel=1e-5)
    for name, weight in place.weights("zero-3").items():
        torch.testing.assert_close(place.weights("stopped")[name], weight, rtol=1e-4, atol=1e-5)


def test_a_branch_goes_on_with_optimizer_and_rows_under_a_schedule_of_its_own(place: Place) -> None:
    assert place.losses("branched", "b") == place.losses("branched", "a")[4:]
    assert all(torch.equal(place.weights("branched", "b")[name], each) for name, each in place.weights("branched", "a").items())
    assert place.losses("branched", "c")[:2] == place.losses("branched", "a")[4:6]
    assert place.losses("branched", "c")[3] != place.losses("branched", "a")[7]


def test_other_settings_are_refused_with_what_differs(place: Place) -> None:
    changed = place.recipe("zero-3", {**TWO["zero-3"], "learning_rate": 0.5, "steps": 9})
    (place.stage("zero-3") / "final" / "corpusforge.json").rename(Path(str(place.stage("zero-3")) + "-facts.json"))
    code, said = Group(place, [changed], processes=1).failed()
    assert code == 2
    assert "learning_rate 0.01 then, 0.5 now; steps 8 then, 9 now" in said
    assert "branch_from: a@8" in said
