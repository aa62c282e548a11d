"""What the network is given: the fill, the same with its rim mended from both sides, and how near each pixel lies to
the hole's edge."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.imaging.mend import mend

F32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

CHANNELS = 7
"""How many planes the network is given."""
# So deep in the hole the network changes nothing: there what is missing can't be told from its surroundings.
_RIM_PX = 11
_SURE_PX = 3
_FINE_SIGMA = 1.0
_WINDOW_PX = 9
_FLOOR = 1e-8
_MOST = 0.8
# Beyond it is no grain but an edge, which the repair may have moved.
_STRONGEST = 0.04


def planes(filled: F32, hole: Bool, origin: tuple[int, int], each: Callable[[], None]) -> F32:
    """H x W x 7 float32: the filled picture in RGB, 0..1; the same with all that is near the hole's edge made anew
    along the edges of what lies outside and deeper within; and how near to known pixels each pixel of the hole lies: 1
    up to 3 pixels away, then less, 0 from 11 on and outside.

    Args:
        filled: H x W x 3 float32.
        hole: H x W bool.
        origin: where the first pixel lies in the whole picture, (x, y).
        each: called again and again; what it raises ends the work.
    """
    depth = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 5)
    near = np.clip((_RIM_PX - depth) / (_RIM_PX - _SURE_PX), 0, 1) * hole
    rim = near > 0
    given = np.clip(filled, 0, 1)
    mended, _spread, _lost = mend(given, np.repeat(rim[..., None], 3, axis=2), origin, rim, each)
    return np.dstack((given, np.clip(mended, 0, 1), near)).astype(np.float32, copy=False)


def with_detail(repaired: F32, filled: F32, hole: Bool) -> F32:
    """The repaired picture with fine detail of the fill, as much as makes up for what the repair smoothed away.

    What can't be known, as the grain under a wire, a network leaves out, while the fill has it of the right kind. Its
    gradient energy in windows of 9 x 9 pixels of the hole says how much there should be.

    Args:
        repaired, filled: H x W x 3 float32. hole: H x W bool; outside all is as in `repaired`.
    """
    inside = hole.astype(np.float32)
    share = np.maximum(cv2.GaussianBlur(inside, (0, 0), _FINE_SIGMA), np.float32(1e-6))[..., None]
    # Of the hole alone: a step into it is what the repair is there to take away.
    smooth = cv2.GaussianBlur(filled * inside[..., None], (0, 0), _FINE_SIGMA) / share
    fine = np.asarray(np.clip(filled - smooth, -_STRONGEST, _STRONGEST), np.float32)
    wanted = _shared(filled, filled, hole)
    # What is left of the fill's detail and what is added are alike: their sum has more energy than both.
    both = np.maximum(_shared(fine, repaired, hole), 0)
    added = _shared(fine, fine, hole)
    missing = np.maximum(wanted - _shared(repaired, repaired, hole), 0)
    part = np.minimum((np.sqrt(both**2 + added * missing) - both) / (added + _FLOOR), _MOST)
    detailed: F32 = repaired + (part * hole)[..., None] * fine
    return detailed


def _shared(one: F32, other: F32, hole: Bool) -> F32:
    """Sum of the products of two pictures' brightness gradients in the window around each pixel, between pixels of the
    hole: H x W. Of a picture and itself it is its gradient energy."""
    product = np.zeros(hole.shape, np.float32)
    first, second = (each.mean(axis=2, dtype=np.float32) for each in (one, other))
    product[:, :-1] += np.diff(first, axis=1) * np.diff(second, axis=1) * (hole[:, 1:] & hole[:, :-1])
    product[:-1] += np.diff(first, axis=0) * np.diff(second, axis=0) * (hole[1:] & hole[:-1])
    return np.asarray(cv2.boxFilter(product, -1, (_WINDOW_PX, _WINDOW_PX), normalize=False), np.float32)
