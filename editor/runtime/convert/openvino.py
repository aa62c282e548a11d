"""Networks of OpenVINO into ONNX.

Nothing is guessed: a kind of layer, a version of it or an attribute that is not known here is an error. What a network
computes about shapes is computed here, as every shape is known; the ONNX model has the results as constants.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from editor.core.errors import ModelError
from editor.core.i18n import _
from editor.runtime.convert.openvino_files import Layer, Port, Weights, blaming, read_layers

_OPSET = 17
_IR_VERSION = 8

_ELEMENTWISE = {"Add": "Add", "Multiply": "Mul", "Power": "Pow"}

# More numbers than this are no shape.
_MOST_NUMBERS = 16


def from_openvino(xml: str, weights: bytes) -> onnx.ModelProto:
    """The network as an ONNX model in float32, for inputs of the shapes that it was written for.

    An input is called like its layer, an output like the layer that computes it; of a layer with several outputs, a
    dot and the number of the output follow.

    Args:
        xml: the text of the .xml file.
        weights: the content of the .bin file.

    Raises:
        ModelError: a file is damaged, or holds something that has no counterpart here.
    """
    layers = read_layers(xml)
    graph = _Graph(weights, layers)
    for layer in layers:
        with blaming(layer.name):
            if layer.kind not in _KINDS:
                raise ModelError(
                    _("The model cannot be converted: layers of the kind {kind!r} are not supported.").format(
                        kind=layer.kind
                    )
                )
            opset, convert = _KINDS[layer.kind]
            if layer.opset != opset:
                raise ValueError(f"{layer.kind} of {layer.opset} instead of {opset}")
            convert(graph, layer)
            layer.attributes.check_all_read()
    return graph.model()


@dataclass(frozen=True, slots=True)
class _Tensor:
    """A tensor of the network; `values` if they are known already, else it is float32 and called `name` in ONNX."""

    name: str
    shape: tuple[int, ...]
    values: NDArray[Any] | None = None


class _Graph:
    """The ONNX graph so far, and which tensor is which output of a layer.

    The names of tensors made here begin with the number of their layer.
    """

    def __init__(self, weights: bytes, layers: Sequence[Layer]) -> None:
        self.weights = Weights(weights)
        self._layers = layers
        self._tensors: dict[tuple[int, int], _Tensor] = {}
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []
        self._known: list[onnx.ValueInfoProto] = []

    def read(self, layer: Layer, count: int) -> list[_Tensor]:
        """The inputs of a layer, of which there must be `count`."""
        if len(layer.sources) != count:
            raise ValueError(f"{layer.kind} with {len(layer.sources)} inputs instead of {count}")
        return [self._tensors[source] for source in layer.sources]

    def operand(self, tensor: _Tensor) -> str:
        """The name under which a float32 tensor can be computed with."""
        if tensor.values is not None:
            return self.constant(tensor.name, _floats(tensor))
        return tensor.name

    def constant(self, name: str, values: NDArray[Any]) -> str:
        self._constants[name] = numpy_helper.from_array(values, name)
        return name

    def known(self, layer: Layer, values: NDArray[Any]) -> None:
        """The only output of a layer is these values."""
        kind = "FP32" if values.dtype == np.float32 else f"I{8 * values.dtype.itemsize}"
        if layer.output != Port(kind, values.shape):
            raise ValueError(f"an output of {layer.output} for values of {kind} and {values.shape}")
        self._tensors[layer.number, 0] = _Tensor(_name(layer, 0), values.shape, values)

    def compute(self, layer: Layer, operator: str, inputs: Sequence[str], **attributes: Any) -> None:
        """The outputs of a layer, all of float32, are those of an ONNX operator."""
        for index, port in enumerate(layer.outputs):
            tensor = self._tensors[layer.number, index] = _Tensor(_name(layer, index), port.shape)
            self._known.append(_described(tensor.name, port))
        names = [_name(layer, index) for index in range(len(layer.outputs))]
        self._nodes.append(helper.make_node(operator, inputs, names, **attributes))

    def input(self, layer: Layer) -> None:
        self._tensors[layer.number, 0] = _Tensor(layer.name, layer.output.shape)
        self._inputs.append(_described(layer.name, layer.output))

    def output(self, layer: Layer) -> None:
        (tensor,), ((number, index),) = self.read(layer, 1), layer.sources
        source = self._layers[number]
        name = source.name if len(source.outputs) == 1 else f"{source.name}.{index}"
        self._nodes.append(helper.make_node("Identity", [self.operand(tensor)], [name]))
        self._outputs.append(_described(name, layer.inputs[0]))

    def model(self) -> onnx.ModelProto:
        """Raises ModelError if the two files are not those of one whole network."""
        if not self.weights.at_end:
            raise ModelError(_("The model's .xml and .bin files do not belong together."))
        if not self._inputs or not self._outputs:
            raise ModelError(_("The model cannot be converted: it has no input or no output."))
        graph = helper.make_graph(
            self._nodes,
            "openvino",
            self._inputs,
            self._outputs,
            list(self._constants.values()),
            value_info=self._known,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION)
        try:
            # Works out all shapes anew and compares them with those of the .xml file.
            onnx.checker.check_model(model, full_check=True)
        except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
            raise ModelError(_("The model cannot be converted: its layers do not fit each other.")) from error
        return model


def _name(layer: Layer, output: int) -> str:
    return f"{layer.number}.{output} {layer.name}"


def _described(name: str, port: Port) -> onnx.ValueInfoProto:
    if port.type != "FP32" or not all(port.shape):
        raise ValueError(f"a computed tensor of {port}")
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, port.shape)


def _floats(tensor: _Tensor) -> NDArray[np.float32]:
    """The values of a constant of float32."""
    if tensor.values is None or tensor.values.dtype != np.float32:
        raise ValueError("only constants of float32 can stand here")
    return tensor.values.astype(np.float32)


def _numbers(tensor: _Tensor) -> NDArray[np.int64]:
    """The values of a tensor of whole numbers that can be worked out beforehand, such as a shape."""
    if tensor.values is None or tensor.values.dtype.kind != "i" or tensor.values.size > _MOST_NUMBERS:
        raise ValueError("only a few known whole numbers can stand here")
    return tensor.values.astype(np.int64)


def _few(tensor: _Tensor) -> list[int]:
    """The same for at most one axis of numbers, as a list."""
    numbers = _numbers(tensor)
    if numbers.ndim > 1:
        raise ValueError(f"a list of numbers with {numbers.ndim} axes")
    return [int(number) for number in numbers.ravel()]


def _axes(tensor: _Tensor, rank: int) -> list[int]:
    """Axes of a tensor with `rank` of them, counted from the front, each at most once."""
    axes = _few(tensor)
    if not all(-rank <= axis < rank for axis in axes):
        raise ValueError(f"axes {axes} of {rank}")
    counted = [axis % rank for axis in axes]
    if not counted or len(set(counted)) != len(counted):
        raise ValueError(f"axes {axes} of {rank}")
    return counted


def _parameter(graph: _Graph, layer: Layer) -> None:
    graph.read(layer, 0)
    layer.attributes.choice("element_type", "f32")
    if layer.attributes.integers("shape") != layer.output.shape:
        raise ValueError("an input of two shapes")
    graph.input(layer)


def _result(graph: _Graph, layer: Layer) -> None:
    graph.output(layer)


def _const(graph: _Graph, layer: Layer) -> None:
    graph.read(layer, 0)
    graph.known(layer, graph.weights.constant(layer))


def _elementwise(graph: _Graph, layer: Layer) -> None:
    layer.attributes.choice("auto_broadcast", "numpy")
    operands = [graph.operand(tensor) for tensor in graph.read(layer, 2)]
    graph.compute(layer, _ELEMENTWISE[layer.kind], operands)


def _prelu(graph: _Graph, layer: Layer) -> None:
    source, slopes = graph.read(layer, 2)
    if slopes.shape != (1,):
        raise ValueError("more than one slope")
    graph.compute(layer, "PRelu", [graph.operand(source), graph.operand(slopes)])


def _matmul(graph: _Graph, layer: Layer) -> None:
    left, right = graph.read(layer, 2)
    turned = [layer.attributes.yes(name) for name in ("transpose_a", "transpose_b")]
    if len(left.shape) != 2 or len(right.shape) != 2 or left.shape[not turned[0]] != right.shape[turned[1]]:
        raise ValueError(f"a product of {left.shape} and {right.shape}")
    graph.compute(
        layer, "Gemm", [graph.operand(left), graph.operand(right)], transA=int(turned[0]), transB=int(turned[1])
    )


def _reduce_mean(graph: _Graph, layer: Layer) -> None:
    source, axes = graph.read(layer, 2)
    keep = layer.attributes.yes("keep_dims")
    graph.compute(layer, "ReduceMean", [graph.operand(source)], axes=_axes(axes, len(source.shape)), keepdims=int(keep))


def _convolution(graph: _Graph, layer: Layer) -> None:
    """Also one whose channels are in groups, the first axis of its weights, and one that goes the other way round."""
    grouped, backwards = layer.kind.startswith("Group"), layer.kind.endswith("BackpropData")
    source, kernel = graph.read(layer, 2)
    layer.attributes.choice("auto_pad", "explicit")
    names = ("strides", "dilations", "pads_begin", "pads_end", *(["output_padding"] if backwards else []))
    pairs = {name: layer.attributes.integers(name) for name in names}
    if (
        len(kernel.shape) != (5 if grouped else 4)
        or len(source.shape) != 4
        or {len(pair) for pair in pairs.values()} != {2}
    ):
        raise ValueError("a convolution of other than two dimensions")
    groups = kernel.shape[0] if grouped else 1
    weights = _floats(kernel).reshape(-1, *kernel.shape[-3:])
    if source.shape[1] != weights.shape[0 if backwards else 1] * (1 if backwards else groups):
        raise ValueError(f"{source.shape[1]} channels for a kernel of {kernel.shape}")
    attributes = {"output_padding": pairs["output_padding"]} if backwards else {}
    graph.compute(
        layer,
        "ConvTranspose" if backwards else "Conv",
        [graph.operand(source), graph.constant(f"{layer.number} weights", weights)],
        group=groups,
        kernel_shape=weights.shape[2:],
        strides=pairs["strides"],
        dilations=pairs["dilations"],
        pads=[*pairs["pads_begin"], *pairs["pads_end"]],
        **attributes,
    )


def _reshape(graph: _Graph, layer: Layer) -> None:
    source, shape = graph.read(layer, 2)
    layer.attributes.choice("special_zero", "true")  # a 0 takes over the side that stands there, as in ONNX
    target = graph.constant(f"{layer.number} shape", _numbers(shape))
    graph.compute(layer, "Reshape", [graph.operand(source), target])


def _squeeze(graph: _Graph, layer: Layer) -> None:
    source, axes = graph.read(layer, 2)
    numbers = np.array(_axes(axes, len(source.shape)), np.int64)
    graph.compute(layer, "Squeeze", [graph.operand(source), graph.constant(f"{layer.number} axes", numbers)])


def _tile(graph: _Graph, layer: Layer) -> None:
    source, repeats = graph.read(layer, 2)
    if len(_few(repeats)) != len(source.shape):
        raise ValueError(f"repeats of another number than {len(source.shape)}")
    numbers = graph.constant(f"{layer.number} repeats", _numbers(repeats))
    graph.compute(layer, "Tile", [graph.operand(source), numbers])


def _split(graph: _Graph, layer: Layer) -> None:
    source, axis, lengths = graph.read(layer, 3)
    (along,) = _axes(axis, len(source.shape))
    if len(_few(lengths)) != len(layer.outputs) or min(_few(lengths)) < 1:
        raise ValueError(f"{len(layer.outputs)} outputs for parts of {_few(lengths)}")
    parts = graph.constant(f"{layer.number} parts", _numbers(lengths))
    graph.compute(layer, "Split", [graph.operand(source), parts], axis=along)


def _broadcast(graph: _Graph, layer: Layer) -> None:
    source, shape = graph.read(layer, 2)
    target = tuple(_few(shape))
    if layer.attributes.choice("mode", "numpy", "bidirectional") == "bidirectional":
        target = np.broadcast_shapes(source.shape, target)
    if layer.output.shape != target:
        raise ValueError(f"an output of {layer.output.shape} instead of {target}")
    if layer.output.type == "FP32":
        numbers = graph.constant(f"{layer.number} shape", np.array(target, np.int64))
        graph.compute(layer, "Expand", [graph.operand(source), numbers])
    else:
        graph.known(layer, np.broadcast_to(_numbers(source), target))


def _shape_of(graph: _Graph, layer: Layer) -> None:
    (source,) = graph.read(layer, 1)
    layer.attributes.choice("output_type", "i64")
    graph.known(layer, np.array(source.shape, np.int64))


def _gather(graph: _Graph, layer: Layer) -> None:
    """Numbers out of a list of them."""
    source, indices, axis = graph.read(layer, 3)
    if layer.attributes.integer("batch_dims") or _few(axis) != [0]:
        raise ValueError("only the first axis can be chosen from")
    numbers, chosen = np.array(_few(source), np.int64), _numbers(indices)
    if not all(0 <= index < len(numbers) for index in chosen.ravel()):
        raise ValueError(f"one of {chosen} is not there")
    graph.known(layer, np.asarray(numbers[chosen]))


def _unsqueeze(graph: _Graph, layer: Layer) -> None:
    source, axes = graph.read(layer, 2)
    numbers = _numbers(source)
    rank = numbers.ndim + len(_few(axes))
    graph.known(layer, np.expand_dims(numbers, tuple(_axes(axes, rank))))


def _concat(graph: _Graph, layer: Layer) -> None:
    if layer.attributes.integer("axis") or not layer.sources:
        raise ValueError("only lists of numbers can be joined")
    lists = [_few(source) for source in graph.read(layer, len(layer.sources))]
    graph.known(layer, np.array([number for numbers in lists for number in numbers], np.int64))


# The version of each kind of layer, and what converts it.
_KINDS: dict[str, tuple[str, Callable[[_Graph, Layer], None]]] = {
    "Add": ("opset1", _elementwise),
    "Broadcast": ("opset3", _broadcast),
    "Concat": ("opset1", _concat),
    "Const": ("opset1", _const),
    "Convolution": ("opset1", _convolution),
    "Gather": ("opset7", _gather),
    "GroupConvolution": ("opset1", _convolution),
    "GroupConvolutionBackpropData": ("opset1", _convolution),
    "MatMul": ("opset1", _matmul),
    "Multiply": ("opset1", _elementwise),
    "PReLU": ("opset1", _prelu),
    "Parameter": ("opset1", _parameter),
    "Power": ("opset1", _elementwise),
    "ReduceMean": ("opset1", _reduce_mean),
    "Reshape": ("opset1", _reshape),
    "Result": ("opset1", _result),
    "ShapeOf": ("opset3", _shape_of),
    "Squeeze": ("opset1", _squeeze),
    "Tile": ("opset1", _tile),
    "Unsqueeze": ("opset1", _unsqueeze),
    "VariadicSplit": ("opset1", _split),
}
