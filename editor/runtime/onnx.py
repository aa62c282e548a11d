"""The one module that speaks to ONNX Runtime, which is imported when the first model is loaded."""

from __future__ import annotations

import contextlib
import functools
import io
import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editor.core.errors import Cancelled, EditorError, ModelError, OutOfMemory
from editor.core.i18n import _
from editor.runtime.providers import Provider
from editor.runtime.sessions import TensorInfo, Tensors

log = logging.getLogger("kintsugi.runtime")

# How often a run looks whether it was cancelled; far below what a user feels, far above what it costs.
CANCEL_POLL_S = 0.02

# Everything ONNX Runtime has to say about an error comes with the exception; its own log would print it once more.
_FATAL_ONLY = 4

# What the providers say when memory runs out; ONNX Runtime has no error class for it.
_OUT_OF_MEMORY = (
    "bad_alloc",
    "bad allocation",
    "failed to allocate memory",
    "out of memory",
    "out_of_memory",
    "outofmemory",
    "alloc_failed",
    "8007000e",
)

_DTYPES = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(double)": "float64",
    "tensor(uint8)": "uint8",
    "tensor(uint16)": "uint16",
    "tensor(int32)": "int32",
    "tensor(int64)": "int64",
    "tensor(bool)": "bool",
}


def default_threads() -> int:
    """One thread less than there are cores, so that the window stays fluent."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity is not None else os.cpu_count() or 1
    return max(1, cores - 1)


def available_providers() -> tuple[str, ...]:
    """What the installed ONNX Runtime was built with, not what this machine can run."""
    return tuple(_runtime().get_available_providers())


def version() -> str:
    """The version of ONNX Runtime."""
    return str(_runtime().__version__)


def load(path: Path, providers: Sequence[Provider], *, device_id: int = 0, threads: int | None = None) -> OnnxSession:
    """Loads a model.

    Args:
        path: the .onnx file.
        providers: what to ask for, best first; look at the session's `providers` for what was obtained.
        device_id: which GPU.
        threads: for the CPU; None for all cores but one.

    Raises:
        ModelError: the file is damaged, no model, or needs something this ONNX Runtime has not.
        OutOfMemory: there is not enough memory to load it.
    """
    ort = _runtime()
    if any(provider in (Provider.CUDA, Provider.TENSORRT) for provider in providers):
        _preload_cuda()
    options = ort.SessionOptions()
    options.intra_op_num_threads = default_threads() if threads is None else threads
    options.use_deterministic_compute = True  # a replayed step gives the same pixels
    options.log_severity_level = _FATAL_ONLY
    if Provider.DIRECTML in providers:
        options.enable_mem_pattern = False  # DirectML does not support it
    asked = [(provider.value, _provider_options(provider, device_id)) for provider in providers]
    if providers[0] is Provider.CPU:
        problem = _("The model file {name} could not be loaded: it is damaged, or not for this version.").format(
            name=path.name
        )
    else:
        problem = _("{device} could not be started, or it cannot run the model file {name}.").format(
            device=providers[0].label, name=path.name
        )
    with _mapped_errors(problem):
        # If it were on, a failing provider would be replaced by the CPU with no more than a print.
        session = ort.InferenceSession(str(path), options, providers=asked, enable_fallback=0)
        return OnnxSession(session, path)


class OnnxSession:
    """A loaded model; see `editor.runtime.sessions.Session`."""

    def __init__(self, session: Any, path: Path) -> None:
        self._session = session
        self._name = path.name
        self._providers = tuple(session.get_providers())
        self._inputs = tuple(_info(node) for node in session.get_inputs())
        self._outputs = tuple(_info(node) for node in session.get_outputs())
        # A DirectML session must not run in two threads at once; others may.
        self._turn: contextlib.AbstractContextManager[Any] = (
            threading.Lock() if Provider.DIRECTML in self._providers else contextlib.nullcontext()
        )

    @property
    def providers(self) -> tuple[str, ...]:
        return self._providers

    @property
    def input_names(self) -> tuple[str, ...]:
        return tuple(info.name for info in self._inputs)

    @property
    def output_names(self) -> tuple[str, ...]:
        return tuple(info.name for info in self._outputs)

    @property
    def inputs(self) -> tuple[TensorInfo, ...]:
        return self._inputs

    @property
    def outputs(self) -> tuple[TensorInfo, ...]:
        return self._outputs

    def run(self, inputs: Tensors, cancel: Callable[[], bool]) -> dict[str, NDArray[Any]]:
        """All outputs by name; a cancel stops it within about one node of the graph.

        Raises:
            Cancelled: `cancel`, which another thread polls, became true; the session stays usable.
            OutOfMemory: there was not enough memory for inputs of this size.
            ModelError: the inputs do not fit the model, or it failed.
        """
        if cancel():
            raise Cancelled
        # Fresh for each run: a set terminate flag would stop the next run as well.
        options = _runtime().RunOptions()
        options.log_severity_level = _FATAL_ONLY
        # Within a run memory is used again; after it, what the largest run took would be kept for ever.
        options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        with self._turn, _terminated_on(cancel, options):
            try:
                with _mapped_errors(_("The model {name} did not run.").format(name=self._name)):
                    outputs = self._session.run(list(self.output_names), dict(inputs), options)
            except EditorError as error:
                if options.terminate:
                    raise Cancelled from error
                raise
        if options.terminate:
            raise Cancelled
        return {name: np.asarray(output) for name, output in zip(self.output_names, outputs, strict=True)}


def _info(node: Any) -> TensorInfo:
    shape = tuple(length if isinstance(length, int) and length >= 0 else None for length in node.shape)
    return TensorInfo(node.name, shape, _DTYPES.get(node.type, node.type))


@contextlib.contextmanager
def _terminated_on(cancel: Callable[[], bool], options: Any) -> Iterator[None]:
    """Ends a run from outside: the thread that runs sits in ONNX Runtime and cannot look."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(CANCEL_POLL_S):
            if cancel():
                options.terminate = True
                return

    watcher = threading.Thread(target=watch, name="onnx-cancel", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


@contextlib.contextmanager
def _mapped_errors(message: str) -> Iterator[None]:
    expected: tuple[type[Exception], ...] = (*_ort_errors(), OSError, RuntimeError, TypeError, ValueError)
    try:
        yield
    except MemoryError as error:
        raise _no_memory() from error
    except expected as error:
        text = str(error).lower()
        if any(sign in text for sign in _OUT_OF_MEMORY):
            raise _no_memory() from error
        log.info("%s %s", message, error)
        raise ModelError(message) from error


def _no_memory() -> OutOfMemory:
    return OutOfMemory(_("There is not enough memory for this model. Close other programs or work on a smaller area."))


def _provider_options(provider: Provider, device_id: int) -> dict[str, str]:
    if provider is Provider.CUDA:
        # The exhaustive search, the default, times each new tile size for seconds and picks by chance; arenas that
        # double waste memory that the next tile needs.
        return {
            "device_id": str(device_id),
            "cudnn_conv_algo_search": "HEURISTIC",
            "arena_extend_strategy": "kSameAsRequested",
        }
    if provider in (Provider.TENSORRT, Provider.DIRECTML):
        return {"device_id": str(device_id)}
    return {}


@functools.cache
def _runtime() -> Any:
    """The onnxruntime module.

    Raises:
        ModelError: it cannot be imported.
    """
    try:
        import onnxruntime  # type: ignore[import-untyped]  # ships no types
    except ImportError as error:
        raise ModelError(
            _("ONNX Runtime, which runs the models, cannot be loaded: set the editor up again.")
        ) from error
    onnxruntime.set_default_logger_severity(_FATAL_ONLY)
    onnxruntime.disable_telemetry_events()  # Windows builds phone home otherwise
    return onnxruntime


@functools.cache
def _ort_errors() -> tuple[type[Exception], ...]:
    """ONNX Runtime's error classes, which have no common base below Exception."""
    _runtime()
    from onnxruntime.capi import onnxruntime_pybind11_state as state  # type: ignore[import-untyped]  # ships no types

    members = vars(state).values()
    return tuple(member for member in members if isinstance(member, type) and issubclass(member, Exception))


@functools.cache
def _preload_cuda() -> None:
    """Finds CUDA's libraries where pip puts them; what it prints when there are none goes to the log."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        _runtime().preload_dlls()
    if printed.getvalue():
        log.info("CUDA libraries: %s", printed.getvalue().strip())
