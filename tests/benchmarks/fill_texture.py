"""Whether fills are as rich in texture as what is around them, where the photo itself is.

    python -m tests.benchmarks.fill_texture --data DIR [--seeds 3] [--longest-side 1024]

DIR holds photos. Two holes a photo are drawn at random, the same in every run, where there is texture and the photo's
own gradient energy in the hole is nearly that of the ring around it: there a fill's should be, too.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.imaging.measures import texture_ratio
from editor.sdk.testing import FakeContext
from plugins.content_fill import Params, run
from tests.benchmarks.denoise import pictures, read
from tests.benchmarks.fill import blob, methods, to_inputs

U8 = NDArray[np.uint8]
Bool = NDArray[np.bool_]

_ALIKE = (0.8, 1.25)
_HOLES, _DRAWS = 2, 40
# Root mean square of the change to the next pixel, 0..255.
_LEAST_TEXTURE = 5.0


def holes(photo: U8, draws: np.random.Generator) -> Iterator[tuple[Bool, float]]:
    """Holes amid their like, each with the photo's own ratio there."""
    high, wide = photo.shape[:2]
    truth = _light(photo)
    grey = photo.mean(axis=2)
    change = np.hypot(np.diff(grey, axis=1, append=grey[:, -1:]), np.diff(grey, axis=0, append=grey[-1:]))
    found = 0
    for _ in range(_DRAWS):
        x, y = draws.uniform(0.2, 0.8, 2)
        radius = draws.uniform(0.05, 0.12) * min(high, wide)
        hole = blob(photo.shape, x, y, radius / wide, radius / high)
        ratio = texture_ratio(truth, hole)
        if _ALIKE[0] < ratio < _ALIKE[1] and np.sqrt(np.square(change[hole]).mean()) > _LEAST_TEXTURE:
            yield hole, ratio
            found += 1
        if found == _HOLES:
            return


def _light(photo: U8) -> NDArray[np.float32]:
    return np.asarray(photo / np.float32(255), np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with photos")
    parser.add_argument("--seeds", type=int, default=3, help="how many candidates of Content-aware fill")
    parser.add_argument("--longest-side", type=int, default=1024, help="photos are reduced to it")
    words = parser.parse_args()
    others = {name: fill for name, fill in methods().items() if name != "ours"}
    ratios: dict[str, list[float]] = {"the photo itself": [], "Content-aware fill": [], **{name: [] for name in others}}
    draws = np.random.default_rng(5)
    for path in pictures(words.data):
        photo = np.asarray(read(path) * 255 + 0.5, np.uint8)
        scale = min(1.0, words.longest_side / max(photo.shape))
        photo = np.asarray(cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
        for hole, ratio in holes(photo, draws):
            ratios["the photo itself"].append(ratio)
            emptied = np.where(hole[..., None], np.uint8(0), photo)
            for seed in range(words.seeds):
                filled = run(to_inputs(emptied, hole), Params(), FakeContext(seed, threads=2)).image
                ratios["Content-aware fill"].append(texture_ratio(filled, hole))
            for name, fill in others.items():
                ratios[name].append(texture_ratio(_light(fill(emptied, hole)), hole))
    print(f"{len(ratios['the photo itself'])} holes  median  quartiles  within {_ALIKE[0]} to {_ALIKE[1]}")
    for name, values in ratios.items():
        low, middle, high = np.quantile(values, (0.25, 0.5, 0.75))
        within = 100 * np.mean([_ALIKE[0] < value < _ALIKE[1] for value in values])
        print(f"{name:<20} {middle:7.2f} {low:6.2f} {high:5.2f} {within:9.0f} %")


if __name__ == "__main__":
    main()
