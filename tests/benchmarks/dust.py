"""How much of made dust is found, how much of what is found is dust, and what is found where there is none.

    python -m tests.benchmarks.dust --data DIR [--largest 15] [--longest-side 1100]

DIR holds photos without dust. Specks (three of four) and short hairs, black or white, more or less opaque and with soft
edges, are put on them at chance places, the same in every run. Natural specks count as wrong.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.imaging import specks
from tests.benchmarks.denoise import pictures, read
from tests.benchmarks.scratches import reduced

F32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

SENSITIVITIES = (0, 25, 50, 75, 100)
_ONE_IN_PX = 12_000
_AROUND_PX = 24
# Less contrast than this is hardly seen.
_SEEN = 0.06


def dusty(photo: F32, seed: int, largest_px: int) -> tuple[F32, Bool, list[Bool]]:
    """The photo with dust on it, where that is, and the core of each speck that can be seen."""
    rng = np.random.default_rng(seed)
    high, wide = photo.shape[:2]
    given, opaque = photo.copy(), np.zeros((high, wide), np.float32)
    cores = []
    for number in range(max(4, high * wide // _ONE_IN_PX)):
        speck = np.zeros((high, wide), np.uint8)
        y, x = rng.integers(16, high - 16), rng.integers(16, wide - 16)
        if number % 4 == 3:
            _hair(speck, float(y), float(x), int(rng.integers(5, largest_px - 2)), rng)
        else:
            radius = rng.uniform(1, largest_px / 2 - 2)
            axes = (2 * radius, 2 * radius * rng.uniform(0.6, 1))
            cv2.ellipse(speck, ((float(x), float(y)), axes, float(rng.random() * 180)), 255, -1, cv2.LINE_AA)
        here = np.s_[max(0, y - _AROUND_PX) : y + _AROUND_PX, max(0, x - _AROUND_PX) : x + _AROUND_PX]
        soft = (
            np.asarray(cv2.GaussianBlur(speck[here], (0, 0), 0.7), np.float32) / 255 * np.float32(rng.uniform(0.4, 1))
        )
        before = given[here].copy()
        given[here] += soft[..., None] * (np.float32(0.03 if rng.random() < 0.5 else 0.97) - before)
        opaque[here] = np.maximum(opaque[here], soft)
        core = np.zeros((high, wide), np.bool_)
        core[here] = soft > 0.5 * soft.max()
        if np.abs(given[here] - before).mean(axis=2)[core[here]].mean() > _SEEN:
            cores.append(core)
    return given, np.asarray(opaque > 0.15), cores


def _hair(speck: NDArray[np.uint8], y: float, x: float, length: int, rng: np.random.Generator) -> None:
    angle, bend = rng.random() * 2 * np.pi, rng.normal(0, 0.08)
    places = []
    for _step in range(length):
        places.append((int(8 * x), int(8 * y)))
        x, y, angle = x + np.cos(angle), y + np.sin(angle), angle + bend
    cv2.polylines(speck, [np.array(places, np.int32)], False, 255, int(rng.integers(1, 3)), cv2.LINE_AA, 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="photos without dust")
    parser.add_argument("--largest", type=int, default=15, help="the largest speck, in pixels")
    parser.add_argument("--longest-side", type=int, default=1100, help="photos are reduced to it")
    words = parser.parse_args()
    print(
        f"{'sensitivity':>12}{'found':>8}{'right':>8}{'specks':>8}   % (pixels, pixels, specks with most of their core)"
    )
    photos = [reduced(read(path), words.longest_side) for path in pictures(words.data)]
    spoilt = [dusty(photo, number, words.largest) for number, photo in enumerate(photos)]
    for sensitivity in SENSITIVITIES:
        sought = specks.Sought("dust", sensitivity, words.largest)
        rows, wrong = [], []
        began = time.process_time()
        for photo, (given, true, cores) in zip(photos, spoilt, strict=True):
            seen, natural = (specks.find(each, sought, specks.Density(), (0, 0))[..., 0] for each in (given, photo))
            near = cv2.dilate(true.view(np.uint8), np.ones((5, 5), np.uint8)) > 0
            whole = [seen[core].mean() > 0.6 for core in cores]
            rows.append([seen[true].mean(), (seen & near).sum() / max(1, seen.sum()), np.mean(whole)])
            wrong.append(1e6 * natural.mean())
        seconds = (time.process_time() - began) / sum(2 * photo.shape[0] * photo.shape[1] for photo in photos) * 1e6
        shares = "".join(f"{100 * value:>8.1f}" for value in np.mean(rows, axis=0))
        without = f"without dust {np.mean(wrong):.0f} px in a million (median {np.median(wrong):.0f})"
        print(f"{sensitivity:>12}{shares}   {without}  {seconds:.2f} CPU-s/MP", flush=True)


if __name__ == "__main__":
    main()
