"""The trainer's process: learns step by step, tells of it through a pipe, and hears from there when to stop."""

from __future__ import annotations

import copy
import os
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, replace
from multiprocessing.connection import Connection
from typing import Literal, TypeVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from editor.core.errors import EditorError, ModelError
from editor.core.i18n import _, set_language
from editor.runtime.tuning import checkpoint, devices, memory, weights
from editor.runtime.tuning.events import (
    Event,
    Failed,
    Finished,
    Learned,
    Measured,
    Noted,
    Rested,
    Started,
)
from editor.runtime.tuning.folder import RunFolder
from editor.runtime.tuning.loop import NotFiniteError, Plan, Trainer
from editor.runtime.tuning.losses import Features
from editor.runtime.tuning.patches import Patches
from editor.runtime.tuning.task import Task
from editor.runtime.tuning.trainee import trainee

Command = Literal["pause", "resume", "keep", "rest"]
"""Hold on; go on; stop and export the best weights; stop so that it can go on later. The pipe's end means the last."""

_NICE = 10
# Points of the curve, and how often they are looked at on the other photos.
_LEARNED_EVERY = 10
_MEASURES = 40
_MEASURED_CELLS = 16
_MEASURE_SEED = 20_040_229
_HELD_BACK_NOISE = 4
# Each halves the optimiser's steps.
_MOST_SETBACKS = 5
_FEWEST_STEPS = 50
_TIMED_STEPS = 6

_Result = TypeVar("_Result")


class _Stopped(Exception):  # noqa: N818 - a wish, not an error
    """Whoever started it wants it to end; `keep` says whether what was learned is to be exported."""

    def __init__(self, *, keep: bool) -> None:
        super().__init__()
        self.keep = keep


def main(pipe: Connection, task: Task, language: str | None = None) -> None:
    """What the process runs."""
    # Ctrl+C in a terminal goes to all its processes; the one that started this one decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(_NICE)
    set_language(language)
    devices.leave_room()
    devices.make_repeatable()
    serve(pipe, task)


def serve(pipe: Connection, task: Task) -> None:
    """Learns and tells of it, and of whatever goes wrong, through the pipe, which is closed in the end."""

    def tell(event: Event) -> None:
        try:
            pipe.send(event)
        except OSError as error:
            raise _Stopped(keep=False) from error

    try:
        try:
            _Worker(task, pipe, tell).run()
        except EditorError as error:
            tell(Failed(str(error), traceback.format_exc()))
        except OSError as error:
            text = _("The training's files in {folder} can't be used: {reason}.")
            tell(Failed(text.format(folder=task.folder, reason=error.strerror or error), traceback.format_exc()))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told to whoever listens
            text = _("There is not enough memory to train; close other programs, or choose smaller patches.")
            if not memory.is_exhausted(error):
                text = _("The training failed; the log says why.")
            tell(Failed(text, traceback.format_exc()))
    except _Stopped:
        pass  # nobody listens any more
    finally:
        pipe.close()


