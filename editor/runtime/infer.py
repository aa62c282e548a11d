"""Runs a model by its id on a picture of any size: the way from a method's `ctx.infer` to the device and back."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray

from editor.core.errors import ModelError, OutOfMemory
from editor.core.i18n import _
from editor.runtime import providers, selftest, tiled, tiling
from editor.runtime.manifest import ModelManifest
from editor.runtime.providers import Choice, DeviceReport, Provider
from editor.runtime.sessions import Session, SessionKey, SessionPool, Tensors
from editor.runtime.store import ModelStore
from editor.sdk.models import ModelFacts

log = logging.getLogger("kintsugi.runtime")

Cancel = Callable[[], bool]
Progress = Callable[[float], None]


class Load(Protocol):
    """Loads a model file for the first of `providers` that works; `editor.runtime.onnx.load` is the real one."""

    def __call__(self, path: Path, providers: Sequence[Provider], *, device_id: int) -> Session: ...


@dataclass(frozen=True, slots=True)
class _Task:
    """One call of `infer`; size is the pictures' height and width, None without pictures."""

    manifest: ModelManifest
    path: Path
    inputs: Tensors
    size: tuple[int, int] | None
    cancel: Cancel
    progress: Progress


@dataclass(frozen=True, slots=True)
class Inference:
    """The outputs by name, the device that computed them, and the SHA-256 of the model that did."""

    outputs: dict[str, NDArray[Any]]
    device: str
    sha256: str


class _DeviceError(ModelError):
    """A model cannot be used on an accelerator at all, this time or the next."""


