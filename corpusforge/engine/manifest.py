"""What a build hands over: shards/, the artefacts, mix.json and manifest.json, the manifest last.

Files are hard-linked from the folders of the steps that made them, so publishing costs no space and a later build that
changes nothing publishes the same bytes. The manifest says nothing of machines or times: that is in run.json.
"""

import errno
import hashlib
import os
import platform
import shutil
import time
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from corpusforge import __version__
from corpusforge.engine.inputs import input_paths, source_facts
from corpusforge.engine.plan import Plan, Step
from corpusforge.engine.store import file_digest, json_bytes, read_json, sync, write_json
from corpusforge.errors import InputError
from corpusforge.index.blend import plan_stages
from corpusforge.index.mix import FORMAT, MIX, Mix, MixGroup, MixShard
from corpusforge.recipe.model import Recipe

MANIFEST = "manifest.json"
PLAN = "plan.json"
REPORT = "report.html"

# Bumped when the manifest says other things than before.
_FORMAT = 3


def publish_outputs(plan: Plan, reports: dict[str, dict[str, Any]]) -> None:
    """Put shards, artefacts, mix and manifest in place; what is there already and equal stays."""
    sink = plan.joined[-1]
    mix = make_mix(plan, reports).model_dump(mode="json")
    manifest = make_manifest(plan, reports, mix)
    if _is_published(plan, manifest):
        return
    (plan.out / MANIFEST).unlink(missing_ok=True)
    _replace_folder(plan.out / "shards", ((sink.folder / name, name) for name in _shard_files(manifest)))
    for name, folder in sink.artifacts.items():
        inside = sorted(path for path in folder.rglob("*") if path.is_file())
        _replace_folder(plan.out / name, ((path, path.relative_to(folder).as_posix()) for path in inside))
    write_json(plan.out / MIX, mix)
    write_json(plan.out / MANIFEST, manifest)


def published_names(recipe: Recipe) -> tuple[str, ...]:
    """What a build puts in place in its output folder, and replaces there: never anything else."""
    artifacts = {name for named in recipe.stages for name in named.stage.provides}
    return ("shards", *sorted(artifacts), MIX, MANIFEST, PLAN, "run.json", REPORT)


def write_plan(plan: Plan) -> None:
    """plan.json: the steps that a build is about to carry out, for whoever asks before it has finished."""
    steps = [
        {"name": step.name, "kind": step.kind, "fingerprint": step.fingerprint, "parents": list(step.parents)}
        for step in plan.steps
    ]
    write_json(plan.out / PLAN, {"sources": [{"name": name} for name in plan.chains], "steps": steps})


def make_manifest(plan: Plan, reports: dict[str, dict[str, Any]], mix: dict[str, Any]) -> dict[str, Any]:
    """Everything a reader of the shards has to know, the same for every machine."""
    sink = plan.joined[-1]
    report = reports[sink.fingerprint]
    return {
        "format": _FORMAT,
        "name": plan.recipe.name,
        "seed": plan.recipe.seed,
        "sink": {"use": plan.recipe.sink_use, **plan.recipe.sink.model_dump(mode="json")},
        "sources": [source_facts(chain, plan.listings[chain.name]) for chain in plan.recipe.sources],
        "artifacts": sorted(sink.artifacts),
        "shards": report["shards"],
        "mix": _bytes_facts(json_bytes(mix)),
        "steps": [_step_facts(step, reports[step.fingerprint]) for step in plan.steps],
    }


def _step_facts(step: Step, report: dict[str, Any]) -> dict[str, Any]:
    facts = {"name": step.name, "kind": step.kind, "fingerprint": step.fingerprint, "parents": list(step.parents)}
    beside = {name: report[name] for name in ("bad_shards", "no_documents") if report.get(name)}
    return {**facts, "ledger": report["ledger"], **beside}


def make_mix(plan: Plan, reports: dict[str, dict[str, Any]]) -> Mix:
    """What training reads: groups with their shards, and the stages that the recipe asks for."""
    shards = reports[plan.joined[-1].fingerprint]["shards"]
    settings = plan.recipe.mix
    groups = _groups(shard for shard in shards if not shard["held_out"])
    return Mix(
        format=FORMAT, seed=plan.recipe.seed if settings is None or settings.seed is None else settings.seed,
        layout=shards[0]["layout"], seq_length=plan.recipe.sink.row_length, groups=groups,
        held_out=_groups(shard for shard in shards if shard["held_out"]), stages=plan_stages(settings, groups),
    )  # fmt: skip


