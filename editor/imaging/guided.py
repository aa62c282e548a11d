"""Lets a mask's edges follow those of a photo: the guided filter, fitted small and applied at full size.

K. He, J. Sun, X. Tang: Guided Image Filtering, TPAMI 35(6), 2013, with a colour guide (equations 19 to 21): in every
window the result is a linear function of the guide's colour, q = a . I + b. K. He, J. Sun: Fast Guided Filter, 2015:
a and b vary slowly, so they are found on a small copy and enlarged, while I keeps its full size. So what it takes in
memory does not grow with the photo.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]

_PAIRS = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))


def fit(guide: F32, values: F32, radius_px: int, epsilon: float) -> F32:
    """The coefficients (a, b) of every pixel, averaged over all windows that it lies in.

    Args:
        guide: H x W x 3 float32, 0..1.
        values: H x W float32; what is to follow the guide.
        radius_px: of the windows, whose sides are 2 * radius_px + 1.
        epsilon: variances of the guide well below this are smoothed over, those above are edges to be followed.

    Returns:
        H x W x 4 float32, for `apply`.
    """
    mean_i = _mean(guide, radius_px)
    mean_p = _mean(values, radius_px)
    # Equation 19: a = (Sigma + epsilon U)^-1 (mean of I p - mean of I mean of p), Sigma the covariance of I.
    covariance = _mean(guide * values[..., None], radius_px) - mean_i * mean_p[..., None]
    sigma = [_mean(guide[..., i] * guide[..., j], radius_px) - mean_i[..., i] * mean_i[..., j] for i, j in _PAIRS]
    for diagonal in (0, 3, 5):
        sigma[diagonal] += np.float32(epsilon)
    a = _solve(sigma, covariance)
    b = mean_p - (a * mean_i).sum(axis=-1)  # equation 20
    return _mean(np.dstack((a, b)), radius_px)  # equation 21


def apply(coefficients: F32, guide: F32, top: int, height: int) -> F32:
    """The filtered values of full rows of the full-size picture.

    Args:
        coefficients: from `fit`, of the whole picture at any size.
        guide: h x W x 3 float32, rows of the full-size picture.
        top: the first of these rows.
        height: how many rows the full-size picture has.

    Returns:
        h x W float32, not clipped.
    """
    rows, width = guide.shape[:2]
    small = coefficients.shape[0]
    # Pixel centres lie at half coordinates. Along y by hand, since only these rows are wanted.
    places = np.clip((np.arange(top, top + rows) + 0.5) * (small / height) - 0.5, 0, small - 1)
    above = np.floor(places).astype(np.intp)
    part = (places - above).astype(np.float32)[:, None, None]
    band = coefficients[above] * (1 - part) + coefficients[np.minimum(above + 1, small - 1)] * part
    wide = cv2.resize(band, (width, rows), interpolation=cv2.INTER_LINEAR)
    out: F32 = np.einsum("yxc,yxc->yx", wide[..., :3], guide, dtype=np.float32) + wide[..., 3]
    return out


def _mean(values: F32, radius_px: int) -> F32:
    side = 2 * radius_px + 1
    out: F32 = np.asarray(cv2.blur(values, (side, side), borderType=cv2.BORDER_REPLICATE), np.float32)
    return out


def _solve(sigma: list[F32], right: F32) -> F32:
    """Sigma^-1 right for symmetric 3 x 3 matrices given by their upper halves, by Cramer's rule."""
    rr, rg, rb, gg, gb, bb = sigma
    inverse = (gg * bb - gb * gb, gb * rb - rg * bb, rg * gb - gg * rb)
    minors = (rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg)
    determinant = rr * inverse[0] + rg * inverse[1] + rb * inverse[2]
    r, g, b = (right[..., i] for i in range(3))
    out: F32 = np.dstack(
        (
            inverse[0] * r + inverse[1] * g + inverse[2] * b,
            inverse[1] * r + minors[0] * g + minors[1] * b,
            inverse[2] * r + minors[1] * g + minors[2] * b,
        )
    )
    out /= determinant[..., None]
    return out
