"""How sharp fills of large holes are that a network made at its own, small size.

    python -m tests.benchmarks.gan_fill_large --data DIR [--only Bridge,Path] [--wide 700] [--out DIR]

The network is an oracle: it knows the truth, at 512 pixels, as a perfect one would give it; or a poor one, OpenCV's
Navier-Stokes fill. Compared are its fill enlarged, what the method makes of it, and Content-aware fill. Sharpness is
the energy of brightness gradients in the hole, over that of a ring around it and over that of the truth: near 1 is
right. GMSD and PSNR reward blur where detail can't be known. Seconds are of the processor, without the network's.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.imaging.measures import texture_ratio
from editor.imaging.pieces import turns
from editor.sdk.models import ModelFacts, TensorSpec
from editor.sdk.plugin import Inputs
from editor.sdk.testing import FakeContext
from plugins import content_fill, gan_inpaint
from plugins.gan_inpaint.fillers import region_of
from tests.benchmarks.fill import Case, blob, load, to_inputs
from tests.benchmarks.gan_fill import F32, U8, Bool, as_float, energy, measured, save

SIDE_PX = 512
FACTS = ModelFacts(
    "oracle",
    "Oracle",
    1,
    (SIDE_PX, SIDE_PX),
    None,
    (
        TensorSpec("image", "NCHW", "float32", (0.0, 1.0), "RGB", 3),
        TensorSpec("mask", "NCHW", "float32", (0.0, 1.0), "mask", 1),
    ),
    (TensorSpec("output", "NCHW", "float32", (0.0, 255.0), "RGB", 3),),
)
Network = Callable[[F32, Bool], F32]
"""From the picture of SIDE_PX and the mask, what it makes of it."""


def case(name: str, photo: U8, wide_px: int) -> Case:
    """A round hole in the middle, and as much around it as the method shows to a network."""
    hole = blob(photo.shape, 0.5, 0.55, wide_px / photo.shape[1] / 2, wide_px / photo.shape[0] / 2)
    (pieces,) = turns(hole, lambda: None)
    box = region_of(pieces, hole.shape)
    return Case(name, np.ascontiguousarray(photo[box]), hole[box])


def knowing(truth: F32) -> Network:
    small = reduced(truth)

    def paint(picture: F32, _mask: Bool) -> F32:
        made = picture.copy()
        made[: small.shape[0], : small.shape[1]] = small
        return made

    return paint


def poor(picture: F32, mask: Bool) -> F32:
    pixels = np.rint(picture * 255).astype(np.uint8)
    return as_float(np.asarray(cv2.inpaint(pixels, mask.astype(np.uint8), 5, cv2.INPAINT_NS), np.uint8))


def reduced(picture: F32) -> F32:
    scale = max(1.0, max(picture.shape) / SIDE_PX)
    size = (round(picture.shape[1] / scale), round(picture.shape[0] / scale))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.float32)


def enlarged(known: F32, hole: Bool, network: Network) -> F32:
    """The network's fill, enlarged and nothing else."""
    small = reduced(known)
    covered = reduced(np.repeat(hole[..., None], 3, axis=2).astype(np.float32))[..., 0] > 0
    made = cv2.resize(network(small, covered), hole.shape[::-1], interpolation=cv2.INTER_CUBIC)
    return np.where(hole[..., None], np.clip(made, 0, 1), known).astype(np.float32)


def detailed(inputs: Inputs, network: Network) -> tuple[F32, float]:
    """What the method makes of the network's fill, and the seconds beside the network."""
    spent = 0.0

    def infer(_model: str, tensors: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        nonlocal spent
        start = time.process_time()
        picture, mask = (spec.to_picture(tensors[spec.name]) for spec in FACTS.inputs)
        made = FACTS.outputs[0].from_picture(network(picture, mask[..., 0] > 0))
        spent += time.process_time() - start
        return {"output": made}

    start = time.process_time()
    context = FakeContext(threads=2, infer=infer, models=[FACTS])
    result = gan_inpaint.run(inputs, gan_inpaint.Params(model=FACTS.id), context).image
    return result, time.process_time() - start - spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with JPEG photos, large ones")
    parser.add_argument("--only", default="", help="comma-separated beginnings of the photos' names")
    parser.add_argument("--wide", type=int, default=700, help="of the holes, in pixels")
    parser.add_argument("--out", type=Path, help="folder for crops around each hole: of the truth and of every fill")
    arguments = parser.parse_args()
    photos = load(arguments.data)
    content_fill.warm_up()
    if arguments.out is not None:
        arguments.out.mkdir(parents=True, exist_ok=True)
    sharp: dict[str, list[float]] = {}
    for name, photo in photos.items():
        if not name.startswith(tuple(arguments.only.split(","))) or min(photo.shape[:2]) < 2 * arguments.wide:
            continue
        large = case(name, photo, arguments.wide)
        truth, inputs = as_float(large.photo), to_inputs(large.photo, large.hole)
        results: dict[str, tuple[F32, float]] = {}
        for title, network in (("oracle", knowing(truth)), ("poor network", poor)):
            known = np.where(large.hole[..., None], truth[~large.hole].mean(axis=0), truth).astype(np.float32)
            results[f"{title}, enlarged"] = enlarged(known, large.hole, network), 0.0
            results[f"{title}, detailed"] = detailed(inputs, network)
        start = time.process_time()
        filled = content_fill.run(inputs, content_fill.Params(), FakeContext(threads=2)).image
        results["content fill"] = filled, time.process_time() - start
        for title, (picture, seconds) in {"truth": (truth, 0.0), **results}.items():
            numbers = measured(picture, truth, large.hole)
            sharp.setdefault(title, []).append(energy(picture, large.hole) / energy(truth, large.hole))
            ring = texture_ratio(picture, large.hole)
            print(
                f"{name[:20]:20} {title:23} sharpness over the ring {ring:5.2f}, "
                f"the truth {sharp[title][-1]:5.2f}  GMSD {numbers['GMSD']:.4f}  PSNR {numbers['PSNR']:5.2f} dB "
                f"{seconds:6.1f} s",
                flush=True,
            )
            if arguments.out is not None:
                save(arguments.out, f"{name}_{title.replace(', ', '_').replace(' ', '_')}", picture, large.hole)
    print("\nSharpness over the truth: median, and how many of all lie between 0.8 and 1.25")
    for title, values in sharp.items():
        good = sum(0.8 <= value <= 1.25 for value in values)
        print(f"{title:23} {float(np.median(values)):5.2f}  {good} of {len(values)}")


if __name__ == "__main__":
    main()
