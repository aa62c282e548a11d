"""The two files of a network of OpenVINO: an .xml file with its layers and how they are joined, and a .bin file with
its constants, little-endian.

What is read is version 10 of the format, as OpenVINO of 2020 and 2021 wrote it: every shape is known, a layer stands
behind those that it reads, and its ports are counted through, inputs first.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from editor.core.errors import ModelError
from editor.core.i18n import _

_VERSION = "10"

# Far above what a network has; memory for what is read is some thirty times as much.
_MOST_CHARACTERS = 8 * 2**20

_MOST = 2**31 - 1

_DTYPES = {"f32": "<f4", "i32": "<i4", "i64": "<i8"}


@contextlib.contextmanager
def blaming(layer: str) -> Iterator[None]:
    """Makes of a ValueError a ModelError that tells the user which layer of the .xml file it is about."""
    try:
        yield
    except ValueError as error:
        raise ModelError(
            _("The model cannot be converted: layer {layer!r} of its .xml file is damaged or not supported.").format(
                layer=layer
            )
        ) from error


class Attributes:
    """The attributes of one layer, which remember which of them were asked for. Raises ValueError on a wrong one."""

    def __init__(self, values: dict[str, str]) -> None:
        self._values = values
        self._read: set[str] = set()

    def choice(self, name: str, *allowed: str) -> str:
        value = self._text(name)
        if value not in allowed:
            raise ValueError(f"{name} must be one of {allowed}, not {value!r}")
        return value

    def yes(self, name: str) -> bool:
        return self.choice(name, "true", "false") == "true"

    def integer(self, name: str) -> int:
        return _integer(self._text(name))

    def integers(self, name: str) -> tuple[int, ...]:
        """Whole numbers from 0 up, with commas in between; empty if there are none."""
        text = self._text(name)
        return tuple(_integer(word) for word in text.split(",")) if text else ()

    def check_all_read(self) -> None:
        """Raises ValueError if there is an attribute that nobody asked for."""
        unread = self._values.keys() - self._read
        if unread:
            raise ValueError(f"attributes of unknown effect: {sorted(unread)}")

    def _text(self, name: str) -> str:
        if name not in self._values:
            raise ValueError(f"{name} is missing")
        self._read.add(name)
        return self._values[name]


def _integer(text: str) -> int:
    value = int(text)
    if not 0 <= value <= _MOST:
        raise ValueError(f"a number out of range: {text}")
    return value


@dataclass(frozen=True, slots=True)
class Port:
    """A tensor as a layer takes or gives it: its type, such as "FP32" or "I64", and its shape."""

    type: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer. `sources` are the tensors that it reads: the number of a layer, and which of its outputs."""

    number: int
    name: str
    kind: str
    opset: str
    attributes: Attributes
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    sources: tuple[tuple[int, int], ...]

    @property
    def output(self) -> Port:
        """Its only output."""
        if len(self.outputs) != 1:
            raise ValueError(f"{self.kind} with {len(self.outputs)} outputs")
        return self.outputs[0]


def read_layers(xml: str) -> list[Layer]:
    """The layers in the text of an .xml file, each behind those that it reads.

    Raises:
        ModelError: it is no such file, or is damaged.
    """
    net = _parsed(xml)
    if net.tag != "net" or net.get("version") != _VERSION or [part.tag for part in net[:2]] != ["layers", "edges"]:
        raise ModelError(
            _("The model cannot be converted: its .xml file was not written by OpenVINO, or by another version of it.")
        )
    layers: list[Layer] = []
    edges = _edges(net[1])
    for number, element in enumerate(net[0]):
        with blaming(element.get("name", "")):
            layers.append(_layer(number, element, edges, layers))
    if edges:
        raise _damaged()
    return layers


def _damaged() -> ModelError:
    return ModelError(_("The model's .xml file is damaged. Get it again."))


