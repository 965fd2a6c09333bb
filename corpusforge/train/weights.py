"""Which weights of a base train, and the base loaded: all, embeddings, their new rows, or adapters beside frozen weights.

The vocabulary is never resized here: a base comes with the rows its tokenizer needs. Resizing together with adapters
under ZeRO-3 is how embeddings are lost elsewhere, without a word.
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from corpusforge.errors import MissingExtra, UserError
from corpusforge.recipe.training import TrainStage
from corpusforge.train.attention import implementation, register
from corpusforge.train.loss import Chunks
from corpusforge.train.objective import Objective, check_loss

DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}


def load_objective(stage: TrainStage, base: Path, adapter: Path | None, device: torch.device) -> Objective:
    """The model of a stage, its weights marked as the stage trains them; `adapter` is one to go on with."""
    register()
    torch.manual_seed(stage.seed)  # new adapters are drawn here, the same in every process
    model = _load(stage, base)
    return prepared(stage, model, adapter, device)


def prepared(stage: TrainStage, model: Any, adapter: Path | None, device: torch.device) -> Objective:
    """A model made ready to train."""
    if stage.trains in ("lora", "qlora"):
        model = _with_adapters(stage, model, adapter)
    else:
        _mark(stage, model)
    chunks = Chunks(stage.loss_chunk_tokens, is_compiled=stage.compile) if stage.loss_chunk_tokens else None
    objective = Objective(model, chunks)
    check_loss(objective)
    model.set_attn_implementation(implementation(stage.attention, device, DTYPES[stage.precision]))
    if stage.activation_checkpointing:
        enable = getattr(model, "activation_checkpointing_enable", model.gradient_checkpointing_enable)  # renamed in 5.2x
        enable({"use_reentrant": False})
    if stage.compile:
        for layer in model.get_decoder().layers:
            layer.compile()
    return objective


def _load(stage: TrainStage, base: Path) -> Any:
    from transformers import AutoModelForCausalLM

    quantized = {"quantization_config": _four_bits(stage)} if stage.trains == "qlora" else {}
    return AutoModelForCausalLM.from_pretrained(
        base,
        dtype=DTYPES[stage.precision],
        attn_implementation="sdpa",
        use_safetensors=True,
        local_files_only=True,
        **quantized,
    )


def _four_bits(stage: TrainStage) -> Any:
    if not torch.cuda.is_available():
        raise UserError(f"train: stage {stage.name!r}: qlora needs a GPU, and there is none; take trains: lora")
    try:
        import bitsandbytes  # noqa: F401
    except ImportError:
        raise MissingExtra("train: qlora", "bitsandbytes", "qlora") from None
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=DTYPES[stage.precision], bnb_4bit_quant_storage=DTYPES[stage.precision],
    )  # fmt: skip


def _mark(stage: TrainStage, model: Any) -> None:
    """Let train what the stage trains, and nothing else."""
    if stage.trains == "full":
        model.requires_grad_(True)
        return
    model.requires_grad_(False)
    for weight in _embeddings(model):
        weight.requires_grad_(True)
        if stage.trains == "new_embeddings":
            weight.register_hook(_only_rows_from(_checked_rows(stage, len(weight))))


def _embeddings(model: Any) -> list[torch.nn.Parameter]:
    """Weights of the input and output embedding, one where they are the same."""
    both = [model.get_input_embeddings().weight, model.get_output_embeddings().weight]
    return both[:1] if both[0] is both[1] else both


def _checked_rows(stage: TrainStage, num_rows: int) -> int:
    first = stage.new_rows_from or 0
    if first >= num_rows:
        raise UserError(
            f"train: stage {stage.name!r}: new_rows_from {first:,}, but the base has {num_rows:,} rows, so none is new; "
            "give the size of the vocabulary before it was extended"
        )
    return first


def _only_rows_from(first: int) -> Any:
    def masked(gradient: Tensor) -> Tensor:
        kept = gradient.clone()
        kept[:first] = 0
        return kept

    return masked


def _with_adapters(stage: TrainStage, model: Any, adapter: Path | None) -> Any:
    """The model with adapters put into its modules: new ones, or those of a folder."""
    from peft import LoraConfig, PeftModel, get_peft_model

    lora = stage.lora
    if lora.embeddings and len(_embeddings(model)) == 1:
        raise UserError(
            f"train: stage {stage.name!r}: lora.embeddings would part the embedding from the head, which this base ties; "
            "train them in a stage of their own (trains: embeddings)"
        )
    if adapter is not None:
        wrapped = PeftModel.from_pretrained(model, adapter, is_trainable=True)
    else:
        names = _names_of_embeddings(model) if lora.embeddings else None
        config = LoraConfig(
            r=lora.rank, lora_alpha=lora.alpha, lora_dropout=lora.dropout, target_modules=list(lora.targets) or "all-linear",
            modules_to_save=names, task_type="CAUSAL_LM",
        )  # fmt: skip
        wrapped = get_peft_model(model, config)
    inner = wrapped.get_base_model()
    # Outside the tree of modules, so that no name of a weight changes.
    object.__setattr__(inner, "adapters", wrapped)
    return inner


def _names_of_embeddings(model: Any) -> list[str]:
    both = (model.get_input_embeddings(), model.get_output_embeddings())
    return [name.rpartition(".")[2] for name, module in model.named_modules() if any(module is each for each in both)]


def optimizer(stage: TrainStage, objective: Objective, device: torch.device) -> torch.optim.Optimizer:
    """AdamW over what trains: matrices decay, vectors do not, nor do embeddings whose old rows must stay as they are."""
    training = [weight for weight in objective.parameters() if weight.requires_grad]
    decays = [weight for weight in training if weight.ndim >= 2 and stage.trains != "new_embeddings"]
    others = [weight for weight in training if not any(weight is each for each in decays)]
    groups = [
        {"params": weights, "weight_decay": decay}
        for weights, decay in ((decays, stage.weight_decay), (others, 0.0))
        if weights
    ]
    is_fused = device.type == "cuda" and stage.offload == "none"
    return torch.optim.AdamW(groups, lr=stage.learning_rate, betas=stage.betas, eps=stage.epsilon, fused=is_fused)
