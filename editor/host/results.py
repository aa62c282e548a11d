"""Runs a method, looks at what it returns, and brings that into a document's form. Nothing a method does is trusted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editor.core.document import DocumentState
from editor.core.errors import Cancelled, EditorError, PluginError
from editor.core.geometry import Rect, Size
from editor.core.i18n import _
from editor.core.tiles import TileMap, TileWriter
from editor.host.context import RunContext
from editor.host.pixels import from_rgb, to_depth
from editor.sdk.params import ParamSpec, Value
from editor.sdk.plugin import Inputs, MaskResult, Output, PictureResult, Plugin, Result, Strip

F32 = NDArray[np.float32]

_SLACK = 1e-3
"""How far a value may lie outside 0..1 by rounding."""


def prepared(plugin: Plugin, seen: Inputs, params: Any, context: RunContext) -> Any:
    """What a method that prepares itself learns from what it sees of the whole picture. Raises as `pixels` does."""
    if plugin.prepare is None:
        return None
    with _guarded(plugin):
        found = plugin.prepare(seen, params, context)
    context.check()
    return found


def measured(plugin: Plugin, spec: ParamSpec, seen: Inputs, context: RunContext) -> Value:
    """What a parameter should be by what a method sees. Raises as `pixels` does, or ParamError."""
    assert spec.measured is not None, "it can be measured"
    with _guarded(plugin):
        found = spec.check(spec.type(spec.measured.by(seen, context)))
    context.check()
    return found


def pixels(plugin: Plugin, inputs: Inputs, params: Any, context: RunContext) -> Result:
    """The result of a method that makes pixels, of the inputs' size.

    Raises:
        PluginError: the method failed, or this can't be used.
        Cancelled: the user cancelled.
    """
    result = _run(plugin, inputs, params, context)
    if not isinstance(result, Result) or not _has_form(result.image, inputs.image.shape):
        raise _unusable(plugin)
    _check_values(plugin, result.image[inputs.mask > 0], limited=_is_limited(inputs))
    if result.alpha is not None:
        if inputs.alpha is None or not _has_form(result.alpha, inputs.alpha.shape):
            raise _unusable(plugin)
        _check_values(plugin, result.alpha[inputs.mask > 0], limited=True)
    return result


def mask(plugin: Plugin, inputs: Inputs, params: Any, context: RunContext) -> tuple[TileMap, MaskResult]:
    """The mask that a method makes, as a document holds it: uint8, one channel. Raises as `pixels` does."""
    result = _run(plugin, inputs, params, context)
    if not isinstance(result, MaskResult) or not _has_form(result.mask, inputs.mask.shape):
        raise _unusable(plugin)
    _check_values(plugin, result.mask, limited=True)
    height, width = inputs.mask.shape
    writer = TileMap.blank(Size(width, height), 1, np.uint8).write()
    for part, target in writer.parts(writer.base.size.rect):
        target[..., 0] = to_depth(result.mask[part.slices], np.uint8)
    return writer.freeze(), result


def picture(
    plugin: Plugin, inputs: Inputs, params: Any, like: DocumentState, context: RunContext
) -> tuple[TileMap, PictureResult]:
    """The picture that a method makes, in the depth of `like` and grey if that is. Raises as `pixels` does.

    It is read strip by strip, so that no more than a strip lies in memory as float32.
    """
    result = _run(plugin, inputs, params, context)
    if not isinstance(result, PictureResult) or not _whole(result.height, result.width):
        raise _unusable(plugin)
    writer: TileWriter | None = None
    top = 0
    limited = _is_limited(inputs)
    for strip in _strips(plugin, result):
        _check_strip(plugin, strip, result.width, limited=limited)
        if writer is None:
            channels = (1 if like.channels < 3 else 3) + (strip.alpha is not None)
            writer = TileMap.blank(Size(result.width, result.height), channels, like.dtype).write()
        bottom = top + len(strip.image)
        if bottom > result.height or (strip.alpha is not None) != (writer.base.channels in (2, 4)):
            raise _unusable(plugin)
        writer.write(Rect(0, top, result.width, bottom), _in_depth(strip, writer.base))
        top = bottom
        context.check()
    if writer is None or top != result.height:
        raise _unusable(plugin)
    context.progress(1.0)
    return writer.freeze(), result


def _run(plugin: Plugin, inputs: Inputs, params: Any, context: RunContext) -> Output:
    with _guarded(plugin):
        result = plugin.run(inputs, params, context)
    context.check()
    return result


def _strips(plugin: Plugin, result: PictureResult) -> Iterator[Strip]:
    """The strips, which are only made while they are read."""
    while True:
        with _guarded(plugin):
            strip = next(result.strips, None)
        if strip is None:
            return
        yield strip


@contextmanager
def _guarded(plugin: Plugin) -> Iterator[None]:
    """A stranger's exception becomes a PluginError."""
    try:
        yield
    except (EditorError, Cancelled, MemoryError):
        raise
    except Exception as error:
        raise PluginError(
            _("{method} failed; nothing was changed. The log says why.").format(method=_(plugin.title))
        ) from error


def _is_limited(inputs: Inputs) -> bool:
    """Whether the picture lies within 0..1, as all but float ones do; then what is made of it must, too."""
    return bool(inputs.image.min() >= 0 and inputs.image.max() <= 1)


def _check_strip(plugin: Plugin, strip: Strip, width: int, *, limited: bool) -> None:
    if not isinstance(strip, Strip) or not isinstance(strip.image, np.ndarray) or not len(strip.image):
        raise _unusable(plugin)
    height = len(strip.image)
    if not _has_form(strip.image, (height, width, 3)):
        raise _unusable(plugin)
    _check_values(plugin, strip.image, limited=limited)
    if strip.alpha is not None:
        if not _has_form(strip.alpha, (height, width)):
            raise _unusable(plugin)
        _check_values(plugin, strip.alpha, limited=True)


def _in_depth(strip: Strip, like: TileMap) -> NDArray[Any]:
    out = from_rgb(strip.image, np.zeros((*strip.image.shape[:2], like.channels), like.dtype))
    if strip.alpha is not None:
        out[..., -1] = to_depth(strip.alpha, like.dtype)
    return out


def _whole(*numbers: object) -> bool:
    return all(isinstance(number, int) and number >= 1 for number in numbers)


def _has_form(values: object, shape: tuple[int, ...]) -> bool:
    return isinstance(values, np.ndarray) and values.shape == shape and values.dtype == np.float32


def _check_values(plugin: Plugin, values: F32, *, limited: bool) -> None:
    title = _(plugin.title)
    if not np.isfinite(values).all():
        raise PluginError(_("{method} returned values that are not numbers; nothing was changed.").format(method=title))
    if limited and values.size and (values.min() < -_SLACK or values.max() > 1 + _SLACK):
        raise PluginError(_("{method} returned values out of range; nothing was changed.").format(method=title))


def _unusable(plugin: Plugin) -> PluginError:
    return PluginError(
        _("{method} returned something that is not a picture of the right size; nothing was changed.").format(
            method=_(plugin.title)
        )
    )
