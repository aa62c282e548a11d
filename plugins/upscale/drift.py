"""How far an enlarged picture's colours are from the source's."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.sdk.plugin import Image, Mask

F32 = NDArray[np.float32]

_CELL_PX = 32
_OPAQUE = 1 - 1e-5


class Drift:
    """Compares the mean colours of cells of 32 x 32 source pixels, strip by strip of the enlarged picture."""

    def __init__(self, image: Image, alpha: Mask | None, height: int) -> None:
        high, wide = image.shape[:2]
        self._cells = (math.ceil(wide / _CELL_PX), math.ceil(high / _CELL_PX))
        self._height = height
        self._top = 0
        self._left = self._means(image)
        self._seen = np.True_ if alpha is None else self._means(alpha) > _OPAQUE

    def _means(self, plane: F32) -> F32:
        return np.asarray(cv2.resize(plane, self._cells, interpolation=cv2.INTER_AREA), np.float32).reshape(
            self._cells[1], self._cells[0], -1
        )

    def add(self, strip: Image) -> None:
        """The next rows of the enlarged picture."""
        across = cv2.resize(strip, (self._cells[0], len(strip)), interpolation=cv2.INTER_AREA)
        row = (self._top + np.arange(len(strip) + 1)) * (self._cells[1] / self._height)
        number = np.arange(self._cells[1])[:, None]
        shares = np.clip(np.minimum(row[1:], number + 1) - np.maximum(row[:-1], number), 0, None)
        self._left -= np.tensordot(shares.astype(np.float32), across.reshape(len(strip), -1, 3), 1)
        self._top += len(strip)

    @property
    def levels(self) -> float:
        """The largest difference of an opaque cell's mean, in 8-bit levels; to be asked after the last strip."""
        return round(255 * float(np.max(np.abs(self._left) * self._seen)), 2)
