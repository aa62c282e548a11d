"""How many examples a network learns from at once, so that memory suffices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psutil
import torch
from torch import Tensor

# Of what is free: the window, the photo and what others do need some as well.
_SHARE = 0.5
# What a step needs beside what is kept for going backwards: gradients of layers and work space.
_BESIDE = 2.0
# torch has no class for it but on CUDA: its allocators on Linux, Windows and macOS say so.
_EXHAUSTED = ("can't allocate memory", "not enough memory", "out of memory")


def free_bytes(device: str) -> int:
    """What can be had on a device now."""
    if device == "cuda":
        return int(torch.cuda.mem_get_info()[0])
    return int(psutil.virtual_memory().available)


def at_once(
    network: Callable[[Tensor], object],
    example: Tensor,
    batch: int,
    device: str,
    free: Callable[[str], int] = free_bytes,
) -> int:
    """How many of a batch fit, at least 1.

    Args:
        network: what is gone through backwards: the network, or all up to its loss.
        example: 1 x channels x H x W, an input of the network, on the device.
        free: tells the free bytes of a device.
    """
    kept = 0

    def keep(tensor: Tensor) -> Tensor:
        nonlocal kept
        kept += tensor.numel() * tensor.element_size()
        return tensor

    def give(tensor: Any) -> Any:
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, give):
        network(example)
    each = max(1, int(kept * _BESIDE))
    return max(1, min(batch, int(free(device) * _SHARE) // each))


def is_exhausted(error: BaseException) -> bool:
    """Whether memory ran out."""
    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or (
        isinstance(error, RuntimeError) and any(words in str(error) for words in _EXHAUSTED)
    )