def _parsed(xml: str) -> ElementTree.Element:
    # Without a DOCTYPE there are no entities: nothing is read from elsewhere, and nothing grows while it is read.
    if len(xml) > _MOST_CHARACTERS or "<!DOCTYPE" in xml:
        raise _damaged()
    try:
        return ElementTree.fromstring(xml)  # noqa: S314 - no DOCTYPE, as above
    except (ElementTree.ParseError, ValueError) as error:
        raise _damaged() from error


_End = tuple[int, int]


def _edges(elements: ElementTree.Element) -> dict[_End, _End]:
    """From layer and port that read to layer and port that are read."""
    edges: dict[_End, _End] = {}
    try:
        for element in elements:
            source, port, target, target_port = (
                _integer(element.attrib[name]) for name in ("from-layer", "from-port", "to-layer", "to-port")
            )
            if element.tag != "edge" or (target, target_port) in edges:
                raise ValueError(f"a second edge to port {target_port} of layer {target}")
            edges[target, target_port] = source, port
    except (KeyError, ValueError) as error:
        raise _damaged() from error
    return edges


def _layer(number: int, element: ElementTree.Element, edges: dict[_End, _End], before: Sequence[Layer]) -> Layer:
    """Takes the edges to this layer out of `edges`."""
    parts = {part.tag: part for part in element}
    if element.tag != "layer" or element.get("id") != str(number) or len(parts) != len(element):
        raise ValueError(f"no layer {number}")
    if not parts.keys() <= {"data", "input", "output"}:
        raise ValueError(f"a layer with {sorted(parts)}")
    inputs = _ports(parts.get("input"), 0)
    sources = []
    for index, port in enumerate(inputs):
        source, output = edges.pop((number, index), (number, 0))
        if source >= number or not 0 <= output - len(before[source].inputs) < len(before[source].outputs):
            raise ValueError(f"input {index} reads what is not there yet")
        output -= len(before[source].inputs)
        if port != before[source].outputs[output]:
            raise ValueError(f"input {index} is not what it reads: {port}, {before[source].outputs[output]}")
        sources.append((source, output))
    return Layer(
        number,
        element.get("name", ""),
        element.get("type", ""),
        element.get("version", ""),
        Attributes(dict(parts["data"].attrib) if "data" in parts else {}),
        inputs,
        _ports(parts.get("output"), len(inputs)),
        tuple(sources),
    )


def _ports(elements: ElementTree.Element | None, first: int) -> tuple[Port, ...]:
    ports = []
    for number, element in enumerate(elements if elements is not None else (), first):
        if element.tag != "port" or element.get("id") != str(number):
            raise ValueError(f"no port {number}")
        if any(side.tag != "dim" for side in element):
            raise ValueError(f"no shape of port {number}")
        ports.append(Port(element.get("precision", ""), tuple(_integer(side.text or "") for side in element)))
    return tuple(ports)


class Weights:
    """The .bin file. Its parts may be read in any order."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._end = 0

    @property
    def at_end(self) -> bool:
        """Whether what was read reaches to its end."""
        return self._end == len(self._data)

    def constant(self, layer: Layer) -> NDArray[Any]:
        """The values of a layer that is a constant.

        Raises:
            ModelError: the file ends before them.
            ValueError: type, shape and size do not fit each other.
        """
        offset, size_bytes = layer.attributes.integer("offset"), layer.attributes.integer("size")
        dtype = np.dtype(_DTYPES[layer.attributes.choice("element_type", *_DTYPES)])
        shape = layer.attributes.integers("shape")
        count = math.prod(shape)
        if not count or size_bytes != count * dtype.itemsize:
            raise ValueError(f"a constant of {size_bytes} bytes for {shape}")
        if offset + size_bytes > len(self._data):
            raise ModelError(_("The model's .bin file is cut off: weights are missing. Get it again."))
        self._end = max(self._end, offset + size_bytes)
        return np.frombuffer(self._data, dtype, count, offset).reshape(shape)
