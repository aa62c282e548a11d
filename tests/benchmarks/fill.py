"""How long a fill takes, what memory, and how it compares with other methods.

    python -m tests.benchmarks.fill [--data DIR] [--out DIR] [--megapixels 24]

The holes cover intact content, so the filled picture can be held against the truth; a fill may be good and yet differ
from it, so look at the side-by-sides of --out as well. PyPatchMatch takes part where it can be imported.
"""

from __future__ import annotations

import argparse
import importlib
import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.imaging.measures import gmsd, texture_ratio
from editor.sdk.errors import Cancelled
from editor.sdk.plugin import Holes, Inputs
from editor.sdk.testing import FakeContext
from plugins.content_fill import PLUGIN, Params, run, warm_up
from tests.imaging.pictures import textured

U8 = NDArray[np.uint8]
Bool = NDArray[np.bool_]
Fill = Callable[[U8, Bool], U8]


@dataclass(frozen=True)
class Case:
    name: str
    photo: U8
    hole: Bool


def blob(shape: tuple[int, ...], x: float, y: float, wide: float, high: float) -> Bool:
    """An irregular round hole; all numbers are shares of the picture's size."""
    angle = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    radius = 1 + 0.15 * np.sin(3 * angle + x * 9) + 0.08 * np.sin(5 * angle + y * 9)
    points = np.stack([(x + wide * radius * np.cos(angle)) * shape[1], (y + high * radius * np.sin(angle)) * shape[0]])
    return cv2.fillPoly(np.zeros(shape[:2], np.uint8), [points.T.astype(np.int32)], 1) > 0


def wire(shape: tuple[int, ...], start: tuple[float, float], end: tuple[float, float], thick_px: int) -> Bool:
    ends = [(int(x * shape[1]), int(y * shape[0])) for x, y in (start, end)]
    return cv2.line(np.zeros(shape[:2], np.uint8), ends[0], ends[1], 1, thick_px) > 0


def quality_cases(photos: dict[str, U8]) -> Iterator[Case]:
    for name, photo in photos.items():
        shape = photo.shape
        yield Case(f"{name}: blob", photo, blob(shape, 0.5, 0.6, 0.05, 0.11))
        yield Case(f"{name}: border", photo, blob(shape, 0.98, 0.75, 0.05, 0.08))
        yield Case(f"{name}: top", photo, blob(shape, 0.35, 0.2, 0.07, 0.07))
        yield Case(f"{name}: wire", photo, wire(shape, (0.25, 0.3), (0.75, 0.42), 5))


