"""Weights of a network in the ONNX file that was exported of it: one file to run and to learn on from."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from editor.core.errors import ModelError
from editor.core.i18n import _
from editor.runtime.convert.torch_export import exported
from editor.sdk.recipe import Export

TOLERANCE = 1e-4
"""The largest difference between a network and its file, of values 0..1."""

_EXAMPLE_UNITS = 5


def to_onnx(network: nn.Module, export: Export) -> onnx.ModelProto:
    """The network as an ONNX model for pictures of any size, which holds all its weights by their names."""
    unit = export.multiple_of
    rows, columns = (unit * torch.export.Dim(name) for name in ("rows", "columns"))
    side = max(math.ceil(export.minimum / unit), _EXAMPLE_UNITS) * unit
    example = torch.zeros(1, export.input.channels, side, side + unit)
    model = exported(network, [example], [export.input.name], [export.output.name], [{2: rows, 3: columns}])
    held = {tensor.name: tensor for tensor in model.graph.initializer}
    for name, weight in network.state_dict().items():
        values = weight.detach().cpu().numpy()
        found = held.get(name)
        if found is not None and np.array_equal(numpy_helper.to_array(found), values):
            continue
        if found is not None:
            _rename(model.graph, found, f"{name}_folded")
        model.graph.initializer.append(numpy_helper.from_array(values, name))
    return model


def _rename(graph: onnx.GraphProto, tensor: onnx.TensorProto, name: str) -> None:
    """The exporter puts a weight and the normalisation after it together, under the weight's name; of equal weights it
    keeps one."""
    for node in graph.node:
        node.input[:] = [name if each == tensor.name else each for each in node.input]
    tensor.name = name


def from_onnx(path: Path, network: nn.Module) -> dict[str, Tensor]:
    """The weights for a network in a file made by `to_onnx`.

    Raises:
        ModelError: it can't be read, or is of another network.
    """
    try:
        model = onnx.load_model_from_string(path.read_bytes())
    except Exception as error:  # protobuf's errors have no common class
        raise ModelError(_("{path} can't be read as a model.").format(path=path)) from error
    held = {tensor.name: tensor for tensor in model.graph.initializer}
    weights = {}
    for name, wanted in network.state_dict().items():
        tensor = held.get(name)
        if tensor is None or tuple(tensor.dims) != tuple(wanted.shape):
            raise ModelError(
                _("The model in {name} is of another network: nothing can be learned from it here.").format(
                    name=path.name
                )
            )
        weights[name] = torch.from_numpy(np.array(numpy_helper.to_array(tensor)))
    return weights


def write(path: Path, network: nn.Module, export: Export, given: Tensor) -> float:
    """Writes a network's file and returns how far it is from the network for an input; what was there stays until
    that is known to be little. Takes half a minute.

    Raises:
        ModelError: it is too far.
        OSError: it can't be written.
    """
    network.eval()
    part = path.with_suffix(".part")
    try:
        part.write_bytes(to_onnx(network, export).SerializeToString())
        onnx.checker.check_model(str(part))
        found = difference(part, network, given)
        if not found <= TOLERANCE:
            raise ModelError(
                _("The exported model differs from what was learned by {found:.2g}; it is not kept.").format(
                    found=found
                )
            )
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return found


def difference(path: Path, network: nn.Module, given: Tensor) -> float:
    """The largest between what a file and its network give for an input, run by ONNX Runtime on the CPU."""
    from editor.runtime import onnx as runtime
    from editor.runtime.providers import Provider

    session = runtime.load(path, [Provider.CPU])
    with torch.no_grad():
        wanted = network.cpu()(given).numpy()
    (name,) = session.input_names
    (result,) = session.run({name: given.numpy()}, lambda: False).values()
    return float(np.abs(result - wanted).max())
