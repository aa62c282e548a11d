"""How strong the noise of a picture is: in each octave, in brightness and in colours, and by the light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from editor.imaging import noise
from editor.sdk import noise_level
from editor.sdk.context import Context
from editor.sdk.plugin import Image, Inputs
from plugins.bm3d import STRONGEST
from plugins.bm3d.stabilise import EVEN, Stabiliser, fitted

if TYPE_CHECKING:
    from plugins.bm3d import Params

F32 = NDArray[np.float32]

OPPONENT = np.array([np.array(row) / np.linalg.norm(row) for row in ((1, 1, 1), (1, 0, -1), (1, -2, 1))], np.float32)
"""Brightness and two colours, rows of an orthonormal matrix: white noise stays white noise of the same strength."""


@dataclass(frozen=True, slots=True)
class Noise:
    """stabiliser: what makes the noise the same everywhere. octaves: 3 x 3 (octave, finest first; opponent channel), of
    the stabilised picture, see `editor.imaging.noise.spectrum`. level: in 255 levels. grey: whether the picture has no
    colours, as far as was seen."""

    stabiliser: Stabiliser
    octaves: F32
    level: float
    grey: bool

    def variances(self, strength: float) -> F32:
        """3 x 8 x 8: of each coefficient of the cosine transform of a block, for noise `strength` times as strong."""
        # The frequencies 4 to 7 are the finest octave, 2 and 3 the next, 1 and the mean the third.
        octave = np.array([2, 2, 1, 1, 0, 0, 0, 0])
        finer = np.minimum(octave[:, None], octave)
        return np.asarray(np.square(self.octaves[finer] * np.float32(strength)).transpose(2, 0, 1), np.float32)


def find(inputs: Inputs, params: Params, ctx: Context) -> Noise:
    """The noise of a picture: as typed, or measured where 0 was typed."""
    ctx.check()
    image = noise_level.visible(inputs)
    stabiliser = fitted(image) if params.by_light else EVEN
    grey = is_grey(image)
    # Of grey noise all is in the brightness.
    white = np.tile(np.array([3**0.5, 0, 0] if grey else [1, 1, 1], np.float32), (3, 1))
    level = params.level / 255
    if params.kind == "white" and level > 0:
        return Noise(stabiliser, white * np.float32(level), 255 * level, grey)
    octaves = noise.spectrum(stabiliser.forward(image), OPPONENT)
    total = float(np.sqrt(np.mean(np.square(noise.deviation(octaves)))))
    if level == 0:
        level = min(STRONGEST / 255, noise.elsewhere(octaves[:, 0]) * total)
    if params.kind == "white" or total == 0:
        octaves, total = white, 1.0
    return Noise(stabiliser, octaves * np.float32(level / total), 255 * level, grey)


def is_grey(image: Image) -> bool:
    """Whether a picture has no colours."""
    return bool((np.ptp(image, axis=2) == 0).all())
