"""The learning rate of a step, as a function of the step alone: nothing to save, nothing that a resume could get wrong.

Neither the first step nor the last is at rate zero where the schedule begins or ends there: transformers begins at zero,
so that its first step trains nothing. Step i of n behind the warm-up has the rate at i / n of the way down.
"""

import math

from corpusforge.recipe.training import Schedule


def learning_rate(schedule: Schedule, peak: float, step: int, num_steps: int) -> float:
    """The rate of step `step` (from 0) of `num_steps`."""
    warmup = warmup_steps(schedule, num_steps)
    if step < warmup:
        return peak * (schedule.warmup_from + (1 - schedule.warmup_from) * (step + 1) / warmup)
    return peak * (schedule.floor + (1 - schedule.floor) * _above_floor(schedule, step - warmup, num_steps - warmup))


def warmup_steps(schedule: Schedule, num_steps: int) -> int:
    """Steps of warm-up, never more than there are."""
    return min(num_steps, schedule.warmup_steps or math.ceil(schedule.warmup_share * num_steps))


def _above_floor(schedule: Schedule, done: int, length: int) -> float:
    """What is left, from 1 to 0, after `done` of the `length` steps behind the warm-up."""
    match schedule.shape:
        case "constant":
            return 1.0
        case "wsd":
            decay = max(1, math.ceil(schedule.decay_share * length))
            return _fallen(schedule.decay_shape, max(0, done - (length - decay)) / decay)
        case "decay":
            return _fallen(schedule.decay_shape, done / length)
        case shape:
            return _fallen(shape, done / length)


def _fallen(shape: str, progress: float) -> float:
    """From 1 at progress 0 to 0 at progress 1."""
    match shape:
        case "cosine":
            return (1 + math.cos(math.pi * progress)) / 2
        case "sqrt":
            return 1 - math.sqrt(progress)
        case _:
            return 1 - progress
