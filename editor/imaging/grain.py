"""Grain: its level, colour and fineness measured on flat patches, and made anew anywhere.

A stationary Gaussian texture is given by its autocorrelation: white noise filtered by a kernel whose own
autocorrelation is that (Galerne, Gousseau and Morel 2011, section II). Grain looks alike in both directions, so one
kernel serves for both. How strong it is depends on the brightness.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from editor.imaging import _grain_kernels as kernels
from editor.imaging.measures import BRIGHTNESS
from editor.imaging.resample import Taps, apply

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

_LAGS = 6
_LEVELS = 17
_SMOOTH = 0.12
_FAINTEST = 0.05 / 255


@dataclass(frozen=True, eq=False, slots=True)
class Grain:
    """What is known of a grain.

    level: the standard deviation of brightness, at brightnesses evenly from 0 to 1.
    mix: 3 x 3, makes of independent noises of variance 1 the noise of R, G and B where the level is 1.
    kernel: odd number of weights, whose squares add up to 1: how the noise hangs together along an axis.
    """

    level: F32
    mix: F32
    kernel: F32

    def scaled(self, share: float) -> Grain:
        """The same grain at a share of its level."""
        return Grain(self.level * np.float32(share), self.mix, self.kernel)


def measure(patches: Sequence[tuple[float, F32]]) -> Grain | None:
    """The grain that the patches show; None if they show none.

    Args:
        patches: the mean brightness of a flat piece of a photo, and its grain, H x W x 3 float32 with a mean near 0.
    """
    levels, covariances, correlations = [], [], []
    for _brightness, noise in patches:
        light = noise @ BRIGHTNESS
        level = 1.4826 * float(np.median(np.abs(light)))
        levels.append(level)
        if level > _FAINTEST:
            # What stands out is no grain but some detail in the patch.
            colours = np.clip(noise.reshape(-1, 3) / level, -4, 4).astype(np.float64)
            covariances.append(np.dot(colours.T, colours) / len(colours))
            correlations.append(_correlation(np.clip(light / level, -4, 4).astype(np.float64)))
    if not covariances:
        return None
    mix = np.linalg.cholesky(np.mean(covariances, axis=0) + 1e-4 * np.eye(3))
    return Grain(
        _by_brightness(np.array([place for place, _noise in patches]), np.array(levels)),
        mix.astype(np.float32),
        _kernel(np.mean(correlations, axis=0)),
    )


def add(picture: F32, grain: Grain, top: int, left: int, seed: int) -> None:
    """Adds grain to an H x W x 3 picture in place; its first pixel is at `top`, `left` of the whole.

    Every pixel's grain depends on its place and the seed only, so parts fit together without a seam.
    """
    high, wide = picture.shape[:2]
    radius = len(grain.kernel) // 2
    noise = np.empty((high + 2 * radius, wide + 2 * radius, 3), np.float32)
    kernels.white(top - radius, left - radius, seed, noise)
    noise = apply(noise, _sliding(high, grain.kernel), _sliding(wide, grain.kernel))
    kernels.add(picture, noise, grain.mix, grain.level, BRIGHTNESS)


def _sliding(count: int, kernel: F32) -> Taps:
    index = np.arange(count)[:, None] + np.arange(len(kernel))
    return Taps(index.astype(np.int32), np.ascontiguousarray(np.broadcast_to(kernel, index.shape)))


def _correlation(light: F64) -> F64:
    """Autocorrelation at lags of 0 to _LAGS - 1 pixels, the mean of both directions."""
    ways = [way for way in (light, light.T) if len(way) >= _LAGS]
    if not ways:
        return np.array([1.0] + [0.0] * (_LAGS - 1))
    products = [[np.mean(way[: len(way) - lag] * way[lag:]) for lag in range(_LAGS)] for way in ways]
    mean = np.mean(np.array(products, np.float64), axis=0)
    return np.asarray(mean / mean[0], np.float64)


def _kernel(correlation: F64) -> F32:
    """The symmetric kernel with this autocorrelation: its spectrum is the square root of the power spectrum."""
    lag = np.arange(_LAGS)
    # Blackman and Tukey's estimate of the spectrum: the lags fade out, so that it hardly gets negative.
    faded = correlation * (0.5 + 0.5 * np.cos(np.pi * lag / _LAGS))
    power = np.fft.rfft(np.concatenate([faded, np.zeros(6 * _LAGS + 1), faded[:0:-1]])).real
    half = np.fft.irfft(np.sqrt(np.maximum(power, 0)), 8 * _LAGS)[:_LAGS]
    kernel = np.concatenate([half[:0:-1], half])
    return np.asarray(kernel / np.sqrt(np.sum(kernel**2)), np.float32)


def _by_brightness(places: F64, levels: F64) -> F32:
    """The levels at brightnesses evenly from 0 to 1, each a mean of those measured near it."""
    away = np.linspace(0, 1, _LEVELS)[:, None] - places
    # The nearest one counts in any case.
    squares = (away / _SMOOTH) ** 2
    shares = np.exp(-0.5 * (squares - squares.min(axis=1, keepdims=True)))
    return np.asarray(shares @ levels / shares.sum(axis=1), np.float32)
