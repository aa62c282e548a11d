"""What tiles cost beside the bare network, what memory a large picture takes, and how soon a model is ready.

    python -m tests.benchmarks.runtime [--models DIR] [--megapixels 24] [--only small]

The bare network runs over the same pixels in tiles of the same size that don't overlap; that is less than anybody could
do without seams. Seconds are of the processor, as other work would falsify those of the clock.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from editor.host.library import store
from editor.host.places import Places
from editor.runtime import onnx, tiling
from editor.runtime.providers import Provider
from editor.runtime.store import ModelStore
from tests.benchmarks.upscale import engine
from tests.runtime import models

F32 = NDArray[np.float32]

RATIO, PEAK_MB, FIRST_S, SECOND_MS = 1.15, 1500, 2.0, 5.0
_TILE_BYTES = 1 << 30
_HEAVY_MB = 70


class Peak:
    """The most that this process has in memory while it is entered, in MB above what it had before."""

    def __enter__(self) -> Peak:
        self.above_mb = 0.0
        self._process = psutil.Process()
        self._before = self._process.memory_info().rss
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._watcher.join()

    def _watch(self) -> None:
        while not self._over.wait(0.02):
            grown = self._process.memory_info().rss - self._before
            self.above_mb = max(self.above_mb, grown / 2**20)


def pictures(sides: tuple[int, int]) -> F32:
    """A noisy gradient, 1 x 3 x high x wide."""
    high, wide = sides
    rows = np.linspace(0.2, 0.8, high, dtype=np.float32)[:, None]
    noise = np.random.default_rng(0).random((3, high, wide), np.float32)
    return (rows + np.float32(0.1) * noise)[None]


def cuts(image: F32, side: int) -> Iterator[F32]:
    for top in range(0, image.shape[2], side):
        for left in range(0, image.shape[3], side):
            yield np.ascontiguousarray(image[:, :, top : top + side, left : left + side])


def tiles(known: ModelStore, model_id: str, megapixels: float) -> None:
    """One picture through the engine, and through the bare network."""
    manifest = known.manifest(model_id)
    assert manifest.overlap_px is not None
    assert manifest.memory_mb_per_mp is not None
    (given,) = manifest.inputs
    high = int((megapixels * 1e6 / 1.5) ** 0.5)
    image = pictures((high, high * 3 // 2))
    side = tiling.side_for(_TILE_BYTES, manifest.memory_mb_per_mp)
    plan = tiling.plan(image.shape[2], image.shape[3], manifest.size, manifest.overlap_px, side)
    runs = engine(known)
    runs.infer(model_id, {given.name: image[:, :, :64, :64].copy()})
    start = time.process_time()
    with Peak() as peak:
        outputs = runs.infer(model_id, {given.name: image}).outputs
    ours = time.process_time() - start
    above = peak.above_mb - sum(output.nbytes for output in outputs.values()) / 2**20
    del outputs
    session = onnx.load(known.locate(model_id), (Provider.CPU,))
    start = time.process_time()
    for part in cuts(image, plan.side_px):
        session.run({given.name: part}, lambda: False)
    bare = time.process_time() - start
    print(
        f"{model_id:18} {image.shape[3]} x {image.shape[2]}, {plan.count} tiles: {ours:.1f} s, network {bare:.1f} s, "
        f"ratio {ours / bare:.3f} (at most {RATIO}), {above:.0f} MB above the pictures (below {PEAK_MB})",
        flush=True,
    )


def ready(folder: Path) -> None:
    """How long it takes until a heavy model answers, the first time and the second."""
    rows = _HEAVY_MB * 1_000_000 // 4 // 64
    table = np.random.default_rng(0).random((rows, 64), np.float32)
    node = helper.make_node("Gather", ["table", "row"], ["values"])
    path = models.save(
        folder / "heavy.onnx",
        [node],
        [models.value("row", [1], TensorProto.INT64)],
        [models.value("values", [1, 64])],
        [numpy_helper.from_array(table, "table")],
    )
    models.describe(
        path,
        whole=True,
        overlap_px=None,
        inputs=[{"name": "row", "layout": "plain", "dtype": "int64", "shape": [1]}],
        outputs=[{"name": "values", "layout": "plain", "dtype": "float32", "shape": [1, 64]}],
    )
    runs = engine(ModelStore([folder]))
    times = []
    for _turn in range(6):
        start = time.perf_counter()
        runs.infer("heavy", {"row": np.array([7])})
        times.append(time.perf_counter() - start)
    print(
        f"{path.stat().st_size / 1e6:.0f} MB: first use {times[0]:.2f} s (below {FIRST_S:g}), then "
        f"{1000 * float(np.median(times[1:])):.1f} ms (below {SECOND_MS:g})",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, help="folder with models and their manifests; else the user's own")
    parser.add_argument("--megapixels", type=float, default=24.0)
    parser.add_argument("--only", default="", help="beginning of the models' ids")
    arguments = parser.parse_args()
    known = store(Places.default()) if arguments.models is None else ModelStore([arguments.models])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ready(folder)
        models.describe(models.conv_net(folder / "small.onnx", layers=6, width=32), overlap_px=6, memory_mb_per_mp=600)
        for each in (ModelStore([folder]), known):
            for model_id, manifest in each.manifests.items():
                local = manifest.overlap_px is not None and len(manifest.inputs) == 1
                if local and model_id.startswith(arguments.only) and each.installed(model_id):
                    tiles(each, model_id, arguments.megapixels)


if __name__ == "__main__":
    main()
