"""Tiny networks of ncnn, made on the spot; what they give is computed here, in numpy."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from editor.core.errors import ModelError
from editor.runtime import onnx as runtime
from editor.runtime.convert.ncnn import from_ncnn
from editor.runtime.providers import Provider

FLOAT32 = 0
FLOAT16 = 0x01306B47
PREPARED_FOR_INT8 = 0x0002C056
INT8 = 0x000D4B38

CONVOLUTION = "Convolution conv 1 1 data output 0=2 1=3 4=1 5=1 6=54"

Array = NDArray[np.float32]


def param(*layers: str) -> str:
    return "\n".join(["7767517", f"{len(layers)} 99", *layers, ""])


def plain(values: Array) -> bytes:
    return values.astype("<f4").tobytes()


def tagged(values: Array, tag: int = FLOAT32) -> bytes:
    data = values.astype("<f2" if tag == FLOAT16 else "<f4").tobytes()
    return struct.pack("<I", tag) + data + bytes(-len(data) % 4)


def random(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def run(model: onnx.ModelProto, picture: Array) -> dict[str, Array]:
    onnx.checker.check_model(model, full_check=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.onnx"
        path.write_bytes(model.SerializeToString())
        session = runtime.load(path, (Provider.CPU,))
    return {name: values[0] for name, values in session.run({"data": picture[None]}, lambda: False).items()}


def result(layers: list[str], picture: Array, weights: bytes = b"") -> Array:
    """The only output of a network that takes `picture` as "data"."""
    model = from_ncnn(param(f"Input input 0 1 data 2={len(picture)}", *layers), weights)
    (output,) = run(model, picture).values()
    return output


def convolved(picture: Array, kernel: Array, bias: Array) -> Array:
    """A convolution of a picture that was padded already, pixel of the kernel by pixel of the kernel."""
    outputs, _, height, width = kernel.shape
    rows, columns = picture.shape[1] - height + 1, picture.shape[2] - width + 1
    sums = np.zeros((outputs, rows, columns), np.float32)
    for y in range(height):
        for x in range(width):
            sums += np.einsum("oc,chw->ohw", kernel[:, :, y, x], picture[:, y : y + rows, x : x + columns])
    return sums + bias[:, None, None]


def sigmoid(values: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-values)), np.float32)


def assert_near(found: Array, expected: Array) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-5)


@pytest.mark.parametrize(
    ("suffix", "activation"),
    [
        ("", lambda x: x),
        (" 9=0", lambda x: x),
        (" 9=1", lambda x: np.maximum(x, 0)),
        (" 9=2 -23310=1,2.000000e-01", lambda x: np.where(x < 0, 0.2 * x, x)),
        (" 9=2 10=0.3,", lambda x: np.where(x < 0, 0.3 * x, x)),
        (" 9=4", sigmoid),
    ],
)
def test_convolution_with_bias_and_activation(suffix: str, activation: Callable[[Array], Array]) -> None:
    picture, kernel, bias = random(3, 6, 7), random(2, 3, 3, 3, seed=1), random(2, seed=2)
    found = result([CONVOLUTION + suffix], picture, tagged(kernel) + plain(bias))
    padded = np.pad(picture, ((0, 0), (1, 1), (1, 1)))
    assert_near(found, activation(convolved(padded, kernel, bias)))


def test_a_convolution_keeps_height_and_width_apart() -> None:
    picture, kernel = random(2, 12, 13), random(1, 2, 3, 2, seed=1)
    line = "Convolution conv 1 1 data output 0=1 1=2 11=3 2=3 12=2 4=1 15=2 14=3 16=0 6=12"
    padded = np.pad(picture, ((0, 0), (3, 0), (1, 2)))
    # A dilated kernel is one with zeros in between.
    spread = np.zeros((1, 2, 5, 4), np.float32)
    spread[:, :, ::2, ::3] = kernel
    assert_near(result([line], picture, tagged(kernel)), convolved(padded, spread, np.zeros(1, np.float32)))


def test_strides_of_a_convolution() -> None:
    picture, kernel = random(2, 9, 9), random(1, 2, 2, 2, seed=1)
    whole = convolved(picture, kernel, np.zeros(1, np.float32))
    line = "Convolution conv 1 1 data output 0=1 1=2 6=8 3=3 13=2"
    assert_near(result([line], picture, tagged(kernel)), whole[:, ::2, ::3])


@pytest.mark.parametrize(("tag", "tolerance"), [(FLOAT32, 0), (FLOAT16, 1e-3), (PREPARED_FOR_INT8, 0)])
def test_types_of_weights(tag: int, tolerance: float) -> None:
    """Three weights, so that those in float16 end within a word."""
    kernel, bias, picture = random(1, 3, 1, 1, seed=1), random(1, seed=2), random(3, 4, 4)
    model = from_ncnn(
        param("Input input 0 1 data", "Convolution conv 1 1 data output 0=1 1=1 5=1 6=3"),
        tagged(kernel, tag) + plain(bias),
    )
    held = {constant.name: onnx.numpy_helper.to_array(constant) for constant in model.graph.initializer}
    assert held["output weights"].dtype == np.float32
    np.testing.assert_allclose(held["output weights"], kernel, rtol=tolerance, atol=0)
    np.testing.assert_array_equal(held["output bias"], bias)
    assert_near(run(model, picture)["output"], convolved(picture, held["output weights"], bias))


@pytest.mark.parametrize("count", [1, 3])
def test_prelu(count: int) -> None:
    picture, slopes = random(3, 4, 5), random(count, seed=1)
    found = result([f"PReLU prelu 1 1 data output 0={count}"], picture, plain(slopes))
    assert_near(found, np.where(picture < 0, slopes[:, None, None] * picture, picture))


@pytest.mark.parametrize(
    ("line", "function"),
    [
        ("ReLU relu 1 1 data output", lambda x: np.maximum(x, 0)),
        ("ReLU relu 1 1 data output 0=0.1", lambda x: np.where(x < 0, 0.1 * x, x)),
        ("Sigmoid sigmoid 1 1 data output", sigmoid),
        ("Swish swish 1 1 data output", lambda x: x * sigmoid(x)),
    ],
)
def test_functions_of_one_value(line: str, function: Callable[[Array], Array]) -> None:
    picture = random(3, 4, 5)
    assert_near(result([line], picture), function(picture))


@pytest.mark.parametrize(
    ("kind", "function"),
    [
        (0, np.add),
        (1, np.subtract),
        (2, np.multiply),
        (3, np.divide),
        (4, np.maximum),
        (5, np.minimum),
        (7, lambda a, b: b - a),
        (8, lambda a, b: b / a),
    ],
)
def test_binary_op(kind: int, function: Callable[[Array, Any], Array]) -> None:
    picture, constants = random(3, 4, 5) + 2, np.array([1, 2, 3], np.float32)
    assert_near(result([f"BinaryOp op 1 1 data output 0={kind} 1=1 2=2.500000e+00"], picture), function(picture, 2.5))
    found = result(
        ["MemoryData mean 0 1 mean 0=1 1=1 2=3", f"BinaryOp op 2 1 data mean output 0={kind}"],
        picture,
        plain(constants),
    )
    assert_near(found, function(picture, constants[:, None, None]))


def test_constants_may_stand_behind_a_tag() -> None:
    picture, constants = random(3, 4, 5), np.array([1, 2, 3], np.float32)
    layers = ["MemoryData mean 0 1 mean 0=1 1=1 2=3 21=0", "BinaryOp op 2 1 data mean output"]
    assert_near(result(layers, picture, tagged(constants, FLOAT16)), picture + constants[:, None, None])


@pytest.mark.parametrize(
    ("suffix", "function"),
    [
        ("0=0", lambda a, b, c: a * b * c),
        ("0=1", lambda a, b, c: a + b + c),
        ("0=1 -23301=3,2.000000e-01,1.0,-3.0", lambda a, b, c: 0.2 * a + b - 3 * c),
        ("0=2", lambda a, b, c: np.maximum(np.maximum(a, b), c)),
    ],
)
def test_eltwise(suffix: str, function: Callable[[Array, Array, Array], Array]) -> None:
    picture = random(3, 4, 5)
    layers = [
        "Split split 1 3 data a b c",
        "Sigmoid sigmoid 1 1 b b1",
        "BinaryOp op 1 1 c c1 0=2 1=1 2=-0.5",
        f"Eltwise eltwise 3 1 a b1 c1 output {suffix}",
    ]
    assert_near(result(layers, picture), function(picture, sigmoid(picture), -0.5 * picture))


def test_concat_of_a_split() -> None:
    picture = random(2, 4, 5)
    layers = ["Split split 1 2 data a b", "Sigmoid sigmoid 1 1 a a1", "Concat concat 2 1 a1 b output"]
    assert_near(result(layers, picture), np.concatenate([sigmoid(picture), picture]))


def test_pixel_shuffle() -> None:
    picture = random(8, 3, 5)
    found = result(["PixelShuffle shuffle 1 1 data output 0=2"], picture)
    for y in range(2):
        for x in range(2):
            np.testing.assert_array_equal(found[:, y::2, x::2], picture[[2 * y + x, 4 + 2 * y + x]])


def test_resize_to_the_nearest_pixel() -> None:
    picture = random(3, 4, 5)
    found = result(["Interp resize 1 1 data output 0=1 1=2.000000e+00 2=3.000000e+00"], picture)
    np.testing.assert_array_equal(found, picture.repeat(2, axis=1).repeat(3, axis=2))


def linear(distance: Array) -> Array:
    return np.maximum(0, 1 - distance)


def cubic(distance: Array) -> Array:
    """Keys' kernel with a = -0.75."""
    near = 1.25 * distance**3 - 2.25 * distance**2 + 1
    far = -0.75 * (distance**3 - 5 * distance**2 + 8 * distance - 4)
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0)).astype(np.float32)


