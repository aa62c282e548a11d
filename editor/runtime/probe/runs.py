"""Runs of a model that is not known: each may fail, and all together have an end."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editor.core.errors import Cancelled, ModelError
from editor.core.i18n import _
from editor.runtime.probe.finding import COLOURS, DTYPES, F32, Inputs, Output
from editor.runtime.sessions import Session
from editor.runtime.userfile import cannot
from editor.sdk.models import TensorSpec

_LARGEST_SCALE = 16
_DIMENSIONS = 4


class TooSlowError(ModelError):
    """The time for all runs is over."""


class Runs:
    """A session to be run on pictures.

    name: of the file, for messages. cancel: polled while it runs. limit_s: when all runs must be done, from now on.
    seconds_per_px: how long the run on the largest picture took, per pixel of it.
    """

    def __init__(self, session: Session, name: str, cancel: Callable[[], bool], limit_s: float) -> None:
        self.name = name
        self.seconds_per_px = 0.0
        self._largest_px = 0
        self._session = session
        self._cancel = cancel
        self._end = time.monotonic() + limit_s

    def __call__(self, inputs: Inputs, picture: F32, hole: F32 | None = None) -> dict[str, NDArray[Any]]:
        """All outputs by name.

        Args:
            inputs: how the model takes the picture.
            picture: H x W x channels, 0..1.
            hole: H x W x 1, 1 where the mask says that there is work; nowhere if None.

        Raises:
            ModelError: it did not run on this picture.
            OutOfMemory: there was not enough memory.
            Cancelled: the user cancelled.
            TooSlowError: the time is over; a ModelError, too.
        """
        tensors = {inputs.picture.name: inputs.picture.from_picture(picture)}
        if inputs.mask is not None:
            mask = np.zeros((*picture.shape[:2], 1), np.float32) if hole is None else hole
            tensors[inputs.mask.name] = inputs.mask.from_picture(mask)
        start = time.monotonic()
        try:
            outputs = self._session.run(tensors, self._stopped)
        except Cancelled:
            if self._cancel():
                raise
            raise TooSlowError(str(cannot(self.name, _("it takes too long even for small pictures")))) from None
        pixels = math.prod(picture.shape[:2])
        if pixels >= self._largest_px:
            self._largest_px, self.seconds_per_px = pixels, (time.monotonic() - start) / pixels
        return outputs

    def pictures(self, inputs: Inputs, picture: F32, hole: F32 | None = None) -> dict[str, tuple[Output, F32]]:
        """The outputs that are pictures of a multiple of the input's size, and their values, H x W x channels.

        Raises as a call does.
        """
        found = {}
        for name, values in self(inputs, picture, hole).items():
            output = _output(name, values, picture.shape[0], picture.shape[1], inputs.picture.layout)
            if output is not None:
                axes = (1, 2, 0) if output.spec.layout == "NCHW" else (0, 1, 2)
                found[name] = (output, values[0].transpose(axes).astype(np.float32))
        return found

    def _stopped(self) -> bool:
        return self._cancel() or time.monotonic() > self._end


def _output(name: str, values: NDArray[Any], height: int, width: int, layout: str) -> Output | None:
    if values.ndim != _DIMENSIONS or values.shape[0] != 1 or str(values.dtype) not in DTYPES:
        return None
    for guess in sorted(("NCHW", "NHWC"), key=lambda one: one != layout):
        spec = TensorSpec(name, guess, str(values.dtype))
        colour = COLOURS.get(values.shape[spec.channel_axis])
        high, wide = (values.shape[axis] for axis in spec.axes)
        scale = high // height
        if colour and 1 <= scale <= _LARGEST_SCALE and (high, wide) == (scale * height, scale * width):
            channels = values.shape[spec.channel_axis]
            return Output(TensorSpec(name, guess, str(values.dtype), None, colour, channels), scale)
    return None
