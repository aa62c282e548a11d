"""From a torch network to an ONNX model, for all that have networks of their own. Imports torch."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import onnx
import torch
from torch import Tensor, nn

_OPSET = 18


def exported(
    network: nn.Module,
    examples: Sequence[Tensor],
    inputs: Sequence[str],
    outputs: Sequence[str],
    dynamic_shapes: Sequence[dict[int, Any]],
) -> onnx.ModelProto:
    """The network as an ONNX model in one piece. Takes half a minute.

    Args:
        network: in the state in which it is to be used.
        examples: one tensor for each input.
        inputs, outputs: their names.
        dynamic_shapes: for each input, the axes whose length may vary, with `torch.export.Dim` or a multiple of it.
    """
    with _quiet():
        program = torch.onnx.export(
            network,
            tuple(examples),
            input_names=list(inputs),
            output_names=list(outputs),
            opset_version=_OPSET,
            dynamic_shapes=tuple(dynamic_shapes),
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    return _without_notes(program.model_proto)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The exporter warns of what its own parts do, and of libraries that nobody needs here."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)


def _without_notes(model: onnx.ModelProto) -> onnx.ModelProto:
    """Without the exporter's notes on each node, in which the paths of this machine stand."""
    del model.graph.value_info[:]
    for noted in (model, model.graph, *model.graph.node, *model.graph.input, *model.graph.output):
        del noted.metadata_props[:]
        noted.ClearField("doc_string")
    return model
