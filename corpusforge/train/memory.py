"""About how much memory a stage takes in one process, before anything is started: arithmetic, within some tenths."""

from dataclasses import dataclass

from corpusforge.recipe.training import TrainStage
from corpusforge.train.base import Base

# Bytes of half-precision activations for a token and layer, in units of the width, with flash attention.
_KEPT, _KEPT_WITH_CHECKPOINTING = 34, 2

# Bytes of a weight in four bits, with its share of the scales of blocks of 64.
_FOUR_BIT_BYTES = 0.516

_NOT_ADAPTED = ("embed_tokens", "lm_head", "wte", "embed_in", "word_embeddings", "embed_out")


@dataclass(frozen=True)
class Memory:
    """Bytes in one process."""

    weights: int
    gradients: int
    optimizer: int
    activations: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.weights + self.gradients + self.optimizer + self.activations


def num_training(stage: TrainStage, base: Base) -> int:
    """Weights that a stage trains."""
    rows, width = base.embedding
    embeddings = rows * width * (1 if base.is_tied else 2)
    match stage.trains:
        case "full":
            return base.num_weights
        case "embeddings":
            return embeddings
        case "new_embeddings":
            return embeddings
        case _:
            return _adapters(stage, base) + (embeddings if stage.lora.embeddings else 0)


def _adapters(stage: TrainStage, base: Base) -> int:
    matrices = {name.split(".")[-2]: [] for name, shape in base.shapes.items() if len(shape) == 2}  # type: dict[str, list[int]]
    for name, shape in base.shapes.items():
        if len(shape) == 2:
            matrices[name.split(".")[-2]].append(sum(shape))
    wanted = stage.lora.targets or tuple(name for name in matrices if name not in _NOT_ADAPTED)
    return stage.lora.rank * sum(sum(matrices.get(name, [])) for name in wanted)


def memory(stage: TrainStage, base: Base, world: int) -> Memory:
    """Of one of `world` processes, on the GPU where there is one; what is offloaded is left out."""
    trains = num_training(stage, base)
    size = 4 if stage.precision == "fp32" else 2
    stored = _stored(stage, base, size)
    weights = 0.0 if stage.offload == "optimizer_and_weights" else stored / (world if stage.zero == 3 else 1)
    gradients = trains * (4 if size == 4 else 6) / (world if stage.zero >= 2 else 1)
    states = 0 if stage.offload != "none" else trains * (8 if stage.zero == 0 else 12) / (world if stage.zero else 1)
    return Memory(int(weights), int(gradients), int(states), _activations(stage, base, size))


def _stored(stage: TrainStage, base: Base, size: int) -> float:
    """Bytes of all weights; qlora keeps matrices in four bits with their scales, and embeddings and head as they are."""
    if stage.trains != "qlora":
        return base.num_weights * size
    rows, width = base.embedding
    kept = rows * width * (1 if base.is_tied else 2)
    return kept * size + (base.num_weights - kept) * _FOUR_BIT_BYTES


def _activations(stage: TrainStage, base: Base, size: int) -> int:
    tokens = stage.micro_batch_rows * stage.sequence_length
    rows, width = base.embedding
    layers = int(base.config.get("num_hidden_layers") or base.config.get("n_layer") or 1)
    kept = _KEPT_WITH_CHECKPOINTING if stage.activation_checkpointing else _KEPT
    one_layer = _KEPT * width * tokens
    logits = min(tokens, stage.loss_chunk_tokens or tokens) * rows * (size + 8)
    return int((kept * width * tokens * layers + one_layer) * size / 2) + logits