class _Worker:
    def __init__(self, task: Task, pipe: Connection, tell: Callable[[Event], None]) -> None:
        self._task = task
        self._pipe = pipe
        self._tell = tell
        self._folder = RunFolder(task.folder)
        self._trainee = trainee(task.recipe)
        self._patches = Patches(self._folder.train)
        self._bank, self._other_bank = self._read_bank()
        self._device = devices.device(task.order.device)
        self._given, self._wanted = self._held_out()
        self._typical = _typical(self._given, self._wanted)
        self._losses: list[float] = []
        self._spent_s = 0.0
        self._timed = 0
        self._best: tuple[float, int, dict[str, Tensor]] | None = None

    def run(self) -> None:
        self._trainer = self._made(self._known_plan())
        points = self._restored()
        plan = self._trainer.plan
        batch = devices.batch(self._task.recipe.batch, plan.device)
        self._tell(Started(plan.steps, batch, plan.at_once, plan.device))
        for point in points:
            self._tell(point)
        keep = True
        try:
            self._learn()
        except _Stopped as stop:
            keep = stop.keep
        self._save(self._state())
        if keep:
            self._export()
        else:
            self._tell(Rested(self._trainer.done))

    def _learn(self) -> None:
        """To the last step."""
        steps = self._trainer.plan.steps
        every = max(1, steps // _MEASURES)
        good = copy.deepcopy(self._state())
        saved = time.monotonic()
        if self._best is None:
            self._measure()
        while self._trainer.done < steps:
            self._hear()
            began = time.perf_counter()
            try:
                self._losses.append(self._fit(self._trainer, self._trainer.step))
            except NotFiniteError:
                self._set_back(good)
                continue
            self._spent_s += time.perf_counter() - began
            self._timed += 1
            done = self._trainer.done
            if done % _LEARNED_EVERY == 0 or done == steps:
                self._tell_losses()
            if done % every == 0 or done == steps:
                self._measure()
            if time.monotonic() - saved >= self._task.checkpoint_s:
                good = copy.deepcopy(self._state())
                self._save(good)
                saved = time.monotonic()

    def _known_plan(self) -> Plan:
        """The one of the run's folder, or a new one."""
        try:
            plan = Plan(**self._folder.plan() or {})
        except TypeError:  # there is none, or one of another version
            plan = self._plan()
        self._folder.write_plan(asdict(plan))
        return plan

    def _restored(self) -> list[Learned | Measured]:
        """Goes on from the last checkpoint, if there is one; returns what was told up to there."""
        state = checkpoint.load(self._folder.checkpoint)
        if state is None:
            if self._folder.checkpoint.exists():
                self._tell(Noted(_("The last checkpoint is damaged; the training begins anew.")))
            return self._folder.cut_curve(-1)
        try:
            self._trainer.load_state(state["trainer"])
        except (KeyError, ValueError, RuntimeError) as error:
            raise ModelError(
                _("This training was begun with another network and can't go on; begin a new one.")
            ) from error
        self._losses = list(state["losses"])
        best = state["best"]
        self._best = None if best is None else (best[0], best[1], best[2])
        return self._folder.cut_curve(self._trainer.done)

    def _made(self, plan: Plan) -> Trainer:
        trainer = Trainer(
            self._task.recipe,
            self._trainee,
            self._patches,
            plan,
            features=self._features(plan.device),
            bank=self._bank,
        )
        if self._task.base is not None:
            trainer.start_from(weights.from_onnx(self._task.base, trainer.network))
        return trainer

    def _plan(self) -> Plan:
        """How many steps the time allows is found out by timing some, which are then forgotten."""
        recipe, order = self._task.recipe, self._task.order
        rate = order.rate or (recipe.rate if self._task.base is None else recipe.fine_rate)
        trial = self._made(Plan(order.steps or _FEWEST_STEPS, rate, 1, self._device, order.seed))
        given, wanted = (each[:1].to(self._device) for each in (self._given, self._wanted))
        batch = devices.batch(recipe.batch, self._device)
        count = memory.at_once(lambda one: trial.loss(one, wanted), given, batch, self._device)
        trial.plan = replace(trial.plan, at_once=count)
        if order.steps is not None:
            return trial.plan
        assert order.minutes is not None
        # Makers of examples come one by one, and each with some that it made before.
        makers = devices.makers(self._device)
        for _number in range(1 + 2 * makers):
            self._fit(trial, trial.step)
        timed = _TIMED_STEPS * (1 + makers)
        began = time.perf_counter()
        for _number in range(timed):
            self._fit(trial, trial.step)
        each_s = (time.perf_counter() - began) / timed
        return replace(trial.plan, steps=max(_FEWEST_STEPS, int(order.minutes * 60 / each_s)))

    def _features(self, device: str) -> Features | None:
        if self._task.features is None:
            return None
        from editor.runtime.tuning.features import features

        return features(self._task.features, device)

    def _read_bank(self) -> tuple[Tensor | None, Tensor | None]:
        """Noise to learn from, and other noise to measure with."""
        if not self._folder.bank.exists():
            return None, None
        patches = torch.from_numpy(np.load(self._folder.bank)).permute(0, 3, 1, 2).contiguous()
        # They come by brightness: both get all of it.
        held_back = torch.arange(len(patches)) % _HELD_BACK_NOISE == _HELD_BACK_NOISE - 1
        return patches[~held_back], patches[held_back]

    def _held_out(self) -> tuple[Tensor, Tensor]:
        """Examples that are always the same, of photos that are not learned from."""
        cells = Patches(self._folder.validation).first(_MEASURED_CELLS)
        generator = torch.Generator().manual_seed(_MEASURE_SEED)
        return self._trainee.examples(cells, generator, self._other_bank)

    def _hear(self) -> None:
        """Does what was commanded since the last step."""
        paused = False
        while True:
            try:
                if not paused and not self._pipe.poll():
                    return
                command = cast(Command, self._pipe.recv())
            except (EOFError, OSError) as error:
                raise _Stopped(keep=False) from error
            if command in ("keep", "rest"):
                raise _Stopped(keep=command == "keep")
            if command == "pause" and not paused:
                self._save(self._state())
            paused = command == "pause"

    def _measure(self) -> None:
        value, result = self._fit(self._trainer, lambda: self._trainer.measure(self._given, self._wanted))
        step = self._trainer.done
        if self._best is None or value > self._best[0]:
            self._best = (value, step, copy.deepcopy(self._trainer.average.state_dict()))
        noisy, made, clean = (_shown(each[self._typical, :3]) for each in (self._given, result, self._wanted))
        self._add(Measured(step, value, (noisy, made, clean)))

    def _tell_losses(self) -> None:
        # A clock may stand still for as long as a few steps take.
        speed = self._timed / max(self._spent_s, 1e-6)
        self._add(Learned(self._trainer.done, float(np.mean(self._losses)), speed))
        self._losses.clear()
        self._spent_s, self._timed = 0.0, 0

    def _add(self, point: Learned | Measured) -> None:
        try:
            self._folder.add(point)
        except OSError as error:
            self._tell(Noted(_unwritten(error)))
        self._tell(point)

    def _state(self) -> dict[str, object]:
        return {"trainer": self._trainer.state(), "losses": self._losses, "best": self._best}

    def _save(self, state: dict[str, object]) -> None:
        try:
            self._folder.write_plan(asdict(self._trainer.plan))
            checkpoint.save(self._folder.checkpoint, state)
        except OSError as error:
            self._tell(Noted(_unwritten(error)))

    def _set_back(self, good: dict[str, object]) -> None:
        """Goes on from the last good weights, with smaller steps."""
        setbacks = self._trainer.setbacks + 1
        if setbacks > _MOST_SETBACKS:
            raise EditorError(_("The training does not settle, even with small steps; nothing was kept."))
        self._trainer.load_state(cast("dict[str, object]", good["trainer"]))
        self._trainer.setbacks = setbacks
        self._losses = list(cast("list[float]", good["losses"]))
        try:
            self._folder.cut_curve(self._trainer.done)
        except OSError as error:
            self._tell(Noted(_unwritten(error)))
        self._tell(
            Noted(
                _("The training came out of step; it goes on from step {step} with steps half as large.").format(
                    step=self._trainer.done
                )
            )
        )

    def _fit(self, trainer: Trainer, work: Callable[[], _Result]) -> _Result:
        """What the work gives; where memory runs out, with fewer examples at once, if there are several."""
        while True:
            try:
                return work()
            except (RuntimeError, MemoryError) as error:
                if not memory.is_exhausted(error) or trainer.plan.at_once == 1:
                    raise
            trainer.plan = replace(trainer.plan, at_once=trainer.plan.at_once // 2)
            self._tell(Noted(_("Memory is short: the training goes on with fewer examples at once, more slowly.")))

    def _export(self) -> None:
        assert self._best is not None
        _value, step, state = self._best
        network = self._trainee.network()
        network.load_state_dict(state)
        found = weights.write(self._folder.model, network, self._task.recipe.export, self._given[:1])
        self._tell(Finished(step, found))


def _typical(given: Tensor, wanted: Tensor) -> int:
    """Which example is neither easy nor hard, where what is given is a picture of what is wanted."""
    if given.shape[2:] != wanted.shape[2:]:
        return 0
    errors = (given[:, :3] - wanted[:, :3]).square().mean(dim=(1, 2, 3))
    return int(errors.argsort()[len(errors) // 2])


def _shown(picture: Tensor) -> NDArray[np.uint8]:
    """H x W x 3 uint8 of 3 x H x W 0..1."""
    pixels: NDArray[np.uint8] = (picture.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).contiguous().numpy()
    return pixels


def _unwritten(error: OSError) -> str:
    return _("What was learned could not be saved ({reason}); the training goes on. Make room on the disk.").format(
        reason=error.strerror or error
    )
