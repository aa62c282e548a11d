"""How near denoised photos come to the truth, beside OpenCV's non-local means, and how long that takes.

    python -m tests.benchmarks.denoise --data DIR [--pairs DIR] [--models DIR] [--only ID …] [--count 68]

DIR holds photos without noise (CBSD68, for instance), to which the same noise is added for every method: white, of 15,
25 and 50 levels, not clipped; then once more at 25, clipped and rounded to 8 bit. The level is told, not estimated.
`--pairs` holds real pairs, NAME_real.png and NAME_mean.png, as in CC15; there the method finds the level itself.
Published for CBM3D (Dabov et al. 2007) on CBSD68: 33.52, 30.71 and 27.38 dB at 15, 25 and 50.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

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
from editor.sdk.params import from_dict
from plugins.denoise import PLUGIN
from tests.benchmarks.upscale import engine

F32 = NDArray[np.float32]
Method = Callable[[F32, float | None], F32]
"""From a noisy H x W x 3 float32 RGB picture and its level (of 255; None to find it) to a clean one."""

LEVELS = (15, 25, 50)


def read(path: Path) -> F32:
    pixels = cv2.imread(str(path))
    assert pixels is not None, path
    return pixels[..., ::-1].astype(np.float32) / np.float32(255)


def pictures(folder: Path) -> list[Path]:
    """The pictures in a folder, by name."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in (".png", ".jpg"))


def psnr(one: F32, other: F32) -> float:
    return float(-10 * np.log10(np.mean((np.clip(one, 0, 1) - other) ** 2)))


def noisy(clean: F32, level: float, number: int) -> F32:
    return clean + np.random.default_rng(number).standard_normal(clean.shape, np.float32) * np.float32(level / 255)


def rounded(image: F32) -> F32:
    levels: F32 = np.rint(np.clip(image, 0, 1) * 255).astype(np.float32)
    return levels / np.float32(255)


def non_local_means(image: F32, level: float | None) -> F32:
    """With the strength that its authors advise; of 8 bit, as it works in."""
    strength = 0.85 * (5.0 if level is None else level)
    bgr = np.ascontiguousarray(np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)[..., ::-1])
    cleaned = cv2.fastNlMeansDenoisingColored(bgr, None, strength, strength, 7, 21)
    return cleaned[..., ::-1].astype(np.float32) / np.float32(255)


def learned(model: str, runner: Runner) -> Method:
    def method(image: F32, level: float | None) -> F32:
        state = DocumentState.from_pixels(np.ascontiguousarray(image), Metadata(), "")
        request = Request(PLUGIN, from_dict(PLUGIN.params, {"model": model, "level": float(level or 0)}))
        made = runner.run(state, request, CancelToken(), lambda _share, _text: None)
        assert isinstance(made, Patch)
        pixels: F32 = made.pixels.read(state.size.rect)
        return pixels

    return method


def table(photos: list[F32], methods: dict[str, Method]) -> Iterator[tuple[str, list[float], float]]:
    """Of each method: PSNR at each level, then clipped at 25, and CPU seconds a photo."""
    for name, method in methods.items():
        began = time.process_time()
        row = []
        for level, clipped in (*((level, False) for level in LEVELS), (25, True)):
            values = []
            for number, clean in enumerate(photos):
                given = noisy(clean, level, number)
                values.append(psnr(method(rounded(given) if clipped else given, level), clean))
            row.append(float(np.mean(values)))
        yield name, row, (time.process_time() - began) / (4 * len(photos))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="photos without noise")
    parser.add_argument("--pairs", type=Path, help="real pairs")
    parser.add_argument("--models", type=Path, help="a folder with further models")
    parser.add_argument("--only", nargs="*", help="ids of models, and nothing else")
    parser.add_argument("--count", type=int, default=68, help="how many photos")
    words = parser.parse_args()
    models = library.store(Places.default())
    if words.models:
        models = type(models)([*models.folders, words.models])
    runner = Runner(Registry.scan(), engine(models))
    ids = [
        id_
        for id_, manifest in models.manifests.items()
        if manifest.role == "denoise" and models.installed(id_) and (not words.only or id_ in words.only)
    ]
    methods: dict[str, Method] = {} if words.only else {"non-local means": non_local_means}
    methods |= {id_: learned(id_, runner) for id_ in ids}
    if words.data:
        photos = [read(path) for path in pictures(words.data)[: words.count]]
        print(
            f"PSNR in dB, {len(photos)} photos" + "".join(f"{level:>9}" for level in LEVELS) + "  25, 8 bit  CPU-s each"
        )
        print(f"{'CBM3D, as published for CBSD68':<30}{33.52:>8.2f} {30.71:>8.2f} {27.38:>8.2f}")
        for name, row, seconds in table(photos, methods):
            print(f"{name:<30}" + "".join(f"{value:>8.2f} " for value in row) + f"{seconds:>12.2f}", flush=True)
    if words.pairs:
        pairs = [
            (read(path), read(path.with_name(path.name.replace("_real", "_mean"))))
            for path in sorted(words.pairs.glob("*_real.png"))
        ]
        print(f"\nPSNR in dB, {len(pairs)} real pairs, level found by the method")
        print(f"{'as it is':<30}{np.mean([psnr(real, mean) for real, mean in pairs]):>8.2f}")
        median = [psnr(cv2.medianBlur(real, 3).astype(np.float32), mean) for real, mean in pairs]
        print(f"{'3 x 3 median':<30}{np.mean(median):>8.2f}")
        for name, method in methods.items():
            if method is not non_local_means:
                print(
                    f"{name:<30}{np.mean([psnr(method(real, None), mean) for real, mean in pairs]):>8.2f}", flush=True
                )


if __name__ == "__main__":
    main()
