"""Makes noise that grows with the light the same everywhere, and undoes that without a shift of brightness.

The noise of a sensor has a variance of a x + b at brightness x: Poisson and Gauss mixed. The generalised Anscombe
transform D = 2 sqrt(x / a + 3/8 + b / a^2) makes its deviation 1 (J.-L. Starck, F. Murtagh, A. Bijaoui 1998, eq. 2.36);
undoing it by algebra would darken, so that is done by the closed form of the exact unbiased inverse (M. Makitalo,
A. Foi: Optimal inversion of the generalized Anscombe transformation for Poisson-Gaussian noise, 2013,
https://doi.org/10.1109/TIP.2012.2202675, eq. 10).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.imaging import noise

F32 = NDArray[np.float32]

_GROUPS = 8
_FEWEST = 1024
_MIDDLE = 0.5
_SMOOTHING_SIGMA = 6.0


@dataclass(frozen=True, slots=True)
class Stabiliser:
    """gain, base: a and b, of a picture of 0..1. A gain of 0 leaves pictures as they are."""

    gain: float
    base: float

    @property
    def _scale(self) -> float:
        """So that noise at middle grey keeps its strength."""
        return float(np.sqrt(self.gain * _MIDDLE + self.base))

    def forward(self, image: F32) -> F32:
        """A picture (any shape, float32) whose noise is as strong everywhere as it was at middle grey."""
        if self.gain == 0:
            return image
        inside = np.maximum(image / self.gain + 3 / 8 + self.base / self.gain**2, 0)
        return np.asarray(2 * np.sqrt(inside) * self._scale, np.float32)

    def back(self, image: F32) -> F32:
        """Undoes `forward` for a picture without noise."""
        if self.gain == 0:
            return image
        root = np.maximum(image / self._scale, 2 * np.sqrt(3 / 8 + self.base / self.gain**2)).astype(np.float64)
        counts = (
            root**2 / 4 + np.sqrt(3 / 2) / (4 * root) - 11 / (8 * root**2) + 5 * np.sqrt(3 / 2) / (8 * root**3) - 1 / 8
        )
        return np.asarray((counts - self.base / self.gain**2) * self.gain, np.float32)


EVEN = Stabiliser(0.0, 0.0)


def fitted(image: F32) -> Stabiliser:
    """The gain and base of a picture's noise: a line through its variance in parts of different brightness.

    Args:
        image: H x W x 3 float32 RGB 0..1.

    Returns:
        `EVEN` where the noise does not grow with the light, or the picture is too small to tell.
    """
    # Smoothed, so that parts hang together.
    light = cv2.GaussianBlur(image.mean(axis=2), (0, 0), _SMOOTHING_SIGMA)
    edges = np.quantile(light, np.linspace(0, 1, _GROUPS + 1))
    brightness, variance = [], []
    for low, high in itertools.pairwise(edges):
        where = (light >= low) & (light <= high)
        if np.count_nonzero(where) < _FEWEST:
            continue
        found = noise.level(image, where)
        if found > 0:
            brightness.append(float(light[where].mean()))
            variance.append(found**2)
    if len(brightness) < 2:
        return EVEN
    gain, base = np.polyfit(brightness, variance, 1, w=1 / np.array(variance))
    if gain <= 0:
        return EVEN
    return Stabiliser(float(gain), max(0.0, float(base)))
