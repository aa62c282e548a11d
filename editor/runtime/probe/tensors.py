"""Which of a model's inputs is the picture and which the mask, from what the model says of them."""

from __future__ import annotations

from editor.core.i18n import _
from editor.runtime.probe.finding import COLOURS, DTYPES, Inputs
from editor.runtime.sessions import TensorInfo
from editor.runtime.userfile import cannot
from editor.sdk.models import TensorSpec

Way = tuple[TensorSpec, tuple[int | None, int | None]]
"""A picture tensor, and the height and width that it must have."""

_DIMENSIONS = 4
_PICTURE_AND_MASK = 2


def possible_inputs(name: str, infos: tuple[TensorInfo, ...]) -> list[Inputs]:
    """How the inputs can be meant, the likelier first; several only where the model leaves lengths open.

    Args:
        name: of the file, for messages.
        infos: the model's inputs.

    Raises:
        ModelError: they are not one picture and perhaps a mask.
    """
    if not infos:
        raise cannot(name, _("it takes no picture"))
    ways = [_ways(name, info) for info in infos]
    if len(ways) > _PICTURE_AND_MASK:
        raise cannot(name, _("it takes {count} pictures").format(count=len(ways)))
    picture = next((each for each in ways if each[0][0].channels != 1), ways[0])
    if len(ways) < _PICTURE_AND_MASK:
        return [_inputs(way, None) for way in picture]
    other = ways[1] if picture is ways[0] else ways[0]
    masks = [way for way in other if way[0].channels == 1]
    if not masks:
        raise cannot(name, _("it takes {count} pictures").format(count=len(ways)))
    if not _same_size(picture[0], masks[0]):
        raise cannot(name, _("its input {tensor} is no mask of the picture's size").format(tensor=masks[0][0].name))
    return [_inputs(way, mask) for way in picture for mask in masks]


def _same_size(one: Way, other: Way) -> bool:
    return all(None in pair or pair[0] == pair[1] for pair in zip(one[1], other[1], strict=True))


def _ways(name: str, info: TensorInfo) -> list[Way]:
    """How one input can be a picture. Raises ModelError if it can't be one."""
    if len(info.shape) != _DIMENSIONS:
        raise cannot(
            name,
            _("its input {tensor} is no picture: it has the shape {shape}").format(
                tensor=info.name, shape=_text(info.shape)
            ),
        )
    if info.dtype not in DTYPES:
        raise cannot(name, _("its input {tensor} is of the type {dtype}").format(tensor=info.name, dtype=info.dtype))
    if info.shape[0] not in (None, 1):
        raise cannot(name, _("it takes {count} pictures at once").format(count=info.shape[0]))
    bounds = (0, 255) if info.dtype == "uint8" else (0, 1)
    ways = []
    for channels, colour in COLOURS.items():
        for layout in ("NCHW", "NHWC"):
            spec = TensorSpec(info.name, layout, info.dtype, bounds, colour, channels)
            length, size = info.shape[spec.channel_axis], (info.shape[spec.axes[0]], info.shape[spec.axes[1]])
            if length == channels:
                return [(spec, size)]
            if length is None and size.count(None) != 1:  # else it is a length that is open, and not the channels
                ways.append((spec, size))
    if not ways:
        raise cannot(
            name,
            _("its input {tensor} has neither 1 nor 3 channels: its shape is {shape}").format(
                tensor=info.name, shape=_text(info.shape)
            ),
        )
    return ways


def _inputs(picture: Way, mask: Way | None) -> Inputs:
    spec, (height, width) = picture
    if mask is None:
        return Inputs(spec, None, (height, width))
    return Inputs(spec, mask[0], (height or mask[1][0], width or mask[1][1]))


def _text(shape: tuple[int | None, ...]) -> str:
    return " x ".join("?" if length is None else str(length) for length in shape) or "1"
