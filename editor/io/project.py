"""Projects: OpenRaster files that other programs can open, with entries of our own that restore a document exactly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any
from zipfile import ZipFile, is_zipfile

import numpy as np

from editor.core.document import DocumentState
from editor.core.errors import ReadError, WriteError
from editor.core.geometry import Size
from editor.core.i18n import _
from editor.core.layers import Layer
from editor.core.metadata import Metadata
from editor.core.tiles import TileMap
from editor.io import openraster
from editor.io.atomic import replacing
from editor.io.file_errors import reading
from editor.io.foreign_project import read_foreign
from editor.io.tile_entries import read_tiles, write_tiles

PROJECT_SUFFIXES: tuple[str, ...] = (".ora",)

_VERSION = 1
_DOCUMENT = "kintsugi/document.json"
_MASKS = ("mask", "include", "exclude")
_MAX_PIXELS = 400_000_000
_MAX_JSON_BYTES = 256 << 20


def write_project(path: Path, state: DocumentState) -> None:
    """Writes layers, masks, metadata and records, replacing an old file only when all went well. Raises WriteError."""
    try:
        with replacing(path) as temporary, ZipFile(temporary, "w") as archive:
            openraster.put(archive, "mimetype", openraster.MIMETYPE)
            layer_entries = openraster.write_foreign(archive, state)
            layers = [
                _write_layer(archive, layer, entry) for layer, entry in zip(state.layers, layer_entries, strict=True)
            ]
            described = {
                "version": _VERSION,
                "size": [state.size.width, state.size.height],
                "layers": layers,
                "masks": {
                    name: write_tiles(archive, f"kintsugi/{name}.tiles", getattr(state, name)) for name in _MASKS
                },
                "metadata": _write_metadata(archive, state.metadata),
                # If another program changes one of these, its word counts and not ours.
                "foreign": {n: archive.getinfo(n).CRC for n in (openraster.STACK, *layer_entries)},
            }
            openraster.put(archive, _DOCUMENT, json.dumps(described, default=_plain).encode(), compress=True)
    except MemoryError as error:
        raise WriteError(
            _("There was not enough memory to save {name}; close other programs first.").format(name=path.name)
        ) from error


def read_project(path: Path) -> tuple[DocumentState, tuple[str, ...]]:
    """The document, and what the user should know about how it was read. Raises ReadError."""
    damaged = _("{name} is damaged and can't be opened. Restore it from a backup.").format(name=path.name)
    try:
        with reading(path):
            with path.open("rb") as file:
                if not is_zipfile(file):
                    empty = file.seek(0, 2) == 0
                    text = _("{name} is empty. Restore it from a backup.").format(name=path.name)
                    raise ReadError(text if empty else damaged)
            with ZipFile(path) as archive:
                return _read(archive)
    except ReadError:
        raise
    except Exception as error:  # zip, XML, JSON, zstd and PNG each have damage of their own to report
        raise ReadError(damaged) from error


def _write_layer(archive: ZipFile, layer: Layer, entry: str) -> dict[str, Any]:
    described: dict[str, Any] = {
        "id": layer.id,
        "name": layer.name,
        "opacity": layer.opacity,
        "visible": layer.visible,
        "record": layer.record,
    }
    prefix = f"kintsugi/layer{layer.id}"
    if layer.mask is None and layer.pixels.dtype != np.float32:
        described["png"] = entry  # there it is exact, and need not be stored twice
    else:
        described["pixels"] = write_tiles(archive, f"{prefix}.tiles", layer.pixels)
    if layer.mask is not None:
        described["mask"] = write_tiles(archive, f"{prefix}-mask.tiles", layer.mask)
    return described


def _write_metadata(archive: ZipFile, metadata: Metadata) -> dict[str, str]:
    entries = {}
    for block in fields(metadata):
        content = getattr(metadata, block.name)
        if content is not None:
            entries[block.name] = f"kintsugi/{block.name}"
            openraster.put(archive, entries[block.name], content, compress=True)
    return entries


def _plain(value: object) -> object:
    """JSON for what records are made of beside plain values: read-only mappings."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} in a record")


def _read(archive: ZipFile) -> tuple[DocumentState, tuple[str, ...]]:
    if _DOCUMENT not in archive.namelist():
        return read_foreign(archive, _MAX_PIXELS)
    if archive.getinfo(_DOCUMENT).file_size > _MAX_JSON_BYTES:
        raise ValueError("document.json too large")
    described = json.loads(archive.read(_DOCUMENT))
    if described["version"] > _VERSION:
        raise ReadError(_("This project was made by a newer Kintsugi; open it with that one."))
    if any(crc != archive.getinfo(name).CRC for name, crc in described["foreign"].items()):
        state, notes = read_foreign(archive, _MAX_PIXELS)
        return state, (*notes, _("Another program has changed it, so Kintsugi's own masks and records were left out."))
    size = Size(*described["size"])
    if size.width * size.height > _MAX_PIXELS:
        raise ReadError(_("The project is larger than Kintsugi can open."))
    layers = tuple(_read_layer(archive, layer, size) for layer in described["layers"])
    masks = {name: read_tiles(archive, described["masks"][name], size) for name in _MASKS}
    metadata = Metadata(**{name: archive.read(entry) for name, entry in described["metadata"].items()})
    _check_alike(layers, masks)
    return DocumentState(layers, **masks, metadata=metadata), ()


def _read_layer(archive: ZipFile, described: dict[str, Any], size: Size) -> Layer:
    if "png" in described:
        pixels = TileMap.from_array(openraster.read_png(archive, described["png"], _MAX_PIXELS)[0])
        if pixels.size != size:
            raise ValueError("layer of another size")
    else:
        pixels = read_tiles(archive, described["pixels"], size)
    mask = read_tiles(archive, described["mask"], size) if "mask" in described else None
    return Layer(
        int(described["id"]),
        str(described["name"]),
        pixels,
        mask,
        float(described["opacity"]),
        bool(described["visible"]),
        described["record"],
    )


def _check_alike(layers: tuple[Layer, ...], masks: Mapping[str, TileMap]) -> None:
    """Raises ValueError unless all layers are of one kind and all masks are masks."""
    kinds = {(layer.pixels.channels, layer.pixels.dtype.name) for layer in layers}
    painted = [*masks.values(), *(layer.mask for layer in layers if layer.mask is not None)]
    if len(kinds) != 1 or any((mask.channels, mask.dtype.name) != (1, "uint8") for mask in painted):
        raise ValueError("layers that do not fit together")
