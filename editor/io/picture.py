"""A picture as a file holds it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editor.core.metadata import Metadata


@dataclass(frozen=True, slots=True)
class Picture:
    """Pixels with what the file says about them.

    pixels: H x W x C, C-contiguous, uint8, uint16 or float32 (1.0 is white, values beyond are kept); C = 1 grey,
        2 grey + alpha, 3 RGB, 4 RGBA; alpha is straight. Encoded in the profile `metadata.icc` (None: sRGB).
    metadata: the file's own blocks; the orientation has been applied to the pixels and set to 1.
    notes: one-line texts for the user: what was converted or dropped on reading.
    """

    pixels: NDArray[Any]
    metadata: Metadata = field(default_factory=Metadata)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.pixels.ndim != 3 or self.pixels.shape[2] not in (1, 2, 3, 4):
            raise ValueError(f"a picture is H x W x 1..4, got {self.pixels.shape}")
        if self.pixels.dtype not in (np.uint8, np.uint16, np.float32):
            raise ValueError(f"a picture is uint8, uint16 or float32, got {self.pixels.dtype}")
        if not self.pixels.flags.c_contiguous:
            raise ValueError("a picture's pixels are C-contiguous")

    @property
    def has_alpha(self) -> bool:
        return self.pixels.shape[2] in (2, 4)


@dataclass(slots=True)
class Decoded:
    """What a format's reader found, before the blocks are checked and the orientation is applied.

    pixels: H x W x C as in Picture, in the file's own orientation; any byte order and any memory layout.
    orientation: EXIF's 1 to 8; None takes it from `exif`.
    dpi: pixels per inch, where the file says so outside EXIF.
    """

    pixels: NDArray[Any]
    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    orientation: int | None = None
    dpi: tuple[float, float] | None = None
    notes: list[str] = field(default_factory=list)