class InferenceEngine:
    """Ties models, sessions, devices and tiles together. Safe to use from several threads.

    An accelerator that cannot be had, computes wrongly, fails, or runs out of memory is replaced by the next device,
    in the end the CPU, and `on_message` is told; only when the CPU fails, too, the run fails.

    Args:
        store: the models and their files.
        pool: keeps loaded models.
        load: loads one.
        choice: the devices to try, from `providers.choose`.
        verdicts: what self-tests found before.
        on_message: gets one line for the user when something did not go as asked; called in the running thread.
        tile_budget_bytes: how much working memory a tile may take.
        device_id: which GPU.
    """

    def __init__(
        self,
        store: ModelStore,
        pool: SessionPool,
        load: Load,
        choice: Choice,
        verdicts: selftest.Verdicts,
        *,
        on_message: Callable[[str], None],
        tile_budget_bytes: int,
        device_id: int = 0,
    ) -> None:
        self._store = store
        self._pool = pool
        self._load = load
        self._choice = choice
        self._verdicts = verdicts
        self._on_message = on_message
        self._tile_budget_bytes = tile_budget_bytes
        self._device_id = device_id
        self._lock = threading.Lock()
        self._report = choice.report
        self._problems: dict[SessionKey, str] = {}  # why a model is not tried on an accelerator again
        self._sides: dict[SessionKey, int] = {}  # the tile side that memory allowed last time

    def device_report(self) -> DeviceReport:
        """What models run on, and why: what was chosen, and from the first run on what the last one used."""
        with self._lock:
            return self._report

    def facts(self, model_id: str) -> ModelFacts:
        """What a method may know of a model. Raises ModelError if there is none of this id."""
        return self._store.manifest(model_id).facts

    def installed(self, role: str) -> tuple[str, ...]:
        """The ids of the installed models for a use."""
        manifests = self._store.manifests.items()
        return tuple(id_ for id_, each in manifests if each.role == role and self._store.installed(id_))

    def infer(
        self,
        model_id: str,
        inputs: Tensors,
        *,
        cancel: Cancel = lambda: False,
        progress: Progress = lambda _fraction: None,
    ) -> Inference:
        """Runs a model.

        Args:
            model_id: its id in the manifest.
            inputs: its inputs by name, laid out as the manifest says; pictures may have any size, but all the same.
            cancel: polled from another thread while the model runs.
            progress: gets the fraction done, 0 to 1, after each tile.

        Returns:
            What it gave; a picture among the outputs has `scale` times the height and width of the inputs.

        Raises:
            ModelError: the model is not installed, the inputs do not fit it, or it failed on every device.
            OutOfMemory: there was not enough memory even for the smallest tiles, on every device.
            Cancelled: `cancel` became true.
        """
        manifest = self._store.manifest(model_id)
        size = tiled.picture_size(manifest, inputs)
        task = _Task(manifest, self._store.locate(model_id), inputs, size, cancel, progress)
        reason = self._choice.reason
        *accelerators, _cpu = self._choice.providers
        for provider in accelerators:
            try:
                outputs = self._run_accelerated(task, provider)
            except (ModelError, OutOfMemory) as error:
                reason = self._fell_back(task, provider, error)
            else:
                return self._ran(task, provider, reason, outputs)
        return self._ran(task, Provider.CPU, reason, self._run(task, Provider.CPU))

    def load(self, model_id: str, *, cancel: Cancel = lambda: False) -> None:
        """Loads a model on the device that is to run it, so that its first run need not wait for that.

        Raises:
            ModelError: the model is not installed, or can't be had on any device.
            Cancelled: `cancel` became true.
        """
        manifest = self._store.manifest(model_id)
        task = _Task(manifest, self._store.locate(model_id), {}, None, cancel, lambda _fraction: None)
        *accelerators, _cpu = self._choice.providers
        for provider in accelerators:
            # That it does not work there is told by the run, to whom it matters.
            with suppress(ModelError, OutOfMemory):
                self._self_test(task, provider)
                with self._lease(task, provider):
                    return
        with self._lease(task, Provider.CPU):
            pass

    def _run_accelerated(self, task: _Task, provider: Provider) -> dict[str, NDArray[Any]]:
        """Raises ModelError or OutOfMemory if the next device must do it."""
        with self._lock:
            problem = self._problems.get(self._key(task, provider))
        if problem is not None:
            raise _DeviceError(problem)
        self._self_test(task, provider)
        return self._run(task, provider)

    def _self_test(self, task: _Task, provider: Provider) -> None:
        """Raises _DeviceError if the accelerator does not compute the model as the CPU does."""
        sha256, device = task.manifest.sha256, self._choice.device(provider)
        verdict = self._verdicts.get(sha256, device)
        if verdict is None:
            with self._lease(task, provider) as accelerated, self._lease(task, Provider.CPU) as cpu:
                verdict = selftest.compare(task.manifest, accelerated, cpu, task.cancel)
            self._verdicts.put(sha256, device, verdict)
        if not verdict.trusted:
            raise _DeviceError(
                _("its self-test there differed from the CPU by {difference:.3g} %").format(
                    difference=100 * verdict.difference
                )
            )

    def _run(self, task: _Task, provider: Provider) -> dict[str, NDArray[Any]]:
        """Runs on one device, in smaller tiles while memory does not suffice."""
        manifest = task.manifest
        with self._lease(task, provider) as session:
            if task.size is None:
                return tiled.run_checked(session, manifest, task.inputs, task.cancel)
            plan = self._plan(task, provider, *task.size)
            while True:
                try:
                    return tiled.run_tiles(session, manifest, task.inputs, plan, task.cancel, task.progress)
                except OutOfMemory as error:
                    overlap_px = manifest.overlap_px
                    smaller = None if overlap_px is None else tiling.halved(plan, manifest.size, overlap_px)
                    if smaller is None:
                        raise
                    log.info("%s: tiles of %d px: %s", manifest.id, plan.side_px, error)
                    plan = smaller
                    with self._lock:
                        self._sides[self._key(task, provider)] = plan.side_px

    def _plan(self, task: _Task, provider: Provider, height: int, width: int) -> tiling.Plan:
        manifest = task.manifest
        if manifest.overlap_px is None or manifest.memory_mb_per_mp is None:
            return tiling.whole(height, width, manifest.size)
        with self._lock:
            side_px = self._sides.get(self._key(task, provider))
        if side_px is None:
            side_px = tiling.side_for(self._tile_budget_bytes, manifest.memory_mb_per_mp)
        return tiling.plan(height, width, manifest.size, manifest.overlap_px, side_px)

    def _lease(self, task: _Task, provider: Provider) -> AbstractContextManager[Session]:
        def load() -> Session:
            chain = self._choice.providers[self._choice.providers.index(provider) :]
            session = self._load(task.path, chain, device_id=self._device_id)
            problem = providers.mismatch(provider, session.providers)
            if problem:
                raise _DeviceError(problem)
            tiled.check_session(task.manifest, session)
            return session

        return self._pool.lease(self._key(task, provider), task.manifest.size_bytes, load)

    def _key(self, task: _Task, provider: Provider) -> SessionKey:
        device_id = 0 if provider is Provider.CPU else self._device_id
        return SessionKey(task.manifest.sha256, provider.value, device_id)

    def _fell_back(self, task: _Task, provider: Provider, error: ModelError | OutOfMemory) -> str:
        """Tells the user that the next device does it, and returns why; what stays so is told once a model."""
        key = self._key(task, provider)
        self._pool.discard(key)
        cause = str(error).rstrip(".")
        with self._lock:
            known = key in self._problems
            if isinstance(error, _DeviceError):
                self._problems[key] = cause
        if not known:
            chain = self._choice.providers
            device, following = (self._choice.device(p) for p in chain[chain.index(provider) :][:2])
            message = _("{model} does not run on {device}: {cause}. It runs on {following} instead.").format(
                model=task.manifest.title, device=device, cause=cause, following=following
            )
            log.warning("%s", message, exc_info=error)
            self._on_message(message)
        return cause

    def _ran(self, task: _Task, provider: Provider, reason: str, outputs: dict[str, NDArray[Any]]) -> Inference:
        device = self._choice.device(provider)
        with self._lock:
            self._report = DeviceReport(device, reason)
        return Inference(outputs, device, task.manifest.sha256)
