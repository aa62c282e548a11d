"""The trainer: what it tells, what it obeys, and how it goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor

from editor.runtime.tuning import checkpoint, measures, memory, worker
from editor.runtime.tuning.events import Failed, Finished, Learned, Measured, Noted, Rested, Started
from editor.runtime.tuning.folder import Order, RunFolder
from editor.runtime.tuning.loop import Trainer
from editor.runtime.tuning.patches import Patches
from tests.runtime.tuning import tiny
from tests.runtime.tuning.script import Stage, curve

BATCH = tiny.BATCH


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(monkeypatch)


@pytest.fixture
def values(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What is measured, one after another."""
    found: list[float] = []
    monkeypatch.setattr(
        "editor.runtime.tuning.loop.MEASURES", {**measures.MEASURES, "scripted": lambda *_: found.pop(0)}
    )
    return found


def test_it_tells_what_happens_in_order(tmp_path: Path, stage: Stage) -> None:
    events = stage.run(tiny.task(tmp_path, 25)).events
    assert events[0] == Started(25, BATCH, BATCH, "cpu")
    assert [type(event) for event in events[1:3]] == [Measured, Measured]
    assert [event.step for event in events if isinstance(event, Measured)] == list(range(26))
    learned = [event for event in events if isinstance(event, Learned)]
    assert [event.step for event in learned] == [10, 20, 25]
    assert all(event.steps_per_s > 0 for event in learned)
    assert isinstance(events[-1], Finished)
    assert RunFolder(tmp_path).model.read_bytes() == b"model"
    assert [(point.step, type(point)) for point in RunFolder(tmp_path).curve()] == [
        (event.step, type(event)) for event in events if isinstance(event, Learned | Measured)
    ]


