"""How much of made empty borders is found, what is masked beside them, and what is found where there is none.

    python -m tests.benchmarks.borders --data DIR [--longest-side 1600] [--per-photo]

DIR holds photos without borders. Each is turned, framed, cut to a letterbox and to the ragged outline of a stitch, with
black, white and grey around it, lossless and as JPEG. A border counts as found if nine tenths of it are masked; what is
masked more than 8 px from it, in millionths of the picture, is wrong.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.imaging import masks
from editor.sdk.plugin import Inputs, MaskResult
from editor.sdk.testing import FakeContext
from plugins.find_borders import PLUGIN, Params
from tests.benchmarks.denoise import pictures, read
from tests.benchmarks.scratches import reduced

F32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

_TONES = {"black": 0.0, "white": 1.0, "grey": 0.5}
_QUALITIES = (None, 93, 85)
_NEAR_PX = 8
_FOUND = 0.9
_LEAST_PX = 200


def shapes(photo: F32, tone: float, rng: np.random.Generator) -> Iterator[tuple[str, F32, F32]]:
    """The photo with borders of each kind, and how much of the photo each pixel shows."""
    high, wide = photo.shape[:2]
    for degrees in (0.7, -3, 10):
        turn = cv2.getRotationMatrix2D((wide / 2, high / 2), degrees, 1)
        turned = cv2.warpAffine(photo, turn, (wide, high), flags=cv2.INTER_CUBIC, borderValue=(tone,) * 3)
        shown = cv2.warpAffine(np.ones((high, wide), np.float32), turn, (wide, high))
        yield f"turned {degrees}", np.clip(turned, 0, 1), np.asarray(shown, np.float32)
    empty = np.ones((high, wide), np.bool_)
    empty[40:-40, 40:-40] = False
    yield "frame", np.where(empty[..., None], np.float32(tone), photo), (~empty).astype(np.float32)
    empty = np.zeros((high, wide), np.bool_)
    empty[:90] = empty[-90:] = True
    yield "letterbox", np.where(empty[..., None], np.float32(tone), photo), (~empty).astype(np.float32)
    shown_px = np.zeros((high, wide), np.uint8)
    sides = np.linspace(25, wide, 6)
    for left, right in itertools.pairwise(sides):
        above, below = rng.integers(10, 90, 2) + rng.integers(-10, 10, (2, 2))
        corners = [(left, above[0]), (right, above[1]), (right, high - below[1]), (left, high - below[0])]
        cv2.fillPoly(shown_px, [np.rint(corners).astype(np.int32)], (1,))
    yield "stitch", np.where(shown_px[..., None] > 0, photo, np.float32(tone)), shown_px.astype(np.float32)


def as_jpeg(photo: F32, quality: int | None) -> F32:
    eight = np.rint(255 * photo).astype(np.uint8)
    if quality is not None:
        _done, packed = cv2.imencode(".jpg", eight[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
        unpacked = cv2.imdecode(packed, cv2.IMREAD_COLOR)
        assert unpacked is not None
        eight = unpacked[..., ::-1].astype(np.uint8)
    return eight.astype(np.float32) / np.float32(255)


def found(photo: F32) -> Bool:
    size = photo.shape[:2]
    made = PLUGIN.run(Inputs(photo, np.ones(size, np.float32), np.ones(size, np.bool_)), Params(), FakeContext())
    assert isinstance(made, MaskResult)
    return made.mask > 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="photos without borders")
    parser.add_argument("--longest-side", type=int, default=1600, help="photos are reduced to it")
    parser.add_argument("--per-photo", action="store_true", help="a line for each border that is missed")
    words = parser.parse_args()
    rows: dict[tuple[str, str], list[tuple[float, float, float]]] = defaultdict(list)
    seconds, pixels = 0.0, 0
    for number, path in enumerate(pictures(words.data)):
        photo = reduced(read(path), words.longest_side)
        for tone, value in _TONES.items():
            for kind, picture, shown in shapes(photo, value, np.random.default_rng(number)):
                quality = _QUALITIES[(len(rows[tone, kind]) + number) % len(_QUALITIES)]
                began = time.process_time()
                mask = found(as_jpeg(picture, quality))
                seconds, pixels = seconds + time.process_time() - began, pixels + mask.size
                empty = shown < 0.5
                _count, labels, stats, _middles = cv2.connectedComponentsWithStats(empty.view(np.uint8))
                parts = [label for label in range(1, len(stats)) if stats[label][cv2.CC_STAT_AREA] >= _LEAST_PX]
                shares = [float(mask[labels == label].mean()) for label in parts]
                near = masks.grow((shown < 1).astype(np.uint8), _NEAR_PX) > 0
                wrong = 1e6 * float((mask & ~near).mean())
                rows[tone, kind].append((float(np.mean(np.array(shares) > _FOUND)), float(mask[empty].mean()), wrong))
                if words.per_photo and (min(shares) < _FOUND or wrong > 1000):
                    print(f"  {path.stem:<20.20} {tone} {kind} {quality}: {np.round(shares, 2)} wrong {wrong:.0f}")
        untouched = found(photo)
        if untouched.any():
            print(f"untouched {path.stem:<20.20} {np.count_nonzero(untouched)} px", flush=True)
    print(f"{'':<20}{'found':>8}{'of its px':>11}   % {'wrong px in a million':>24} (median)")
    for (tone, kind), values in rows.items():
        share, covered, wrong = np.mean(values, axis=0)
        typical = np.median(np.array(values)[:, 2])
        print(f"{kind + ', ' + tone:<20}{100 * share:>8.1f}{100 * covered:>11.1f}     {wrong:>24.0f} ({typical:.0f})")
    print(f"{seconds / pixels * 1e6:.2f} CPU-s/MP")


if __name__ == "__main__":
    main()
