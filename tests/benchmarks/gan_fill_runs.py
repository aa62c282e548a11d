"""How often a model that invents fills is run for specks all over a photo, and what else that fill takes.

    python -m tests.benchmarks.gan_fill_runs [--data DIR] [--only aitz] [--megapixels 6] [--seed 0] [--out DIR]

The network is OpenCV's Navier-Stokes fill. The photo is cut into regions as the editor does. Seconds are of the
processor, without the network's: a real one takes one to several for each run.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.core.document import DocumentState
from editor.core.metadata import Metadata
from editor.core.tiles import TileMap
from editor.host.regions import plan_holes
from editor.host.views import inputs_of
from editor.sdk.plugin import Holes
from editor.sdk.testing import FakeContext
from plugins.gan_inpaint import PLUGIN, Params, run
from tests.benchmarks.fill import load, mosaic
from tests.benchmarks.gan_fill import F32, U8, Bool
from tests.benchmarks.gan_fill_large import FACTS, poor


class _Counted:
    """The network, its runs and their seconds."""

    def __init__(self) -> None:
        self.runs, self.seconds = 0, 0.0

    def __call__(self, _model: str, tensors: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        start = time.process_time()
        picture, mask = (spec.to_picture(tensors[spec.name]) for spec in FACTS.inputs)
        made = FACTS.outputs[0].from_picture(poor(picture, mask[..., 0] > 0))
        self.runs += 1
        self.seconds += time.process_time() - start
        return {"output": made}


def specks(shape: tuple[int, ...], count: int, seed: int) -> Bool:
    """Round ones of 3 to 12 pixels, anywhere."""
    draws, drawn = np.random.default_rng(seed), np.zeros(shape[:2], np.uint8)
    for _number in range(count):
        centre = (int(draws.integers(2 * shape[1])), int(draws.integers(2 * shape[0])))
        # In half pixels.
        cv2.circle(drawn, centre, int(draws.integers(3, 13)), 1, cv2.FILLED, shift=1)
    return drawn > 0


def filled(photo: U8, hole: Bool, network: _Counted, seed: int) -> tuple[F32, int]:
    """The photo with its holes filled, and in how many regions."""
    scope = PLUGIN.needs.scope
    assert isinstance(scope, Holes)
    state = DocumentState.from_pixels(photo, Metadata(), "photo")
    mask = TileMap.from_array((hole * 255).astype(np.uint8)[..., None])
    result = (photo / np.float32(255)).astype(np.float32)
    regions = plan_holes(mask, scope)
    for region in regions:
        inputs = inputs_of(state, mask, region, state.read(region.rect))
        context = FakeContext(seed, origin=(region.rect.left, region.rect.top), infer=network, models=[FACTS])
        made = run(inputs, Params(model=FACTS.id), context).image
        own = inputs.mask > 0
        result[region.rect.slices][own] = made[own]
    return result, len(regions)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with JPEG photos; without it a synthetic picture is used")
    parser.add_argument("--only", default="", help="comma-separated beginnings of the photos' names")
    parser.add_argument("--megapixels", type=float, default=6)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="folder for the photos before and after")
    arguments = parser.parse_args()
    high = int(np.sqrt(arguments.megapixels * 1e6 / 1.5))
    if arguments.out is not None:
        arguments.out.mkdir(parents=True, exist_ok=True)
    for name, photo in load(arguments.data).items():
        if not name.startswith(tuple(arguments.only.split(","))):
            continue
        large = mosaic(photo, high, int(1.5 * high))
        for count in (20, 200, 1000):
            hole, network = specks(large.shape, count, arguments.seed), _Counted()
            spoiled = np.where(hole[..., None], np.uint8(255), large)
            start = time.process_time()
            made, regions = filled(spoiled, hole, network, arguments.seed)
            seconds = time.process_time() - start - network.seconds
            error = float(np.square(made - large / np.float32(255))[hole].mean())
            print(
                f"{name[:20]:20} {arguments.megapixels:g} MP, {count:4} specks: {regions:3} regions, "
                f"{network.runs:4} runs, {seconds:6.1f} s beside them, "
                f"PSNR {-10 * np.log10(max(error, 1e-10)):5.2f} dB",
                flush=True,
            )
            if arguments.out is not None:
                for what, picture in (("before", spoiled / np.float32(255)), ("after", made), ("truth", large / 255)):
                    pixels = np.rint(picture[..., ::-1] * 255).astype(np.uint8)
                    cv2.imwrite(str(arguments.out / f"{name}_{count}_{what}.png"), pixels)


if __name__ == "__main__":
    main()
