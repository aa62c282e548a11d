"""Parts of a manifest as text, for models that were not described by hand."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection

from editor.runtime.manifest import ModelFile
from editor.sdk.models import TensorSpec

_LONGEST_ID = 60
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)$")  # as file names, on Windows


def quoted(value: str) -> str:
    """As TOML: JSON's escapes are also its own, but for the one character that JSON leaves as it is."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def printable(text: str) -> str:
    """Names of files can hold anything, also what moves a terminal's cursor."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def free_id(stem: str, taken: Collection[str]) -> str:
    """An id from a file's name, valid in a manifest and as a file's name, that is not among `taken`."""
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"[^a-z0-9_-]+", "_", plain).strip("_-")[:_LONGEST_ID]
    if not plain or not plain[0].isalpha() or _RESERVED.match(plain):
        plain = f"model_{plain}".rstrip("_")
    number, free = 1, plain
    while free in taken:
        number += 1
        free = f"{plain}_{number}"
    return free


def file_lines(file: ModelFile) -> list[str]:
    return [f"name = {quoted(file.name)}", f"size_bytes = {file.size_bytes}", f"sha256 = {quoted(file.sha256)}"]


def tensor_lines(spec: TensorSpec, remark: str = "") -> list[str]:
    """Of a picture; the remark stands behind its range."""
    low, high = spec.range or (0.0, 1.0)
    return [
        f"name = {quoted(spec.name)}",
        f"layout = {quoted(spec.layout)}",
        f"dtype = {quoted(spec.dtype)}",
        f"range = [{low:g}, {high:g}]{remark}",
        f"colour = {quoted(spec.colour)}",
        *([f"channels = {spec.channels}"] if spec.colour == "planes" else []),
        *([f"mean = {list(spec.mean)}", f"deviation = {list(spec.deviation)}"] if spec.mean else []),
    ]
