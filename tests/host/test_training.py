"""Trainings around the trainer: prepared, resting, judged, kept or forgotten."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from editor.core.errors import Cancelled, EditorError, ModelError
from editor.host import training, training_advice
from editor.host.training import Run, Trainings
from editor.runtime.library import ModelLibrary
from editor.runtime.store import ModelStore
from editor.runtime.tuning.events import ENDS, Event, Failed, Finished, Measured
from editor.runtime.tuning.folder import Order
from editor.sdk.plugin import Plugin
from editor.sdk.recipe import Loss
from tests.helpers import trainers as helper
from tests.helpers.trainers import LEARNER, measuring, photo

ORDER = Order(steps=None, minutes=5.0, seed=3)


@pytest.fixture
def library(tmp_path: Path) -> ModelLibrary:
    return ModelLibrary(ModelStore([tmp_path / "models"]), tmp_path / "models")


@pytest.fixture
def trainings(tmp_path: Path, library: ModelLibrary) -> Trainings:
    return Trainings(tmp_path / "trainings", library)


def prepared(trainings: Trainings, name: str = "Mine") -> Run:
    return trainings.prepare(name, LEARNER, [photo(seed) for seed in range(3)], ORDER)


def finished(trainings: Trainings, run: Run, monkeypatch: pytest.MonkeyPatch, measures: tuple[float, ...]) -> Run:
    monkeypatch.setattr(training, "Process", measuring(measures))
    events: list[Event] = []
    begun = trainings.start(run, LEARNER, events.append)
    assert isinstance(events[-1], Finished)
    return begun.run


def test_without_the_network_of_features_only_a_loss_that_is_optional_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped, own = Path(training.__file__).parents[2] / "models", tmp_path / "models"
    trainings = Trainings(tmp_path / "trainings", ModelLibrary(ModelStore([own, shipped]), own))

    def learner(loss: Loss) -> Plugin:
        assert LEARNER.recipe is not None
        return replace(LEARNER, recipe=replace(LEARNER.recipe, losses=(*LEARNER.recipe.losses, loss)))

    monkeypatch.setattr(training, "Process", measuring((30.0, 31.0)))
    run, events = prepared(trainings), list[Event]()
    with pytest.raises(ModelError):
        trainings.start(run, learner(Loss("perceptual")), events.append)
    trainings.start(run, learner(Loss("perceptual", optional=True)), events.append)
    assert isinstance(events[-1], Finished)


def test_a_prepared_run_is_found_again_as_it_was(trainings: Trainings) -> None:
    run = prepared(trainings)
    assert trainings.all() == (run,)
    assert trainings.find("Mine") == run
    assert run.harvest.cells > 0
    assert run.folder.train.exists()
    assert not run.begun


def test_a_name_is_taken_until_its_run_is_forgotten(trainings: Trainings) -> None:
    run = prepared(trainings)
    with pytest.raises(EditorError, match="already"):
        prepared(trainings)
    trainings.forget(run)
    assert trainings.all() == ()
    assert not run.folder.path.exists()
    prepared(trainings)


def test_nothing_stays_of_a_preparation_that_was_stopped(trainings: Trainings, tmp_path: Path) -> None:
    def stop(_share: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        trainings.prepare("Mine", LEARNER, [photo(0)], ORDER, progress=stop)
    assert trainings.all() == ()
    assert list((tmp_path / "trainings").iterdir()) == []


def test_a_folder_that_can_t_be_written_is_a_line(tmp_path: Path, library: ModelLibrary) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EditorError, match="could not be prepared"):
        prepared(Trainings(tmp_path / "file", library))


def test_what_can_t_be_read_is_not_listed(trainings: Trainings) -> None:
    run = prepared(trainings)
    (run.folder.path / "run.json").write_text('{"name": "Mine"}')
    assert trainings.all() == ()


def test_a_better_model_is_installed_with_its_card_and_can_be_gone_on_from(
    trainings: Trainings, library: ModelLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = finished(trainings, prepared(trainings), monkeypatch, (30.0, 30.6, 30.5))
    outcome = trainings.outcome(run)
    assert (outcome.before, outcome.after, outcome.step, outcome.better) == (30.0, 30.6, 1, True)
    manifest = trainings.keep(run, LEARNER, 2e-7)
    assert manifest.title == "Mine"
    assert library.store.installed(manifest.id)
    card = library.card(manifest.id)
    for part in ("30.00 dB", "30.60 dB", "photo0.jpg", "photo1.jpg", "photo2.jpg", "2e-07"):
        assert part in card
    assert trainings.all() == ()
    assert [base.id for base in trainings.bases(LEARNER)] == [manifest.id]
    second = trainings.prepare("Next", LEARNER, [photo(4)], ORDER, base=manifest.id)
    second = finished(trainings, second, monkeypatch, (30.6, 31.0))
    next_manifest = trainings.keep(second, LEARNER, 0.0)
    assert next_manifest.trained is not None
    assert next_manifest.trained.base == manifest.id
    library.remove(next_manifest.id)
    assert library.card(manifest.id)
    library.remove(manifest.id)
    assert list((library.store.folders[0]).iterdir()) == []


def test_a_model_of_another_version_is_nothing_to_go_on_from(
    trainings: Trainings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = prepared(trainings)
    newer = helper.other_version(LEARNER)
    with pytest.raises(EditorError, match="another version"):
        trainings.start(run, newer, lambda _event: None)
    manifest = trainings.keep(finished(trainings, run, monkeypatch, (30.0, 31.0)), LEARNER, 0.0)
    assert trainings.bases(newer) == ()
    with pytest.raises(ModelError, match="can't go on"):
        trainings.prepare("Next", newer, [photo(1)], ORDER, base=manifest.id)


def test_the_model_of_a_method_with_the_same_network_can_be_gone_on_from(
    trainings: Trainings, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = trainings.keep(finished(trainings, prepared(trainings), monkeypatch, (30.0, 31.0)), LEARNER, 0.0)
    assert LEARNER.recipe is not None
    stranger = replace(LEARNER, id="stranger")
    relative = replace(stranger, recipe=replace(LEARNER.recipe, starts_from=((LEARNER.id, LEARNER.recipe.version),)))
    assert trainings.bases(stranger) == ()
    assert [base.id for base in trainings.bases(relative)] == [manifest.id]


@pytest.mark.parametrize(
    ("measures", "better", "said"),
    [
        ((30.0, 30.02, 30.01), False, "gained nothing"),
        ((30.0, 29.0, 28.0), False, "gained nothing"),
        ((30.0, 31.0, 30.5), True, "got worse"),
        ((30.0, 30.5, 31.0), True, ""),
        ((30.0, 30.06, 30.08), True, ""),
    ],
)
def test_what_a_curve_says_is_said_plainly(
    trainings: Trainings,
    monkeypatch: pytest.MonkeyPatch,
    measures: tuple[float, ...],
    better: bool,
    said: str,
) -> None:
    base = trainings.keep(finished(trainings, prepared(trainings), monkeypatch, (20.0, 30.0)), LEARNER, 0.0)
    run = trainings.prepare("Next", LEARNER, [photo(5), photo(6)], ORDER, base=base.id)
    outcome = trainings.outcome(finished(trainings, run, monkeypatch, measures))
    assert outcome.better is better
    assert said in " ".join(outcome.lines)
    assert bool(outcome.lines) is bool(said)


@pytest.mark.parametrize(("gain", "said"), [(0.1, "hardly visible"), (0.8, "side by side"), (2.0, "plainly")])
def test_what_a_gain_is_worth_is_said_in_words(gain: float, said: str) -> None:
    curve = (Measured(0, 30.0), Measured(1, 30.0 + gain))
    assert said in training_advice.worth(training_advice.outcome(curve, fresh=False))


def test_the_end_is_told_even_when_it_can_t_be_remembered(
    trainings: Trainings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = prepared(trainings)
    events: list[Event] = []

    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(training, "Process", measuring((30.0, 31.0)))
    monkeypatch.setattr(training, "write_json", full)
    trainings.start(run, LEARNER, events.append)
    assert isinstance(events[-1], Failed)
    assert "No space left" in events[-1].text
    assert sum(isinstance(event, ENDS) for event in events) == 1


def test_the_measure_before_the_first_step_is_what_counts_as_before(
    trainings: Trainings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = finished(trainings, prepared(trainings), monkeypatch, (25.0, 24.0, 26.0))
    assert [point.step for point in run.folder.curve() if isinstance(point, Measured)] == [0, 1, 2]
    assert trainings.outcome(run).before == 25.0
