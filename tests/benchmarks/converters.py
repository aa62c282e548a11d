"""How far converted models are from the original: its own runtime on the same inputs, where that can be imported.

    python -m tests.benchmarks.converters DIR

DIR holds the files of the models as they are fetched. Needed beside the editor, for what came from there: `openvino`.
"""

from __future__ import annotations

import argparse
import importlib
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from editor.runtime import onnx as runtime
from editor.runtime.convert import to_onnx
from editor.runtime.manifest import ModelManifest
from editor.runtime.providers import Provider
from editor.runtime.selftest import sample_inputs

MODELS = Path(__file__).resolve().parents[2] / "models"

Tensors = dict[str, NDArray[Any]]


def with_openvino(manifest: ModelManifest, files: list[Path], inputs: Tensors) -> Tensors:
    """What OpenVINO makes of the files."""
    openvino = importlib.import_module("openvino")
    compiled = openvino.Core().compile_model(files[0], "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return {spec.name: np.asarray(compiled(inputs)[spec.name]) for spec in manifest.outputs}


def at_the_old_size(manifest: ModelManifest, files: list[Path], inputs: Tensors) -> Tensors:
    """What the model gives as it came, for a batch of which the picture is each; it must be of the old size."""
    (picture,) = inputs.values()
    model = onnx.load(files[0])
    held = {constant.name for constant in model.graph.initializer}
    (taken,) = (value for value in model.graph.input if value.name not in held)
    batch = taken.type.tensor_type.shape.dim[0].dim_value
    outputs = runtime.load(files[0], (Provider.CPU,)).run({taken.name: picture.repeat(batch, axis=0)}, lambda: False)
    return {name: array[:1] for name, array in outputs.items()}


def with_torch(manifest: ModelManifest, files: list[Path], inputs: Tensors) -> Tensors:
    """What the network gives in torch."""
    import torch

    from editor.runtime.convert.efficientnet import read_efficientnet_lite0

    (value,) = inputs.values()
    with torch.no_grad():
        taps = read_efficientnet_lite0(files[0].read_bytes())(torch.from_numpy(value))
    return {name: array.numpy() for name, array in taps.items()}


# By converter: the original, and the side of the picture.
ORIGINALS: dict[str, tuple[Callable[[ModelManifest, list[Path], Tensors], Tensors], int]] = {
    "openvino": (with_openvino, 64),
    "free_size": (at_the_old_size, 32),
    "efficientnet_lite0": (with_torch, 512),
}


def compare(manifest: ModelManifest, files: list[Path]) -> None:
    """Prints the seconds of the conversion, then the largest difference of each output."""
    original, side_px = ORIGINALS[manifest.convert]
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "converted.onnx"
        path.write_bytes(to_onnx(manifest.convert, [file.read_bytes() for file in files]))
        seconds, size_mb = time.perf_counter() - began, path.stat().st_size / 1e6
        session = runtime.load(path, (Provider.CPU,))
    print(f"{manifest.id}: converted in {seconds:.1f} s, {size_mb:.1f} MB")
    inputs = sample_inputs(manifest, side_px)
    found = session.run(inputs, lambda: False)
    try:
        expected = original(manifest, files, inputs)
    except ImportError as error:
        print(f"  not compared: {error}")
        return
    for spec in manifest.outputs:
        difference = np.abs(found[spec.name] - expected[spec.name]).max()
        print(f"  {spec.name}: {difference:.2g} of {np.abs(expected[spec.name]).max():.3g}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    for path in sorted(MODELS.glob("*.toml")):
        manifest = ModelManifest.read(path)
        files = [folder / file.name for file in manifest.files]
        if manifest.convert in ORIGINALS and all(file.exists() for file in files):
            compare(manifest, files)


if __name__ == "__main__":
    main()
