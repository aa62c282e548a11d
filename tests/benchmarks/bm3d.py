"""How near BM3D comes to the truth, with each of its profiles, and how long that takes.

    python -m tests.benchmarks.bm3d [--grey DIR] [--data DIR] [--pairs DIR] [--profiles fast normal high] [--count 68]

The same noise is added for every profile: white, of 15, 25 and 50 levels, not clipped, then once more at 25, clipped
and rounded to 8 bit; the level is told. `--grey` holds grey photos without noise (Set12, for instance), `--data` colour
ones (CBSD68). `--pairs` holds real pairs, NAME_real.png and NAME_mean.png, as in CC15; there the method finds the noise
itself. Published for BM3D on Set12 at 25: 29.97 dB; for CBM3D on CBSD68 at 15, 25 and 50: 33.52, 30.71 and 27.38 dB.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.core.document import DocumentState
from editor.core.metadata import Metadata
from editor.host.jobs import CancelToken
from editor.host.made import Patch
from editor.host.registry import Registry
from editor.host.runner import Request, Runner
from editor.sdk.params import from_dict
from plugins.bm3d import PLUGIN
from tests.benchmarks.denoise import LEVELS, Method, noisy, psnr, read, table

F32 = NDArray[np.float32]


def profile(name: str, runner: Runner) -> Method:
    def method(image: F32, level: float | None) -> F32:
        state = DocumentState.from_pixels(np.ascontiguousarray(image), Metadata(), "")
        params = {"profile": name, "level": float(level or 0), "kind": "camera" if level is None else "white"}
        request = Request(PLUGIN, from_dict(PLUGIN.params, params))
        made = runner.run(state, request, CancelToken(), lambda _share, _text: None)
        assert isinstance(made, Patch)
        pixels: F32 = made.pixels.read(state.size.rect)
        return pixels

    return method


def _show(title: str, photos: list[F32], methods: dict[str, Method]) -> None:
    print(f"\n{title:<30}" + "".join(f"{level:>9}" for level in LEVELS) + "  25, 8 bit  CPU-s each")
    for name, row, seconds in table(photos, methods):
        print(f"{name:<30}" + "".join(f"{value:>8.3f} " for value in row) + f"{seconds:>12.2f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--grey", type=Path, help="grey photos without noise")
    parser.add_argument("--data", type=Path, help="photos without noise")
    parser.add_argument("--pairs", type=Path, help="real pairs")
    parser.add_argument("--profiles", nargs="*", default=["fast", "normal"])
    parser.add_argument("--count", type=int, default=68, help="how many photos")
    words = parser.parse_args()
    runner = Runner(Registry.scan())
    methods = {name: profile(name, runner) for name in words.profiles}
    for method in methods.values():
        method(noisy(np.full((32, 32, 3), 0.5, np.float32), 25, 0), 25)
    if words.grey:
        # The noise is grey, too.
        grey = [read(path) for path in sorted(words.grey.glob("*.png"))[: words.count]]
        _show(f"PSNR in dB, {len(grey)} grey photos", grey, {name: _grey(method) for name, method in methods.items()})
    if words.data:
        photos = [read(path) for path in sorted(words.data.glob("*.png"))[: words.count]]
        _show(f"PSNR in dB, {len(photos)} photos", photos, methods)
    if words.pairs:
        pairs = [
            (read(path), read(path.with_name(path.name.replace("_real", "_mean"))))
            for path in sorted(words.pairs.glob("*_real.png"))
        ]
        print(f"\nPSNR in dB, {len(pairs)} real pairs, noise found by the method")
        print(f"{'as it is':<30}{np.mean([psnr(real, mean) for real, mean in pairs]):>8.2f}")
        median = [psnr(cv2.medianBlur(real, 3).astype(np.float32), mean) for real, mean in pairs]
        print(f"{'3 x 3 median':<30}{np.mean(median):>8.2f}")
        for name, method in methods.items():
            print(f"{name:<30}{np.mean([psnr(method(real, None), mean) for real, mean in pairs]):>8.2f}", flush=True)


def _grey(method: Method) -> Method:
    return lambda image, level: method(np.ascontiguousarray(np.repeat(image[..., :1], 3, axis=2)), level)


if __name__ == "__main__":
    main()
