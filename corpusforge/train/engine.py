"""DeepSpeed, with the care it needs: everything that is particular to it is here.

On a CPU, init_distributed compiles a C++ extension for minutes that only inference uses, and raises without a compiler; so
that extension is struck off first. Its own AdamW compiles as well, so torch's is passed in. At the end a barrier and the
end of the process group: without, one in a dozen finished runs aborts while Python shuts down.
"""

import io
import logging
import os
import warnings
from contextlib import redirect_stdout
from typing import Any

import torch
from torch import distributed

from corpusforge.errors import MissingExtra
from corpusforge.recipe.training import TrainStage
from corpusforge.train.batches import Batches
from corpusforge.train.objective import Objective
from corpusforge.train.weights import optimizer


def start() -> torch.device:
    """Join the process group that RANK and its fellows describe; the device of this process."""
    has_gpu = torch.cuda.is_available()
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read once, before the first product; see repeatable()
    os.environ.setdefault("DS_ACCELERATOR", "cuda" if has_gpu else "cpu")
    try:
        import deepspeed
        from deepspeed import ops
    except ImportError:
        raise MissingExtra("train", "deepspeed", "train") from None
    import transformers

    transformers.utils.logging.disable_progress_bar()
    # DeepSpeed and peft use names that torch and transformers are giving up, which they say at every call.
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"torch\.distributed\.c10d_logger")
    warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
    logging.getLogger("DeepSpeed").setLevel(logging.WARNING)
    if not has_gpu:
        ops.__compatible_ops__["deepspeed_shm_comm"] = False
    device = torch.device("cuda", int(os.environ["LOCAL_RANK"])) if has_gpu else torch.device("cpu")
    if has_gpu:
        torch.cuda.set_device(device)
    deepspeed.init_distributed("nccl" if has_gpu else "gloo", verbose=False)
    return device


def repeatable(stage: TrainStage, device: torch.device) -> None:
    """Have the GPU add up in one order, in the backward pass of attention too, or not, as the stage says.

    Without it two runs of the same rows differ from the second step on, and so does a run that was resumed. Raised
    errors name what has no such form. Memory that is not filled yet is left so: nothing here reads it.
    """
    torch.use_deterministic_algorithms(stage.deterministic and device.type == "cuda")
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # a property of the module


def stop() -> None:
    """Leave the process group together."""
    distributed.barrier()
    distributed.destroy_process_group()


def engine(stage: TrainStage, objective: Objective, shares: Batches, device: torch.device, load_universal: bool = False) -> Any:
    """The DeepSpeed engine of a stage."""
    import deepspeed

    repeatable(stage, device)
    with redirect_stdout(io.StringIO()):  # it prints how much memory is used, whatever its log level
        made, *_ = deepspeed.initialize(
            model=objective, optimizer=optimizer(stage, objective, device), config=config(stage, shares, load_universal)
        )
    return made


def config(stage: TrainStage, shares: Batches, load_universal: bool = False) -> dict[str, Any]:
    """DeepSpeed's own settings for a stage."""
    zero: dict[str, Any] = {"stage": stage.zero, "overlap_comm": False, "contiguous_gradients": True}
    if stage.offload != "none":
        zero["offload_optimizer"] = {"device": "cpu"}
    if stage.offload == "optimizer_and_weights":
        zero["offload_param"] = {"device": "cpu"}
    return {
        "train_batch_size": shares.batch_rows,
        "train_micro_batch_size_per_gpu": shares.micro_rows,
        "gradient_accumulation_steps": shares.accumulation,
        "zero_optimization": zero,
        "zero_allow_untested_optimizer": True,
        "zero_force_ds_cpu_optimizer": False,
        "gradient_clipping": stage.clip_norm,
        "bf16": {"enabled": stage.precision == "bf16"},
        "fp16": {"enabled": stage.precision == "fp16"},
        # Gradients of many micro batches are summed in fp32: sums in bf16 lose what is small.
        "data_types": {"grad_accum_dtype": "fp32"},
        "checkpoint": {"load_universal": load_universal},
        "steps_per_print": 2**40,
    }


def set_learning_rate(made: Any, rate: float) -> None:
    """For the next step."""
    for group in made.optimizer.param_groups:
        group["lr"] = rate


def total(values: list[float], device: torch.device) -> list[float]:
    """Sums over all processes."""
    summed = torch.tensor(values, dtype=torch.float64, device=device)
    distributed.all_reduce(summed)
    found: list[float] = summed.tolist()
    return found


def gathered_weights(weights: list[torch.nn.Parameter]) -> Any:
    """A context in which weights that ZeRO-3 has shared out are whole."""
    import deepspeed

    return deepspeed.zero.GatheredParameters(weights, enabled=any(hasattr(each, "ds_id") for each in weights))
