"""Other formats of weights into ONNX."""

from __future__ import annotations

from collections.abc import Sequence

from editor.core.errors import ModelError
from editor.core.i18n import _

VERSION = 1
"""Raise it when a converter gives another model for the same files, so that what is in the cache is made anew."""


def to_onnx(kind: str, files: Sequence[bytes]) -> bytes:
    """An ONNX model, serialised.

    Args:
        kind: one of `editor.runtime.manifest.CONVERTERS`.
        files: the contents of the model's files in the manifest's order: for ncnn .param and .bin, for
            openvino .xml and .bin, for the others their only one.

    Raises:
        ModelError: they are damaged, hold something that has no counterpart, or are not the files that `kind` takes.
    """
    try:
        match kind:
            case "ncnn":
                from editor.runtime.convert.ncnn import from_ncnn

                param, weights = files
                return bytes(from_ncnn(param.decode(), weights).SerializeToString())
            case "openvino":
                from editor.runtime.convert.openvino import from_openvino

                xml, weights = files
                return bytes(from_openvino(xml.decode(), weights).SerializeToString())
            case "free_size":
                from editor.runtime.convert.free_size import with_free_size

                (model,) = files
                return bytes(with_free_size(model).SerializeToString())
            case "efficientnet_lite0":
                from editor.runtime.convert.efficientnet import from_efficientnet_lite0

                (state_dict,) = files
                return bytes(from_efficientnet_lite0(state_dict).SerializeToString())
    except ValueError as error:
        raise ModelError(
            _("The model cannot be converted: its files are not those of {kind}.").format(kind=kind)
        ) from error
    raise ModelError(_("The model cannot be converted: {kind} is not known.").format(kind=kind))
