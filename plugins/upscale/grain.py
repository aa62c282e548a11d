"""Measures the grain that the model smooths away, on the flattest places of the photo."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.imaging.grain import Grain, measure
from editor.imaging.measures import BRIGHTNESS
from editor.imaging.resample import apply, gaussian, means
from editor.sdk.context import Context
from editor.sdk.plugin import Image, Mask
from plugins.upscale.geometry import SIGMA
from plugins.upscale.network import Network

F32 = NDArray[np.float32]
Patch = tuple[slice, slice]

_COARSE_PX = 4
_CELLS = 12
_BINS = 4
# With their margin, the patches are 2.5 % of the picture or less.
_PX_PER_PATCH = 1 << 18
_MOST_PATCHES = 32
_CLIPPED = 0.03
_OPAQUE = 1 - 1e-5


def lost_grain(network: Network, ctx: Context) -> Grain | None:
    """What the model takes away in flat places, but for its low frequencies which are kept."""
    chosen = flattest(network.source.image, network.source.alpha)
    measured = []
    for number, (rows, columns) in enumerate(chosen):
        picture = np.clip(network.source.image[rows, columns], 0, 1)
        high, wide = picture.shape[:2]
        result = network.patch(rows, columns, ctx.sub(number / len(chosen), (number + 1) / len(chosen)))
        lost = picture - apply(result, means(high, network.scale), means(wide, network.scale))
        lost -= apply(lost, gaussian(high, SIGMA), gaussian(wide, SIGMA))
        measured.append((float((picture @ BRIGHTNESS).mean()), lost))
    return measure(measured)


def flattest(image: Image, alpha: Mask | None) -> list[Patch]:
    """Patches with the least structure, some of each brightness; none that is clipped or not opaque.

    Structure is what is left when the grain is averaged away.
    """
    coarse = _coarse(image) @ BRIGHTNESS
    rows, columns = (min(_CELLS, length) for length in coarse.shape)
    blocks = _blocks(coarse, rows, columns)
    mean, structure = blocks.mean(axis=(1, 3)), blocks.std(axis=(1, 3))
    usable = (mean > _CLIPPED) & (mean < 1 - _CLIPPED)
    if alpha is not None:
        usable &= _blocks(_coarse(alpha), rows, columns).min(axis=(1, 3)) > _OPAQUE
    y, x = np.nonzero(usable)
    # By turns the flattest of each brightness, then the second flattest, and so on.
    by_brightness = np.floor(mean[y, x] * _BINS)
    order = np.lexsort((structure[y, x], by_brightness))
    turn = np.concatenate([np.arange(np.count_nonzero(by_brightness == number)) for number in range(_BINS)])
    order = order[np.lexsort((structure[y, x][order], turn))]
    count = max(1, min(_MOST_PATCHES, image.shape[0] * image.shape[1] // _PX_PER_PATCH))
    return [
        (_span(y[place], rows, image.shape[0]), _span(x[place], columns, image.shape[1])) for place in order[:count]
    ]


def _coarse(plane: F32) -> F32:
    """The means of cells of _COARSE_PX; what is left over at the end is left out."""
    high, wide = (max(1, length // _COARSE_PX) for length in plane.shape[:2])
    whole = plane[: high * _COARSE_PX, : wide * _COARSE_PX]
    small = cv2.resize(whole, (wide, high), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32).reshape(high, wide, *plane.shape[2:])


def _blocks(cells: F32, rows: int, columns: int) -> F32:
    down, across = cells.shape[0] // rows, cells.shape[1] // columns
    return cells[: down * rows, : across * columns].reshape(down, rows, across, columns)


def _span(number: int, cells: int, length: int) -> slice:
    size = cells * _COARSE_PX
    return slice(int(number) * size, min((int(number) + 1) * size, length))
