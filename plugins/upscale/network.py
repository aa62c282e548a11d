"""Runs the model on rows of the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editor.imaging.resample import Taps, apply, gaussian
from editor.sdk.context import Context
from editor.sdk.models import ModelFacts
from editor.sdk.plugin import Image, Inputs, Mask

_FILL_SIGMA = 6.0
# Models that halve the picture inside see the same grid in all bands if all bands begin at such a row.
_GRID_PX = 8
_LEAST_ROWS = 32
_PIECE_PX = 1 << 20
_PATCH_MARGIN_PX = 16


@dataclass(frozen=True, eq=False, slots=True)
class Source:
    """The picture with colours where it is transparent, too: a hard edge there would be drawn into what is opaque."""

    image: Image
    alpha: Mask | None
    rows: Taps
    columns: Taps

    @classmethod
    def of(cls, inputs: Inputs) -> Source:
        high, wide = inputs.image.shape[:2]
        return cls(inputs.image, inputs.alpha, gaussian(high, _FILL_SIGMA), gaussian(wide, _FILL_SIGMA))

    def read(self, top: int, bottom: int) -> Image:
        """Rows `top` to `bottom`; where alpha is 0, the mean colour of what is near weighted by its alpha."""
        image = self.image[top:bottom]
        if self.alpha is None or self.alpha[top:bottom].all():
            return image
        first, end = self.rows.reach(top, bottom)
        alpha = self.alpha[first:end, :, None]
        weighted = np.concatenate([self.image[first:end] * alpha, alpha], axis=2)
        sums = apply(weighted, self.rows.part(top, bottom, first), self.columns)
        # Far from all that is seen, the fill fades to grey.
        few = np.float32(1e-4)
        fill = (sums[..., :3] + few / 2) / (sums[..., 3:] + few)
        return np.where(self.alpha[top:bottom, :, None] > 0, image, fill)


@dataclass(frozen=True, slots=True)
class Network:
    """A model that enlarges, and the picture that it enlarges."""

    facts: ModelFacts
    source: Source

    @property
    def scale(self) -> int:
        return self.facts.scale

    @property
    def margin_px(self) -> int:
        """How many rows more it reads, so that those it gives are right; only for models that see just a part."""
        return -(-(self.facts.overlap_px or 0) // _GRID_PX) * _GRID_PX

    def bands(self, memory_bytes: int) -> list[tuple[int, int]]:
        """The picture's rows in parts whose results fit into so much memory; one if the model must see it whole."""
        high, wide = self.source.image.shape[:2]
        row_bytes = 12 * wide * self.scale**2
        rows = max(self.margin_px, _LEAST_ROWS, memory_bytes // row_bytes // _GRID_PX * _GRID_PX)
        if self.facts.overlap_px is None:
            rows = high
        return [(top, min(top + rows, high)) for top in range(0, high, rows)]

    def enlarge(self, top: int, bottom: int, before: Image, ctx: Context) -> Image:
        """`before` and below it the result for the rows `top` to `bottom`.

        Returns:
            float32, 0..1, `scale` times the source's width.
        """
        first = max(0, top - self.margin_px)
        end = min(len(self.source.image), bottom + self.margin_px)
        tensor = self._infer(self.source.read(first, end), ctx)
        shown = (len(before) + (bottom - top) * self.scale, self.source.image.shape[1] * self.scale, 3)
        result = np.empty(shown, np.float32)
        result[: len(before)] = before
        self._convert(tensor, (top - first) * self.scale, result[len(before) :], ctx)
        return result

    def patch(self, rows: slice, columns: slice, ctx: Context) -> Image:
        """The result for a part of the picture, near its border less exact."""
        top, left = max(0, rows.start - _PATCH_MARGIN_PX), max(0, columns.start - _PATCH_MARGIN_PX)
        part = self.source.image[top : rows.stop + _PATCH_MARGIN_PX, left : columns.stop + _PATCH_MARGIN_PX]
        picture = self.facts.outputs[0].to_picture(self._infer(part, ctx))
        y, x = (rows.start - top) * self.scale, (columns.start - left) * self.scale
        high, wide = (rows.stop - rows.start) * self.scale, (columns.stop - columns.start) * self.scale
        return picture[y : y + high, x : x + wide]

    def _infer(self, picture: Image, ctx: Context) -> NDArray[Any]:
        tensor = self.facts.inputs[0].from_picture(picture)
        return ctx.infer(self.facts.id, {self.facts.inputs[0].name: tensor})[self.facts.outputs[0].name]

    def _convert(self, tensor: NDArray[Any], start: int, out: Image, ctx: Context) -> None:
        """Writes the tensor's rows from `start` on to `out`; a few at a time, as this makes several copies of them."""
        spec = self.facts.outputs[0]
        step = max(1, _PIECE_PX // out.shape[1])
        for top in range(0, len(out), step):
            ctx.check()
            part = out[top : top + step]
            rows = (slice(None),) * spec.axes[0] + (slice(start + top, start + top + len(part)),)
            part[...] = spec.to_picture(tensor[rows])
