"""The part of a project file that every OpenRaster program understands: stack.xml, the layers' PNGs, the previews.

OpenRaster 0.0.5, https://www.openraster.org. Layers there are straight RGBA; a layer of ours gets its mask as alpha.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import numpy as np
from numpy.typing import NDArray

from editor.core.document import DocumentState
from editor.core.errors import ReadError
from editor.core.geometry import Size
from editor.core.i18n import _
from editor.core.layers import Layer
from editor.core.metadata import Metadata
from editor.io import decode, depth, encode
from editor.io.options import ExportOptions

MIMETYPE = b"image/openraster"
STACK = "stack.xml"
MERGED = "mergedimage.png"
_THUMBNAIL_PX = 256
_MAX_XML_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class StackLayer:
    """A layer of stack.xml with the groups around it worked in; `x`, `y` is its top left corner in the picture."""

    name: str
    source: str
    x: int
    y: int
    opacity: float
    visible: bool
    normal: bool


def put(archive: ZipFile, name: str, content: bytes, *, compress: bool = False) -> None:
    """Adds an entry without a date, so that the same document gives the same file."""
    archive.writestr(ZipInfo(name), content, ZIP_DEFLATED if compress else ZIP_STORED)


def png(pixels: NDArray[Any], icc: bytes | None) -> bytes:
    """A PNG of 8 or 16 bit (floats become 16)."""
    return b"".join(encode.encode_png(np.ascontiguousarray(pixels), Metadata(icc=icc), ExportOptions(), notes=[]))


def write_foreign(archive: ZipFile, state: DocumentState) -> list[str]:
    """Everything but the mimetype; returns the names of the layers' entries, bottom first."""
    icc = state.metadata.icc
    names, elements = [], []
    for index, layer in enumerate(state.layers):
        name = f"data/layer{index}.png"
        pixels, left, top = _shown(layer, state.has_alpha)
        put(archive, name, png(pixels, icc))
        names.append(name)
        attributes = {
            "name": layer.name,
            "src": name,
            "x": str(left),
            "y": str(top),
            "opacity": f"{layer.opacity:.6g}",
            "visibility": "visible" if layer.visible else "hidden",
            "composite-op": "svg:src-over",
        }
        elements.append(ElementTree.Element("layer", attributes))
    size = state.size
    root = ElementTree.Element("image", {"version": "0.0.5", "w": str(size.width), "h": str(size.height)})
    ElementTree.SubElement(root, "stack").extend(reversed(elements))
    put(archive, STACK, ElementTree.tostring(root, "utf-8", xml_declaration=True), compress=True)
    only = state.layers[0]
    if len(state.layers) == 1 and only.mask is None and only.opacity >= 1 and only.visible:
        flat = only.pixels.read(size.rect)
        put(archive, MERGED, archive.read(names[0]))
    else:
        flat = state.read(size.rect)
        put(archive, MERGED, png(flat, icc))
    put(archive, "Thumbnails/thumbnail.png", png(encode.thumbnail_rgb(flat, _THUMBNAIL_PX), None))
    return names


def parse_stack(archive: ZipFile) -> tuple[Size, list[StackLayer]]:
    """The picture's size and its layers, bottom first. Raises ValueError where the file is damaged."""
    if archive.getinfo(STACK).file_size > _MAX_XML_BYTES:
        raise ValueError("stack.xml too large")
    text = archive.read(STACK)
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise ValueError("stack.xml with a document type")  # entities could be made to fill the memory
    root = ElementTree.fromstring(text)  # noqa: S314 - entities were refused above
    stack = root.find("stack")
    if root.tag != "image" or stack is None:
        raise ValueError("no stack in stack.xml")
    size = Size(int(root.attrib["w"]), int(root.attrib["h"]))
    layers = list(_walk(stack, 0, 0, 1.0, True, True))
    return size, layers[::-1]


def _walk(
    stack: ElementTree.Element, x: int, y: int, opacity: float, visible: bool, normal: bool
) -> Iterator[StackLayer]:
    """Top first, as in the file; a group's opacity and visibility are handed to what is in it."""
    for element in stack:
        here_x, here_y = x + int(element.get("x", "0")), y + int(element.get("y", "0"))
        here_opacity = opacity * min(1.0, max(0.0, float(element.get("opacity", "1"))))
        here_visible = visible and element.get("visibility", "visible") != "hidden"
        here_normal = normal and element.get("composite-op", "svg:src-over") == "svg:src-over"
        if element.tag == "stack":
            yield from _walk(element, here_x, here_y, here_opacity, here_visible, here_normal)
        elif element.tag == "layer":
            source = element.get("src", "")
            yield StackLayer(
                element.get("name", "") or source, source, here_x, here_y, here_opacity, here_visible, here_normal
            )


def _shown(layer: Layer, has_alpha: bool) -> tuple[NDArray[Any], int, int]:
    """What a program without masks should show of a layer, cut to its mask's box, and where that lies."""
    if layer.mask is None:
        return layer.pixels.read(layer.pixels.size.rect), 0, 0
    box = layer.mask.bounds
    if box.empty:
        box = layer.pixels.size.rect.intersect(box.expand(1))
    pixels, mask = layer.pixels.read(box), layer.mask.read(box)
    if pixels.dtype == np.float32:
        pixels = depth.to_uint16(pixels)
    alpha = depth.to_uint16(mask) if pixels.dtype == np.uint16 else mask
    if has_alpha:
        full = int(np.iinfo(pixels.dtype).max)
        alpha = (alpha.astype(np.uint64) * pixels[..., -1:] // full).astype(pixels.dtype)
        pixels = pixels[..., :-1]
    return np.concatenate((pixels, alpha), axis=2), box.left, box.top


def read_png(archive: ZipFile, name: str, max_pixels: int) -> tuple[NDArray[Any], bytes | None]:
    """An entry's pixels as they are, H x W x 1..4, uint8 or uint16, and its profile. Raises ReadError or KeyError."""

    def check_size(width: int, height: int) -> None:
        if width * height > max_pixels:
            raise ReadError(
                _("A layer of {width} x {height} pixels is larger than Kintsugi can open.").format(
                    width=width, height=height
                )
            )

    found = decode.decode_png(archive.read(name), name, check_size)
    return found.pixels if found.pixels.ndim == 3 else found.pixels[..., None], found.icc


def read_rgba(archive: ZipFile, name: str, max_pixels: int) -> tuple[NDArray[Any], bytes | None]:
    """An entry's pixels as H x W x 4, uint8 or uint16, and its profile. Raises ReadError or KeyError."""
    pixels, icc = read_png(archive, name, max_pixels)
    colour = pixels if pixels.shape[2] in (1, 3) else pixels[..., :-1]
    opaque = np.full_like(colour[..., :1], np.iinfo(pixels.dtype).max)
    alpha = pixels[..., -1:] if pixels.shape[2] in (2, 4) else opaque
    return np.concatenate((np.broadcast_to(colour, (*colour.shape[:2], 3)), alpha), axis=2), icc
