"""Pictures with wrong pixels of which it is known where they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]


def photo(height: int = 200, width: int = 220, noise: float = 0.005) -> F32:
    """Waves in colour behind an edge, with faint noise, below a white cloud."""
    rows, columns = np.mgrid[:height, :width]
    light = 0.5 + 0.2 * np.sin(rows / 17) * np.cos(columns / 23) + 0.15 * (rows + columns > 250)
    colours = light[..., None] * np.array([1.0, 0.9, 0.8])
    grain = np.random.default_rng(0).normal(0, noise, colours.shape)
    picture = np.clip(colours + grain, 0.02, 0.98)
    picture[:40, :100] = 1
    return np.asarray(picture, np.float32)


def salt_and_pepper(clean: F32, density: float, seed: int = 1) -> tuple[F32, NDArray[np.bool_]]:
    """The picture with as many white as black pixels, and where they differ from it."""
    draw = np.random.default_rng(seed).random(clean.shape[:2])
    given = clean.copy()
    given[draw < density / 2] = 0
    given[draw > 1 - density / 2] = 1
    return given, np.asarray((given != clean).any(axis=2))
