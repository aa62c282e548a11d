"""Where wrong pixels and dust are in a picture.

Each kind is found by what sets it apart from the photo: pure black and white pixels by how many of them there are and
by what is expected from the others around (after R. Chan, C.-W. Ho and M. Nikolova 2005, who take noise apart from the
extremes of the photo); pixels of any value by rank-ordered differences (R. Garnett et al. 2005,
https://doi.org/10.1109/TIP.2005.857261) with falling thresholds (Y. Dong, R. Chan and S. Xu 2007), here against the
texture around; hot and dead pixels as single ones beyond the noise around; dust by top-hats (J. Serra 1982),
of whose tops those count that are short, differ from the ring around them on every side, and have little like them
farther out, see `_dust_kernels.standing_alone`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.imaging import _dust_kernels as dust
from editor.imaging import _speck_kernels as kernels
from editor.imaging.measures import BRIGHTNESS
from editor.imaging.pull import pulled

F32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

_BLOCK_PX = 32
_MOST_IN_BLOCK = 0.6
_QUANTILE = 0.25
_FEWEST_BLOCKS = 4
_HALF_LEVEL = 0.5 / 255
_FARTHEST_FROM_EXTREME = 8 / 255
# Of windows of this side, in which more extremes than there is noise belong to the photo.
_CLIPPED_PX = (7, 15)
_SURE = 5.0

# Rounds of the search for pixels of any value: what a pixel must differ by, and how many times as much as those around
# differ, in parts of `_times`.
_ROUNDS = ((0.20, 2.0), (0.14, 1.5), (0.10, 1.2), (0.07, 1.0), (0.05, 1.0))
_STRICT_ROUNDS = ((0.10, 6.0), (0.10, 6.0))
_FEW = 0.004
_SURVEY_TIMES = 3.0
# How strict the search may be where it found so many at first; both were measured on photos with known impulses.
_SHARES = (0.03, 0.09, 0.16, 0.22, 0.31)
_TIMES = (5.0, 3.5, 2.3, 1.6, 0.8)
_TEXTURE_PX = 9
_SURVEY_ROWS = 64
_SURVEY_PX = 2 << 20

# By how much smoothing makes dust longer.
_BLUR_PX = 2
_LEAST_TOP = 0.05
# Finds ten natural specks in a megapixel of photos without dust.
_ALONE = 3.0
# Between two looks at whether the search was cancelled.
_DUST_PX = 8192


@dataclass(frozen=True, slots=True)
class Sought:
    """kind: "salt_pepper", "random", "hot" or "dust". sensitivity: 0 to 100. largest_px: of dust, its longer side."""

    kind: str
    sensitivity: int
    largest_px: int

    @property
    def reach_px(self) -> int:
        """How far around a pixel is looked to judge it."""
        if self.kind == "dust":
            return 4 * self.largest_px + 8
        return {"salt_pepper": 96, "random": 32, "hot": 2}[self.kind]

    @property
    def strictness(self) -> float:
        """What thresholds are multiplied by."""
        return float(2 ** ((50 - self.sensitivity) / 25))

    @property
    def slack(self) -> float:
        """How far from pure black and white a pixel counts as such: some, where more is to be found."""
        return _HALF_LEVEL + max(0, self.sensitivity - 50) / 50 * _FARTHEST_FROM_EXTREME


@dataclass(frozen=True, slots=True)
class Density:
    """The share of pixels that noise made black, white, and of any value (as far as they stand out), 0..1."""

    black: float = 0.0
    white: float = 0.0
    any_value: float = 0.0


def density(image: F32, sought: Sought, each: Callable[[], None] = lambda: None) -> Density:
    """How dense the impulses are in a picture; nothing of hot pixels and dust, for which it does not matter.

    Most of the picture's blocks are not clipped; what they hold of black and white is noise. Noise is in all channels
    alike.

    Args:
        image: H x W x 3 float32 RGB.
    """
    if sought.kind == "random":
        return Density(any_value=_surveyed(image, sought, each))
    if sought.kind != "salt_pepper":
        return Density()
    ends = (image <= sought.slack, image >= 1 - sought.slack)
    return Density(*(min(_share(end[..., c]) for c in range(3)) for end in ends))


def _share(extreme: Bool) -> float:
    high, wide = (length // _BLOCK_PX for length in extreme.shape)
    whole = extreme[: high * _BLOCK_PX, : wide * _BLOCK_PX]
    shares = whole.reshape(high, _BLOCK_PX, wide, _BLOCK_PX).mean(axis=(1, 3)).ravel()
    shares = shares[shares <= _MOST_IN_BLOCK]
    if len(shares) < _FEWEST_BLOCKS:
        found = float(extreme.mean())
        return found if found <= _MOST_IN_BLOCK else 0.0
    found = float(np.quantile(shares, _QUANTILE))
    # Of noise alone a quarter of the blocks have less than this below the mean.
    return found + 0.67 * float(np.sqrt(found * (1 - found))) / _BLOCK_PX


def find(
    image: F32, sought: Sought, dense: Density, origin: tuple[int, int], each: Callable[[], None] = lambda: None
) -> Bool:
    """The specks of a picture, or of a part of it that shows `reach_px` more than what is asked for.

    Args:
        image: H x W x 3 float32 RGB.
        dense: of the whole picture.
        origin: where the first pixel lies in the whole picture, (x, y).
        each: called again and again; what it raises ends the work.

    Returns:
        H x W x 3 bool: the channels that are wrong.
    """
    if sought.kind == "dust":
        return np.repeat(_dust(image @ BRIGHTNESS, sought, each)[..., None], 3, axis=2)
    found = np.empty(image.shape, np.bool_)
    for c in range(3):
        each()
        plane = np.ascontiguousarray(image[..., c])
        if c and np.array_equal(plane, image[..., c - 1]):
            found[..., c] = found[..., c - 1]
        elif sought.kind == "salt_pepper":
            found[..., c] = _salt_and_pepper(plane, sought, dense, origin)
        elif sought.kind == "random":
            found[..., c] = _of_any_value(plane, sought, dense, each)
        else:
            found[..., c] = _single(plane, sought)
    return found


def _salt_and_pepper(plane: F32, sought: Sought, dense: Density, origin: tuple[int, int]) -> Bool:
    """Extremes that are neither many together, as where the photo is clipped, nor near what is expected there."""
    ends = (plane <= sought.slack, plane >= 1 - sought.slack)
    suspect = np.zeros(plane.shape, np.bool_)
    for end, share in zip(ends, (dense.black, dense.white), strict=True):
        clipped = np.zeros(plane.shape, np.bool_)
        for side in _CLIPPED_PX:
            count = cv2.boxFilter(end.astype(np.float32), -1, (side, side), normalize=False)
            pixels = side * side
            clipped |= count > pixels * share + _SURE * np.sqrt(pixels * share * (1 - share)) + 2
        suspect |= end & ~clipped
    known = ~suspect
    if not known.any():
        return suspect
    both = np.dstack((plane, plane * plane))
    expected, _rise, _lost = pulled(both, known, origin)
    mean = expected[..., 0]
    spread = np.sqrt(np.maximum(0, expected[..., 1] - mean * mean))
    # Where noise is rare, an extreme must stand out more to be taken for it.
    rare = float(np.clip(-1 - np.log10(max(dense.black + dense.white, 1e-6)), 0, 3))
    least = sought.strictness * (0.03 + 0.05 * rare + (0.3 + 0.8 * rare) * spread)
    return np.asarray(suspect & (np.abs(plane - mean) > least))


def _surveyed(image: F32, sought: Sought, each: Callable[[], None]) -> float:
    """How many pixels stand out, in bands from all over the picture; 0 where only few surely do."""
    tops = np.arange(0, len(image), _SURVEY_ROWS)
    count = max(1, _SURVEY_PX // (_SURVEY_ROWS * image.shape[1]))
    chosen = tops[np.linspace(0, len(tops) - 1, min(count, len(tops))).astype(int)]
    planes = [image[top : top + _SURVEY_ROWS, :, 1].copy() for top in chosen.tolist()]
    if np.mean([_searched(plane, _STRICT_ROUNDS, sought, each).mean() for plane in planes]) < _FEW:
        return 0.0
    return float(np.mean([_searched(plane, _rounds(_SURVEY_TIMES), sought, each).mean() for plane in planes]))


def _rounds(times: float) -> tuple[tuple[float, float], ...]:
    return tuple((least, part * times) for least, part in _ROUNDS)


def _of_any_value(plane: F32, sought: Sought, dense: Density, each: Callable[[], None]) -> Bool:
    if dense.any_value == 0:
        return _searched(plane, _STRICT_ROUNDS, sought, each)
    return _searched(plane, _rounds(float(np.interp(dense.any_value, _SHARES, _TIMES))), sought, each)


def _searched(plane: F32, rounds: tuple[tuple[float, float], ...], sought: Sought, each: Callable[[], None]) -> Bool:
    found = np.zeros(plane.shape, np.bool_)
    differs = np.empty_like(plane)
    size = (_TEXTURE_PX, _TEXTURE_PX)
    for least, times in rounds:
        each()
        kernels.rank_ordered(plane, found, differs)
        clean = (~found).astype(np.float32)
        # What stands out itself shall not hide what stands out beside it.
        texture = cv2.boxFilter(np.minimum(differs, np.float32(least)) * clean, -1, size, normalize=False)
        texture = texture / np.maximum(cv2.boxFilter(clean, -1, size, normalize=False), 1)
        found |= differs > np.float32(sought.strictness) * (np.float32(least) + np.float32(times) * texture)
    return found


def _single(plane: F32, sought: Sought) -> Bool:
    found = np.zeros(plane.shape, np.bool_)
    kernels.standing_out(plane, 0.06 * sought.strictness, 3.0 * sought.strictness, found)
    return found


def _dust(light: F32, sought: Sought, each: Callable[[], None]) -> Bool:
    """Dark and bright specks that stand alone, with their soft edges."""
    longest = sought.largest_px + _BLUR_PX
    square = np.ones((longest, longest), np.uint8)
    found = np.zeros(light.shape, np.bool_)
    smooth = np.asarray(cv2.GaussianBlur(light, (3, 3), 0), np.float32)
    rows = max(1, _DUST_PX // light.shape[1])
    least, alone = sought.strictness * _LEAST_TOP, sought.strictness**2 * _ALONE
    for way in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT):
        each()
        height = np.asarray(cv2.morphologyEx(smooth, way, square), np.float32)
        for top in range(0, len(light), rows):
            each()
            dust.standing_alone(smooth, height, top, min(top + rows, len(light)), least, longest, alone, found)
    return cv2.dilate(found.view(np.uint8), np.ones((3, 3), np.uint8)).view(np.bool_)
