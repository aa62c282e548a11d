"""How near repaired pictures come to the truth, what is found, what is wrongly found, and how long it takes.

    python -m tests.benchmarks.impulse --data DIR [--clean DIR] [--models DIR] [--model ID] [--count 12] [--classical]

DIR holds pictures without impulses (Set12, for instance; grey ones are taken as RGB). To these the same salt and
pepper, then impulses of any value, are added for every method. The three simple methods are told where salt and pepper
is (at black and white), ours find it. `--clean` holds photos in which nothing should be found.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.core.document import DocumentState
from editor.core.metadata import Metadata
from editor.host import library
from editor.host.jobs import CancelToken
from editor.host.made import Patch
from editor.host.places import Places
from editor.host.registry import Registry
from editor.host.runner import Request, Runner
from editor.imaging import specks
from editor.sdk.params import Choice, from_dict, specs
from plugins.impulse import PLUGIN
from tests.benchmarks.denoise import pictures as in_folder
from tests.benchmarks.denoise import psnr, read
from tests.benchmarks.upscale import engine

U8 = NDArray[np.uint8]
Bool = NDArray[np.bool_]
Method = Callable[[U8], U8]

DENSITIES = (0.1, 0.3, 0.5, 0.6, 0.7, 0.9)
ANY_VALUE = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5)
_SIGMAS = (0.5, 0.6, 0.8, 1.0, 1.3, 1.6, 2.2)
_LARGEST_MEDIAN = 39


def salted(clean: U8, density: float, number: int) -> U8:
    draw = np.random.default_rng(number).random(clean.shape[:2])
    given = clean.copy()
    given[draw < density / 2] = 0
    given[(draw >= density / 2) & (draw < density)] = 255
    return given


def spoilt(clean: U8, density: float, number: int) -> U8:
    rng = np.random.default_rng(number)
    hit = rng.random(clean.shape[:2]) < density
    given = clean.copy()
    given[hit] = rng.integers(0, 256, (np.count_nonzero(hit), 1))
    return given


def weighted_means(given: U8) -> list[U8]:
    """Gaussian-weighted means of the pixels that are neither black nor white, of several widths."""
    known = ((given > 0) & (given < 255)).astype(np.float64)
    results = []
    for sigma in _SIGMAS:
        taps = 2 * int(6 * sigma + 1) + 1
        share = cv2.GaussianBlur(known, (taps, taps), sigma)
        mean = cv2.GaussianBlur(given * known, (taps, taps), sigma) / np.maximum(share, 1e-30)
        results.append(np.where(known > 0, given, np.rint(mean).clip(0, 255)).astype(np.uint8))
    return results


def medians(given: U8) -> list[U8]:
    return [np.asarray(cv2.medianBlur(given, side), np.uint8) for side in (3, 5, 7, 9, 11)]


def adaptive_median(given: U8) -> list[U8]:
    """H. Hwang and R. Haddad 1995, with windows of up to 39 pixels."""
    result = given.copy()
    todo = np.ones(given.shape, np.bool_)
    for side in range(3, _LARGEST_MEDIAN + 1, 2):
        window = np.ones((side, side), np.uint8)
        low, high = cv2.erode(given, window), cv2.dilate(given, window)
        median = np.asarray(cv2.medianBlur(given, side), np.uint8)
        sound = todo & (low < median) & (median < high)
        impulse = (given <= low) | (given >= high)
        result = np.where(sound & impulse, median, result)
        todo &= ~sound
    return [np.where(todo, median, result).astype(np.uint8)]


class Repair:
    """Our method on 8-bit RGB documents."""

    def __init__(self, runner: Runner, **params: Any) -> None:
        self._runner = runner
        self._params = from_dict(PLUGIN.params, params)
        self.seconds = 0.0
        self.pixels = 0

    def __call__(self, given: U8) -> U8:
        state = DocumentState.from_pixels(np.ascontiguousarray(given), Metadata(), "")
        began = time.process_time()
        made = self._runner.run(state, Request(PLUGIN, self._params), CancelToken(), lambda _share, _text: None)
        self.seconds += time.process_time() - began
        self.pixels += given.shape[0] * given.shape[1]
        assert isinstance(made, Patch)
        pixels: U8 = made.pixels.read(state.size.rect)
        return pixels


def nearness(result: U8, clean: U8) -> float:
    return psnr(result.astype(np.float32) / np.float32(255), clean.astype(np.float32) / np.float32(255))


def row(title: str, values: list[float], note: str = "") -> None:
    print(f"{title:<34}" + "".join(f"{value:>8.2f}" for value in values) + f"  {note}", flush=True)


def simple(pictures: list[U8], densities: tuple[float, ...], spoil: Callable[[U8, float, int], U8]) -> None:
    """Each of the simple methods at its best width for each density, on one channel of grey pictures."""
    methods = {"Gaussian-weighted mean": weighted_means, "adaptive median": adaptive_median, "OpenCV's median": medians}
    for name, method in methods.items():
        if spoil is spoilt and method is not medians:
            continue
        values = []
        for density in densities:
            each = [
                [nearness(result, clean[..., 0]) for result in method(np.ascontiguousarray(given[..., 0]))]
                for clean, given in ((clean, spoil(clean, density, number)) for number, clean in enumerate(pictures))
            ]
            values.append(float(np.mean(each, axis=0).max()))
        row(name, values)


def found(picture: U8, kind: str) -> Bool:
    image = picture.astype(np.float32) / np.float32(255)
    sought = specks.Sought(kind, 50, 15)
    return np.asarray(specks.find(image, sought, specks.density(image, sought), (0, 0)).any(axis=2))


def ours(
    pictures: list[U8], densities: tuple[float, ...], spoil: Callable[[U8, float, int], U8], repair: Repair, title: str
) -> None:
    values = [
        float(np.mean([nearness(repair(spoil(clean, density, n)), clean) for n, clean in enumerate(pictures)]))
        for density in densities
    ]
    row(title, values, f"{repair.seconds / repair.pixels * 1e6:.1f} CPU-s/MP")


def detection(
    pictures: list[U8], densities: tuple[float, ...], spoil: Callable[[U8, float, int], U8], kind: str
) -> None:
    """Recall, precision and their harmonic mean."""
    rows: list[list[float]] = []
    for density in densities:
        hits = true = marked = 0
        for number, clean in enumerate(pictures):
            given = spoil(clean, density, number)
            wrong, seen = (given != clean).any(axis=2), found(given, kind)
            hits += int(np.count_nonzero(wrong & seen))
            true += int(np.count_nonzero(wrong))
            marked += int(np.count_nonzero(seen))
        rows.append([hits / true, hits / max(1, marked), 2 * hits / (true + marked)])
    for name, values in zip(("found of all", "right of found", "F1"), zip(*rows, strict=True), strict=True):
        row(name, [100 * value for value in values], "%")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="pictures without impulses")
    parser.add_argument("--clean", type=Path, help="photos in which nothing is to be found")
    parser.add_argument("--models", type=Path, help="a folder with further models")
    parser.add_argument("--model", default="impulse", help="the network")
    parser.add_argument("--count", type=int, default=12, help="how many pictures")
    parser.add_argument("--classical", action="store_true", help="without the network")
    words = parser.parse_args()
    models = library.store(Places.default())
    if words.models:
        models = type(models)([*models.folders, words.models])
    runner = Runner(Registry.scan(), engine(models), threads=1)
    ways: dict[str, dict[str, Any]] = {"Repair specks, without network": {"learned": False}}
    if not words.classical:
        ways[f"Repair specks, {words.model}"] = {"model": words.model}
    pictures = [np.rint(read(path) * 255).astype(np.uint8) for path in in_folder(words.data)[: words.count]]
    for title, kind, spoil, densities in (
        ("salt and pepper", "salt_pepper", salted, DENSITIES),
        ("any value", "random", spoilt, ANY_VALUE),
    ):
        print(f"\n{title}: PSNR in dB at a density of" + "".join(f"{100 * density:>6.0f} %" for density in densities))
        simple(pictures, densities, spoil)
        for name, params in ways.items():
            ours(pictures, densities, spoil, Repair(runner, repair="found", kind=kind, **params), name)
        detection(pictures, densities, spoil, kind)
    if words.clean:
        photos = [np.rint(read(path) * 255).astype(np.uint8) for path in in_folder(words.clean)]
        choice = next(spec.choice for spec in specs(PLUGIN.params) if spec.name == "kind")
        assert isinstance(choice, Choice)
        print(f"\nfound in a million pixels of {len(photos)} clean photos: mean, median, most")
        for kind in choice.values:
            shares = [1e6 * found(photo, kind).mean() for photo in photos]
            row(kind, [float(np.mean(shares)), float(np.median(shares)), max(shares)])


if __name__ == "__main__":
    main()
