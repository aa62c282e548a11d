"""The impulses that the network learns from. Imports torch: for training only."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from editor.imaging.mend import mend
from plugins.impulse.planes import planes

F32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

_MOST = 0.92
_MISSED = 0.1
_MOST_BLOTS = 12
_LARGEST_PX = 5


def examples(clean: Tensor, generator: torch.Generator, _bank: Tensor | None) -> tuple[Tensor, Tensor]:
    """Pictures with impulses, mended as without a network, and the clean ones.

    Args:
        clean: B x 3 x H x W float32 RGB 0..1.
        generator: where all chance comes from.

    Returns:
        B x 4 x H x W, see `plugins.impulse.planes`, and B x 3 x H x W.
    """
    rng = np.random.default_rng(int(torch.randint(2**31, (), generator=generator)))
    given = [_mended(np.ascontiguousarray(picture.permute(1, 2, 0).numpy()), rng) for picture in clean]
    return torch.stack([torch.from_numpy(each).permute(2, 0, 1).contiguous() for each in given]), clean


def _mended(clean: F32, rng: np.random.Generator) -> F32:
    picture = clean.copy()
    bad, values = _impulses(clean.shape, rng)
    picture[bad] = values[bad]
    # What stands out little is not found, and stays beside what is mended.
    found = bad & ~((np.abs(picture - clean) < 0.1) & (rng.random() < 0.5)) & (rng.random(bad.shape) > _missed(rng))
    everywhere = np.ones(clean.shape[:2], np.bool_)
    mended, spread, _lost = mend(picture, found, (0, 0), everywhere, lambda: None)
    return planes(mended, spread, found)


def _missed(rng: np.random.Generator) -> float:
    return _MISSED * rng.random() if rng.random() < 0.3 else 0.0


def _impulses(shape: tuple[int, ...], rng: np.random.Generator) -> tuple[Bool, F32]:
    """Where they are and what they are: of the whole pixel or of single channels, white and black or of any value; or
    specks of some pixels."""
    kind = rng.random()
    high, wide, _channels = shape
    if kind < 0.15:
        bad = np.repeat(_blots(high, wide, rng)[..., None], 3, axis=2)
        return bad, np.full(shape, rng.random(), np.float32)
    alone = rng.random() < 0.3
    chance = rng.random((high, wide, 3) if alone else (high, wide, 1)) < _MOST * rng.random()
    bad = np.broadcast_to(chance, shape).copy()
    values = rng.random(shape) if rng.random() < 0.4 else rng.integers(0, 2, shape)
    return bad, values.astype(np.float32)


def _blots(high: int, wide: int, rng: np.random.Generator) -> Bool:
    rows, columns = np.mgrid[:high, :wide]
    bad = np.zeros((high, wide), np.bool_)
    for _number in range(int(rng.integers(1, _MOST_BLOTS))):
        y, x = rng.random() * high, rng.random() * wide
        bad |= np.hypot(rows - y, columns - x) < 1 + rng.random() * (_LARGEST_PX - 1)
    return bad
