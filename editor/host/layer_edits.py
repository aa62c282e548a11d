"""Edits of a document's layers as functions from state to state. The bottom layer, the opened photo, stays as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from editor.core.document import DocumentState


def set_visible(state: DocumentState, layer_id: int, visible: bool) -> DocumentState:
    return _changed(state, layer_id, visible=visible)


def set_opacity(state: DocumentState, layer_id: int, opacity: float) -> DocumentState:
    """opacity: 0 to 1."""
    return _changed(state, layer_id, opacity=min(max(opacity, 0.0), 1.0))


def rename(state: DocumentState, layer_id: int, name: str) -> DocumentState:
    return _changed(state, layer_id, name=name)


def delete(state: DocumentState, layer_id: int) -> DocumentState:
    """`state` without a layer; the bottom one can't be deleted."""
    kept = tuple(layer for layer in state.layers[1:] if layer.id != layer_id)
    return replace(state, layers=(state.layers[0], *kept))


def _changed(state: DocumentState, layer_id: int, **changes: Any) -> DocumentState:
    layers = tuple(replace(layer, **changes) if layer.id == layer_id else layer for layer in state.layers[1:])
    return replace(state, layers=(state.layers[0], *layers))
