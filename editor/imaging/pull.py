"""What is to be expected in place of unknown pixels, from near and far.

Pull-push (S. Gortler et al. 1996, "The Lumigraph", 3.4) with planes in place of means: at each of several scales a
plane is laid through the known pixels around by normalised convolution (H. Knutsson and C.-F. Westin 1993,
https://doi.org/10.1109/CVPR.1993.341081), and what the coarser scale says is kept as far as too little is known. A
mean would lie off on a slope wherever what is known lies to one side, as it does in all of a hole.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from editor.imaging import _pull_kernels as kernels

F32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

_LEVELS = 4
_GRID_PX = 2**_LEVELS
_ENOUGH = 0.35
_RIDGE = 0.1
# At the coarsest scale there is nothing else to keep to.
_LEAST_RIDGE = 0.01
_LEAST = 1e-3


def pulled(image: F32, known: Bool, origin: tuple[int, int]) -> tuple[F32, F32, Bool]:
    """What is to be expected in place of unknown pixels, by planes at the finest scale at which enough are known.

    Args:
        image: H x W x C float32.
        known: H x W bool.
        origin: where the first pixel lies in the whole picture, (x, y), so that parts of it come out as the whole does.

    Returns:
        H x W x C: known pixels as they are, the others smooth; H x W x 2 C, by how much each channel rises there a
        pixel to the right and down; H x W x 1 bool, True where none is known near enough.
    """
    left, top = (place % _GRID_PX for place in origin)
    high, wide, channels = image.shape
    around = ((top, -(top + high) % _GRID_PX), (left, -(left + wide) % _GRID_PX))
    framed, seen = np.pad(image, (*around, (0, 0))), np.pad(known, around)
    sizes = [(seen.shape[0] >> level, seen.shape[1] >> level) for level in range(_LEVELS + 1)]
    moments = [np.empty((*size, 6 + 3 * channels), np.float32) for size in sizes[1:]]
    kernels.gather(framed, seen, moments[0])
    for fine, coarse in pairwise(moments):
        kernels.halve(fine, coarse)
    planes = np.zeros((*sizes[-1], 3 * channels), np.float32)
    kernels.refine(moments[-1], planes, _LEAST_RIDGE, _LEAST)
    for size, part in zip(sizes[-2::-1], (*moments[-2::-1], None), strict=True):
        wider = np.empty((*size, 3 * channels), np.float32)
        kernels.double(planes, wider)
        planes = wider
        if part is not None:
            kernels.refine(part, planes, _RIDGE, _ENOUGH)
    here = slice(top, top + high), slice(left, left + wide)
    lost = (moments[-1][..., :1] < _LEAST).repeat(_GRID_PX, axis=0).repeat(_GRID_PX, axis=1)[here]
    planes = planes[here]
    rise = np.stack((planes[..., 1::3], planes[..., 2::3]), axis=3).reshape(high, wide, 2 * channels)
    return np.where(known[..., None], image, planes[..., ::3]), rise, lost
