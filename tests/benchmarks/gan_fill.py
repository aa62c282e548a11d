"""How near fills come to the truth, before and after the network repairs them, and beside other methods.

    python -m tests.benchmarks.gan_fill [--data DIR] [--only Bridge,Path] [--models DIR] [--seed 0] [--out DIR]

Holes cover intact content of photos that were reduced to 1024 pixels: thin wires, scratches, thin and broad text,
blobs, and one of a fifth of the photo. What GAN fill repairs is the very fill of "content fill", with the same seed.
GMSD, PSNR and SSIM are of the hole (GMSD with 8 pixels around it); sharpness is the energy of brightness gradients in
the hole over that of the truth. PSNR and SSIM reward blur. Seconds are of the processor.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.host.library import store
from editor.host.places import Places
from editor.imaging.measures import gmsd
from editor.runtime.infer import InferenceEngine
from editor.runtime.store import ModelStore
from editor.sdk.plugin import Inputs, Result
from editor.sdk.testing import FakeContext
from plugins import content_fill, gan_inpaint
from tests.benchmarks.fill import Case, blob, load, to_inputs, wire
from tests.benchmarks.upscale import engine

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
Bool = NDArray[np.bool_]
Numbers = dict[str, float]

SIDE_PX = 1024
_NEAR_PX = 8
_SHOWN_PX = 64
_SSIM_WINDOW = (11, 11)
_SSIM_SIGMA = 1.5
_SSIM_FLOORS = (0.01**2, 0.03**2)


def cases(photos: dict[str, U8]) -> Iterator[tuple[str, Case]]:
    """Each with its kind."""
    for name, photo in photos.items():
        small = reduced(photo)
        shape = small.shape
        wires = wire(shape, (-0.1, 0.31), (1.1, 0.44), 4) | wire(shape, (0.3, -0.1), (0.62, 1.1), 3)
        yield "wires", Case(f"{name}_wires", small, wires)
        scratches = wire(shape, (0.2, -0.1), (0.25, 1.1), 1) | wire(shape, (0.55, -0.1), (0.5, 1.1), 2)
        yield "scratches", Case(f"{name}_scratches", small, scratches | wire(shape, (0.8, -0.1), (0.82, 1.1), 6))
        yield "thin text", Case(f"{name}_thin_text", small, thin_text(shape))
        yield "broad text", Case(f"{name}_text", small, broad_text(shape))
        for number, (x, y, wide) in enumerate(((0.5, 0.6, 0.09), (0.28, 0.34, 0.12), (0.74, 0.3, 0.15))):
            yield "blobs", Case(f"{name}_blob{number}", small, blob(shape, x, y, wide, wide))
        yield "20 %", Case(f"{name}_large", small, blob(shape, 0.5, 0.5, 0.25, 0.25))


def thin_text(shape: tuple[int, ...]) -> Bool:
    """A watermark all over, in strokes of 9 px."""
    rows = [("PROOF  COPY 2019", (0.08, 0.3 + 0.22 * row), cv2.FONT_HERSHEY_SIMPLEX, 2.5, 7) for row in range(3)]
    return _written(shape, rows)


def broad_text(shape: tuple[int, ...]) -> Bool:
    """A date in strokes of 7 px, and a watermark across the middle in strokes of 38 px."""
    date = ("24 8 '97", (0.68, 0.93), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 5)
    return _written(shape, [date, ("SAMPLE", (0.2, 0.58), cv2.FONT_HERSHEY_TRIPLEX, 4.0, 8)])


def _written(shape: tuple[int, ...], lines: list[tuple[str, tuple[float, float], int, float, int]]) -> Bool:
    drawn = np.zeros(shape[:2], np.uint8)
    high, wide = shape[:2]
    for letters, (x, y), font, scale, thick_px in lines:
        cv2.putText(drawn, letters, (int(x * wide), int(y * high)), font, scale, (1,), thick_px)
    return np.asarray(cv2.dilate(drawn, np.ones((3, 3), np.uint8)) > 0)


def reduced(photo: U8) -> U8:
    share = min(1.0, SIDE_PX / max(photo.shape[:2]))
    size = (round(photo.shape[1] * share), round(photo.shape[0] * share))
    return np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), np.uint8)


def fills(case: Case, runs: InferenceEngine, model: str, seed: int) -> Iterator[tuple[str, F32, float]]:
    """The name of each method, what it makes of the case, and the seconds that it takes."""

    def simple(kind: int) -> Callable[[], F32]:
        return lambda: as_float(np.asarray(cv2.inpaint(case.photo, case.hole.astype(np.uint8), 5, kind), np.uint8))

    def timed(name: str, fill: Callable[[], F32]) -> tuple[str, F32, float]:
        start = time.process_time()
        return name, fill(), time.process_time() - start

    inputs = to_inputs(case.photo, case.hole)
    yield timed("Telea", simple(cv2.INPAINT_TELEA))
    yield timed("NS", simple(cv2.INPAINT_NS))
    context = FakeContext(seed)

    def copied(given: Inputs) -> Result:
        return content_fill.run(given, content_fill.Params(), context)

    yield timed("content fill", lambda: copied(inputs).image)
    repairing = FakeContext(
        seed,
        run=lambda _method, given, _params: copied(given),
        infer=lambda wanted, tensors: runs.infer(wanted, tensors).outputs,
        models=[runs.facts(model)],
    )
    yield timed("GAN fill", lambda: gan_inpaint.run(inputs, gan_inpaint.Params(model=model), repairing).image)


def as_float(pixels: U8) -> F32:
    return (pixels / np.float32(255)).astype(np.float32)


def measured(picture: F32, truth: F32, hole: Bool) -> Numbers:
    ys, xs = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    top, left = max(0, int(ys[0]) - _NEAR_PX), max(0, int(xs[0]) - _NEAR_PX)
    near = np.s_[top : int(ys[-1]) + 1 + _NEAR_PX, left : int(xs[-1]) + 1 + _NEAR_PX]
    error = float(np.square(picture - truth)[hole].mean())
    return {
        "GMSD": gmsd(picture[near], truth[near]),
        "sharpness": energy(picture, hole) / max(energy(truth, hole), 1e-7),
        "PSNR": -10 * np.log10(max(error, 1e-10)),
        "SSIM": float(similarity(grey(picture), grey(truth))[hole].mean()),
    }


def grey(picture: F32) -> F32:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.float32)


def energy(picture: F32, hole: Bool) -> float:
    light = grey(picture)
    squares = np.zeros_like(light)
    squares[:, :-1] += np.square(np.diff(light, axis=1))
    squares[:-1] += np.square(np.diff(light, axis=0))
    return float(squares[hole].mean())


def similarity(one: F32, other: F32) -> F32:
    """At each pixel: Z. Wang et al. 2004, equation 13, with Gaussian windows."""

    def mean(values: F32) -> F32:
        return np.asarray(cv2.GaussianBlur(values, _SSIM_WINDOW, _SSIM_SIGMA), np.float32)

    low, high = mean(one), mean(other)
    spread = mean(one * one) - low * low + mean(other * other) - high * high
    shared = mean(one * other) - low * high
    first, second = _SSIM_FLOORS
    likeness = (2 * low * high + first) * (2 * shared + second) / ((low**2 + high**2 + first) * (spread + second))
    return np.asarray(likeness, np.float32)


def save(folder: Path, name: str, picture: F32, hole: Bool) -> None:
    ys, xs = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    near = np.s_[max(0, ys[0] - _SHOWN_PX) : ys[-1] + _SHOWN_PX + 1, max(0, xs[0] - _SHOWN_PX) : xs[-1] + _SHOWN_PX + 1]
    cv2.imwrite(str(folder / f"{name}.png"), np.rint(picture[near][..., ::-1] * 255).astype(np.uint8))


def line(name: str, numbers: Numbers, seconds: float) -> str:
    return (
        f"{name:34} GMSD {numbers['GMSD']:.4f}  sharpness {numbers['sharpness']:5.2f}  PSNR {numbers['PSNR']:5.2f} dB  "
        f"SSIM {numbers['SSIM']:.4f}  {seconds:6.1f} s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with JPEG photos; without it a synthetic picture is used")
    parser.add_argument("--only", default="", help="comma-separated beginnings of the photos' names")
    parser.add_argument("--models", type=Path, help="folder with models and their manifests; else the editor's")
    parser.add_argument("--model", default="gan_inpaint")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="folder for crops around each hole: of the truth and of every fill")
    arguments = parser.parse_args()
    photos = load(arguments.data)
    chosen = {name: photo for name, photo in photos.items() if name.startswith(tuple(arguments.only.split(",")))}
    runs = engine(store(Places.default()) if arguments.models is None else ModelStore([arguments.models]))
    content_fill.warm_up()
    if arguments.out is not None:
        arguments.out.mkdir(parents=True, exist_ok=True)
    found: dict[tuple[str, str], list[tuple[Numbers, float]]] = {}
    for kind, case in cases(chosen):
        truth = as_float(case.photo)
        if arguments.out is not None:
            save(arguments.out, f"{case.name}_truth", truth, case.hole)
        for method, picture, seconds in fills(case, runs, arguments.model, arguments.seed):
            numbers = measured(picture, truth, case.hole)
            found.setdefault((kind, method), []).append((numbers, seconds))
            print(line(f"{case.name}: {method}", numbers, seconds), flush=True)
            if arguments.out is not None:
                save(arguments.out, f"{case.name}_{method.replace(' ', '_')}", picture, case.hole)
    print("\nMeans; the median of the sharpness")
    for (kind, method), results in found.items():
        means = {name: float(np.mean([numbers[name] for numbers, _s in results])) for name in results[0][0]}
        means["sharpness"] = float(np.median([numbers["sharpness"] for numbers, _s in results]))
        print(line(f"{kind}: {method}", means, float(np.mean([seconds for _n, seconds in results]))))


if __name__ == "__main__":
    main()
