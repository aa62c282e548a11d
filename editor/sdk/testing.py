"""A context without a host, and the checks that every plugin must pass. For tests only."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from editor.core.errors import Cancelled, ModelError, PluginError
from editor.sdk.context import Context
from editor.sdk.models import ModelFacts
from editor.sdk.params import ParamSpec, Value, from_dict
from editor.sdk.plugin import Inputs, Makes, MaskResult, Output, PictureResult, Plugin, Result

T = TypeVar("T")
R = TypeVar("R")

Infer = Callable[[str, Mapping[str, NDArray[Any]]], dict[str, NDArray[Any]]]
Run = Callable[[str, Inputs, Mapping[str, object]], Result]


@dataclasses.dataclass
class _Shared:
    """What a context and its sub-contexts have in common."""

    cancel_after: int | None
    checks: int = 0
    reports: list[tuple[float, str]] = dataclasses.field(default_factory=list)
    lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)


class FakeContext:
    """An `editor.sdk.context.Context` for tests.

    cancel_after: raise Cancelled from that check (or progress) on, counted from 0; None never cancels.
    infer, run: stand-ins for models and other methods; without them, asking for one is a PluginError.
    models: what is known of models.
    """

    def __init__(
        self,
        seed: int = 0,
        threads: int = 1,
        *,
        origin: tuple[int, int] = (0, 0),
        cancel_after: int | None = None,
        infer: Infer | None = None,
        run: Run | None = None,
        models: Sequence[ModelFacts] = (),
    ) -> None:
        self.seed = seed
        self.threads = threads
        self.origin = origin
        self.rng = np.random.default_rng(seed)
        self._infer = infer
        self._run = run
        self._models = {facts.id: facts for facts in models}
        self._span = (0.0, 1.0)
        self._shared = _Shared(cancel_after)

    @property
    def checks(self) -> int:
        """How often the method gave the user a chance to cancel."""
        return self._shared.checks

    @property
    def reports(self) -> list[tuple[float, str]]:
        """All progress so far, as (fraction of the whole, text)."""
        return self._shared.reports

    def cancel(self) -> None:
        """As if the user had pressed Cancel now; callable from any thread."""
        with self._shared.lock:
            self._shared.cancel_after = self._shared.checks

    def check(self) -> None:
        shared = self._shared
        with shared.lock:
            shared.checks += 1
            if shared.cancel_after is not None and shared.checks > shared.cancel_after:
                raise Cancelled

    def progress(self, fraction: float, text: str = "") -> None:
        self.check()
        start, end = self._span
        with self._shared.lock:
            self._shared.reports.append((start + (end - start) * fraction, text))

    def sub(self, start: float, end: float) -> Context:
        part = FakeContext(self.seed, self.threads, origin=self.origin, infer=self._infer, run=self._run)
        part._models = self._models
        low, high = self._span
        part._span = (low + (high - low) * start, low + (high - low) * end)
        part._shared = self._shared
        return part

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> list[R]:
        if self.threads == 1:
            return [function(item) for item in items]
        with ThreadPoolExecutor(self.threads) as pool:
            return list(pool.map(function, items))

    def model(self, model: str) -> ModelFacts:
        if model not in self._models:
            raise ModelError(f"No model {model!r} in this test.")
        return self._models[model]

    def infer(self, model: str, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        if self._infer is None:
            raise PluginError(f"No model {model!r} in this test.")
        made = self._infer(model, inputs)
        # As the host does, who tells it after each tile.
        self.progress(1.0)
        return made

    def run(self, method: str, inputs: Inputs, **params: object) -> Result:
        if self._run is None:
            raise PluginError(f"No method {method!r} in this test.")
        made = self._run(method, inputs, params)
        # As other methods do.
        self.progress(1.0)
        return made


def check_plugin(
    plugin: Plugin,
    inputs: Inputs,
    *,
    infer: Infer | None = None,
    run_other: Run | None = None,
    models: Sequence[ModelFacts] = (),
    max_checks_after_cancel: int = 8,
) -> Output:
    """Runs a method in all the ways a host will, and says what it does wrong.

    Checked: the result is of the kind that the method declares; its shape, type, range and finiteness; the inputs stay
    untouched; the same seed gives the same values on one thread and on three; each parameter changes the result; a
    cancel, early or late, ends the run as Cancelled.

    Args:
        plugin: the declaration.
        inputs: a small picture and whatever else the method needs, on which every parameter should matter.
        infer, run_other: stand in for the models and the methods that the method runs; must give the same for the same,
            from any thread.
        models: what is known of them; a parameter that names a model must matter if there are several.
        max_checks_after_cancel: how often it may look again after the first cancel (other threads may).

    Returns:
        The result with default parameters and seed 0; the strips of a picture can be read again.

    Raises:
        AssertionError: it breaks a rule; the message says which.
    """
    frozen = _frozen(inputs)
    kept = [array.copy() for array in _arrays(frozen)]

    def run(context: FakeContext, **values: Value) -> _Ran:
        return _run(plugin, frozen, from_dict(plugin.params, values), context)

    def context(threads: int = 1, cancel_after: int | None = None) -> FakeContext:
        return FakeContext(
            seed=0, threads=threads, cancel_after=cancel_after, infer=infer, run=run_other, models=models
        )

    counter = context()
    first = run(counter)
    _check_ran(plugin, inputs, first)
    for before, after in zip(kept, _arrays(frozen), strict=True):
        _require(np.array_equal(before, after), f"{plugin.id} changed its inputs")
    for threads in (1, 3):
        same = first.equals(run(context(threads)))
        _require(same, f"{plugin.id} gives other values for the same seed on {threads} threads")
    for spec in plugin.specs:
        value = _other_value(spec, models)
        if value is not None:
            changed = run(context(), **{spec.name: value})
            _check_ran(plugin, inputs, changed)
            _require(not first.equals(changed), f"{plugin.id}: {spec.name} = {value!r} changes nothing")
    _require(counter.checks > 0, f"{plugin.id} never looks whether the user cancelled")
    fractions = [fraction for fraction, _ in counter.reports]
    _require(fractions == sorted(fractions), f"{plugin.id}: its progress goes backwards")
    for at in sorted({0, counter.checks // 2, counter.checks - 1}):
        cancelled = context(cancel_after=at)
        try:
            run(cancelled)
        except Cancelled:
            pass
        else:
            raise AssertionError(f"{plugin.id} went on after a cancel")
        _require(cancelled.checks <= at + max_checks_after_cancel, f"{plugin.id} worked on after a cancel")
    return first.result


@dataclasses.dataclass(frozen=True, slots=True)
class _Ran:
    """A result and its values: one array, or those of all strips and their alphas."""

    result: Output
    values: tuple[NDArray[np.float32], ...]

    def equals(self, other: _Ran) -> bool:
        return len(self.values) == len(other.values) and all(map(np.array_equal, self.values, other.values))


def _run(plugin: Plugin, inputs: Inputs, params: object, context: FakeContext) -> _Ran:
    if plugin.prepare is not None:
        inputs = dataclasses.replace(inputs, prepared=plugin.prepare(inputs, params, context))
    result = plugin.run(inputs, params, context)
    wanted = {Makes.PIXELS: Result, Makes.MASK: MaskResult, Makes.PICTURE: PictureResult}[plugin.makes]
    assert isinstance(result, wanted), f"{plugin.id} returned {type(result).__name__}"
    if isinstance(result, Result):
        return _Ran(result, (result.image,))
    if isinstance(result, MaskResult):
        return _Ran(result, (result.mask,))
    strips = list(result.strips)
    alphas = [strip.alpha for strip in strips if strip.alpha is not None]
    _require(len(alphas) in (0, len(strips)), f"{plugin.id} gave only some strips an alpha")
    read = dataclasses.replace(result, strips=iter(strips))
    return _Ran(read, (*(strip.image for strip in strips), *alphas))


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise AssertionError(message)


def _frozen(inputs: Inputs) -> Inputs:
    """A copy that cannot be written to."""
    alpha = inputs.alpha.copy() if inputs.alpha is not None else None
    copy = Inputs(inputs.image.copy(), inputs.mask.copy(), inputs.source.copy(), alpha)
    for array in _arrays(copy):
        array.flags.writeable = False
    return copy


def _arrays(inputs: Inputs) -> tuple[NDArray[Any], ...]:
    arrays = inputs.image, inputs.mask, inputs.source
    return arrays if inputs.alpha is None else (*arrays, inputs.alpha)


def _check_ran(plugin: Plugin, inputs: Inputs, ran: _Ran) -> None:
    for values in ran.values:
        _require(values.dtype == np.float32, f"{plugin.id} returned {values.dtype}, not float32")
        _require(bool(np.isfinite(values).all()), f"{plugin.id} returned values that are not finite")
        _require(float(values.min()) >= 0 and float(values.max()) <= 1, f"{plugin.id} returned values outside 0..1")
    result = ran.result
    if isinstance(result, PictureResult):
        images = [values for values in ran.values if values.ndim == 3]
        fitting = all(image.shape[1:] == (result.width, 3) for image in images)
        _require(fitting, f"{plugin.id} returned strips that are not {result.width} wide")
        rows = sum(len(image) for image in images)
        _require(rows == result.height, f"{plugin.id} returned {rows} rows, not {result.height}")
    else:
        shape = inputs.image.shape if isinstance(result, Result) else inputs.mask.shape
        _require(ran.values[0].shape == shape, f"{plugin.id} returned the shape {ran.values[0].shape}")


def _other_value(spec: ParamSpec, models: Sequence[ModelFacts]) -> Value | None:
    """An allowed value that is far from the default; None for the only model."""
    if spec.role:
        return next((facts.id for facts in models if facts.id != spec.default), None)
    if spec.type is bool:
        return not spec.default
    if spec.choice is not None:
        return next(value for value in spec.choice.values if value != spec.default)
    assert spec.range is not None
    middle = (spec.range.low + spec.range.high) / 2
    value = spec.range.low if float(spec.default) > middle else spec.range.high
    return spec.type(value)  # type: ignore[no-any-return]  # int or float here
