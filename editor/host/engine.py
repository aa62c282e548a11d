"""Sets up the engine that runs models, with this machine's devices and the models found on it."""

from __future__ import annotations

from collections.abc import Callable

from editor.host.library import store
from editor.host.places import Places
from editor.runtime import onnx, providers
from editor.runtime.infer import InferenceEngine
from editor.runtime.selftest import Verdicts
from editor.runtime.sessions import SessionPool

_POOL_BYTES = 2 << 30
_TILE_BYTES = 1 << 30


def set_up(places: Places, on_message: Callable[[str], None]) -> InferenceEngine:
    """The engine for the models that ship and those in the user's data folder.

    Imports ONNX Runtime and asks the driver for devices: call it in a worker's thread. `on_message` gets a line for the
    user when a device could not be used; it is called in the thread that runs the model.

    Raises:
        ModelError: ONNX Runtime is not there or does not start.
    """
    return InferenceEngine(
        store(places),
        SessionPool(_POOL_BYTES),
        onnx.load,
        providers.choose(onnx.available_providers()),
        Verdicts(places.cache / "selftest.json", onnx.version()),
        on_message=on_message,
        tile_budget_bytes=_TILE_BYTES,
    )
