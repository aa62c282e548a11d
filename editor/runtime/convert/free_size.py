"""ONNX models that were written for pictures of one size, made to take any.

Only operators that do the same at every place of a picture are known here. Whatever may hold the old size, such as a
shape to bring a tensor to, is an error.
"""

from __future__ import annotations

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # comes with onnx, without types
from onnx import TensorProto, helper

from editor.core.errors import ModelError
from editor.core.i18n import _

# In the version of IR from which on a constant is no longer an input, too.
_OLDEST_IR_VERSION = 4

# By operator: the attributes that have nothing to do with the size of a picture, and how many of the inputs in front
# are computed; those behind them are constants, one a channel or a kernel.
_KINDS = {
    "Add": (set[str](), 2),
    "BatchNormalization": ({"epsilon", "momentum"}, 1),
    "Conv": ({"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"}, 1),
    "ConvTranspose": ({"dilations", "group", "kernel_shape", "output_padding", "pads", "strides"}, 1),
    "Relu": (set[str](), 1),
    "Sigmoid": (set[str](), 1),
}


def with_free_size(model: bytes) -> onnx.ModelProto:
    """The same model for one picture of any height and width.

    Its only input and its outputs, float32 and NCHW, keep their names and channels. Which sizes fit through the
    network is not looked at: where it halves and doubles, and adds up, they must be multiples of something.

    Args:
        model: the content of the .onnx file.

    Raises:
        ModelError: it is damaged, or holds something that may depend on the size.
    """
    old = _parsed(model)
    held = {constant.name: constant for constant in old.graph.initializer}
    inputs = [value for value in old.graph.input if value.name not in held]
    if len(inputs) != 1 or not old.graph.output:
        raise ModelError(_("The model cannot be converted: it takes more or less than one picture."))
    read: set[str] = set()
    for node in old.graph.node:
        _check(node, held)
        read.update(node.input)
    graph = helper.make_graph(
        old.graph.node,
        old.graph.name or "free size",
        [_freed(inputs[0])],
        [_freed(value) for value in old.graph.output],
        [constant for name, constant in held.items() if name in read],
    )
    new = helper.make_model(graph, opset_imports=old.opset_import, ir_version=max(old.ir_version, _OLDEST_IR_VERSION))
    try:
        onnx.checker.check_model(new, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise _damaged() from error
    return new


def _damaged() -> ModelError:
    return ModelError(_("The model's .onnx file is damaged. Get it again."))


def _parsed(model: bytes) -> onnx.ModelProto:
    try:
        parsed = onnx.load_model_from_string(model)
    except DecodeError as error:
        raise _damaged() from error
    # Their values would be read from a file that the model names.
    if any(constant.data_location == TensorProto.EXTERNAL for constant in parsed.graph.initializer):
        raise _damaged()
    return parsed


def _check(node: onnx.NodeProto, held: dict[str, onnx.TensorProto]) -> None:
    """Raises ModelError if the node may work at one size of picture only."""
    if node.domain not in ("", "ai.onnx") or node.op_type not in _KINDS:
        raise ModelError(
            _("The model cannot be converted: layers of the kind {kind!r} are not supported.").format(kind=node.op_type)
        )
    attributes, computed = _KINDS[node.op_type]
    unknown = {attribute.name for attribute in node.attribute} - attributes
    if unknown or [name in held for name in node.input] != [at >= computed for at in range(len(node.input))]:
        raise ModelError(
            _("The model cannot be converted: a layer of the kind {kind!r} may depend on the picture's size.").format(
                kind=node.op_type
            )
        )


def _freed(value: onnx.ValueInfoProto) -> onnx.ValueInfoProto:
    """The same picture tensor, for one picture of any size."""
    tensor = value.type.tensor_type
    if tensor.elem_type != TensorProto.FLOAT or len(tensor.shape.dim) != 4 or tensor.shape.dim[1].dim_value < 1:
        raise ModelError(_("The model cannot be converted: {tensor!r} is no picture.").format(tensor=value.name))
    shape = [1, tensor.shape.dim[1].dim_value, f"{value.name} height", f"{value.name} width"]
    return helper.make_tensor_value_info(value.name, TensorProto.FLOAT, shape)
