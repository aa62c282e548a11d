"""How much of made scratches is found, how much of what is found is scratch, and what is found where there is none.

    python -m tests.benchmarks.scratches --data DIR [--widest 7] [--longest-side 1600] [--per-photo]

DIR holds photos without scratches. Scratches and folds are drawn on them, see `tests.imaging.made_scratches`, the same
in every run. Beside it a plain top-hat with a threshold, at three thresholds.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.imaging import scratches
from editor.imaging.measures import BRIGHTNESS
from tests.benchmarks.denoise import pictures, read
from tests.imaging.made_scratches import scratched

F32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

SENSITIVITIES = (25, 50, 75)
_HEIGHTS = (0.2, 0.1, 0.05)
_NUMBER = 14


def found_by_us(light: F32, sensitivity: int, widest_px: int) -> Bool:
    return scratches.drawn(scratches.find(light, scratches.Sought(sensitivity, widest_px)), light.shape, 1)


def top_hat(light: F32, height: float, widest_px: int) -> Bool:
    """Whatever is higher, or lower, than all that is a little wider than the widest scratch."""
    side = widest_px + 3
    square = np.ones((side, side), np.uint8)
    ways = (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT)
    tops = np.stack([cv2.morphologyEx(light, way, square) for way in ways])
    return np.asarray((tops > height).any(axis=0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="photos without scratches")
    parser.add_argument("--widest", type=int, default=7, help="the widest scratch, in pixels")
    parser.add_argument("--longest-side", type=int, default=1600, help="photos are reduced to it")
    parser.add_argument("--per-photo", action="store_true", help="a line for each photo as well")
    words = parser.parse_args()
    print(f"{'':<22}{'found':>8}{'right':>8}   % (of the scratches' length, of the pixels found)")
    photos = [(path.stem, reduced(read(path), words.longest_side)) for path in pictures(words.data)]
    made = [scratched(photo, number, _NUMBER, words.widest) for number, (_name, photo) in enumerate(photos)]
    methods: dict[str, Callable[[F32], Bool]] = {
        f"sensitivity {value}": partial(found_by_us, sensitivity=value, widest_px=words.widest)
        for value in SENSITIVITIES
    }
    for height in _HEIGHTS:
        methods[f"top-hat above {height}"] = partial(top_hat, height=height, widest_px=words.widest)
    for name, method in methods.items():
        rows, wrong, seconds, pixels = [], [], 0.0, 0
        for (stem, photo), given in zip(photos, made, strict=True):
            began = time.process_time()
            seen, natural = (method(np.ascontiguousarray(each @ BRIGHTNESS)) for each in (given.image, photo))
            seconds, pixels = seconds + time.process_time() - began, pixels + 2 * seen.size
            near = cv2.dilate(given.true.view(np.uint8), np.ones((7, 7), np.uint8)) > 0
            y, x = given.middles.T
            rows.append([seen[y, x].mean(), (seen & near).sum() / max(1, seen.sum())])
            wrong.append(1e6 * natural.mean())
            if words.per_photo:
                print(f"  {stem:<20.20}{100 * rows[-1][0]:>8.1f}{100 * rows[-1][1]:>8.1f}   clean {wrong[-1]:.0f}")
        shares = "".join(f"{100 * value:>8.1f}" for value in np.mean(rows, axis=0))
        without = f"without scratches {np.mean(wrong):.0f} px in a million (median {np.median(wrong):.0f})"
        print(f"{name:<22}{shares}   {without}  {seconds / pixels * 1e6:.2f} CPU-s/MP", flush=True)


def reduced(photo: F32, longest_side: int) -> F32:
    share = longest_side / max(photo.shape[:2])
    if share >= 1:
        return photo
    return np.asarray(cv2.resize(photo, None, fx=share, fy=share, interpolation=cv2.INTER_AREA), np.float32)


if __name__ == "__main__":
    main()
