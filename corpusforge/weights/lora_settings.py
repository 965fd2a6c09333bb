"""adapter_config.json of peft: what a LoRA adapter does, and refusals by name of what would be merged wrongly.

A setting that is not known here is refused where it is set at all: a merge that leaves something out gives a model that is
quietly another one than was trained.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from corpusforge.errors import InputError

CONFIG = "adapter_config.json"

T = TypeVar("T")

# Used in training, or about where the adapter came from; the weights to merge are the same.
_WITHOUT_EFFECT = {
    "auto_mapping", "base_model_name_or_path", "corda_config", "eva_config", "exclude_modules", "inference_mode",
    "layers_pattern", "layers_to_transform", "loftq_config", "lora_dropout", "lora_ga_config", "megatron_core", "peft_version",
    "qalora_group_size", "revision", "runtime_config", "task_type", "bias",
}  # fmt: skip
_READ = {
    "peft_type", "r", "lora_alpha", "use_rslora", "fan_in_fan_out", "rank_pattern", "alpha_pattern", "target_modules",
    "modules_to_save", "ensure_weight_tying", "init_lora_weights",
}  # fmt: skip

# Beginnings that leave the base as it is; others (pissa, olora, corda, loftq ...) train on a base that they have changed.
_PLAIN_BEGINNINGS = (True, False, None, "gaussian", "eva", "orthogonal")


@dataclass(frozen=True)
class LoraSettings:
    """What counts for merging; patterns are regular expressions over names of modules, the first that fits holds."""

    rank: int
    alpha: float
    use_rslora: bool
    fan_in_fan_out: bool
    rank_pattern: Mapping[str, int]
    alpha_pattern: Mapping[str, float]
    target_modules: tuple[str, ...]
    modules_to_save: tuple[str, ...]
    keeps_tying: bool
    leaves_out: bool
    """Whether the targets are only some of the modules that have their names."""

    @classmethod
    def of(cls, config: Mapping[str, Any], path: Path) -> "LoraSettings":
        """Settings in a configuration; raises InputError naming `path` where one of them is not understood."""
        _check(config, path)
        targets = config.get("target_modules") or ()
        try:
            for pattern in (*(config.get("rank_pattern") or ()), *(config.get("alpha_pattern") or ())):
                re.compile(pattern)
            return cls(
                rank=int(config["r"]),
                alpha=float(config["lora_alpha"]),
                use_rslora=bool(config.get("use_rslora")),
                fan_in_fan_out=bool(config.get("fan_in_fan_out")),
                rank_pattern={str(name): int(rank) for name, rank in (config.get("rank_pattern") or {}).items()},
                alpha_pattern={str(name): float(alpha) for name, alpha in (config.get("alpha_pattern") or {}).items()},
                target_modules=() if isinstance(targets, str) else tuple(sorted(map(str, targets))),
                modules_to_save=tuple(sorted(map(str, config.get("modules_to_save") or ()))),
                keeps_tying=bool(config.get("ensure_weight_tying")),
                leaves_out=_is_set(config.get("exclude_modules")) or config.get("layers_to_transform") is not None,
            )
        except (AttributeError, KeyError, TypeError, ValueError, re.error) as error:
            raise InputError(f"{path}: r, lora_alpha or a pattern cannot be read ({error!r}); get the file again") from error

    def rank_of(self, module: str) -> int:
        """Rank that a module has."""
        return _fitting(self.rank_pattern, module, self.rank)

    def scale_of(self, module: str) -> float:
        """What the product of a module is multiplied by: alpha / rank, or alpha / sqrt(rank) for rsLoRA."""
        rank = self.rank_of(module)
        return _fitting(self.alpha_pattern, module, self.alpha) / (math.sqrt(rank) if self.use_rslora else rank)


def _check(config: Mapping[str, Any], path: Path) -> None:
    if config.get("peft_type") != "LORA":
        raise InputError(f"{path}: peft_type is {config.get('peft_type')!r}; only LORA can be merged")
    odd = sorted(name for name in config.keys() - _WITHOUT_EFFECT - _READ if _is_set(config[name]))
    if odd:
        raise InputError(
            f"{path}: {odd[0]} is {config[odd[0]]!r}, and merging does not know it; merge with peft itself: "
            "PeftModel.from_pretrained(base, adapter).merge_and_unload().save_pretrained(FOLDER)"
        )
    beginning = config.get("init_lora_weights", True)
    if beginning not in _PLAIN_BEGINNINGS:
        raise InputError(
            f"{path}: init_lora_weights is {beginning!r}, so the adapter fits a changed base only; save it again with "
            "path_initial_model_for_weight_conversion, or merge with peft itself"
        )


def _is_set(value: object) -> bool:
    return value not in (None, False, [], {}, "")


def _fitting(patterns: Mapping[str, T], module: str, default: T) -> T:
    """As peft looks patterns up: each may stand for the end of a name, too."""
    return next((value for pattern, value in patterns.items() if re.match(rf"(.*\.)?({pattern})$", module)), default)