def test_losses_are_told_as_means_since_the_last(tmp_path: Path, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    step = Trainer.step

    def numbered(trainer: Trainer) -> float:
        step(trainer)
        return float(trainer.done)

    monkeypatch.setattr(Trainer, "step", numbered)
    events = stage.run(tiny.task(tmp_path, 25)).events
    assert [event.loss for event in events if isinstance(event, Learned)] == [5.5, 15.5, 23.0]


def test_long_runs_are_measured_now_and_then(tmp_path: Path, stage: Stage) -> None:
    events = stage.run(tiny.task(tmp_path, 125)).events
    assert [event.step for event in events if isinstance(event, Measured)] == [*range(0, 124, 3), 125]


def test_pictures_show_what_it_makes_of_them(tmp_path: Path, stage: Stage) -> None:
    first = stage.run(tiny.task(tmp_path, 1)).events[1]
    assert isinstance(first, Measured)
    assert first.pictures is not None
    noisy, made, clean = first.pictures
    assert noisy.shape == made.shape == clean.shape == (tiny.CELL_PX, tiny.CELL_PX, 3)
    assert len({picture.tobytes() for picture in first.pictures}) == 3
    cells = Patches(RunFolder(tmp_path).validation).first(16)
    assert any(torch.equal(torch.from_numpy(clean).permute(2, 0, 1) / 255, cell) for cell in cells)


def test_what_is_shown_is_neither_easy_nor_hard(tmp_path: Path, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = torch.rand(5, 3, 16, 16)
    offsets = torch.tensor([0.0, 0.4, 0.1, 0.3, 0.2])[:, None, None, None]
    monkeypatch.setattr(worker._Worker, "_held_out", lambda _self: (shown + offsets, shown))
    first = stage.run(tiny.task(tmp_path, 1)).events[1]
    assert isinstance(first, Measured)
    assert first.pictures is not None
    clean = torch.from_numpy(first.pictures[2]).permute(2, 0, 1) / 255
    assert torch.allclose(clean, shown[4], atol=1 / 500)


def test_the_best_is_exported(tmp_path: Path, stage: Stage, values: list[float]) -> None:
    recipe = tiny.recipe(measure="scripted")
    values += [1, 3, 7, 2, 6]
    assert stage.run(tiny.task(tmp_path / "all", 4, recipe=recipe)).events[-1] == Finished(2, 1e-6)
    # The same two steps again, and then it is enough.
    values += [1, 2, 3]
    assert stage.run(tiny.task(tmp_path / "some", 4, recipe=recipe), {2: ["keep"]}).events[-1] == Finished(2, 1e-6)
    torch.testing.assert_close(stage.exported[0], stage.exported[1], rtol=0, atol=0)


def test_keeping_nothing_better_keeps_the_beginning(tmp_path: Path, stage: Stage, values: list[float]) -> None:
    values += [5, 4, 3, 2]
    task = tiny.task(tmp_path, 9, recipe=tiny.recipe(measure="scripted"))
    assert stage.run(task, {3: ["keep"]}).events[-1] == Finished(0, 1e-6)


def test_a_pause_saves_and_changes_nothing(tmp_path: Path, stage: Stage) -> None:
    whole = stage.run(tiny.task(tmp_path / "whole", 20))
    script = stage.run(tiny.task(tmp_path / "paused", 20), {7: ["pause"]}, ["pause", "resume"])
    assert script.waited_after == [7, 7]
    assert curve(script.events) == curve(whole.events)
    assert isinstance(script.events[-1], Finished)


@pytest.mark.parametrize("command", ["rest", "end", "gone"])
def test_it_rests_and_goes_on_with_the_same_curve(tmp_path: Path, stage: Stage, command: str) -> None:
    whole = stage.run(tiny.task(tmp_path / "whole", 30))
    task = tiny.task(tmp_path / "parts", 30)
    first = stage.run(task, {13: [command]})
    assert first.events[-1] == Rested(13)
    assert not RunFolder(task.folder).model.exists()
    second = stage.run(task)
    assert second.step == 17
    assert isinstance(second.events[0], Started)
    told_again = [event for event in second.events[1:] if isinstance(event, Learned | Measured)][
        : len(curve(first.events))
    ]
    assert curve(told_again) == curve(first.events)  # type: ignore[arg-type]
    assert all(event.pictures is None for event in told_again if isinstance(event, Measured))
    assert curve(second.events) == curve(whole.events)
    torch.testing.assert_close(stage.exported[1], stage.exported[0], rtol=0, atol=0)
    assert second.events[-1] == whole.events[-1]


def test_it_rests_while_it_is_paused(tmp_path: Path, stage: Stage) -> None:
    script = stage.run(tiny.task(tmp_path), {4: ["pause"]}, ["rest"])
    assert script.events[-1] == Rested(4)


def test_it_rests_before_the_first_step(tmp_path: Path, stage: Stage) -> None:
    task = tiny.task(tmp_path, 5)
    assert stage.run(task, {0: ["rest"]}).events[-1] == Rested(0)
    steps = [event.step for event in stage.run(task).events if isinstance(event, Measured)]
    assert steps == [0, 1, 2, 3, 4, 5]


def test_what_was_learned_is_saved_when_nobody_listens(tmp_path: Path, stage: Stage) -> None:
    task = tiny.task(tmp_path, 20)
    script = stage.run(task, deaf_from=6)
    assert len(script.events) == 6
    assert curve(stage.run(task).events)[:6] == curve(stage.run(tiny.task(tmp_path / "whole", 20)).events)[:6]
    state = checkpoint.load(RunFolder(tmp_path).checkpoint)
    assert state is not None


def test_checkpoints_are_written_while_it_learns(tmp_path: Path, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    saved: list[int] = []
    monkeypatch.setattr(checkpoint, "save", lambda _path, state: saved.append(state["trainer"]["done"]))
    stage.run(tiny.task(tmp_path / "often", 3, checkpoint_s=0.0))
    stage.run(tiny.task(tmp_path / "seldom", 3))
    assert saved == [1, 2, 3, 3, 3]


def test_it_goes_on_from_the_last_good_weights(tmp_path: Path, stage: Stage) -> None:
    stage.spoil = {15, 18}
    script = stage.run(tiny.task(tmp_path, 20, checkpoint_s=0.0))
    notes = [event.text for event in script.events if isinstance(event, Noted)]
    assert [note.rpartition("from step ")[2] for note in notes] == [
        "14 with steps half as large.",
        "16 with steps half as large.",
    ]
    assert isinstance(script.events[-1], Finished)
    assert script.step == 22
    state = checkpoint.load(RunFolder(tmp_path).checkpoint)
    assert state is not None
    assert (state["trainer"]["setbacks"], state["trainer"]["done"]) == (2, 20)


def test_it_goes_back_to_the_beginning_without_a_checkpoint(tmp_path: Path, stage: Stage) -> None:
    stage.spoil = {15}
    script = stage.run(tiny.task(tmp_path, 20))
    assert script.step == 15 + 20
    steps = [event.step for event in script.events if isinstance(event, Learned)]
    assert steps == [10, 10, 20]
    # What was forgotten is not kept on the curve either.
    points = RunFolder(tmp_path).curve()
    assert [point.step for point in points if isinstance(point, Learned)] == [10, 20]
    assert [point.step for point in points if isinstance(point, Measured)] == list(range(21))


def test_it_gives_up_when_it_does_not_settle(tmp_path: Path, stage: Stage) -> None:
    stage.spoil = set(range(3, 99))
    script = stage.run(tiny.task(tmp_path, 9))
    assert sum(isinstance(event, Noted) for event in script.events) == 5
    last = script.events[-1]
    assert isinstance(last, Failed)
    assert "does not settle" in last.text
    assert not stage.exported


class Greedy(tiny.Tiny):
    """Has memory for so many pictures at once only, when it learns or when it is measured."""

    def __init__(self, most: int, *, when_learning: bool, error: Exception) -> None:
        super().__init__()
        self.most = most
        self.when_learning = when_learning
        self.error = error

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        if len(picture) > self.most and self.training == self.when_learning:
            raise self.error
        return super().forward(picture)


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: not enough memory")])
@pytest.mark.parametrize("when_learning", [True, False])
def test_where_memory_is_short_it_takes_less_at_once(
    tmp_path: Path, stage: Stage, monkeypatch: pytest.MonkeyPatch, error: Exception, when_learning: bool
) -> None:
    whole = stage.run(tiny.task(tmp_path / "whole", 10))
    monkeypatch.setattr(tiny, "network", lambda: Greedy(1, when_learning=when_learning, error=error))
    script = stage.run(tiny.task(tmp_path / "less", 10))
    notes = [event.text for event in script.events if isinstance(event, Noted)]
    assert len(notes) == 2
    assert all("Memory is short" in note for note in notes)
    assert isinstance(script.events[-1], Finished)
    for found, wanted in zip(curve(script.events), curve(whole.events), strict=True):
        assert found == pytest.approx(wanted, rel=1e-3)
    assert stage.run(tiny.task(tmp_path / "less", 10)).events[0] == Started(10, BATCH, 1, "cpu")


def test_what_fits_is_tried_with_all_up_to_the_loss(
    tmp_path: Path, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[torch.Tensor] = []

    def at_once(network: Callable[[torch.Tensor], torch.Tensor], example: torch.Tensor, *_rest: object) -> int:
        tried.append(network(example))
        return 3

    monkeypatch.setattr(memory, "at_once", at_once)
    assert stage.run(tiny.task(tmp_path, 2)).events[0] == Started(2, BATCH, 3, "cpu")
    (loss,) = tried
    assert loss.requires_grad
    assert loss.shape == ()


def test_where_not_even_one_fits_it_says_so(tmp_path: Path, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiny, "network", lambda: Greedy(0, when_learning=True, error=MemoryError()))
    monkeypatch.setattr(memory, "at_once", lambda *_arguments: 2)  # there was enough when the plan was made
    last = stage.run(tiny.task(tmp_path)).events[-1]
    assert isinstance(last, Failed)
    assert "not enough memory" in last.text


def test_another_error_is_for_the_log(tmp_path: Path, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiny, "network", lambda: Greedy(1, when_learning=True, error=RuntimeError("odd shapes")))
    last = stage.run(tiny.task(tmp_path)).events[-1]
    assert isinstance(last, Failed)
    assert "the log says why" in last.text
    assert "odd shapes" in last.cause


def test_where_the_disk_is_full_it_goes_on(tmp_path: Path, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "save", full)
    monkeypatch.setattr(RunFolder, "add", full)
    events = stage.run(tiny.task(tmp_path, 3, checkpoint_s=0.0)).events
    notes = [event.text for event in events if isinstance(event, Noted)]
    assert notes
    assert all("No space left on device" in note for note in notes)
    assert [step for step, _value in curve(events)] == [0, 1, 2, 3, 3]
    assert isinstance(events[-1], Finished)


def test_a_device_that_is_not_here(tmp_path: Path, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    (last,) = stage.run(tiny.task(tmp_path, order=Order(5, None, "cuda"))).events
    assert isinstance(last, Failed)
    assert "'cuda'" in last.text
    assert "cpu" in last.text


def test_without_its_files(tmp_path: Path, stage: Stage) -> None:
    task = tiny.task(tmp_path)
    RunFolder(tmp_path).train.unlink()
    (last,) = stage.run(task).events
    assert isinstance(last, Failed)
    assert str(tmp_path) in last.text


def test_a_damaged_checkpoint_is_said(tmp_path: Path, stage: Stage) -> None:
    task = tiny.task(tmp_path, 5)
    stage.run(task, {3: ["rest"]})
    RunFolder(tmp_path).checkpoint.write_bytes(b"damaged")
    script = stage.run(task)
    (note,) = (event.text for event in script.events if isinstance(event, Noted))
    assert "damaged" in note
    assert script.step == 5
    assert [point.step for point in RunFolder(tmp_path).curve() if isinstance(point, Measured)] == list(range(6))


def test_a_checkpoint_of_another_network_is_refused(
    tmp_path: Path, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = tiny.task(tmp_path, 5)
    stage.run(task, {3: ["rest"]})
    monkeypatch.setattr(tiny, "network", lambda: torch.nn.Conv2d(3, 3, 1))
    (last,) = stage.run(task).events
    assert isinstance(last, Failed)
    assert "another network" in last.text


def test_a_plan_of_another_version_is_made_anew(tmp_path: Path, stage: Stage) -> None:
    RunFolder(tmp_path).write_plan({"epochs": 3})
    assert stage.run(tiny.task(tmp_path, 2)).events[0] == Started(2, BATCH, BATCH, "cpu")


class Clock:
    """Each look at it takes so many seconds."""

    def __init__(self, step_s: float) -> None:
        self._now = 0.0
        self._step_s = step_s

    def perf_counter(self) -> float:
        self._now += self._step_s
        return self._now

    monotonic = perf_counter


@pytest.mark.parametrize(("each_s", "steps"), [(0.5, 120), (30.0, 50)])
def test_the_time_says_how_many_steps(
    tmp_path: Path, stage: Stage, monkeypatch: pytest.MonkeyPatch, each_s: float, steps: int
) -> None:
    # From the first to the last look, six steps are made.
    monkeypatch.setattr(worker, "time", Clock(6 * each_s))
    task = tiny.task(tmp_path, None, minutes=1.0)
    timed = stage.run(task, {9: ["rest"]})
    assert timed.events[0] == Started(steps, BATCH, BATCH, "cpu")
    # What was learned for the time is forgotten, and the plan is not.
    plain = stage.run(tiny.task(tmp_path / "plain", steps), {2: ["rest"]})
    assert curve(timed.events)[:3] == curve(plain.events)[:3]
    monkeypatch.setattr(worker, "time", Clock(77.0))
    assert stage.run(task, {1: ["rest"]}).events[0] == timed.events[0]


def test_a_rate_that_is_asked_for_counts(tmp_path: Path, stage: Stage) -> None:
    stage.run(tiny.task(tmp_path, order=Order(2, None, "cpu", rate=0.25)))
    assert (RunFolder(tmp_path).plan() or {})["rate"] == 0.25


def test_a_clock_that_stands_still(tmp_path: Path, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    still = SimpleNamespace(perf_counter=lambda: 1.0, monotonic=lambda: 1.0)
    monkeypatch.setattr(worker, "time", still)
    assert isinstance(stage.run(tiny.task(tmp_path, 10)).events[-1], Finished)


def test_noise_to_measure_with_is_not_learned_from(
    tmp_path: Path, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = tiny.task(tmp_path, 2)
    np.save(
        RunFolder(task.folder).bank, np.arange(8, dtype=np.float32)[:, None, None, None] * np.ones((1, 16, 16, 3), "f")
    )
    banks: list[set[float]] = []
    examples = tiny.examples

    def watched(clean: Tensor, generator: torch.Generator, bank: Tensor | None) -> tuple[Tensor, Tensor]:
        assert bank is not None
        banks.append(set(bank[:, 0, 0, 0].tolist()))
        return examples(clean, generator, bank)

    monkeypatch.setattr(tiny, "examples", watched)
    stage.run(task)
    assert banks[0] == {3.0, 7.0}
    assert all(bank == {0.0, 1.0, 2.0, 4.0, 5.0, 6.0} for bank in banks[1:])