def resizing(size: int, scale: float, kernel: Callable[[Array], Array]) -> Array:
    """The matrix that resizes one axis; beyond its ends lie its last pixels, again and again."""
    matrix = np.zeros((int(size * scale), size), np.float32)
    for row in range(len(matrix)):
        centre = (row + 0.5) / scale - 0.5
        for source in range(-3, size + 3):
            weight = kernel(np.array(abs(source - centre), np.float32))
            matrix[row, min(max(source, 0), size - 1)] += weight
    return matrix


@pytest.mark.parametrize(("kind", "kernel"), [(2, linear), (3, cubic)])
@pytest.mark.parametrize(("vertical", "horizontal"), [(2.0, 3.0), (0.5, 0.75)])
def test_smooth_resize(kind: int, kernel: Callable[[Array], Array], vertical: float, horizontal: float) -> None:
    picture = random(3, 8, 12)
    found = result([f"Interp resize 1 1 data output 0={kind} 1={vertical} 2={horizontal}"], picture)
    rows, columns = resizing(8, vertical, kernel), resizing(12, horizontal, kernel)
    assert_near(found, np.einsum("yh,chw,xw->cyx", rows, picture, columns))


def test_a_model_takes_pictures_of_any_size_and_keeps_the_names() -> None:
    model = from_ncnn(
        param(
            "Input input 0 1 data 0=4 1=4",
            "Convolution conv 1 1 data features 0=4 1=1 6=20",
            "PixelShuffle shuffle 1 1 features output 0=2",
        ),
        tagged(random(20)),
    )
    (taken,), (given,) = model.graph.input, model.graph.output
    for value, name, channels in ((taken, "data", 5), (given, "output", 1)):
        tensor = value.type.tensor_type
        assert (value.name, tensor.elem_type) == (name, onnx.TensorProto.FLOAT)
        assert [side.dim_value for side in tensor.shape.dim] == [1, channels, 0, 0]
        assert all(side.dim_param for side in tensor.shape.dim[2:])
    assert model.ir_version <= 10
    for height, width in ((5, 7), (8, 3)):
        assert run(model, random(5, height, width))["output"].shape == (1, 2 * height, 2 * width)


