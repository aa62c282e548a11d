"""What a method sees of a model, and the way between its pictures and the tensors that a model takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """One input or output tensor.

    layout: "NCHW" or "NHWC" for a batch of one picture, "plain" for anything else.
    dtype: a numpy name.
    range: lowest and highest value; None where it is not known (features).
    colour: what the channels are, "RGB", "BGR", "grey", "mask" (1 = work here), "keep" (1 = leave alone) or "planes";
    empty if plain.
    channels: their number; 0 if plain.
    shape: the whole shape of a plain tensor; empty for a picture.
    mean, deviation: by channel in RGB, if the model takes (value - mean) / deviation of values 0..1; `range` then only
    says between what those lie. Else empty.
    step: pixels of the input for one of this output, along one side: 1 but for coarse maps and features.
    """

    name: str
    layout: str
    dtype: str
    range: tuple[float, float] | None = None
    colour: str = ""
    channels: int = 0
    shape: tuple[int, ...] = ()
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()
    step: int = 1

    @property
    def is_picture(self) -> bool:
        return self.layout != "plain"

    @property
    def axes(self) -> tuple[int, int]:
        """The axes of y and x in a picture tensor."""
        return (2, 3) if self.layout == "NCHW" else (1, 2)

    @property
    def channel_axis(self) -> int:
        return 1 if self.layout == "NCHW" else 3

    def picture_shape(self, height: int, width: int) -> tuple[int, int, int, int]:
        """The shape of a picture tensor of this size."""
        if self.layout == "NCHW":
            return 1, self.channels, height, width
        return 1, height, width, self.channels

    def from_picture(self, picture: F32) -> NDArray[Any]:
        """The tensor of a picture.

        Args:
            picture: H x W x channels float32, 0..1, RGB where the model takes colours, 1 = work here where it takes a
                mask of either kind; it is clipped to that.

        Returns:
            Its values stretched to `range`, or with `mean` and `deviation` taken off, in the layout, colour order and
            dtype of this tensor.
        """
        if self.colour == "keep":
            picture = np.float32(1) - picture
        values: F32 = np.clip(picture, 0, 1)
        if self.mean:
            mean, deviation = (np.asarray(each, np.float32) for each in (self.mean, self.deviation))
            values = (values - mean) / deviation
        else:
            low, high = self.range or (0.0, 1.0)
            values = values * np.float32(high - low) + np.float32(low)
        if self.colour == "BGR":
            values = values[..., ::-1]
        if self.layout == "NCHW":
            values = values.transpose(2, 0, 1)
        kind = np.dtype(self.dtype)
        return np.ascontiguousarray(values if kind.kind == "f" else np.rint(values), dtype=kind)[None]

    def to_picture(self, tensor: NDArray[Any]) -> F32:
        """The picture in a tensor, as `from_picture` takes it; `range` becomes 0..1, what lies beyond is clipped."""
        low, high = self.range or (0.0, 1.0)
        values = tensor[0].astype(np.float32)
        if self.layout == "NCHW":
            values = values.transpose(1, 2, 0)
        if self.colour == "BGR":
            values = values[..., ::-1]
        picture = np.ascontiguousarray(np.clip((values - np.float32(low)) / np.float32(high - low), 0, 1))
        return np.float32(1) - picture if self.colour == "keep" else picture


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a method may know of a model.

    scale: output pixels per input pixel, along one side. fixed: the only picture size it takes, (height, width); None
    if any. overlap_px: how far around a result pixel it looks; None if it must see the whole picture.
    """

    id: str
    title: str
    scale: int
    fixed: tuple[int, int] | None
    overlap_px: int | None
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
