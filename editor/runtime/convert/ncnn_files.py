"""The two files of a network of ncnn: a .param file, text with one layer a line, and a .bin file, its weights in order.

A line is the kind of layer, its name, the numbers of its inputs and outputs, their names, then parameters `key=value`.
Weights are little-endian and fill whole words of four bytes: those of a convolution stand behind a tag that tells their
type, biases and the like are plain float32.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editor.core.errors import ModelError
from editor.core.i18n import _

_MAGIC = "7767517"

# An array under the key k is written as the key -23300 - k, its length standing first.
_ARRAYS = -23300

# What the tag in front of weights says of them; the third is float32 of a network prepared for int8.
_TAGGED = {0: "<f4", 0x01306B47: "<f2", 0x0002C056: "<f4"}

_MOST = 2**31 - 1
_MOST_FLOAT = float(np.finfo(np.float32).max)


@contextlib.contextmanager
def blaming(line: int) -> Iterator[None]:
    """Makes of a ValueError a ModelError that tells the user which line of the .param file it is about."""
    try:
        yield
    except ValueError as error:
        raise ModelError(
            _("The model cannot be converted: line {line} of its .param file is damaged or not supported.").format(
                line=line
            )
        ) from error


class Params:
    """The parameters of one layer, which remember which of them were asked for."""

    def __init__(self, words: Sequence[str]) -> None:
        self._values = dict(_param(word) for word in words)
        self._read: set[int] = set()

    def integer(self, key: int, default: int, least: int = 0) -> int:
        """Raises ValueError if it is no whole number of at least `least`."""
        value = self._scalar(key, default)
        if not isinstance(value, int) or not least <= value <= _MOST:
            raise ValueError(f"parameter {key} must be a whole number of at least {least}, not {value}")
        return value

    def number(self, key: int, default: float) -> float:
        """Raises ValueError if it is an array."""
        return float(self._scalar(key, default))

    def numbers(self, key: int) -> tuple[float, ...]:
        """The array under the key; empty if there is none."""
        self.skip(key)
        return tuple(float(value) for value in self._values.get(key, ()))

    def skip(self, *keys: int) -> None:
        """Whatever these say has no effect."""
        self._read.update(keys)

    def check_all_read(self) -> None:
        """Raises ValueError if there is a parameter that nobody asked for; at 0 it is off, and may stand there."""
        unread = [key for key, value in self._values.items() if key not in self._read and any(value)]
        if unread:
            raise ValueError(f"parameters of unknown effect: {unread}")

    def _scalar(self, key: int, default: float) -> float:
        self.skip(key)
        values = self._values.get(key, (default,))
        if len(values) != 1:
            raise ValueError(f"parameter {key} is an array")
        return values[0]


def _param(word: str) -> tuple[int, tuple[float, ...]]:
    name, equals, text = word.partition("=")
    if not equals:
        raise ValueError(f"no parameter: {word!r}")
    key = int(name)
    values = tuple(_number(item) for item in text.split(",") if item)
    if key > _ARRAYS:
        return key, values
    if not values or values[0] != len(values) - 1:
        raise ValueError(f"an array of another length than it says: {word!r}")
    return _ARRAYS - key, values[1:]


def _number(text: str) -> float:
    number: float
    try:
        number = int(text)
    except ValueError:
        number = float(text)
    if not abs(number) <= _MOST_FLOAT:  # not `>`: nan is neither
        raise ValueError(f"no number for a float32: {text}")
    return number


@dataclass(frozen=True, slots=True)
class Layer:
    """One line of the .param file."""

    line: int
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    params: Params

    @property
    def output(self) -> str:
        """The name of its only output."""
        if len(self.outputs) != 1:
            raise ValueError(f"{self.kind} with {len(self.outputs)} outputs")
        return self.outputs[0]


def read_layers(param: str) -> list[Layer]:
    """The layers in the text of a .param file.

    Raises:
        ModelError: it is no such file, or is damaged.
    """
    lines = [(number, line.split()) for number, line in enumerate(param.splitlines(), 1) if line.strip()]
    try:
        (_first, magic), (_second, counts), *rest = lines
        announced = int(counts[0])
    except ValueError as error:
        raise _not_ncnn() from error
    if magic != [_MAGIC]:
        raise _not_ncnn()
    if announced != len(rest):
        raise ModelError(
            _("The model's .param file is damaged: it has {found} layers instead of {announced}. Get it again.").format(
                announced=announced, found=len(rest)
            )
        )
    return [_layer(number, words) for number, words in rest]


def _not_ncnn() -> ModelError:
    return ModelError(_("The model cannot be converted: its .param file was not written by ncnn."))


def _layer(number: int, words: list[str]) -> Layer:
    with blaming(number):
        kind, _name, inputs, outputs, *rest = words
        first, last = int(inputs), int(inputs) + int(outputs)
        if not 0 <= first <= last <= len(rest):
            raise ValueError("fewer names than it says")
        return Layer(number, kind, tuple(rest[:first]), tuple(rest[first:last]), Params(rest[last:]))


class Weights:
    """The .bin file, read from its start to its end. Raises ModelError where it ends too early."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    @property
    def at_end(self) -> bool:
        """Whether all was read."""
        return self._position == len(self._data)

    def plain(self, count: int) -> NDArray[np.float32]:
        """The next `count` values, without a tag."""
        return self._take("<f4", count).astype(np.float32)

    def tagged(self, count: int) -> NDArray[np.float32]:
        """The next `count` values behind their tag. Raises ValueError if that is unknown."""
        tag = int(self._take("<u4", 1)[0])
        if tag not in _TAGGED:
            raise ValueError(f"weights of an unknown type: {tag:#010x}")
        return self._take(_TAGGED[tag], count).astype(np.float32)

    def _take(self, dtype: str, count: int) -> NDArray[Any]:
        size_bytes = count * np.dtype(dtype).itemsize
        end = self._position + size_bytes + -size_bytes % 4
        if end > len(self._data):
            raise ModelError(_("The model's .bin file is cut off: weights are missing. Get it again."))
        values = np.frombuffer(self._data, dtype, count, self._position)
        self._position = end
        return values
