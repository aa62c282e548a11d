"""A change that a method makes to a picture: taken back where it is no noise, and divided into brightness and colour.

Noise has a mean of 0 wherever there is enough of it, and so has what is taken away when noise is removed. A mean that
is not 0 over a distance is a shift of brightness or a cast of colour. Only noise that was cut off at black and white
has a mean of its own (A. Foi: Clipped noisy images, 2009, https://doi.org/10.1016/j.sigpro.2009.04.035, eq. 5): a dark
place looks brighter than it is, and that may be taken back.
"""

from __future__ import annotations

import functools
import math

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]

REACH_PX = 32
"""How far a pixel of a result looks around, in `without_drift` and in `wanted`, one after the other."""

_DRIFT_SIGMA = 12.0
_DRIFT_TAPS = 53
_BLOTCH_SIGMA = 1.5
_BLOTCH_TAPS = 11
# Farther from black and white than so many standard deviations next to nothing is cut off.
_FARTHEST_CLIPPED = 3.5


def without_drift(change: F32, clean: F32 | None = None, level: float = 0.0) -> F32:
    """A change whose mean is 0 over a distance, but for what noise leaves that was cut off at black and white.

    With C the change, G a wide Gaussian and b the mean of clipped noise: C - G(C) + K, where K is G(C) as far as it
    lies between 0 and -G(b). So a change that clipping does not account for is taken back, and one that stays smaller
    is left as it is.

    Args:
        change: H x W x 3 float32, what is added to a picture.
        clean: H x W x 3 float32, 0..1, what the picture would be without noise; None where nothing was clipped.
        level: the standard deviation of the noise, 0..1.

    Returns:
        H x W x 3 float32.
    """
    drift = _blurred(change, _DRIFT_TAPS, _DRIFT_SIGMA)
    if clean is not None and level > 0:
        clipped = _mean_of_clipped(clean, level)
        if clipped is not None:
            excused = -_blurred(clipped, _DRIFT_TAPS, _DRIFT_SIGMA)
            drift -= np.clip(drift, np.minimum(excused, 0), np.maximum(excused, 0))
    return np.asarray(change - drift, np.float32)


def wanted(change: F32, luminance: float = 1.0, colour: float = 1.0, grain: float = 0.0) -> F32:
    """The part of a change that is applied.

    Args:
        change: H x W x 3 float32, what is added to a picture.
        luminance, colour: 0..1, how much of it is applied to brightness (the mean of the channels), and to the rest.
        grain: 0..1, how much of its finest part in brightness is left out, so that the finest grain stays.

    Returns:
        H x W x 3 float32.
    """
    light = change.mean(axis=2)
    rest = change - light[..., None]
    light *= np.float32(luminance)
    if grain:
        light -= np.float32(grain) * (light - _blurred(light, _BLOTCH_TAPS, _BLOTCH_SIGMA))
    return np.asarray(rest * np.float32(colour) + light[..., None], np.float32)


def applied(image: F32, change: F32) -> F32:
    """A picture (H x W x 3 float32) and a change of it, held to 0..1, or to what a picture of floats has beyond."""
    result = image + change
    np.clip(result, min(0.0, float(image.min())), max(1.0, float(image.max())), out=result)
    return result


def _mean_of_clipped(clean: F32, level: float) -> F32 | None:
    """By how much the mean of noisy values rises (at black) or falls (at white) when they are clipped to 0..1."""
    margin = np.float32(_FARTHEST_CLIPPED * level)
    near = (clean < margin) | (clean > 1 - margin)
    if not near.any():
        return None
    values = np.asarray(clean[near].clip(0, 1), np.float32)
    share = np.float32(level)
    result = np.zeros_like(clean)
    result[near] = share * (_excess(values / share) - _excess((1 - values) / share))
    return result


def _excess(distance: F32) -> F32:
    """The mean of max(0, x - distance) of a normal variable x with a standard deviation of 1; distances from 0 on."""
    return np.interp(distance, *_excesses()).astype(np.float32)


@functools.cache
def _excesses() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distances and their excess: between these, straight lines are wrong by less than a millionth."""
    distances = np.linspace(0, 8, 2049)
    density = np.exp(distances**2 / -2) / math.sqrt(2 * math.pi)
    beyond = np.array([math.erfc(distance / math.sqrt(2)) / 2 for distance in distances])
    return distances, density - distances * beyond


def _blurred(image: F32, taps: int, sigma: float) -> F32:
    return np.asarray(cv2.GaussianBlur(image, (taps, taps), sigma, borderType=cv2.BORDER_REFLECT), np.float32)
