"""Single pixels and small specks made anew from the clean pixels around them, along edges.

Steering kernel regression (H. Takeda, S. Farsiu and P. Milanfar 2007, https://doi.org/10.1109/TIP.2006.888330): a
surface of the second degree is laid through the clean pixels around, weighted by a Gaussian that the structure tensor
stretches along edges (eq. 26). It takes turns with the tensor, which is measured on what is there so far. The surface
is one of differences to the plane of a rough fill from several scales (`editor.imaging.pull`), to which it falls back
where clean pixels are few or tell little but noise.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.imaging import _mend_kernels as kernels
from editor.imaging.pull import pulled

F32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

REACH_PX = 112
"""What lies farther does not change a mended pixel."""

_ROUNDS = 2
_TENSOR_PX = 8
_SMOOTH = 0.7
_AROUND = 1.0
_FLAT = 0.01
_MOST_STRETCH = 4.0
_ROWS = 32


def mend(
    image: F32, bad: Bool, origin: tuple[int, int], wanted: Bool, each: Callable[[], None]
) -> tuple[F32, F32, Bool]:
    """Makes bad pixels anew.

    Args:
        image: H x W x 3 float32 RGB.
        bad: H x W x 3 bool, the channels that are not to be trusted.
        origin: where the first pixel lies in the whole picture, (x, y), so that parts of it come out as the whole does.
        wanted: H x W bool, where they are to be made anew; what is bad elsewhere is only not looked at.
        each: called again and again; what it raises ends the work.

    Returns:
        The picture, with its bad pixels made anew where wanted; H x W x 3, how much the clean pixels differ around each
        pixel made anew, 0 elsewhere; H x W x 3 bool, True where there is nothing to mend from.
    """
    same = bool((bad == bad[..., :1]).all())
    groups = [slice(0, 3)] if same else [slice(c, c + 1) for c in range(3)]
    rough = np.empty_like(image)
    rise = np.empty((*image.shape[:2], 6), np.float32)
    lost = np.zeros(image.shape, np.bool_)
    for group in groups:
        each()
        filled, rises, none = pulled(image[..., group], ~bad[..., group.start], origin)
        rough[..., group], rise[..., _rise_of(group)], lost[..., group] = filled, rises, none
    near = cv2.dilate(wanted.view(np.uint8), np.ones((2 * _TENSOR_PX + 1,) * 2, np.uint8)).view(np.bool_)
    spread = np.zeros_like(image)
    filled = rough
    for number in range(_ROUNDS):
        tensor = _tensor(filled.mean(axis=2, dtype=np.float32))
        filled = rough.copy()
        for group in groups:
            clean = ~bad[..., group.start]
            todo = ~clean & (wanted if number == _ROUNDS - 1 else near)
            _regressed(image, clean, todo, tensor, rough, rise, group, filled, spread, each)
    aim = bad & wanted[..., None]
    np.clip(filled, min(0.0, float(image.min())), max(1.0, float(image.max())), out=filled)
    return np.where(aim, filled, image), spread * aim, lost & bad


def _regressed(
    image: F32,
    clean: Bool,
    todo: Bool,
    tensor: F32,
    rough: F32,
    rise: F32,
    group: slice,
    filled: F32,
    spread: F32,
    each: Callable[[], None],
) -> None:
    part, base = (np.ascontiguousarray(array[..., group]) for array in (image, rough))
    slopes = np.ascontiguousarray(rise[..., _rise_of(group)])
    out = base.copy()
    differ = np.zeros(clean.shape, np.float32)
    for top in range(0, len(image), _ROWS):
        each()
        kernels.regress(part, clean, todo, tensor, base, slopes, top, min(top + _ROWS, len(image)), out, differ)
    filled[..., group] = out
    spread[..., group] = differ[..., None]


def _rise_of(group: slice) -> slice:
    return slice(2 * group.start, 2 * group.stop)


def _tensor(light: F32) -> F32:
    """H x W x 3: xx, xy and yy of a metric with a determinant of 1 in which it is far across edges, near along them."""
    smooth = cv2.GaussianBlur(light, (0, 0), _SMOOTH)
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
    xx, xy, yy = (cv2.GaussianBlur(each, (0, 0), _AROUND) for each in (across * across, across * down, down * down))
    half, apart = (xx + yy) / 2, np.sqrt(np.square((xx - yy) / 2) + np.square(xy))
    most, least = np.sqrt(half + apart), np.sqrt(np.maximum(half - apart, 0))
    stretch = np.minimum(np.sqrt((most + _FLAT) / (least + _FLAT)), _MOST_STRETCH)
    mean, off = (stretch + 1 / stretch) / 2, (stretch - 1 / stretch) / 2
    share = off / np.maximum(apart, 1e-12)
    metric = np.stack([mean + share * (xx - yy) / 2, share * xy, mean - share * (xx - yy) / 2], axis=2)
    return np.asarray(metric, np.float32)