def test_whatever_no_layer_reads_is_an_output() -> None:
    model = from_ncnn(
        param("Input input 0 1 data 2=3", "Split split 1 2 data a b", "Sigmoid sigmoid 1 1 a smooth"), b""
    )
    picture = random(3, 4, 5)
    found = run(model, picture)
    assert found.keys() == {"b", "smooth"}
    np.testing.assert_array_equal(found["b"], picture)
    assert_near(found["smooth"], sigmoid(picture))


WEIGHTS = tagged(random(54)) + plain(random(2))


@pytest.mark.parametrize("length", [0, 3, 4, 100, len(WEIGHTS) - 8, len(WEIGHTS) - 1])
def test_weights_cut_off(length: int) -> None:
    with pytest.raises(ModelError, match=r"\.bin file is cut off"):
        from_ncnn(param("Input input 0 1 data 2=3", CONVOLUTION), WEIGHTS[:length])


def test_float16_weights_cut_off_within_their_last_word() -> None:
    layers = param("Input input 0 1 data 2=3", "Convolution conv 1 1 data output 0=1 1=1 6=3")
    with pytest.raises(ModelError, match=r"\.bin file is cut off"):
        from_ncnn(layers, tagged(random(3), FLOAT16)[:-2])


def test_weights_of_another_network() -> None:
    with pytest.raises(ModelError, match="do not belong together"):
        from_ncnn(param("Input input 0 1 data 2=3", CONVOLUTION), WEIGHTS + bytes(4))


def test_an_unknown_layer_is_named() -> None:
    with pytest.raises(ModelError, match="'Pooling'"):
        from_ncnn(param("Input input 0 1 data 2=3", "Pooling pool 1 1 data output"), b"")


