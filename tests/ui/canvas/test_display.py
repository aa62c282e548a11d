"""Document formats and profiles on the screen."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColorSpace
from pytestqt.qtbot import QtBot

from editor.ui.canvas.picture import CHECKER_GREYS
from tests.ui.canvas.views import opened, shot, state_of

RGB = np.array([[[200, 100, 50]]], np.uint8)


def icc_of(space: QColorSpace) -> bytes:
    return bytes(space.iccProfile().data())


P3 = icc_of(QColorSpace(QColorSpace.NamedColorSpace.DisplayP3))
GREY_18 = icc_of(QColorSpace(QPointF(0.3127, 0.329), QColorSpace.TransferFunction.Gamma, 1.8))


def centre(qtbot: QtBot, pixels: NDArray[Any], icc: bytes | None = None) -> list[int]:
    """What is in the middle of a view of a picture of one colour."""
    height, width = 120, 160
    view, _ = opened(qtbot, state_of(np.broadcast_to(pixels, (height, width, pixels.shape[2])).copy(), icc))
    colour: list[int] = shot(view)[150, 200].tolist()
    return colour


@pytest.mark.parametrize(
    ("pixels", "shown"),
    [
        (RGB, [200, 100, 50]),
        (RGB.astype(np.uint16) * 257, [200, 100, 50]),
        (RGB.astype(np.float32) / 255, [200, 100, 50]),
        (RGB[..., :1], [200, 200, 200]),
        (RGB[..., :1].astype(np.uint16) * 257, [200, 200, 200]),
        (np.array([[[2.5, -1.0, np.nan]]], np.float32), [255, 0, 0]),
    ],
    ids=["8 bit", "16 bit", "float", "grey", "grey 16 bit", "beyond the range"],
)
def test_formats(qtbot: QtBot, pixels: NDArray[Any], shown: list[int]) -> None:
    assert centre(qtbot, pixels) == shown


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_alpha_lies_over_a_neutral_checkerboard(qtbot: QtBot, dtype: type) -> None:
    scale = 1 if dtype is np.uint8 else 257
    pixels: NDArray[Any] = np.zeros((120, 160, 4), dtype)
    pixels[..., 0] = 255 * scale
    pixels[:, 40:80, 3] = 128 * scale
    pixels[:, 80:, 3] = 255 * scale
    view, _ = opened(qtbot, state_of(pixels))
    picture = shot(view)[90:210, 120:280]
    assert {tuple(colour) for colour in picture[:, :40].reshape(-1, 3).tolist()} == {
        (grey,) * 3 for grey in CHECKER_GREYS
    }
    assert (picture[:, 80:] == (255, 0, 0)).all()
    half = [[(255 * 128 + grey * 127) / 255, grey * 127 / 255, grey * 127 / 255] for grey in CHECKER_GREYS]
    for colour in picture[:, 40:80].reshape(-1, 3):
        assert min(np.abs(colour - np.array(expected)).max() for expected in half) <= 1.5


def test_grey_with_alpha(qtbot: QtBot) -> None:
    assert centre(qtbot, np.array([[[90, 255]]], np.uint8)) == [90, 90, 90]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("alpha", [False, True])
def test_a_profile_is_shown_as_it_means(qtbot: QtBot, dtype: type, alpha: bool) -> None:
    """Compared with LittleCMS."""
    colour = [180, 120, 60]
    photo = Image.new("RGB", (1, 1), tuple(colour))
    source = ImageCms.ImageCmsProfile(io.BytesIO(P3))
    wanted = np.asarray(ImageCms.profileToProfile(photo, source, ImageCms.createProfile("sRGB")))[0, 0]
    values = [*colour, 255] if alpha else colour
    pixels: NDArray[Any] = np.array([[values]], dtype) * (257 if dtype is np.uint16 else 1)
    shown = centre(qtbot, pixels, P3)
    assert np.abs(np.array(shown) - wanted.astype(int)).max() <= 2
    assert np.abs(np.array(shown) - colour).max() > 4


def test_a_grey_profile_is_shown_as_it_means(qtbot: QtBot) -> None:
    linear = (128 / 255) ** 1.8
    wanted = 255 * (1.055 * linear ** (1 / 2.4) - 0.055)
    shown = centre(qtbot, np.array([[[128]]], np.uint8), GREY_18)
    assert shown == [round(wanted)] * 3


@pytest.mark.parametrize("icc", [b"junk", P3[:200], GREY_18], ids=["junk", "cut short", "for grey"])
def test_a_profile_that_cannot_be_used_is_taken_for_srgb(qtbot: QtBot, icc: bytes) -> None:
    assert centre(qtbot, RGB, icc) == [200, 100, 50]


def test_so_is_a_profile_for_colours_on_a_grey_photo(qtbot: QtBot) -> None:
    assert centre(qtbot, RGB[..., :1], P3) == [200, 200, 200]
