"""What a method is shown of a document: float pixels, the mask, and where it may copy from; all read-only."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editor.core.document import DocumentState
from editor.core.geometry import Rect
from editor.core.tiles import TileMap
from editor.host.pixels import to_alpha, to_rgb
from editor.host.regions import Region
from editor.sdk.plugin import Inputs

# What a method sees of a larger picture when it prepares itself; documented at `Plugin.prepare`.
_SEEN_PX = 4 << 20
_BAND_PX = 64


def seen_of(state: DocumentState, mask: TileMap, rect: Rect) -> Inputs:
    """All of `rect`, or bands from all over it where it would take too much memory; see `Plugin.prepare`."""
    tops = np.arange(rect.top, rect.bottom, _BAND_PX)
    count = max(1, _SEEN_PX // (_BAND_PX * rect.width))
    if count < len(tops):
        tops = tops[np.linspace(0, len(tops) - 1, count).astype(int)]
    bands = [Rect(rect.left, top, rect.right, min(top + _BAND_PX, rect.bottom)) for top in tops.tolist()]
    parts = [inputs_of(state, mask, Region(band, band), state.read(band)) for band in bands]
    alphas = [part.alpha for part in parts if part.alpha is not None]
    return _frozen(
        Inputs(
            np.concatenate([part.image for part in parts]),
            np.concatenate([part.mask for part in parts]),
            np.concatenate([part.source for part in parts]),
            np.concatenate(alphas) if alphas else None,
        )
    )


def inputs_of(state: DocumentState, mask: TileMap, region: Region, source: NDArray[Any]) -> Inputs:
    """The method's view of a region; holes outside the region's own are neither changed nor copied from."""
    masked = mask.read(region.rect)[..., 0]
    allowed = copyable(state, mask, region.rect)
    hole = np.zeros(masked.shape, np.float32)
    inside = region.hole.shift(-region.rect.left, -region.rect.top).slices
    hole[inside] = masked[inside] / np.float32(255)
    return _frozen(Inputs(to_rgb(source), hole, allowed, to_alpha(source)))


def copyable(state: DocumentState, mask: TileMap, rect: Rect) -> NDArray[np.bool_]:
    """Which pixels of `rect` are no hole, and may be copied into one."""
    unmasked: NDArray[np.bool_] = mask.read(rect)[..., 0] == 0
    return _allowed(state, rect) & unmasked


def without_holes(inputs: Inputs, state: DocumentState) -> Inputs:
    """The view of a whole document by a method that needs no mask: nothing of it is a hole."""
    return _frozen(replace(inputs, source=_allowed(state, state.size.rect)))


def _allowed(state: DocumentState, rect: Rect) -> NDArray[np.bool_]:
    """Where the user lets pixels be copied from."""
    allowed: NDArray[np.bool_] = state.exclude.read(rect)[..., 0] < 128
    return allowed if state.include.empty else allowed & (state.include.read(rect)[..., 0] >= 128)


def _frozen(inputs: Inputs) -> Inputs:
    for array in (inputs.image, inputs.mask, inputs.source, inputs.alpha):
        if array is not None:
            array.flags.writeable = False
    return inputs
