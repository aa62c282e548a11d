"""Looks into an ONNX file from anywhere before ONNX Runtime opens it: what it could reach beyond itself is refused."""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from editor.core.errors import ModelError
from editor.core.i18n import _

log = logging.getLogger("kintsugi.runtime")

LARGEST_BYTES = 2**31 - 1
"""No ONNX model in one file can be larger."""

# What ONNX Runtime brings itself; operators of other domains come from libraries that run any code.
_DOMAINS = ("", "ai.onnx", "ai.onnx.ml", "com.microsoft")

# It loads what an accelerator has compiled, from a file that it names.
_COMPILED = "EPContext"

_PICKLE_SUFFIXES = (".pth", ".pt", ".ckpt", ".pkl", ".pickle")
_SHOWN_LETTERS = 100
_PICKLE_PROTOCOLS = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


def cannot(name: str, reason: str) -> ModelError:
    """The error that a file can't be used, and why: `reason` goes on after a colon and has no stop at its end."""
    return ModelError(_("{name} can't be used as a model: {reason}.").format(name=_printable(name), reason=reason))


def check_size(path: Path) -> int:
    """The length of a file in bytes; nothing of it is read.

    Raises:
        ModelError: it is no file, can't be read, is empty or too large for any model.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise unreadable(path, error) from error
    if not path.is_file():
        raise cannot(path.name, _("it is no file"))
    if size == 0:
        raise cannot(path.name, _("it is empty"))
    if size > LARGEST_BYTES:
        raise cannot(
            path.name,
            _("with {size_gb:.1f} GB it is larger than any model in one file").format(size_gb=size / 1e9),
        )
    return size


def unreadable(path: Path, error: OSError) -> ModelError:
    return ModelError(_("{path} can't be read: {reason}.").format(path=path, reason=error.strerror or error))


def check(path: Path) -> None:
    """Whether a file is an ONNX model that is complete in itself; it is parsed, never run.

    Raises:
        ModelError: it can't be read, is no ONNX model, holds pickled Python objects, refers to other files, or needs
            operators that ONNX Runtime does not bring itself.
    """
    check_size(path)
    if _is_pickle(path):
        raise cannot(
            path.name,
            _("it holds Python objects (pickle), which could run any program when opened; get the model as ONNX"),
        )
    model = _parsed(path)
    functions = {(function.domain, function.name) for function in model.functions}
    for message in _messages(model):
        match message.DESCRIPTOR.name:
            case "TensorProto" if message.external_data or message.data_location == message.EXTERNAL:
                raise cannot(path.name, _("its weights are in other files; only a model in one file can be installed"))
            case "NodeProto" if message.op_type == _COMPILED:
                raise cannot(path.name, _("it was compiled for one accelerator; get the original"))
            case "NodeProto" if message.domain not in _DOMAINS and (message.domain, message.op_type) not in functions:
                raise cannot(
                    path.name,
                    _("it needs the operator {domain}.{operator}, which ONNX does not have").format(
                        domain=_printable(message.domain), operator=_printable(message.op_type)
                    ),
                )


def _is_pickle(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            start = file.read(2)
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                return any(name.endswith(".pkl") for name in archive.namelist())
    except (OSError, zipfile.BadZipFile) as error:
        log.info("%s: %s", path, error)
        return False
    return start in _PICKLE_PROTOCOLS or path.suffix.lower() in _PICKLE_SUFFIXES


def _parsed(path: Path) -> Any:
    """The `onnx.ModelProto` of a file. Read as bytes, so that no other file can be opened with it."""
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # ships no types

    try:
        model = onnx.load_model_from_string(path.read_bytes())
    except OSError as error:
        raise unreadable(path, error) from error
    except DecodeError as error:
        raise _no_model(path) from error
    # Other data can happen to parse, as fields that are not known.
    if not model.graph.node:
        raise _no_model(path)
    return model


def _no_model(path: Path) -> ModelError:
    return ModelError(
        _("{name} is not the file of a known model, and no ONNX model either, or it is damaged.").format(name=path.name)
    )


def _messages(message: Any) -> Iterator[Any]:
    """A protobuf message and all that it holds, at any depth: subgraphs, attributes, functions."""
    yield message
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        for part in (value,) if hasattr(value, "DESCRIPTOR") else value:
            yield from _messages(part)


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text[:_SHOWN_LETTERS])
