"""From a document's pixels to what a screen shows: 8 bit, sRGB, alpha premultiplied."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import cv2
import numpy as np
from PySide6.QtGui import QColorSpace, QColorTransform, QImage

from editor.core.document import DocumentState
from editor.core.tiles import Pixels
from editor.ui.canvas.raster import Bytes, bytes_of, recolour, to_8_bit, wrapped

_log = logging.getLogger("kintsugi.canvas")
_SRGB = QColorSpace(QColorSpace.NamedColorSpace.SRgb)


@dataclass(frozen=True, slots=True)
class Display:
    """How the pixels of one document format and profile are shown.

    channels: of the result: 1 grey, or 4 as Qt has them in memory (BGRA), colours multiplied by alpha.
    opaque: alpha is 255 everywhere.
    transform: to sRGB, for a colour profile that is something else.
    curve: the grey shown for each of the 256 values, for a grey profile.
    """

    channels: int
    opaque: bool
    transform: QColorTransform | None = None
    curve: Bytes | None = None

    @classmethod
    def of(cls, state: DocumentState) -> Display:
        """A profile that is broken, or is not for this kind of pixels, is taken for sRGB."""
        channels = 1 if state.channels == 1 else 4
        opaque = not state.has_alpha
        grey = state.channels <= 2
        space = _profile(state.metadata.icc, grey=grey)
        if space is None:
            return cls(channels, opaque)
        if grey:
            return cls(channels, opaque, curve=_curve(space))
        return cls(channels, opaque, space.transformationToColorSpace(_SRGB))

    @property
    def cost(self) -> float:
        """About how much longer a pixel takes than a plain RGB one."""
        return 1.0 if self.transform is None else 8.0

    def shown(self, pixels: Pixels) -> Bytes:
        """H x W x C of the document's format as H x W x `channels`, uint8; maybe the same array."""
        eight = to_8_bit(pixels)
        if self.curve is not None:
            eight = np.concatenate((self.curve[eight[..., :1]], eight[..., 1:]), axis=2)
        if self.channels == 1:
            return eight
        screen = _as_screen(eight)
        image = wrapped(screen, QImage.Format.Format_RGB32 if self.opaque else QImage.Format.Format_ARGB32)
        if self.transform is not None:
            image.applyColorTransform(self.transform)
        if self.opaque:
            return screen
        return bytes_of(image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied))


def _as_screen(eight: Bytes) -> Bytes:
    """BGRA, straight alpha, of grey and alpha, RGB or RGBA."""
    if eight.shape[2] == 2:
        grey, alpha = eight[..., :1], eight[..., 1:]
        return np.concatenate((grey, grey, grey, alpha), axis=2)
    screen = np.empty((*eight.shape[:2], 4), np.uint8)
    recolour(eight, cv2.COLOR_RGB2BGRA if eight.shape[2] == 3 else cv2.COLOR_RGBA2BGRA, screen)
    return screen


def _profile(icc: bytes | None, *, grey: bool) -> QColorSpace | None:
    """The profile's colour space if showing it needs a conversion."""
    if icc is None:
        return None
    space = QColorSpace.fromIccProfile(icc)
    wanted = QColorSpace.ColorModel.Gray if grey else QColorSpace.ColorModel.Rgb
    if not space.isValid() or space.colorModel() != wanted:
        _log.info("a colour profile cannot be shown; taking it for sRGB")
        return None
    return None if space == _SRGB else space


def _curve(space: QColorSpace) -> Bytes:
    values = np.arange(256, dtype=np.uint8)
    ramp = QImage(values.data, 256, 1, 256, QImage.Format.Format_Grayscale8)
    ramp.setColorSpace(space)
    shown = ramp.convertedToColorSpace(_SRGB, QImage.Format.Format_Grayscale8)
    return np.frombuffer(shown.constBits(), np.uint8)[:256].copy()
