"""What probing finds of a model."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from editor.runtime.manifest import SizeRule
from editor.sdk.models import TensorSpec

F32 = NDArray[np.float32]

DTYPES = ("float32", "float16", "uint8")

COLOURS = {3: "RGB", 1: "grey"}
"""What channels are taken for, by their number."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """What a picture's numbers are: see `TensorSpec`, whose fields these are."""

    range: tuple[float, float]
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a model takes: one picture of 1 or 3 channels, and beside it perhaps a mask of the same size.

    fixed: height and width, None where any will do.
    """

    picture: TensorSpec
    mask: TensorSpec | None
    fixed: tuple[int | None, int | None]

    @property
    def specs(self) -> tuple[TensorSpec, ...]:
        return (self.picture,) if self.mask is None else (self.picture, self.mask)

    def read_as(self, scaling: Scaling) -> Inputs:
        """The same with the picture's numbers scaled so."""
        spec = replace(self.picture, range=scaling.range, mean=scaling.mean, deviation=scaling.deviation)
        return replace(self, picture=spec)


@dataclass(frozen=True, slots=True)
class Output:
    """A picture that comes out.

    scale: output pixels per input pixel, along one side. resemblance: how far it is from the input on the mean, of its
    range; None if it was not compared.
    """

    spec: TensorSpec
    scale: int
    resemblance: float | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """How a model wants to be used.

    inputs: with their ranges. outputs: the pictures among what comes out, at least one, in the model's order.
    overlap_px: how far beyond a cut through the picture its results change by more than half an 8-bit level, over all
    outputs; None if that reaches across the picture, or if there is a mask.
    memory_mb_per_mp: working memory per megapixel of input; None where the platform does not tell.
    """

    inputs: Inputs
    outputs: tuple[Output, ...]
    size: SizeRule
    overlap_px: int | None
    memory_mb_per_mp: float | None
