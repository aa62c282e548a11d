"""OpenRaster files of other programs (Krita, MyPaint, GIMP) as documents of ours."""

from __future__ import annotations

from typing import Any
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray

from editor.core.document import DocumentState
from editor.core.errors import ReadError
from editor.core.geometry import Rect, Size
from editor.core.i18n import _, ngettext
from editor.core.layers import Layer
from editor.core.metadata import Metadata
from editor.core.tiles import TileMap
from editor.io import depth
from editor.io.openraster import MERGED, StackLayer, parse_stack, read_rgba


def read_foreign(archive: ZipFile, max_pixels: int) -> tuple[DocumentState, tuple[str, ...]]:
    """The document and what the user should know.

    Layers stay layers over an opaque background; otherwise, or where another blending than normal is used, the
    picture is flattened. Raises ReadError, ValueError or KeyError where the file is damaged.
    """
    size, stack = parse_stack(archive)
    if size.width * size.height > max_pixels:
        raise ReadError(
            _("The picture of {width} x {height} pixels is larger than Kintsugi can open.").format(
                width=size.width, height=size.height
            )
        )
    if not stack:
        raise ValueError("no layers")
    notes = [_("This project comes from another program; its layers were adapted.")]
    if not all(layer.normal for layer in stack):
        return _merged(archive, size, stack, max_pixels, notes)
    decoded = [read_rgba(archive, layer.source, max_pixels) for layer in stack]
    metadata = Metadata(icc=_common_profile([icc for _pixels, icc in decoded], notes))
    dtype = np.result_type(*(pixels.dtype for pixels, _icc in decoded))
    deep = [depth.to_uint16(pixels) if dtype == np.uint16 else pixels for pixels, _icc in decoded]
    placed = [_placed(pixels, layer, size) for pixels, layer in zip(deep, stack, strict=True)]
    full = int(np.iinfo(dtype).max)
    bottom = stack[0]
    if bottom.visible and bottom.opacity >= 1 and (placed[0][..., 3] == full).all():
        layers = tuple(_layer(index, s, p) for index, (s, p) in enumerate(zip(stack, placed, strict=True)))
        return _document(layers, metadata), tuple(notes)
    notes.append(_("Its background is transparent, so its layers were merged into one."))
    flat = _over(stack, placed)
    return _document((Layer(0, _("Merged"), TileMap.from_array(flat)),), metadata), tuple(notes)


def _document(layers: tuple[Layer, ...], metadata: Metadata) -> DocumentState:
    blank = TileMap.blank(layers[0].pixels.size, 1, np.uint8)
    return DocumentState(layers, blank, blank, blank, metadata)


def _merged(
    archive: ZipFile, size: Size, stack: list[StackLayer], max_pixels: int, notes: list[str]
) -> tuple[DocumentState, tuple[str, ...]]:
    """The picture as the other program saw it, since its blending cannot be repeated here."""
    if MERGED not in archive.namelist():
        raise ReadError(
            _("The project uses blending that Kintsugi doesn't have; flatten it in the other program first.")
        )
    pixels, icc = read_rgba(archive, MERGED, max_pixels)
    if pixels.shape[:2] != (size.height, size.width):
        raise ValueError("merged picture of another size")
    text = ngettext(
        "It uses blending that Kintsugi doesn't have, so its {count} layers were merged into one.",
        "It uses blending that Kintsugi doesn't have, so its {count} layers were merged into one.",
        len(stack),
    )
    notes.append(text.format(count=len(stack)))
    opaque = (pixels[..., 3] == np.iinfo(pixels.dtype).max).all()
    layer = Layer(0, _("Merged"), TileMap.from_array(pixels[..., :3] if opaque else pixels))
    return _document((layer,), Metadata(icc=_common_profile([icc], notes))), tuple(notes)


def _common_profile(profiles: list[bytes | None], notes: list[str]) -> bytes | None:
    from editor.io import icc

    if len(set(profiles)) > 1:
        notes.append(_("Its layers have different colour profiles; that of the lowest is used for all."))
    if profiles[0] is None:
        return None
    try:
        return profiles[0] if icc.colour_space(profiles[0]) == "RGB" else None
    except ValueError:
        notes.append(_("The colour profile is damaged and was dropped."))
        return None


def _placed(pixels: NDArray[Any], layer: StackLayer, size: Size) -> NDArray[Any]:
    """The layer on a transparent sheet of the picture's size; what reaches beyond is cut off."""
    sheet = np.zeros((size.height, size.width, 4), pixels.dtype)
    whole = Rect(layer.x, layer.y, layer.x + pixels.shape[1], layer.y + pixels.shape[0])
    part = whole.intersect(size.rect)
    if not part.empty:
        sheet[part.slices] = pixels[part.shift(-layer.x, -layer.y).slices]
    return sheet


def _layer(index: int, stack: StackLayer, pixels: NDArray[Any]) -> Layer:
    """RGB with the alpha as its mask; over an opaque background that is the same."""
    mask = None if index == 0 else _sparse(depth.to_uint8(pixels[..., 3:]))
    colour = TileMap.from_array(pixels[..., :3])
    return Layer(index, stack.name, colour, mask, stack.opacity, stack.visible)


def _sparse(pixels: NDArray[Any]) -> TileMap:
    size = Size(pixels.shape[1], pixels.shape[0])
    writer = TileMap.blank(size, pixels.shape[2], pixels.dtype).write()
    writer.write(size.rect, pixels)
    return writer.freeze()


def _over(stack: list[StackLayer], placed: list[NDArray[Any]]) -> NDArray[Any]:
    """Straight RGBA of all visible layers, source over (Porter and Duff 1984), row by row to save memory."""
    full = float(np.iinfo(placed[0].dtype).max)
    out = np.empty_like(placed[0])
    for top in range(0, out.shape[0], 256):
        rows = slice(top, top + 256)
        colour = np.zeros((*out[rows].shape[:2], 3), np.float64)  # premultiplied
        alpha = np.zeros((*out[rows].shape[:2], 1), np.float64)
        for layer, pixels in zip(stack, placed, strict=True):
            if layer.visible:
                above = pixels[rows, :, 3:] / full * layer.opacity
                colour = pixels[rows, :, :3] * above + colour * (1 - above)
                alpha = above + alpha * (1 - above)
        straight = np.divide(colour, alpha, out=np.zeros_like(colour), where=alpha > 0)
        out[rows, :, :3] = np.rint(straight)
        out[rows, :, 3:] = np.rint(alpha * full)
    return out
