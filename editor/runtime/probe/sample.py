"""The pictures that models are tried on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from editor.runtime.probe.finding import F32

_SHARPNESS = 120
_RADIUS = 0.25


def smooth(height: int, width: int, channels: int) -> F32:
    """A yellow disc before blue-grey waves, H x W x channels, 0..1: a subject, and nothing to be denoised."""
    y, x = _grid(height, width)
    ground = 0.3 + 0.15 * np.sin(2 * np.pi * (1.1 * x + 0.4 * y)) + np.array([0, 0.1, 0.25]) * y
    shown = disc(height, width)
    picture = ground * (1 - shown) + shown * np.array([0.95, 0.8, 0.1]) * (1 - 0.3 * y)
    return _with_channels(picture, channels)


def disc(height: int, width: int) -> F32:
    """Where the disc of `smooth` is, H x W x 1, 0..1."""
    y, x = _grid(height, width)
    distance = np.sqrt((y - 0.5) ** 2 + (x - 0.5) ** 2)
    return np.asarray(1 / (1 + np.exp(np.clip((distance - _RADIUS) * _SHARPNESS, -50, 50))), np.float32)


def rough(height: int, width: int, channels: int) -> F32:
    """The hardest edges and grain, in three bands, H x W x channels, 0..1; the left is darker than the right.

    What is cut off changes the mean, so that a network that uses it is found out.
    """
    y, x = np.arange(height)[:, None, None], np.arange(width)[:, None]
    random = np.random.default_rng(0).random((height, width, 3))
    bright = 0.35 + 0.3 * x / width
    steps = (x // 4 + y // 3) % 2 * bright * 1.5 + 0 * random
    picture = np.choose(np.minimum(3 * y // height, 2), (random * 1.5 * bright, random < bright, steps))
    return _with_channels(np.clip(picture, 0, 1), channels)


def _grid(height: int, width: int) -> tuple[F32, F32]:
    y, x = np.arange(height)[:, None, None] / height, np.arange(width)[:, None] / width
    return y.astype(np.float32), x.astype(np.float32)


def _with_channels(picture: NDArray[np.floating[Any]], channels: int) -> F32:
    if channels == 1:
        picture = picture.mean(axis=2, keepdims=True)
    return np.ascontiguousarray(picture, np.float32)
