"""How near enlarged photos come to the truth, how long they take beside the bare network, and what memory.

    python -m tests.benchmarks.upscale [--data DIR] [--models DIR] [--out DIR] [--only span] [--side 480]

Crops of the photos are reduced by the network's scale and enlarged again, by every installed model that enlarges and by
Lanczos. Seconds are of the processor, as other work would falsify those of the clock. The memory is that of a large
picture above its source, with a network that only repeats pixels, so that no hours are needed.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.host.library import store
from editor.host.places import Places
from editor.imaging.resample import apply, cubic, lanczos
from editor.runtime import onnx
from editor.runtime.infer import InferenceEngine
from editor.runtime.providers import Choice, Provider
from editor.runtime.selftest import Verdicts
from editor.runtime.sessions import SessionPool
from editor.runtime.store import ModelStore
from editor.sdk.models import ModelFacts, TensorSpec
from editor.sdk.plugin import Inputs
from editor.sdk.testing import FakeContext
from plugins.upscale import Params, run
from tests.imaging.pictures import textured

F32 = NDArray[np.float32]

_POOL_BYTES = 2 << 30
_TILE_BYTES = 1 << 30


def engine(models: ModelStore) -> InferenceEngine:
    """As the editor sets it up, on the CPU alone."""
    verdicts = Verdicts(Places.default().cache / "selftest.json", onnx.version())
    choice = Choice((Provider.CPU,), "benchmark")
    pool = SessionPool(_POOL_BYTES)
    return InferenceEngine(models, pool, onnx.load, choice, verdicts, on_message=print, tile_budget_bytes=_TILE_BYTES)


def resized(image: F32, height: int, width: int) -> F32:
    high, wide = image.shape[:2]
    make = cubic if height < high else lanczos
    return np.clip(apply(image, make(high, height), make(wide, width)), 0, 1)


def to_inputs(image: F32) -> Inputs:
    return Inputs(image, np.ones(image.shape[:2], np.float32), np.ones(image.shape[:2], np.bool_))


def enlarged(runs: InferenceEngine, image: F32, **params: Any) -> tuple[F32, Mapping[str, float | str]]:
    chosen = Params(**params)
    context = FakeContext(
        threads=2,
        infer=lambda model, inputs: runs.infer(model, inputs).outputs,
        models=[runs.facts(chosen.model)],
    )
    result = run(to_inputs(image), chosen, context)
    return np.concatenate([strip.image for strip in result.strips]), result.report


def psnr(one: F32, other: F32) -> float:
    return float(-10 * np.log10(np.mean(np.square(one - other))))


def compare(runs: InferenceEngine, facts: ModelFacts, name: str, truth: F32, out: Path | None) -> None:
    high, wide = (length // facts.scale * facts.scale for length in truth.shape[:2])
    truth = np.ascontiguousarray(truth[:high, :wide])
    small = resized(truth, high // facts.scale, wide // facts.scale)
    shown = [truth, resized(small, high, wide)]
    line = f"{name:12} {facts.id:18} x{facts.scale} Lanczos {psnr(shown[1], truth):5.2f} dB"
    for grain in (0, 50):
        result, report = enlarged(runs, small, model=facts.id, scale=float(facts.scale), grain=grain)
        line += f"  grain {grain:2} {psnr(result, truth):5.2f} dB, colours {report['colour shift']:4} levels"
        shown.append(result)
    print(line, flush=True)
    if out is not None:
        pixels = np.rint(np.hstack(shown)[..., ::-1] * 255)
        cv2.imwrite(str(out / f"{name}_{facts.id}.png"), pixels.astype(np.uint8))


def seconds(runs: InferenceEngine, models: ModelStore, facts: ModelFacts, image: F32) -> None:
    """Against one run of the network over the same pixels, without tiles."""
    session = onnx.load(models.locate(facts.id), (Provider.CPU,))
    tensor = facts.inputs[0].from_picture(image)
    enlarged(runs, image[:64, :64], model=facts.id)  # what is loaded and compiled once

    start = time.process_time()
    session.run({facts.inputs[0].name: tensor}, lambda: False)
    bare = time.process_time() - start
    start = time.process_time()
    enlarged(runs, image, model=facts.id, scale=float(facts.scale))
    ours = time.process_time() - start
    size = f"{image.shape[1]} x {image.shape[0]}"
    print(f"{facts.id:18} {size}: {ours:7.1f} s, network {bare:7.1f} s, ratio {ours / bare:.2f}", flush=True)


def peak_mb() -> float:
    """The highest resident size so far, in MB (Linux counts in KiB, macOS in bytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1024)


def memory(megapixels: float, factor: int) -> None:
    """The strips are thrown away, as a host writes them into the tiles of the new document."""
    spec = TensorSpec("x", "NCHW", "float32", (0.0, 1.0), "RGB", 3)
    known = ModelFacts("repeat", "Repeat", factor, None, 16, (spec,), (spec,))

    def repeat(_model: str, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        return {"x": inputs["x"].repeat(factor, axis=2).repeat(factor, axis=3)}

    context = FakeContext(threads=2, infer=repeat, models=[known])
    high = int((megapixels * 1e6 / 1.5) ** 0.5)
    inputs = to_inputs(np.tile(textured(200, 300), (-(-high // 200), -(-high // 200), 1))[:high, : high * 3 // 2])
    before, start = peak_mb(), time.process_time()
    for _strip in run(inputs, Params(model="repeat", scale=float(factor)), context).strips:
        pass
    print(
        f"{megapixels:g} MP x{factor}, without the network: {time.process_time() - start:.0f} s, "
        f"{peak_mb() - before:.0f} MB above the source",
        flush=True,
    )


def load(folder: Path | None, side: int) -> dict[str, F32]:
    """A crop from the middle of each photo."""
    if folder is None:
        return {"synthetic": textured(side, side)}
    crops = {}
    for path in sorted(folder.glob("*.jpg")):
        pixels = cv2.imread(str(path))
        if pixels is not None and min(pixels.shape[:2]) >= side:
            top, left = ((length - side) // 2 for length in pixels.shape[:2])
            crop = pixels[top : top + side, left : left + side, ::-1]
            crops[path.stem.split("_")[0]] = np.ascontiguousarray(crop / np.float32(255), np.float32)
    return crops


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with JPEG photos; without it a synthetic picture is used")
    parser.add_argument("--models", type=Path, help="folder with models and their manifests; else the user's own")
    parser.add_argument("--out", type=Path, help="folder for side-by-sides: truth, Lanczos, without grain, with grain")
    parser.add_argument("--only", default="", help="beginning of the models' ids")
    parser.add_argument("--side", type=int, default=480, help="of the crops, in pixels")
    parser.add_argument("--megapixels", type=float, default=24.0, help="size of the picture for the memory")
    arguments = parser.parse_args()
    if arguments.out is not None:
        arguments.out.mkdir(parents=True, exist_ok=True)
    memory(arguments.megapixels, 4)
    models = store(Places.default()) if arguments.models is None else ModelStore([arguments.models])
    crops = load(arguments.data, arguments.side)
    runs = engine(models)
    for model, manifest in models.manifests.items():
        if manifest.role == "upscale" and model.startswith(arguments.only) and models.installed(model):
            seconds(runs, models, manifest.facts, next(iter(crops.values())))
            for name, truth in crops.items():
                compare(runs, manifest.facts, name, truth, arguments.out)


if __name__ == "__main__":
    main()