@pytest.mark.parametrize("text", ["", "7767517", "PK\x03\x04", "7767517\nmany 2\n", "7767518\n1 1\nInput i 0 1 data"])
def test_a_broken_header(text: str) -> None:
    with pytest.raises(ModelError, match="not written by ncnn"):
        from_ncnn(text, b"")


def test_layers_missing() -> None:
    with pytest.raises(ModelError, match="2 layers instead of 3"):
        from_ncnn(param("Input i 0 1 data 2=3", "Split s 1 1 data a", "Swish s 1 1 a b").rsplit("\n", 2)[0], b"")


def test_nothing_to_compute() -> None:
    for layers in ((), ("Input input 0 1 data 2=3",), ("MemoryData mean 0 1 mean 0=1 1=1 2=1",)):
        with pytest.raises(ModelError, match="no input or no output"):
            from_ncnn(param(*layers), bytes(4) if layers and "Memory" in layers[0] else b"")


@pytest.mark.parametrize(
    "line",
    [
        "Convolution conv",
        "Convolution conv one 1 data output",
        "Convolution conv 1 9 data output",
        "Convolution conv 1 -1 data",
        "Split split 1 9 data output",
        "Swish swish 0 1 output",
        "Swish swish 1 1 nowhere output",
        "Swish swish 2 1 data data output",
        "Swish swish 1 2 data output other",
        "Swish swish 1 1 data data",
        "Swish swish 1 1 data output =",
        "Swish swish 1 1 data output beta",
        "Swish swish 1 1 data output 0=text",
        "Swish swish 1 1 data output 0=1.5",
        f"ReLU relu 1 1 data output 0={'9' * 400}",
        "ReLU relu 1 1 data output 0=nan",
        "ReLU relu 1 1 data output 0=1e39",
        "ReLU relu 1 1 data output 0=1,2",
        "ReLU relu 1 1 data output -23300=3,1.0",
        "Convolution conv 1 1 data output",
        "Convolution conv 1 1 data output 0=2 1=0 6=54",
        "Convolution conv 1 1 data output 0=2 1=3 6=55",
        "Convolution conv 1 1 data output 0=2.5 1=3 6=54",
        "Convolution conv 1 1 data output 0=2 1=3 6=36",
        f"{CONVOLUTION} 3=0",
        f"{CONVOLUTION} 14=-233",
        f"{CONVOLUTION} 8=1",
        f"{CONVOLUTION} 9=2",
        f"{CONVOLUTION} 9=7",
        "PReLU prelu 1 1 data output 0=2",
        "Concat concat 2 1 data data output 0=1",
        "Concat concat 0 1 output",
        "BinaryOp op 1 1 data output 0=2",
        "BinaryOp op 1 1 data output 0=99 1=1 2=1.0",
        "Eltwise eltwise 2 1 data data output 0=1 -23301=1,2.0",
        "Eltwise eltwise 2 1 data data output 0=0 -23301=2,2.0,1.0",
        "Eltwise eltwise 2 1 data data output 0=3",
        "PixelShuffle shuffle 1 1 data output 0=2",
        "PixelShuffle shuffle 1 1 data output 0=1.0",
        "Interp resize 1 1 data output 0=4 1=2.0 2=2.0",
        "Interp resize 1 1 data output 0=1 1=0.0 2=2.0",
        "Interp resize 1 1 data output 0=2 3=64 4=64",
        "Interp resize 1 1 data output 0=2 1=2.0 2=2.0 6=1",
        "MemoryData mean 0 1 mean 0=8 1=8 2=3",
        "MemoryData mean 0 1 mean 0=8",
        "Input second 0 1 second",
    ],
)
def test_a_bad_layer_is_an_error_that_names_its_line(line: str) -> None:
    with pytest.raises(ModelError, match="line 4 of its") as caught:
        from_ncnn(param("Input input 0 1 data 2=3", line), b"" if "Input" in line else WEIGHTS)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value.__cause__, ValueError)


def test_tensors_that_do_not_fit_each_other() -> None:
    lines = ["Split s 1 2 data a b", "Concat c 1 1 a c", "Input second 0 1 e 2=2", "BinaryOp op 2 1 c e output"]
    with pytest.raises(ModelError, match="line 7 of its"):
        from_ncnn(param("Input input 0 1 data 2=3", *lines), b"")


def test_weights_of_a_type_without_counterpart() -> None:
    with pytest.raises(ModelError, match="line 4 of its"):
        from_ncnn(param("Input input 0 1 data 2=3", CONVOLUTION), tagged(random(54), INT8) + plain(random(2)))
