"""Compiled filters of groups of blocks, whose rows are transformed already: see `plugins.bm3d._rows`.

Numbers of `matches` are as `plugins.bm3d._match.match` leaves them. Wavelets are not scaled before they are undone:
where coefficients are compared, what they are compared with is scaled instead.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editor.imaging._jit import steady_kernel

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]

# What bior1.5 adds to Haar's wavelet, as a lifting step; on four and fewer numbers, circularly, it adds nothing.
_LIFT = np.float32(0.171875)
_HALF_LIFT = np.float32(0.171875 / 2)
_C1, _C2, _C3, _C4, _C5, _C6, _C7 = (np.float32(0.5 * math.cos(k * math.pi / 16)) for k in range(1, 8))
_HALF, _QUARTER, _EIGHTH = np.float32(1 / 2), np.float32(1 / 4), np.float32(1 / 8)
_LEAST_SHARE = np.float32(1e-3)


@steady_kernel
def wavelet(pixels: F32, top: Any, left: Any, group: F32, place: Any) -> None:
    """A block's columns to coefficients of the wavelet bior1.5, but for their scale, as a group's block `place`."""
    block, out = pixels[left, 8 * top : 8 * top + 64], group[64 * place : 64 * place + 64]
    for x in range(block.size // 8):
        r0, r1, r2, r3 = block[x], block[x + 8], block[x + 16], block[x + 24]
        r4, r5, r6, r7 = block[x + 32], block[x + 40], block[x + 48], block[x + 56]
        d0, d1, d2, d3 = r0 - r1, r2 - r3, r4 - r5, r6 - r7
        s0, s1 = r0 + r1 + _LIFT * (d1 - d3), r2 + r3 + _LIFT * (d2 - d0)
        s2, s3 = r4 + r5 + _LIFT * (d3 - d1), r6 + r7 + _LIFT * (d0 - d2)
        upper, lower = s0 + s1, s2 + s3
        out[x], out[x + 8], out[x + 16], out[x + 24] = upper + lower, upper - lower, s0 - s1, s2 - s3
        out[x + 32], out[x + 40], out[x + 48], out[x + 56] = d0, d1, d2, d3


@steady_kernel
def wavelet_back(group: F32, place: Any, shares: F32, filtered: F32, top: Any, left: Any) -> None:
    """Undoes `wavelet`, and adds each row's share."""
    block, out = group[64 * place : 64 * place + 64], filtered[left, 8 * top : 8 * top + 64]
    w0, w1, w2, w3, w4, w5, w6, w7 = (
        shares[0], shares[1], shares[2], shares[3], shares[4], shares[5], shares[6], shares[7]
    )  # fmt: skip
    for x in range(block.size // 8):
        d0, d1, d2, d3 = block[x + 32], block[x + 40], block[x + 48], block[x + 56]
        upper, lower = (block[x] + block[x + 8]) * _EIGHTH, (block[x] - block[x + 8]) * _EIGHTH
        d4, d5 = block[x + 16], block[x + 24]
        s0, s1 = upper + d4 * _QUARTER - _HALF_LIFT * (d1 - d3), upper - d4 * _QUARTER - _HALF_LIFT * (d2 - d0)
        s2, s3 = lower + d5 * _QUARTER - _HALF_LIFT * (d3 - d1), lower - d5 * _QUARTER - _HALF_LIFT * (d0 - d2)
        out[x] += (s0 + d0 * _HALF) * w0
        out[x + 8] += (s0 - d0 * _HALF) * w1
        out[x + 16] += (s1 + d1 * _HALF) * w2
        out[x + 24] += (s1 - d1 * _HALF) * w3
        out[x + 32] += (s2 + d2 * _HALF) * w4
        out[x + 40] += (s2 - d2 * _HALF) * w5
        out[x + 48] += (s3 + d3 * _HALF) * w6
        out[x + 56] += (s3 - d3 * _HALF) * w7


@steady_kernel
def cosine(pixels: F32, top: Any, left: Any, group: F32, place: Any) -> None:
    """A block's columns to coefficients of the cosine transform, as a group's block `place`."""
    block, out = pixels[left, 8 * top : 8 * top + 64], group[64 * place : 64 * place + 64]
    for x in range(block.size // 8):
        r0, r1, r2, r3 = block[x], block[x + 8], block[x + 16], block[x + 24]
        r4, r5, r6, r7 = block[x + 32], block[x + 40], block[x + 48], block[x + 56]
        e0, e1, e2, e3 = r0 + r7, r1 + r6, r2 + r5, r3 + r4
        o0, o1, o2, o3 = r0 - r7, r1 - r6, r2 - r5, r3 - r4
        a, b, c, d = e0 + e3, e1 + e2, e0 - e3, e1 - e2
        out[x], out[x + 32] = (a + b) * _C4, (a - b) * _C4
        out[x + 16], out[x + 48] = c * _C2 + d * _C6, c * _C6 - d * _C2
        out[x + 8] = o0 * _C1 + o1 * _C3 + o2 * _C5 + o3 * _C7
        out[x + 24] = o0 * _C3 - o1 * _C7 - o2 * _C1 - o3 * _C5
        out[x + 40] = o0 * _C5 - o1 * _C1 + o2 * _C7 + o3 * _C3
        out[x + 56] = o0 * _C7 - o1 * _C5 + o2 * _C3 - o3 * _C1


@steady_kernel
def cosine_back(group: F32, place: Any, shares: F32, filtered: F32, top: Any, left: Any) -> None:
    """Undoes `cosine`, and adds each row's share."""
    block, out = group[64 * place : 64 * place + 64], filtered[left, 8 * top : 8 * top + 64]
    w0, w1, w2, w3, w4, w5, w6, w7 = (
        shares[0], shares[1], shares[2], shares[3], shares[4], shares[5], shares[6], shares[7]
    )  # fmt: skip
    for x in range(block.size // 8):
        c1, c3, c5, c7 = block[x + 8], block[x + 24], block[x + 40], block[x + 56]
        a, b = (block[x] + block[x + 32]) * _C4, (block[x] - block[x + 32]) * _C4
        c = block[x + 16] * _C2 + block[x + 48] * _C6
        d = block[x + 16] * _C6 - block[x + 48] * _C2
        e0, e1, e2, e3 = a + c, b + d, b - d, a - c
        o0 = c1 * _C1 + c3 * _C3 + c5 * _C5 + c7 * _C7
        o1 = c1 * _C3 - c3 * _C7 - c5 * _C1 - c7 * _C5
        o2 = c1 * _C5 - c3 * _C1 + c5 * _C7 + c7 * _C3
        o3 = c1 * _C7 - c3 * _C5 + c5 * _C3 - c7 * _C1
        out[x] += (e0 + o0) * w0
        out[x + 8] += (e1 + o1) * w1
        out[x + 16] += (e2 + o2) * w2
        out[x + 24] += (e3 + o3) * w3
        out[x + 32] += (e3 - o3) * w4
        out[x + 40] += (e2 - o2) * w5
        out[x + 48] += (e1 - o1) * w6
        out[x + 56] += (e0 - o0) * w7


@steady_kernel
def _butterfly(one: F32, other: F32) -> None:
    for i in range(64):
        one[i], other[i] = one[i] + other[i], one[i] - other[i]


@steady_kernel
def _back(group: F32, count: Any) -> None:
    """Undoes Haar's transform across all blocks, as `_shrink` and `_attenuate` leave it."""
    eights = count // 8
    if eights == 0:
        _back_few(group, count, np.float32(1))
        return
    _back_few(group[64 * count :], eights, _EIGHTH)
    for k in range(eights):
        group[512 * k : 512 * k + 64] = group[64 * (count + k) : 64 * (count + k) + 64]
        _back_eight(group[512 * k : 512 * k + 512])


@steady_kernel
def _back_few(blocks: F32, count: Any, factor: Any) -> None:
    """From the sum and what differed to blocks, or means of as many as 1 / factor."""
    factor /= np.float32(count)
    for i in range(64):
        blocks[i] *= factor
    step = count // 2
    while step > 0:
        for k in range(0, count, 2 * step):
            one, other = blocks[64 * k : 64 * k + 64], blocks[64 * (k + step) : 64 * (k + step) + 64]
            for i in range(64):
                one[i], other[i] = one[i] + other[i] * factor, one[i] - other[i] * factor
        step //= 2
        factor += factor


@steady_kernel
def _back_eight(blocks: F32) -> None:
    """From the mean of eight blocks and what differed to the blocks."""
    for i in range(64):
        d4, d5, d6 = blocks[128 + i], blocks[384 + i], blocks[256 + i]
        upper, lower = blocks[i] + d6 * _EIGHTH, blocks[i] - d6 * _EIGHTH
        s0, s1 = upper + d4 * _QUARTER, upper - d4 * _QUARTER
        s2, s3 = lower + d5 * _QUARTER, lower - d5 * _QUARTER
        d0, d1, d2, d3 = blocks[64 + i], blocks[192 + i], blocks[320 + i], blocks[448 + i]
        blocks[i], blocks[64 + i] = s0 + d0 * _HALF, s0 - d0 * _HALF
        blocks[128 + i], blocks[192 + i] = s1 + d1 * _HALF, s1 - d1 * _HALF
        blocks[256 + i], blocks[320 + i] = s2 + d2 * _HALF, s2 - d2 * _HALF
        blocks[384 + i], blocks[448 + i] = s3 + d3 * _HALF, s3 - d3 * _HALF


@steady_kernel
def _keeps(value: Any, least: Any) -> Any:
    return np.float32(1) if value * value > least else np.float32(0)


@steady_kernel
def _shrink_eight(blocks: F32, least: F32, kept: F32) -> None:
    """Haar's transform across eight blocks: all but their sum, the first, are shrunk."""
    for i in range(64):
        s0, d0 = blocks[i] + blocks[64 + i], blocks[i] - blocks[64 + i]
        s1, d1 = blocks[128 + i] + blocks[192 + i], blocks[128 + i] - blocks[192 + i]
        s2, d2 = blocks[256 + i] + blocks[320 + i], blocks[256 + i] - blocks[320 + i]
        s3, d3 = blocks[384 + i] + blocks[448 + i], blocks[384 + i] - blocks[448 + i]
        upper, lower, d4, d5 = s0 + s1, s2 + s3, s0 - s1, s2 - s3
        d6 = upper - lower
        # Not times 2: numba would go on in double precision.
        two = least[i] + least[i]
        four = two + two
        k0, k1, k2, k3 = _keeps(d0, two), _keeps(d1, two), _keeps(d2, two), _keeps(d3, two)
        k4, k5, k6 = _keeps(d4, four), _keeps(d5, four), _keeps(d6, four + four)
        blocks[i] = upper + lower
        blocks[64 + i], blocks[192 + i], blocks[320 + i], blocks[448 + i] = d0 * k0, d1 * k1, d2 * k2, d3 * k3
        blocks[128 + i], blocks[384 + i], blocks[256 + i] = d4 * k4, d5 * k5, d6 * k6
        kept[i] += k0 + k1 + k2 + k3 + k4 + k5 + k6


@steady_kernel
def _shrink_one(block: F32, norm: Any, least: F32, kept: F32) -> None:
    for i in range(64):
        keep = _keeps(block[i], least[i] * norm)
        block[i] *= keep
        kept[i] += keep


@steady_kernel
def _shrink_few(blocks: F32, count: Any, norm: Any, least: F32, kept: F32) -> None:
    step = 1
    while step < count:
        norm += norm
        for k in range(0, count, 2 * step):
            other = blocks[64 * (k + step) : 64 * (k + step) + 64]
            _butterfly(blocks[64 * k : 64 * k + 64], other)
            _shrink_one(other, norm, least, kept)
        step *= 2
    _shrink_one(blocks[:64], norm, least, kept)


@steady_kernel
def _shrink(group: F32, count: Any, least: F32, kept: F32) -> None:
    """Haar's transform across all blocks, but for its scale, and a hard threshold.

    Coefficients whose square is not above `least` times their squared norm become 0. After the group stand those of
    sums of eight. `kept`: how many of each were left.
    """
    kept[:] = 0
    eights = count // 8
    if eights == 0:
        _shrink_few(group, count, np.float32(1), least, kept)
        return
    for k in range(eights):
        _shrink_eight(group[512 * k : 512 * k + 512], least, kept)
        group[64 * (count + k) : 64 * (count + k) + 64] = group[512 * k : 512 * k + 64]
    _shrink_few(group[64 * count :], eights, np.float32(8), least, kept)


@steady_kernel
def _attenuate_eight(blocks: F32, clean: F32, noise: F32, kept: F32) -> None:
    """Haar's transform across eight blocks: all but their sum, the first, are attenuated."""
    for i in range(64):
        s0, d0 = blocks[i] + blocks[64 + i], blocks[i] - blocks[64 + i]
        s1, d1 = blocks[128 + i] + blocks[192 + i], blocks[128 + i] - blocks[192 + i]
        s2, d2 = blocks[256 + i] + blocks[320 + i], blocks[256 + i] - blocks[320 + i]
        s3, d3 = blocks[384 + i] + blocks[448 + i], blocks[384 + i] - blocks[448 + i]
        upper, lower, d4, d5 = s0 + s1, s2 + s3, s0 - s1, s2 - s3
        t0, e0 = clean[i] + clean[64 + i], clean[i] - clean[64 + i]
        t1, e1 = clean[128 + i] + clean[192 + i], clean[128 + i] - clean[192 + i]
        t2, e2 = clean[256 + i] + clean[320 + i], clean[256 + i] - clean[320 + i]
        t3, e3 = clean[384 + i] + clean[448 + i], clean[384 + i] - clean[448 + i]
        above, below, e4, e5 = t0 + t1, t2 + t3, t0 - t1, t2 - t3
        two = noise[i] + noise[i]
        four = two + two
        (f0, f1), (f2, f3), (f4, f5) = _factors(e0, e1, two), _factors(e2, e3, two), _factors(e4, e5, four)
        f6 = _factor(above - below, four + four)
        blocks[i], clean[i] = upper + lower, above + below
        blocks[64 + i], blocks[192 + i], blocks[320 + i], blocks[448 + i] = d0 * f0, d1 * f1, d2 * f2, d3 * f3
        blocks[128 + i], blocks[384 + i], blocks[256 + i] = d4 * f4, d5 * f5, (upper - lower) * f6
        kept[i] += f0 * f0 + f1 * f1 + f2 * f2 + f3 * f3 + f4 * f4 + f5 * f5 + f6 * f6


@steady_kernel
def _factor(clean: Any, noise: Any) -> Any:
    energy = clean * clean
    return energy / (energy + noise)


@steady_kernel
def _factors(one: Any, other: Any, noise: Any) -> Any:
    """Two for one division."""
    first, second = one * one, other * other
    below, beneath = first + noise, second + noise
    inverse = np.float32(1) / (below * beneath)
    return first * beneath * inverse, second * below * inverse


@steady_kernel
def _attenuate_one(block: F32, clean: F32, norm: Any, noise: F32, kept: F32) -> None:
    for i in range(64):
        factor = _factor(clean[i], noise[i] * norm)
        block[i] *= factor
        kept[i] += factor * factor


@steady_kernel
def _attenuate_few(blocks: F32, clean: F32, count: Any, norm: Any, noise: F32, kept: F32) -> None:
    step = 1
    while step < count:
        norm += norm
        for k in range(0, count, 2 * step):
            one, other = slice(64 * k, 64 * k + 64), slice(64 * (k + step), 64 * (k + step) + 64)
            _butterfly(blocks[one], blocks[other])
            _butterfly(clean[one], clean[other])
            _attenuate_one(blocks[other], clean[other], norm, noise, kept)
        step *= 2
    _attenuate_one(blocks[:64], clean[:64], norm, noise, kept)


@steady_kernel
def _attenuate(group: F32, guide: F32, count: Any, noise: F32, kept: F32) -> None:
    """As `_shrink`, by Wiener's filter and the energy of the guide. `kept`: the sum of the squared factors of each."""
    kept[:] = 0
    eights = count // 8
    if eights == 0:
        _attenuate_few(group, guide, count, np.float32(1), noise, kept)
        return
    for k in range(eights):
        _attenuate_eight(group[512 * k : 512 * k + 512], guide[512 * k : 512 * k + 512], noise, kept)
        group[64 * (count + k) : 64 * (count + k) + 64] = group[512 * k : 512 * k + 64]
        guide[64 * (count + k) : 64 * (count + k) + 64] = guide[512 * k : 512 * k + 64]
    _attenuate_few(group[64 * count :], guide[64 * count :], eights, np.float32(8), noise, kept)


@steady_kernel
def hard(
    pixels: F32,
    tops: I32,
    lefts: I32,
    edges: I32,
    offsets: I32,
    matches: I32,
    counts: I32,
    least: F32,
    noise: F32,
    window: F32,
    filtered: F32,
    weights: F32,
) -> None:
    """Filters groups of blocks of a band by a hard threshold, and adds the blocks up.

    Args:
        pixels: spread, its rows transformed by the normed wavelet.
        edges: where in `lefts` chunks begin and end; a chunk is done for all tops before the next.
        least, noise: 64 numbers, of each coefficient: the square of the threshold, and the variance of its noise.
        window: 8 numbers, of each row its share in the block's window.
        filtered, weights: see `plugins.bm3d._rows.gather`.
    """
    group, kept, shares = _room(matches), np.empty(64, np.float32), np.empty(8, np.float32)
    for chunk in range(edges.size - 1):
        for row in range(tops.size):
            for column in range(edges[chunk], edges[chunk + 1]):
                count, numbers = counts[row, column], matches[row, column]
                for k in range(count):
                    offset = offsets[numbers[k]]
                    wavelet(pixels, tops[row] + offset[0], lefts[column] + offset[1], group, k)
                _shrink(group, count, least, kept)
                weight = np.float32(1) / max(_left_over(kept, noise), noise[0])
                _back(group, count)
                for i in range(8):
                    shares[i] = window[i] * weight
                for k in range(count):
                    top, left = tops[row] + offsets[numbers[k], 0], lefts[column] + offsets[numbers[k], 1]
                    wavelet_back(group, k, shares, filtered, top, left)
                    weights[top, left] += weight


@steady_kernel
def wiener(
    pixels: F32,
    guides: F32,
    tops: I32,
    lefts: I32,
    edges: I32,
    offsets: I32,
    matches: I32,
    counts: I32,
    assumed: F32,
    noise: F32,
    window: F32,
    filtered: F32,
    weights: F32,
) -> None:
    """As `hard`, by Wiener's filter with the cosine transform.

    guides: spread as the pixels, of a picture with less noise. assumed: the variances that the filter works with.
    """
    group, guide = _room(matches), _room(matches)
    kept, shares = np.empty(64, np.float32), np.empty(8, np.float32)
    for chunk in range(edges.size - 1):
        for row in range(tops.size):
            for column in range(edges[chunk], edges[chunk + 1]):
                count, numbers = counts[row, column], matches[row, column]
                for k in range(count):
                    top, left = tops[row] + offsets[numbers[k], 0], lefts[column] + offsets[numbers[k], 1]
                    cosine(pixels, top, left, group, k)
                    cosine(guides, top, left, guide, k)
                _attenuate(group, guide, count, assumed, kept)
                weight = np.float32(1) / max(_left_over(kept, noise), _LEAST_SHARE * noise[0])
                _back(group, count)
                for i in range(8):
                    shares[i] = window[i] * weight
                for k in range(count):
                    top, left = tops[row] + offsets[numbers[k], 0], lefts[column] + offsets[numbers[k], 1]
                    cosine_back(group, k, shares, filtered, top, left)
                    weights[top, left] += weight


@steady_kernel
def _room(matches: I32) -> F32:
    """For the most blocks that a group has, and the sums of eights."""
    return np.empty(64 * (matches.shape[2] + 8), np.float32)


@steady_kernel
def _left_over(kept: F32, noise: F32) -> Any:
    total = np.float32(0)
    for i in range(64):
        total += kept[i] * noise[i]
    return total
