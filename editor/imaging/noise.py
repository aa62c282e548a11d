"""Noise: how strong it is in a picture that nobody has a clean version of, and pieces of it lifted from flat parts.

A camera's noise is white on the sensor only; demosaicing smears it over two or three pixels, so that what is measured
between neighbours is far too little. So it is measured octave by octave, each in small blocks that are flat there: the
multi-scale principle of Lebrun, Colom and Morel (The Noise Clinic, 2015, https://doi.org/10.5201/ipol.2015.125), with
blocks chosen by the energy of their lower frequencies and measured by that of their higher ones, as Ponomarenko et al.
(2007) do. Haar's wavelet serves for both.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]

_BLOCK_PX = 8
_STEP_PX = 4
_MOST_BLOCKS = 10_000
_CLIPPED = 1.5 / 255

# By brightness: noise grows with the light, and a dark corner must not speak for the whole picture.
_GROUPS = 4
_FEWEST_IN_GROUP = 100
_FLATTEST = 0.02
# Blocks with less than so many times the low frequencies of the flattest ones count as flat, too.
_ALSO_FLAT = 3.0
# A group of nothing but texture says at most this many times what the lower half of the groups says.
_MOST_IN_GROUP = 1.5

# From octave to octave a photo's structure doubles at least. Noise that was smeared over a few pixels
# rises likewise from the first to the second at most, and then levels out.
_MOST_AT_SECOND = 3.0
_MOST_AT_THIRD = 1.5
_MORE_ELSEWHERE = 0.25

# What makes a patch one of noise and nothing else, see `_pure`. All were set by looking at camera noise and at photos
# without any; noise itself stays well below each.
_FAINTEST = 1.5 / 255
_MOST_OF_LEVEL = 1.7
_MOST_RISE = (3.2, 2.6, 1.6)
_MOST_UNEVEN = 2.0
_MOST_DIRECTED = 0.15
_MOST_SKEW = 0.35
_MOST_KURTOSIS = 4.0
_FARTHEST = 6.5
_LEAST_COLOUR = 0.12
_MOST_PERIODIC = 60.0
_AT_ONCE = 64


def level(image: F32, where: NDArray[np.bool_] | None = None) -> float:
    """A blind estimate of the noise in a picture.

    Right for white noise and for noise that hangs together over two or three pixels. Fine texture all over a picture
    that has nothing flat is taken for noise in part.

    Args:
        image: H x W x 3 float32 RGB, 0..1.
        where: H x W bool, what of it is measured; None for all.

    Returns:
        Its standard deviation, 0..1, the root of the mean square over channels and over dark and light parts; 0 for a
        picture of less than 8 x 8 pixels or with nothing between black and white.
    """
    octaves = _octaves(image, where, None)[:, 0]
    return float(np.sqrt(_total(octaves)))


def spectrum(image: F32, mixing: F32, where: NDArray[np.bool_] | None = None) -> F32:
    """A blind estimate of the noise, octave by octave.

    Args:
        image: H x W x 3 float32 RGB, 0..1.
        mixing: C x 3, which sums of the channels are measured.
        where: H x W bool, what of it is measured; None for all.

    Returns:
        3 x C float32: the standard deviation of white noise that has as much in the octave, finest first; what is
        coarser than the third is as in the third. All 0 where nothing can be measured.
    """
    return _octaves(image, where, mixing).astype(np.float32)


def whole_level(image: F32) -> float:
    """As `level`, of all of a picture: flat places, where noise is measured, have less of a camera's noise than others
    do, see `elsewhere`."""
    octaves = _octaves(image, None, None)[:, 0]
    return float(np.sqrt(_total(octaves))) * elsewhere(octaves)


def elsewhere(octaves: NDArray[Any]) -> float:
    """How many times the noise that was measured in flat places there is in all of a picture.

    Of white noise it is 1. That of photos from cameras is blotchy, and 1.1 to 1.6 times what is measured: found with
    pairs of photos with and without noise. The smaller part is believed, as too much costs texture.

    Args:
        octaves: three deviations, see `spectrum`.
    """
    blotchy = np.clip(octaves[1] / max(float(octaves[0]), 1e-6) - 1, 0, 1)
    return float(1 + _MORE_ELSEWHERE * blotchy)


def deviation(octaves: F32) -> F32:
    """C float32: the standard deviation of noise with a spectrum (3 x C) as `spectrum` returns it."""
    return np.asarray(np.sqrt(_total(octaves)), np.float32)


def _octaves(image: F32, where: NDArray[np.bool_] | None, mixing: F32 | None) -> NDArray[np.float64]:
    """3 x C; without mixing 3 x 1, the root of the mean square over the channels."""
    octaves: list[NDArray[np.float64]] = []
    for number in range(3):
        if number:
            image = np.ascontiguousarray(_halved(image[None, ...])[0])
            where = None if where is None else _all_of_four(where)
        found = _octave(image, where, mixing)
        if found is None:
            break
        octaves.append(found * 2**number)
    if not octaves:
        return np.zeros((3, 1 if mixing is None else len(mixing)))
    first = octaves[0]
    second = np.minimum(octaves[1] if len(octaves) > 1 else first, _MOST_AT_SECOND * first)
    third = np.minimum(octaves[2] if len(octaves) > 2 else second, _MOST_AT_THIRD * second)
    return np.stack([first, second, third])


def _total(octaves: NDArray[Any]) -> NDArray[Any]:
    """The variance of noise: each octave holds three quarters of what is left, and what is coarser than the third is
    as in the third."""
    first, second, third = np.square(octaves)
    return np.asarray(0.75 * (first + second / 4 + third / 16) + third / 64)


def lift(image: F32, side_px: int, where: NDArray[np.bool_] | None = None, most: int = 64) -> F32:
    """Patches of nothing but noise, from parts of a picture where nothing else is.

    Args:
        image: H x W x 3 float32 RGB, 0..1.
        side_px: side of the patches, a multiple of 16 and at least 32.
        where: H x W bool, what the user marked as flat; None for anywhere.
        most: how many at most; they are chosen from dark and light parts alike.

    Returns:
        N x side_px x side_px x 3 float32, each with a mean of 0, in the order of their brightness. N is 0 where there
        is no noise worth lifting, or nothing is flat: a weave or a lawn taken for noise would make a network smooth
        weaves and lawns away.

    Raises:
        ValueError: `side_px` is none that it can be.
    """
    if side_px < 32 or side_px % 16:
        raise ValueError(f"patches of {side_px} px: a multiple of 16 from 32 on is needed")
    height, width = image.shape[:2]
    strongest = _MOST_OF_LEVEL * level(image)
    coloured = bool(np.ptp(image, axis=2).max(initial=0) > _CLIPPED)
    places: list[tuple[float, int, int]] = []
    patches: list[F32] = []
    corners = [
        (top, left)
        for top in range(0, height - side_px + 1, side_px // 2)
        for left in range(0, width - side_px + 1, side_px // 2)
        if where is None or where[top : top + side_px, left : left + side_px].all()
    ]
    for start in range(0, len(corners), _AT_ONCE):
        some = corners[start : start + _AT_ONCE]
        blocks = np.stack([image[top : top + side_px, left : left + side_px] for top, left in some])
        noise = _without(blocks, degree=2)
        pure = _pure(noise, strongest, coloured) & (_clipped(blocks) <= 0.01)
        for index in np.flatnonzero(pure):
            top, left = some[index]
            # Neighbours share half of their pixels: one of them is enough.
            if all(abs(top - y) >= side_px or abs(left - x) >= side_px for _light, y, x in places):
                places.append((float(blocks[index].mean()), top, left))
                patches.append(noise[index])
    if not patches:
        return np.empty((0, side_px, side_px, 3), np.float32)
    order = sorted(range(len(places)), key=lambda index: places[index])
    chosen = np.linspace(0, len(order) - 1, min(most, len(order))).round().astype(int)
    return np.stack([patches[order[index]] for index in chosen])


def _pure(noise: F32, strongest: float, coloured: bool) -> NDArray[np.bool_]:
    """N bool: whether a patch, less its smooth course, is noise and nothing else.

    It is worth lifting and not much stronger than in the rest of the picture. From octave to octave it rises no more
    than noise does. It is as strong in each of the patch's 16 parts. It has no direction and does not repeat, as weaves
    do. Its values are spread about as a Gaussian's: details are rare and strong. In a coloured picture it is coloured,
    as that of a sensor is, while the texture of most things is light and shade.
    """
    variance = np.mean(np.square(noise), axis=(1, 2, 3))
    octaves = []
    coarse = noise
    for number in range(4):
        finer, coarse = coarse, _halved(coarse)
        left = np.mean(np.square(finer), axis=(1, 2, 3)) - np.mean(np.square(coarse), axis=(1, 2, 3))
        octaves.append(np.sqrt(np.maximum(left, 0)) * 2**number)
    pure = (variance >= _FAINTEST**2) & (variance <= strongest**2)
    for before, after, rise in zip(octaves, octaves[1:], _MOST_RISE, strict=False):
        pure &= after <= rise * before
    # What is left to look at closely is little.
    pure[pure] = _unevenness(noise[pure]) <= _MOST_UNEVEN
    pure[pure] = _directedness(noise[pure].mean(axis=3)) <= _MOST_DIRECTED
    pure[pure] = _gaussian(noise[pure])
    pure[pure] = _periodicity(noise[pure].mean(axis=3)) <= _MOST_PERIODIC
    if coloured:
        grey = noise[pure].mean(axis=3, keepdims=True)
        pure[pure] = np.mean(np.square(noise[pure] - grey), axis=(1, 2, 3)) >= _LEAST_COLOUR * variance[pure]
    return np.asarray(pure)


def _gaussian(noise: F32) -> NDArray[np.bool_]:
    values = noise / np.sqrt(np.mean(np.square(noise), axis=(1, 2), keepdims=True) + np.float32(1e-12))
    squares = values * values
    skewed = np.abs(np.mean(squares * values, axis=(1, 2))).max(axis=1) > _MOST_SKEW
    peaked = np.mean(squares * squares, axis=(1, 2)).max(axis=1) > _MOST_KURTOSIS
    far = squares.max(axis=(1, 2, 3)) > _FARTHEST**2
    return np.asarray(~(skewed | peaked | far))


def _unevenness(noise: F32) -> F32:
    """By how much the strongest of a patch's 4 x 4 parts exceeds the weakest, as a ratio of variances."""
    count, part = len(noise), noise.shape[1] // 4
    fine = noise - _halved(_halved(noise)).repeat(4, axis=1).repeat(4, axis=2)
    parts = np.square(fine).reshape(count, 4, part, 4, part, 3).mean(axis=(2, 4, 5)).reshape(count, 16)
    return np.asarray(parts.max(axis=1) / np.maximum(parts.min(axis=1), 1e-12))