def speed_cases(photo: U8, megapixels: float) -> Iterator[Case]:
    high = int(np.sqrt(megapixels * 1e6 / 1.5))
    big = mosaic(photo, high, int(1.5 * high))
    for name, side in (("300 x 300", 300), ("3 %", int(np.sqrt(0.03 * big.shape[0] * big.shape[1])))):
        hole = np.zeros(big.shape[:2], np.bool_)
        hole[high // 2 : high // 2 + side, high // 2 : high // 2 + side] = True
        yield Case(f"{megapixels:g} MP, {name}", big, hole)


def mosaic(photo: U8, high: int, wide: int) -> U8:
    """The photo mirrored until it fills the size."""
    pads = [(0, max(0, high - photo.shape[0])), (0, max(0, wide - photo.shape[1])), (0, 0)]
    return np.pad(photo, pads, mode="symmetric")[:high, :wide]


def region(hole: Bool) -> tuple[slice, slice]:
    """What the runner would hand over."""
    scope = PLUGIN.needs.scope
    assert isinstance(scope, Holes)
    ys, xs = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    margin = max(scope.context_px, int(scope.context_ratio * max(np.ptp(ys), np.ptp(xs))))
    return (
        slice(max(0, int(ys[0]) - margin), int(ys[-1]) + 1 + margin),
        slice(max(0, int(xs[0]) - margin), int(xs[-1]) + 1 + margin),
    )


def to_inputs(photo: U8, hole: Bool) -> Inputs:
    return Inputs((photo / np.float32(255)).astype(np.float32), hole.astype(np.float32), ~hole)


def ours(photo: U8, hole: Bool) -> U8:
    filled = run(to_inputs(photo, hole), Params(), FakeContext(threads=2)).image
    return np.asarray(np.round(filled * 255), np.uint8)


def methods() -> dict[str, Fill]:
    def inpaint(kind: int) -> Fill:
        return lambda photo, hole: np.asarray(cv2.inpaint(photo, hole.astype(np.uint8), 5, kind), np.uint8)

    table: dict[str, Fill] = {"ours": ours, "Telea": inpaint(cv2.INPAINT_TELEA), "NS": inpaint(cv2.INPAINT_NS)}
    try:
        patchmatch = importlib.import_module("patchmatch")
    except ImportError:
        return table

    def other(photo: U8, hole: Bool) -> U8:
        patchmatch.set_random_seed(0)
        return np.asarray(patchmatch.inpaint(photo, hole.astype(np.uint8) * 255, patch_size=3), np.uint8)

    table["PyPatchMatch"] = other
    return table


def peak_mb() -> float:
    """The highest resident size so far, in MB (Linux counts in KiB, macOS in bytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1024)


def cancel_ms(case: Case) -> float:
    """How long a fill goes on after a cancel in the middle of it, the worst of five."""
    box = region(case.hole)
    inputs = to_inputs(np.ascontiguousarray(case.photo[box]), case.hole[box])
    start = time.perf_counter()
    run(inputs, Params(), FakeContext(threads=2))
    whole = time.perf_counter() - start
    worst = 0.0
    for share in (0.05, 0.2, 0.4, 0.7, 0.95):
        context = FakeContext(threads=2)
        asked: list[float] = []

        def cancel(context: FakeContext = context, asked: list[float] = asked) -> None:
            asked.append(time.perf_counter())
            context.cancel()

        timer = threading.Timer(share * whole, cancel)
        timer.start()
        try:
            run(inputs, Params(), context)
        except Cancelled:
            worst = max(worst, time.perf_counter() - asked[0])
        timer.join()
    return worst * 1000


def compare(case: Case, table: dict[str, Fill], out: Path | None) -> None:
    box = region(case.hole)
    photo, hole = np.ascontiguousarray(case.photo[box]), case.hole[box]
    truth = (photo / np.float32(255)).astype(np.float32)
    print(f"{case.name:32} the photo itself {int(hole.sum()):5} px {'texture':>33} {texture_ratio(truth, hole):5.2f}")
    shown = [np.where(hole[..., None], np.uint8(0), photo)]
    for name, fill in table.items():
        before, start = peak_mb(), time.perf_counter()
        filled = fill(photo, hole)
        seconds, grown = time.perf_counter() - start, peak_mb() - before
        picture = (filled / np.float32(255)).astype(np.float32)
        print(
            f"{case.name:32} {name:13} {int(hole.sum()):8} px {seconds:7.2f} s {grown:6.0f} MB "
            f"texture {texture_ratio(picture, hole):5.2f}  GMSD {_gmsd_near(picture, truth, hole):.3f}",
            flush=True,
        )
        shown.append(filled)
    if out is not None:
        _save(out / f"{case.name.replace(': ', '_').replace(' ', '_').replace('%', 'percent')}.png", shown, hole)


def _near(hole: Bool, margin: int) -> tuple[slice, slice]:
    ys, xs = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    return (
        slice(max(0, int(ys[0]) - margin), int(ys[-1]) + 1 + margin),
        slice(max(0, int(xs[0]) - margin), int(xs[-1]) + 1 + margin),
    )


def _gmsd_near(picture: NDArray[np.float32], truth: NDArray[np.float32], hole: Bool) -> float:
    near = _near(hole, 8)
    return gmsd(picture[near], truth[near])


def _save(path: Path, pictures: list[U8], hole: Bool) -> None:
    near = _near(hole, 80)
    crops = [picture[near] for picture in pictures]
    join = np.hstack if crops[0].shape[1] <= 1.5 * crops[0].shape[0] else np.vstack
    cv2.imwrite(str(path), join(crops)[..., ::-1])


def load(folder: Path | None) -> dict[str, U8]:
    if folder is None:
        return {"synthetic": np.asarray(textured(1200, 1800) * 255, np.uint8)}
    photos = {}
    for path in sorted(folder.glob("*.jpg")):
        pixels = cv2.imread(str(path))
        if pixels is not None:
            photos[path.stem.split("_")[0]] = np.ascontiguousarray(pixels[..., ::-1], np.uint8)
    return photos


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with JPEG photos; without it a synthetic picture is used")
    parser.add_argument("--out", type=Path, help="folder for side-by-sides: hole, ours, Telea, NS, PyPatchMatch")
    parser.add_argument("--only", default="", help="comma-separated beginnings of the photos' names")
    parser.add_argument("--megapixels", type=float, default=24.0, help="size of the picture for the speed cases")
    arguments = parser.parse_args()
    photos = load(arguments.data)
    chosen = {name: photo for name, photo in photos.items() if name.startswith(tuple(arguments.only.split(",")))}
    if arguments.out is not None:
        arguments.out.mkdir(parents=True, exist_ok=True)
    warm_up()
    largest = max(chosen.values(), key=lambda photo: photo.size)
    for case in speed_cases(largest, arguments.megapixels):
        compare(case, {"ours": ours}, arguments.out)
        print(f"{case.name:32} cancel to idle {cancel_ms(case):.0f} ms", flush=True)
    table = methods()
    for case in quality_cases(chosen):
        compare(case, table, arguments.out)


if __name__ == "__main__":
    main()
