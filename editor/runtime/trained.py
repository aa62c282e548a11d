"""The description of a model that was trained here: its manifest, from its recipe."""

from __future__ import annotations

from editor.runtime.manifest import Licence, ModelFile, Trained
from editor.runtime.manifest_text import file_lines, printable, quoted, tensor_lines
from editor.sdk.recipe import Export


def described(
    model_id: str, title: str, summary: str, licence: Licence, file: ModelFile, export: Export, trained: Trained
) -> str:
    """The text of the manifest, as `editor.runtime.manifest` reads it."""
    return "\n".join(
        [
            "# Written when the model was trained.",
            f"id = {quoted(model_id)}",
            f"title = {quoted(printable(title) or model_id)}",
            f"role = {quoted(export.role)}",
            f"summary = {quoted(summary)}",
            'authors = ["you"]',
            "own = true",
            f"scale = {export.scale}",
            f"overlap_px = {export.overlap_px}",
            f"memory_mb_per_mp = {export.memory_mb_per_mp:g}",
            *("", "[licence]", f"name = {quoted(licence.name)}", f"commercial = {str(licence.commercial).lower()}"),
            *("", "[trained]", f"method = {quoted(trained.method)}", f"version = {trained.version}"),
            *([f"base = {quoted(trained.base)}"] if trained.base else []),
            *([f"photo = {quoted(trained.photo)}"] if trained.photo else []),
            *("", "[size]", f"multiple_of = {export.multiple_of}", f"minimum = {export.minimum}"),
            *("", "[[files]]", *file_lines(file)),
            *("", "[[inputs]]", *tensor_lines(export.input)),
            *("", "[[outputs]]", *tensor_lines(export.output)),
            "",
        ]
    )