def _directedness(light: F32) -> F32:
    """How much gradients prefer a direction, 0 to 1: the coherence of the structure tensor (Bigun 1987)."""
    across = light[:, 1:-1, 2:] - light[:, 1:-1, :-2]
    down = light[:, 2:, 1:-1] - light[:, :-2, 1:-1]
    xx, yy, xy = (np.mean(each, axis=(1, 2)) for each in (across * across, down * down, across * down))
    return np.asarray(np.hypot(xx - yy, 2 * xy) / np.maximum(xx + yy, 1e-12))


def _periodicity(light: F32) -> NDArray[np.float64]:
    """How far the strongest frequency stands out from those of about its wavelength; 10 to 50 in noise.

    Only wavelengths below 8 pixels are looked at; what is longer is no weave.
    """
    side = light.shape[1]
    power = np.square(np.abs(np.fft.rfft2(light)))
    rows, columns = np.fft.fftfreq(side, 1 / side), np.arange(side // 2 + 1)
    radius = np.hypot(rows[:, None], columns)
    ring = (radius * 64 / side).astype(np.int64) // 4
    counts = np.bincount(ring.ravel())
    found = np.empty(len(light))
    for index, one in enumerate(power):
        means = np.bincount(ring.ravel(), one.ravel()) / counts
        found[index] = (one / np.maximum(means, 1e-12)[ring])[radius > side / 8].max()
    return found


def _octave(image: F32, where: NDArray[np.bool_] | None, mixing: F32 | None) -> NDArray[np.float64] | None:
    """The standard deviation of white noise that has as much in the picture's finest octave, of each sum of channels,
    or of all channels together; None if nothing shows."""
    blocks = _blocks(image, where)
    if len(blocks) == 0:
        return None
    light = blocks.mean(axis=(1, 2, 3))
    rest = _without(blocks, degree=1)
    coarse = np.mean(np.square(_halved(rest)), axis=(1, 2, 3))
    mixed = rest if mixing is None else np.asarray(rest @ mixing.T, np.float32)
    fine = (np.mean(np.square(mixed), axis=(1, 2)) - np.mean(np.square(_halved(mixed)), axis=(1, 2))) / 0.75
    if mixing is None:
        fine = fine.mean(axis=1, keepdims=True)
    groups = _GROUPS if len(light) > _GROUPS * _FEWEST_IN_GROUP else 1
    found = np.array([_of_flat(coarse[part], fine[part]) for part in np.array_split(np.argsort(light), groups)])
    low = np.sort(found, axis=0)[(len(found) - 1) // 2]
    return np.asarray(np.sqrt(np.mean(np.square(np.minimum(found, _MOST_IN_GROUP * low)), axis=0)))


def _of_flat(coarse: F32, fine: F32) -> NDArray[np.float64]:
    order = np.argsort(coarse)
    count = max(8, int(_FLATTEST * len(order)))
    limit = _ALSO_FLAT * np.median(coarse[order[:count]])
    count = max(count, int(np.count_nonzero(coarse < limit)))
    return np.sqrt(np.maximum(0.0, np.median(fine[order[:count]], axis=0).astype(np.float64)))


def _blocks(image: F32, where: NDArray[np.bool_] | None) -> F32:
    """N x 8 x 8 x 3: blocks from all over the picture, without those that are black or white in part, or not wholly
    `where` they may be.

    In strong noise most are, a little: then the better ones are kept.
    """
    if min(image.shape[:2]) < _BLOCK_PX:
        return np.empty((0, _BLOCK_PX, _BLOCK_PX, 3), np.float32)
    tops = np.arange(0, image.shape[0] - _BLOCK_PX + 1, _STEP_PX)
    lefts = np.arange(0, image.shape[1] - _BLOCK_PX + 1, _STEP_PX)
    places = np.arange(len(tops) * len(lefts))
    if where is not None:
        inside = np.lib.stride_tricks.sliding_window_view(where, (_BLOCK_PX, _BLOCK_PX))[::_STEP_PX, ::_STEP_PX]
        places = places[inside.all(axis=(2, 3)).ravel()]
        if not len(places):
            return np.empty((0, _BLOCK_PX, _BLOCK_PX, 3), np.float32)
    chosen = places[np.linspace(0, len(places) - 1, min(len(places), _MOST_BLOCKS)).astype(np.int64)]
    views = np.lib.stride_tricks.sliding_window_view(image, (_BLOCK_PX, _BLOCK_PX), axis=(0, 1))
    blocks: F32 = views[tops[chosen // len(lefts)], lefts[chosen % len(lefts)]].transpose(0, 2, 3, 1)
    clipped = _clipped(blocks)
    return blocks[clipped <= np.clip(np.quantile(clipped, 0.2), 0.1, 0.6)]


def _clipped(blocks: F32) -> NDArray[np.float64]:
    """The share of each block that is black or white, in the channel where it is the largest."""
    ends = (blocks < _CLIPPED) | (blocks > 1 - _CLIPPED)
    return np.asarray(ends.mean(axis=(1, 2)).max(axis=1))


def _halved(blocks: F32) -> F32:
    """N x h x w x 3 to the means of 2 x 2 pixels each; an odd last row or column is left out."""
    high, wide = blocks.shape[1] // 2, blocks.shape[2] // 2
    even = blocks[:, : 2 * high, : 2 * wide]
    pairs = even[:, ::2] + even[:, 1::2]
    return np.asarray((pairs[:, :, ::2] + pairs[:, :, 1::2]) * np.float32(0.25))


def _all_of_four(where: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """For each 2 x 2 pixels, whether all of them are."""
    high, wide = where.shape[0] // 2, where.shape[1] // 2
    return np.asarray(where[: 2 * high, : 2 * wide].reshape(high, 2, wide, 2).all(axis=(1, 3)))


def _without(blocks: F32, degree: int) -> F32:
    """Square blocks, N x side x side x 3, less the polynomial of this degree that fits each channel best."""
    side = blocks.shape[1]
    along = np.linspace(-1, 1, side)
    terms = [np.outer(along**i, along**j).ravel() for i in range(degree + 1) for j in range(degree + 1 - i)]
    basis = np.linalg.qr(np.stack(terms, axis=1))[0].astype(np.float32)
    flat = blocks.reshape(len(blocks), side * side, blocks.shape[3])
    centred = flat - flat.mean(axis=1, keepdims=True)
    return np.asarray((centred - basis @ (basis.T @ centred)).reshape(blocks.shape))
