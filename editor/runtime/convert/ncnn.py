"""Networks of ncnn into ONNX.

Nothing is guessed: a layer, a type of weights or a parameter that is not known here is an error.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from editor.core.errors import ModelError
from editor.core.i18n import _
from editor.runtime.convert.ncnn_files import Layer, Params, Weights, blaming, read_layers

_OPSET = 17
_IR_VERSION = 8

# By the number of the operation: the operator, and whether the second operand comes first.
_BINARY = {
    0: ("Add", False),
    1: ("Sub", False),
    2: ("Mul", False),
    3: ("Div", False),
    4: ("Max", False),
    5: ("Min", False),
    7: ("Sub", True),
    8: ("Div", True),
}
_ELTWISE = {0: "Mul", 1: "Add", 2: "Max"}
_ELTWISE_SUM = 1
_RESIZE: dict[int, dict[str, str]] = {
    1: {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"},
    2: {"mode": "linear", "coordinate_transformation_mode": "half_pixel"},
    3: {"mode": "cubic", "coordinate_transformation_mode": "half_pixel"},
}


def from_ncnn(param: str, weights: bytes) -> onnx.ModelProto:
    """The network as an ONNX model in float32 for one picture of any size, NCHW.

    Inputs and outputs keep their names; an output is what no layer reads.

    Args:
        param: the text of the .param file.
        weights: the content of the .bin file.

    Raises:
        ModelError: a file is damaged, or holds something that has no counterpart here.
    """
    layers = read_layers(param)
    graph = _Graph(weights, layers)
    for layer in layers:
        with blaming(layer.line):
            if layer.kind not in _KINDS:
                raise ModelError(
                    _("The model cannot be converted: layers of the kind {kind!r} are not supported.").format(
                        kind=layer.kind
                    )
                )
            _KINDS[layer.kind](graph, layer)
            layer.params.check_all_read()
    return graph.model()


@dataclass(frozen=True, slots=True)
class _Tensor:
    """A tensor of the ONNX graph. Height and width are known when the model runs."""

    name: str
    channels: int


class _Graph:
    """The ONNX graph so far, and under which names of ncnn its tensors go.

    No name in a .param file has a space in it, so that names made here do.
    """

    def __init__(self, weights: bytes, layers: Sequence[Layer]) -> None:
        self.weights = Weights(weights)
        self.layers = layers
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._inputs: list[_Tensor] = []
        self._tensors: dict[str, _Tensor] = {}
        self._outputs: dict[str, _Tensor] = {}

    def read(self, layer: Layer, count: int | None = None) -> list[_Tensor]:
        """The inputs of a layer, of which there must be `count`, or at least one."""
        names = layer.inputs
        if not names or len(names) != (count or len(names)) or not self._tensors.keys() >= set(names):
            raise ValueError(f"{layer.kind} cannot have the inputs {names}")
        for name in names:
            self._outputs.pop(name, None)
        return [self._tensors[name] for name in names]

    def name(self, blob: str, tensor: _Tensor) -> None:
        """From here on `blob` is this tensor."""
        if blob in self._tensors:
            raise ValueError(f"{blob} is the output of two layers")
        self._tensors[blob] = self._outputs[blob] = tensor

    def input(self, blob: str, channels: int) -> None:
        self.name(blob, _Tensor(blob, channels))
        self._inputs.append(self._outputs.pop(blob))

    def constant(self, name: str, values: NDArray[np.float32]) -> str:
        self._constants.append(numpy_helper.from_array(values, name))
        return name

    def node(self, operator: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        self._nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def model(self) -> onnx.ModelProto:
        """Raises ModelError if the two files are not those of one whole network."""
        if not self.weights.at_end:
            raise ModelError(_("The model's .param and .bin files do not belong together."))
        if not self._inputs or not self._outputs:
            raise ModelError(_("The model cannot be converted: it has no input or no output."))
        for blob, tensor in self._outputs.items():
            if blob != tensor.name:
                self.node("Identity", [tensor.name], blob)
        outputs = [_described(blob, tensor.channels) for blob, tensor in self._outputs.items()]
        inputs = [_described(tensor.name, tensor.channels) for tensor in self._inputs]
        graph = helper.make_graph(self._nodes, "ncnn", inputs, outputs, self._constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION)


def _described(name: str, channels: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, f"{name} height", f"{name} width"])


def _input(graph: _Graph, layer: Layer) -> None:
    layer.params.skip(0, 1)  # width and height at which it was exported
    channels = layer.params.integer(2, 0, least=-1)
    graph.input(layer.output, channels if channels > 0 else _wanted_channels(graph.layers))


def _wanted_channels(layers: Sequence[Layer]) -> int:
    """What the first convolution wants. If the layers before it change the number, it will not fit there."""
    for layer in layers:
        if layer.kind == "Convolution":
            return _kernel_shape(layer.params)[1]
    raise ValueError("an input of an unknown number of channels")


def _split(graph: _Graph, layer: Layer) -> None:
    (tensor,) = graph.read(layer, 1)
    for blob in layer.outputs:
        graph.name(blob, tensor)


def _memory_data(graph: _Graph, layer: Layer) -> None:
    """Constants, one a channel. What has a height and width would bind the network to one size of picture."""
    width, height, channels = (layer.params.integer(key, 0) for key in (0, 1, 2))
    if width != 1 or height != 1 or channels < 1:
        raise ValueError(f"constants of the shape {(channels, height, width)}")
    read = graph.weights.plain if layer.params.integer(21, 1) else graph.weights.tagged
    graph.constant(layer.output, read(channels).reshape(1, channels, 1, 1))
    graph.name(layer.output, _Tensor(layer.output, channels))


def _kernel_shape(params: Params) -> tuple[int, int, int, int]:
    """Output channels, input channels, height, width."""
    channels = params.integer(0, 0, least=1)
    width = params.integer(1, 0, least=1)
    height = params.integer(11, width, least=1)
    wanted, rest = divmod(params.integer(6, 0, least=1), channels * height * width)
    if rest:
        raise ValueError("not as many weights as the kernel has")
    return channels, wanted, height, width


def _convolution(graph: _Graph, layer: Layer) -> None:
    params = layer.params
    (source,) = graph.read(layer, 1)
    shape = _kernel_shape(params)
    if source.channels != shape[1]:
        raise ValueError(f"{source.channels} channels for a kernel of {shape[1]}")
    operands = [
        source.name,
        graph.constant(f"{layer.output} weights", graph.weights.tagged(math.prod(shape)).reshape(shape)),
    ]
    if params.integer(5, 0):
        operands.append(graph.constant(f"{layer.output} bias", graph.weights.plain(shape[0])))
    dilation, stride = params.integer(2, 1, least=1), params.integer(3, 1, least=1)
    left = params.integer(4, 0)
    top = params.integer(14, left)
    convolved = graph.node(
        "Conv",
        operands,
        f"{layer.output} before" if params.integer(9, 0) else layer.output,
        kernel_shape=shape[2:],
        dilations=[params.integer(12, dilation, least=1), dilation],
        strides=[params.integer(13, stride, least=1), stride],
        pads=[top, left, params.integer(16, top), params.integer(15, left)],
    )
    _activate(graph, layer, convolved)
    graph.name(layer.output, _Tensor(layer.output, shape[0]))


def _activate(graph: _Graph, layer: Layer, source: str) -> None:
    """The activation that is part of a convolution."""
    match layer.params.integer(9, 0), layer.params.numbers(10):
        case 0, _:
            pass
        case 1, _:
            graph.node("Relu", [source], layer.output)
        case 2, (slope,):
            graph.node("LeakyRelu", [source], layer.output, alpha=slope)
        case 4, _:
            graph.node("Sigmoid", [source], layer.output)
        case kind, values:
            raise ValueError(f"an activation of the kind {kind} with {values}")


def _relu(graph: _Graph, layer: Layer) -> None:
    (source,) = graph.read(layer, 1)
    graph.node("LeakyRelu", [source.name], layer.output, alpha=layer.params.number(0, 0.0))
    graph.name(layer.output, _Tensor(layer.output, source.channels))


def _prelu(graph: _Graph, layer: Layer) -> None:
    (source,) = graph.read(layer, 1)
    count = layer.params.integer(0, 0)
    if count not in (1, source.channels):
        raise ValueError(f"{count} slopes for {source.channels} channels")
    slopes = graph.constant(f"{layer.output} slopes", graph.weights.plain(count).reshape(count, 1, 1))
    graph.node("PRelu", [source.name, slopes], layer.output)
    graph.name(layer.output, _Tensor(layer.output, source.channels))


def _sigmoid(graph: _Graph, layer: Layer) -> None:
    (source,) = graph.read(layer, 1)
    graph.node("Sigmoid", [source.name], layer.output)
    graph.name(layer.output, _Tensor(layer.output, source.channels))


def _swish(graph: _Graph, layer: Layer) -> None:
    (source,) = graph.read(layer, 1)
    gate = graph.node("Sigmoid", [source.name], f"{layer.output} gate")
    graph.node("Mul", [source.name, gate], layer.output)
    graph.name(layer.output, _Tensor(layer.output, source.channels))


def _concat(graph: _Graph, layer: Layer) -> None:
    if layer.params.integer(0, 0):
        raise ValueError("channels are the only axis to join along")
    sources = graph.read(layer)
    graph.node("Concat", [source.name for source in sources], layer.output, axis=1)
    graph.name(layer.output, _Tensor(layer.output, sum(source.channels for source in sources)))


def _binary_op(graph: _Graph, layer: Layer) -> None:
    kind = layer.params.integer(0, 0)
    if kind not in _BINARY:
        raise ValueError(f"an operation of the kind {kind}")
    operator, swapped = _BINARY[kind]
    with_scalar, scalar = layer.params.integer(1, 0), layer.params.number(2, 0.0)
    sources = graph.read(layer, 1 if with_scalar else 2)
    operands = [source.name for source in sources]
    if with_scalar:
        operands.append(graph.constant(f"{layer.output} scalar", np.array(scalar, np.float32)))
    graph.node(operator, operands[::-1] if swapped else operands, layer.output)
    graph.name(layer.output, _Tensor(layer.output, _common_channels(sources)))


def _eltwise(graph: _Graph, layer: Layer) -> None:
    kind = layer.params.integer(0, 0)
    factors = layer.params.numbers(1) if kind == _ELTWISE_SUM else ()
    sources = graph.read(layer)
    if kind not in _ELTWISE or len(factors) not in (0, len(sources)):
        raise ValueError(f"an operation of the kind {kind} with {factors}")
    operands = [source.name for source in sources]
    for index, factor in enumerate(factors):
        scalar = graph.constant(f"{layer.output} factor {index}", np.array(factor, np.float32))
        operands[index] = graph.node("Mul", [operands[index], scalar], f"{layer.output} scaled {index}")
    total, *others = operands
    for index, operand in enumerate(others, 1):
        name = layer.output if index == len(others) else f"{layer.output} up to {index}"
        total = graph.node(_ELTWISE[kind], [total, operand], name)
    graph.name(layer.output, _Tensor(total, _common_channels(sources)))


def _common_channels(sources: Sequence[_Tensor]) -> int:
    """One channel goes with any number of them."""
    channels = max(source.channels for source in sources)
    if any(source.channels not in (1, channels) for source in sources):
        raise ValueError(f"tensors that do not fit: {sources}")
    return channels


def _pixel_shuffle(graph: _Graph, layer: Layer) -> None:
    (source,) = graph.read(layer, 1)
    factor = layer.params.integer(0, 1, least=1)
    channels, rest = divmod(source.channels, factor * factor)
    if rest:
        raise ValueError(f"{source.channels} channels for {factor} × {factor} pixels")
    graph.node("DepthToSpace", [source.name], layer.output, blocksize=factor, mode="CRD")
    graph.name(layer.output, _Tensor(layer.output, channels))


def _interp(graph: _Graph, layer: Layer) -> None:
    (source,) = graph.read(layer, 1)
    kind = layer.params.integer(0, 0)
    scales = np.array([1, 1, layer.params.number(1, 1.0), layer.params.number(2, 1.0)], np.float32)
    if kind not in _RESIZE or scales.min() <= 0:
        raise ValueError(f"a resize of the kind {kind} by {scales}")
    names = [source.name, "", graph.constant(f"{layer.output} scales", scales)]
    graph.node("Resize", names, layer.output, **_RESIZE[kind])
    graph.name(layer.output, _Tensor(layer.output, source.channels))


_KINDS: dict[str, Callable[[_Graph, Layer], None]] = {
    "BinaryOp": _binary_op,
    "Concat": _concat,
    "Convolution": _convolution,
    "Eltwise": _eltwise,
    "Input": _input,
    "Interp": _interp,
    "MemoryData": _memory_data,
    "PReLU": _prelu,
    "PixelShuffle": _pixel_shuffle,
    "ReLU": _relu,
    "Sigmoid": _sigmoid,
    "Split": _split,
    "Swish": _swish,
}
