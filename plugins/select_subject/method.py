"""Finds the subject roughly with a network, once more in its surroundings if it is small, and refines the edge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.imaging import guided
from editor.sdk.context import Context
from editor.sdk.errors import MaskError, PluginError
from editor.sdk.i18n import _
from editor.sdk.plugin import Inputs, MaskResult

if TYPE_CHECKING:
    from plugins.select_subject import Params

F32 = NDArray[np.float32]

_FAINT = 0.1
"""Of what the network is less sure than this it has no idea."""
_FOUND = 0.25
"""What has this part of its greatest certainty is looked at once more: nearer to, it is surer."""
_MARGIN = 0.4
"""How much of its surroundings the subject is shown with, of its longer side."""
_SMALL = 0.6
"""A subject that with its surroundings fills less of the picture than this is looked at once more."""
_FIT_PX = 1_500_000
"""On how many pixels the edge is fitted; it is applied at full size."""
_SQUEEZE = 2.0
"""Networks learn from photos squeezed into a square; of a panorama squeezed further they recognise nothing."""
_ROWS = 256


@dataclass(frozen=True, slots=True)
class _Box:
    """A part of the picture, half-open."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def slices(self) -> tuple[slice, slice]:
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def area(self) -> int:
        return (self.right - self.left) * (self.bottom - self.top)


def select(inputs: Inputs, params: Params, ctx: Context) -> MaskResult:
    """See `run`."""
    ctx.progress(0.0, _("Looking for the subject"))
    height, width = inputs.mask.shape
    box = _Box(0, 0, width, height)
    rough = _look(inputs, box, params.model, ctx.sub(0.0, 0.4))
    around = _surroundings(rough > max(_FAINT, _FOUND * float(rough.max())), height, width)
    if around.area < _SMALL * box.area:
        box = around
        rough = _faded(_look(inputs, box, params.model, ctx.sub(0.4, 0.6)), box, height, width)
    mask = np.zeros((height, width), np.float32)
    _refine(inputs, box, rough, params, mask[box.slices], ctx.sub(0.6, 1.0))
    share = float(np.count_nonzero(mask > 0.5) / mask.size)
    if share == 0:
        raise _nothing()
    return MaskResult(mask, {"selected": f"{100 * share:.1f} %"})


def _nothing() -> MaskError:
    return MaskError(_("Nothing stands out as the subject of this photo: lower the certainty, or paint the mask."))


def _look(inputs: Inputs, box: _Box, model: str, ctx: Context) -> F32:
    """Where the network sees the subject in a part of the picture, small, 0..1."""
    facts = ctx.model(model)
    given, found = facts.inputs[0], facts.outputs[0]
    if facts.fixed is None or not given.is_picture or given.channels != 3 or found.channels != 1:
        raise PluginError(_("The model {model} can't find subjects; choose another.").format(model=_(facts.title)))
    ctx.progress(0.0)
    picture = _opaque(inputs, box)
    height, width = _squeezed(picture.shape[0], picture.shape[1], facts.fixed)
    framed = np.full((*facts.fixed, 3), 0.5, np.float32)
    framed[:height, :width] = _shrunk(picture, width, height)
    ctx.check()
    tensor = ctx.infer(model, {given.name: given.from_picture(framed)})[found.name]
    ctx.progress(1.0)
    return found.to_picture(tensor)[:height, :width, 0]


def _squeezed(height: int, width: int, frame: tuple[int, int]) -> tuple[int, int]:
    """The size of a picture in the network's frame: it fills it, but is not squeezed by more than _SQUEEZE."""
    ratio = (width / frame[1]) / (height / frame[0])
    rows = round(frame[0] * min(1.0, _SQUEEZE / ratio))
    columns = round(frame[1] * min(1.0, _SQUEEZE * ratio))
    return max(1, rows), max(1, columns)


def _surroundings(found: NDArray[np.bool_], height: int, width: int) -> _Box:
    """The part of the picture to look at once more: the box of what was found, widened. Raises MaskError if nothing."""
    rows, columns = (np.flatnonzero(found.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        raise _nothing()
    down, across = height / found.shape[0], width / found.shape[1]
    left, right = columns[0] * across, (columns[-1] + 1) * across
    top, bottom = rows[0] * down, (rows[-1] + 1) * down
    margin = _MARGIN * max(right - left, bottom - top)
    return _Box(
        max(0, int(left - margin)),
        max(0, int(top - margin)),
        min(width, int(right + margin) + 1),
        min(height, int(bottom + margin) + 1),
    )


def _faded(found: F32, box: _Box, height: int, width: int) -> F32:
    """What was found, less and less of it towards those borders of the box that are not the picture's.

    The first look saw nothing there, and what the second one does would end in a straight line.
    """
    rows, columns = (_ramp(length) for length in found.shape)
    down = np.minimum(rows if box.top > 0 else 1, rows[::-1] if box.bottom < height else 1)
    across = np.minimum(columns if box.left > 0 else 1, columns[::-1] if box.right < width else 1)
    return np.asarray(found * np.reshape(down, (-1, 1)) * across, np.float32)


def _ramp(length: int) -> F32:
    """From 0 at the first pixel to 1 in the middle of the margin that `_surroundings` adds, then 1."""
    ramp = np.arange(length) / (_MARGIN / (2 + 4 * _MARGIN) * length)
    return np.asarray(np.minimum(1, ramp), np.float32)


def _refine(inputs: Inputs, box: _Box, rough: F32, params: Params, out: F32, ctx: Context) -> None:
    """Writes the mask of `box` into `out`, along the photo's edges."""
    ctx.progress(0.0, _("Following the edges"))
    height, width = out.shape
    scale = min(1.0, (_FIT_PX / (height * width)) ** 0.5)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    guide = _shrunk(_opaque(inputs, box), *size)
    values = np.asarray(cv2.resize(rough, size, interpolation=cv2.INTER_CUBIC), np.float32).clip(0, 1)
    ctx.progress(0.2)
    radius_px = max(1, round(params.reach / 100 * max(size)))
    coefficients = guided.fit(guide, values, radius_px, 10 ** (-1 - params.detail / 25))
    ctx.progress(0.6)
    tops = range(0, height, _ROWS)

    def work(top: int) -> None:
        ctx.check()
        rows = _Box(box.left, box.top + top, box.right, min(box.top + top + _ROWS, box.bottom))
        found = guided.apply(coefficients, _opaque(inputs, rows), top, height)
        mask = _edge(found, params)
        if inputs.alpha is not None:
            mask[inputs.alpha[rows.slices] == 0] = 0
        out[top : top + len(mask)] = mask

    ctx.map(work, tops)
    ctx.progress(1.0)


def _edge(found: F32, params: Params) -> F32:
    """The found values as a mask: the threshold becomes the middle of an edge of the wanted softness."""
    width = np.float32(max(0.01, params.softness / 100))
    mask: F32 = (found - np.float32(params.threshold / 100)) / width + np.float32(0.5)
    return np.clip(mask, 0, 1, out=mask)


def _opaque(inputs: Inputs, box: _Box) -> F32:
    """A part of the picture; what is transparent is grey there, whatever colour it hides."""
    image = inputs.image[box.slices]
    if inputs.alpha is None:
        return image
    alpha = inputs.alpha[box.slices][..., None]
    return image * alpha + np.float32(0.5) * (1 - alpha)


def _shrunk(image: F32, width: int, height: int) -> F32:
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.float32)