def _groups(shards: Iterable[dict[str, Any]]) -> dict[str, MixGroup]:
    by_group: dict[str, list[dict[str, Any]]] = {}
    for shard in shards:
        by_group.setdefault(shard["group"], []).append(shard)
    return {
        group: MixGroup(
            **{name: sum(shard[name] for shard in its) for name in ("num_documents", "num_sequences", "num_tokens")},
            shards=tuple(MixShard.model_validate({name: shard[name] for name in MixShard.model_fields}) for shard in its),
        )
        for group, its in sorted(by_group.items())
    }


def _bytes_facts(content: bytes) -> dict[str, int | str]:
    return {"size_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def holds_mix(out: Path, manifest: dict[str, Any]) -> bool:
    """Whether mix.json is the one that the manifest was written for."""
    path = out / MIX
    return path.is_file() and _bytes_facts(path.read_bytes()) == manifest["mix"]


def write_run(plan: Plan, workers: int, began: float, seconds: dict[str, float]) -> None:
    """run.json: what differs between machines and runs."""
    facts = {
        "corpusforge": __version__, "python": platform.python_version(), "host": platform.node(), "workers": workers,
        "recipe": str(plan.recipe.path), "overrides": list(plan.recipe.overrides), "out": str(plan.out),
        "began": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(began)), "seconds": round(time.time() - began, 3),
        "seconds_of": {name: round(each, 3) for name, each in seconds.items()}, "inputs": input_paths(plan.recipe.sources),
    }  # fmt: skip
    write_json(plan.out / "run.json", facts)


def read_manifest(out: Path) -> dict[str, Any]:
    """The manifest of a finished build; raises InputError when there is none."""
    path = out / MANIFEST
    if not path.is_file():
        raise InputError(f"{path}: no such file, so no finished build is here; run `corpusforge build` with --out {out}")
    manifest: dict[str, Any] = read_json(path)
    if manifest["format"] != _FORMAT:
        what = f"has format {manifest['format']}, this version reads {_FORMAT}"
        raise InputError(f"{path}: {what}; run `corpusforge build` again, which takes over what is done")
    return manifest


def _is_published(plan: Plan, manifest: dict[str, Any]) -> bool:
    """Whether what a reader would find is what this build would publish, file for file."""
    out, sink = plan.out, plan.joined[-1]
    if not (out / MANIFEST).is_file() or read_json(out / MANIFEST) != manifest or not holds_mix(out, manifest):
        return False
    folders = {"shards": [sink.folder / name for name in _shard_files(manifest)]}
    folders |= {name: sorted(path for path in folder.rglob("*") if path.is_file()) for name, folder in sink.artifacts.items()}
    return all(_holds(out / name, files) for name, files in folders.items())


def _shard_files(manifest: dict[str, Any]) -> list[str]:
    return [f"{shard['name']}{suffix}" for shard in manifest["shards"] for suffix in shard["files"]]


def _holds(folder: Path, files: Sequence[Path]) -> bool:
    """Whether a folder holds links to, or copies of, exactly these files."""
    if not folder.is_dir() or {path.name for path in folder.iterdir()} != {path.name for path in files}:
        return False
    pairs = [(folder / path.name, path) for path in files]
    return all(ours.samefile(theirs) or file_digest(ours) == file_digest(theirs) for ours, theirs in pairs)


def _replace_folder(folder: Path, files: Iterable[tuple[Path, str]]) -> None:
    """Make `folder` hold exactly these files (path, name inside), changing it by renames only."""
    fresh = folder.with_name(f"{folder.name}.{uuid.uuid4().hex}.partial")
    fresh.mkdir(parents=True)
    for path, name in files:
        target = fresh / name
        target.parent.mkdir(parents=True, exist_ok=True)
        _link(path, target)
    sync(fresh)
    if folder.exists():
        old = folder.with_name(f"{folder.name}.{uuid.uuid4().hex}.partial")
        folder.replace(old)
        fresh.replace(folder)
        shutil.rmtree(old)
    else:
        fresh.replace(folder)
    sync(folder.parent)


def _link(path: Path, target: Path) -> None:
    try:
        os.link(path, target)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.EMLINK):
            raise
        shutil.copyfile(path, target)
        sync(target)
