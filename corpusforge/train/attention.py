"""Attention inside documents: a token never sees another document of its row.

A row holds documents one after another, their positions begin at 0 anew. transformers derives the block mask from that for
sdpa and flex, but only where there is neither an attention mask nor a cache: with a mask of ones, or with the cache that
models have on by default, documents leak into each other without a word. So both are never given. On a GPU a dense mask
costs memory and keeps flash attention away; there `varlen` runs PyTorch's own flash attention over each document.
"""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import AttentionInterface, AttentionMaskInterface

VARLEN = "corpusforge_varlen"


def implementation(wanted: str, device: torch.device, dtype: torch.dtype) -> str:
    """The name transformers knows: of `wanted`, and for auto of what is best on the device."""
    if wanted == "auto":
        wanted = "varlen" if device.type == "cuda" and dtype != torch.float32 else "sdpa"
    return {"varlen": VARLEN, "flex": "flex_attention"}.get(wanted, wanted)


def segment_bounds(positions: NDArray[np.int32]) -> NDArray[np.int32]:
    """Where documents begin in rows laid end to end, then the number of tokens, int32 [documents + 1]."""
    starts = np.flatnonzero(positions.reshape(-1) == 0)
    return np.append(starts, positions.size).astype(np.int32)


def arguments(name: str, positions: NDArray[np.int32], device: torch.device) -> dict[str, Tensor]:
    """What the model has to be given besides positions, for the attention of that name."""
    if name != VARLEN:
        return {}
    bounds = torch.from_numpy(segment_bounds(positions)).to(device)
    torch._dynamo.maybe_mark_dynamic(bounds, 0)  # else each number of documents would be compiled anew
    return {"segment_bounds": bounds}


def attended_pairs(positions: NDArray[np.int32]) -> int:
    """Pairs of a token and one that it attends to, itself included."""
    return int(positions.sum(dtype=np.int64)) + positions.size


def _varlen(
    module: torch.nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **settings: Any
) -> tuple[Tensor, None]:
    """Causal attention inside documents; tensors are [rows, heads, length, head size] as transformers gives them."""
    from torch.nn.attention.varlen import varlen_attn

    refused = [name for name in ("softcap", "s_aux") if settings.get(name) is not None]
    if refused or settings.get("dropout"):
        raise NotImplementedError(f"attention: varlen has no {', '.join(refused) or 'dropout'}; set attention: flex")
    window = settings.get("sliding_window")
    bounds, longest = settings["segment_bounds"], query.shape[2]
    if window and "window_size" not in _KNOWN:
        raise NotImplementedError("attention: varlen of this PyTorch has no sliding window; set attention: flex")
    groups = query.shape[1] // key.shape[1]
    if groups > 1 and "enable_gqa" not in _KNOWN:
        key, value = (each.repeat_interleave(groups, dim=1) for each in (key, value))
    flat = [each.transpose(1, 2).flatten(0, 1) for each in (query, key, value)]
    given = {
        "is_causal": True, "window_size": (window - 1 if window else -1, 0), "scale": settings.get("scaling"),
        "enable_gqa": groups > 1,
    }  # fmt: skip
    known = {name: value for name, value in given.items() if name in _KNOWN}
    attend: Callable[..., Any] = varlen_attn  # its arguments differ between versions
    out: Tensor = attend(*flat, bounds, bounds, longest, longest, **known)
    return out.unflatten(0, (query.shape[0], query.shape[2])), None


def _no_mask(*_: Any, **__: Any) -> None:
    return None


def register() -> None:
    """Make `varlen` known to transformers."""
    AttentionInterface.register(VARLEN, _varlen)
    AttentionMaskInterface.register(VARLEN, _no_mask)


def _known() -> frozenset[str]:
    """The arguments that this PyTorch's varlen takes: windows came with 2.11, shared heads with 2.12."""
    try:
        from torch.nn.attention.varlen import varlen_attn
    except ImportError:
        return frozenset()
    return frozenset(inspect.signature(varlen_attn).parameters)


_KNOWN = _known()
