"""The open photo is learned by one click: what is learned from, how it is told, and what becomes of it."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from editor.core.geometry import Rect
from editor.core.session import Session
from editor.host import mask_edits
from editor.host.library import library, store
from editor.host.places import Places
from editor.host.registry import Registry
from editor.host.runner import Request
from editor.runtime.tuning.events import Failed, Finished, Learned
from editor.sdk.context import Context
from editor.sdk.plugin import Inputs, Result
from editor.ui.dialogs import ask
from editor.ui.tuning_work import Stage
from tests.helpers.documents import Level, method, session
from tests.helpers.makers import Idle
from tests.helpers.trainings import METHOD, STARTED, FakeTraining, add_model, learner, measured
from tests.ui.tuning.desk import Desk, runs

HOLE = Rect(130, 130, 250, 250)
SPOT = Rect(140, 140, 141, 141)


@pytest.fixture
def base(desk: Desk, tmp_path: Path) -> str:
    """The learner can go on from a model, is chosen, and answers what another method answers, too."""
    made = add_model(tmp_path, "Base")
    plugins = (method(task="fill", random=False), learner(task="fill"))
    desk.main.set_registry(Registry({plugin.id: plugin for plugin in plugins}))
    desk.main.set_engine(Idle(*store(Places.default()).folders))
    desk.main.method.choose(METHOD)
    desk.main.method.form.set_values({"model": made.id})
    return made.id


def open_photo(desk: Desk, name: str = "leaf.jpg", hole: Rect | None = HOLE) -> Session:
    opened = session(hole=hole, width=640, height=512)
    opened.path = Path("/photos") / name
    desk.main.files.show(opened)
    return opened


def learn(desk: Desk, qtbot: QtBot) -> FakeTraining:
    """One click, until it learns."""
    before = len(desk.started)
    desk.main.method.learn_button.click()
    qtbot.waitUntil(lambda: len(desk.started) > before)
    return desk.training


def end(desk: Desk, *values: float) -> None:
    desk.training.end(*values)
    work = desk.main.tuning.work
    assert work is not None
    desk._qtbot.waitUntil(lambda: work.stage is Stage.DONE)


def fill(desk: Desk, qtbot: QtBot) -> None:
    """Enter, and waits for all results."""
    with qtbot.waitSignals([desk.main.repair.removal.ran] * 2):
        desk.main.repair.enter()


def names(desk: Desk) -> list[str]:
    return [candidate.made.name for candidate in desk.main.repair.removal.candidates]


def models() -> list[str]:
    return sorted(library(Places.default()).store.manifests)


def test_it_is_offered_where_a_method_can_learn_and_a_photo_is_open(desk: Desk, base: str) -> None:
    button, action = desk.main.method.learn_button, desk.main.commands["repair.learn"]
    assert (button.isEnabled(), action.isEnabled()) == (False, False)
    open_photo(desk)
    assert (button.isEnabled(), action.isEnabled()) == (True, True)
    desk.main.method.choose("flat_fill")
    assert (button.isHidden(), action.isEnabled()) == (True, False)


def test_one_click_learns_the_photo_as_it_looks_without_what_is_masked(desk: Desk, qtbot: QtBot, base: str) -> None:
    opened = open_photo(desk)
    fill(desk, qtbot)
    desk.main.repair.removal.show(names(desk).index("Learner, Base"))
    desk.main.repair.accept()
    opened.commit(mask_edits.fill_rect(opened.state, "mask", Rect(400, 0, 640, 10)), "Mask")
    seen = opened.state.read(opened.state.size.rect)
    run = learn(desk, qtbot).run
    assert (run.name, run.base, run.order.minutes) == ("leaf", base, 3)
    assert desk.main.tuning.window is None
    assert "leaf is being learned" in desk.main.messages.text
    cells = np.concatenate([np.load(run.folder.train), np.load(run.folder.validation)])
    places = {cell.tobytes() for cell in cells}
    assert seen[128:256, 128:256, :3].tobytes() in places, "with what was repaired"
    assert seen[0:128, 0:128, :3].tobytes() in places
    assert seen[0:128, 512:640, :3].tobytes() not in places, "it is masked"


def test_the_photo_can_be_edited_while_it_learns(desk: Desk, qtbot: QtBot, base: str) -> None:
    opened = open_photo(desk)
    training = learn(desk, qtbot)
    training.tell(STARTED, Learned(100, 0.5, 1.0))
    qtbot.waitUntil(lambda: desk.main.status.tuning.text() == "Fine-tuning: 50 %, 2 min left")
    opened.commit(mask_edits.fill_rect(opened.state, "mask", Rect(0, 0, 20, 20)), "Stroke")
    fill(desk, qtbot)
    desk.main.repair.accept()
    assert len(opened.state.layers) == 2
    assert training.told == []
    desk.main.status.tuning.click()
    assert desk.tune.pages.currentWidget() is desk.tune.course
    assert "Stop and keep the best" in desk.shown()


def test_a_better_model_joins_the_results_that_are_open(desk: Desk, qtbot: QtBot, base: str) -> None:
    open_photo(desk)
    fill(desk, qtbot)
    before = names(desk)
    shown = desk.main.strip.marked
    learn(desk, qtbot)
    end(desk, 20.0, 22.0)
    qtbot.waitUntil(lambda: len(names(desk)) > len(before))
    assert names(desk) == [*before, "Learner, leaf"]
    assert desk.main.strip.marked == shown, "what the user looks at stays"
    assert "20.00 dB before, 22.00 dB after" in desk.main.messages.text
    assert "“leaf” joins the results" in desk.main.messages.text
    assert desk.main.status.tuning.text() == "Fine-tuning: better"


def test_it_joins_once_what_runs_is_done(desk: Desk, qtbot: QtBot, base: str) -> None:
    open_photo(desk)
    fill(desk, qtbot)
    learn(desk, qtbot)
    removal = desk.main.repair.removal
    held, go = threading.Event(), threading.Event()

    def wait(_inputs: Inputs, _params: Level, _ctx: Context) -> Result:
        held.set()
        assert go.wait(10)
        return Result(_inputs.image)

    slow = Request(method(wait, id="slow", title="Slow", task="fill", random=False), Level())
    assert desk.main.repair.runner is not None
    removal.start(desk.main.repair.runner, [slow])
    assert held.wait(10)
    end(desk, 20.0, 22.0)
    assert removal.running, "it is not stopped for it"
    go.set()
    qtbot.waitUntil(lambda: names(desk)[-2:] == ["Slow", "Learner, leaf"])


def test_it_does_not_join_results_of_another_mask(desk: Desk, qtbot: QtBot, base: str) -> None:
    opened = open_photo(desk)
    fill(desk, qtbot)
    before = names(desk)
    opened.commit(mask_edits.fill_rect(opened.state, "mask", Rect(300, 300, 320, 320)), "Stroke")
    learn(desk, qtbot)
    end(desk, 20.0, 22.0)
    assert (names(desk), desk.main.repair.removal.running) == (before, False)
    desk.main.repair.cancel()
    fill(desk, qtbot)
    assert "Learner, leaf" in names(desk)


def test_it_is_compared_with_its_own_photo_only(desk: Desk, qtbot: QtBot, base: str) -> None:
    open_photo(desk)
    learn(desk, qtbot)
    open_photo(desk, "other.jpg")
    fill(desk, qtbot)
    end(desk, 20.0, 22.0)
    assert not desk.main.repair.removal.running, "it does not join"
    desk.main.repair.cancel()
    fill(desk, qtbot)
    assert "Learner, leaf" not in names(desk)
    open_photo(desk, "leaf.ora")
    fill(desk, qtbot)
    assert "Learner, leaf" in names(desk)


def test_what_is_not_better_is_one_line_and_nothing_is_kept(desk: Desk, qtbot: QtBot, base: str) -> None:
    open_photo(desk)
    fill(desk, qtbot)
    known, before = models(), names(desk)
    learn(desk, qtbot)
    end(desk, 20.0, 20.04)
    assert desk.main.messages.text == (
        "Learning leaf gained next to nothing: 20.00 dB before, 20.04 dB after on parts of it that were held back. "
        "Nothing is kept."
    )
    assert desk.main.status.tuning.text() == "Fine-tuning: nothing gained"
    assert (models(), names(desk), runs()) == (known, before, [])
    assert learn(desk, qtbot).run.name == "leaf", "and its name is free again"


def test_a_name_that_is_taken_gets_a_number_and_the_model_can_be_removed(
    desk: Desk, qtbot: QtBot, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ask, "remove_model", lambda *_args: True)
    open_photo(desk)
    learn(desk, qtbot)
    end(desk, 20.0, 22.0)
    assert learn(desk, qtbot).run.name == "leaf 2"
    end(desk, 20.0, 22.0)
    panel = desk.main.models.show().panel
    assert {"leaf", "leaf_2"} <= set(panel.cards)
    story = panel.cards["leaf"].story
    assert story is not None
    assert story.origin.text() == "Fine-tuned from Base for the photo leaf."
    panel.cards["leaf"].remove_button.click()
    qtbot.waitUntil(lambda: "leaf" not in panel.cards)
    fill(desk, qtbot)
    assert "Learner, leaf" not in names(desk)
    assert "Learner, leaf 2" in names(desk)


def test_while_another_training_is_under_way_that_is_said(desk: Desk, qtbot: QtBot, base: str) -> None:
    open_photo(desk)
    training = learn(desk, qtbot)
    desk.main.method.learn_button.click()
    assert "under way" in desk.main.messages.text
    desk.main.messages.offer_button.click()
    assert desk.tune.isVisible()
    assert (desk.started, training.told) == ([training], [])


def test_a_photo_too_small_or_masked_all_over_is_one_line(desk: Desk, qtbot: QtBot, base: str) -> None:
    desk.main.files.show(session(hole=None, width=200, height=100))
    desk.main.method.learn_button.click()
    qtbot.waitUntil(lambda: "too small" in desk.main.messages.text)
    open_photo(desk, hole=Rect(0, 0, 640, 512))
    desk.main.method.learn_button.click()
    qtbot.waitUntil(lambda: "too little of it may be learned from" in desk.main.messages.text)
    assert (runs(), desk.started) == ([], [])
    assert desk.main.status.tuning.isHidden()


def test_without_a_model_to_go_on_from_it_says_so(desk: Desk) -> None:
    desk.main.method.choose(METHOD)
    open_photo(desk)
    desk.main.method.learn_button.click()
    assert "has no model here that could learn this photo" in desk.main.messages.text


def test_a_disk_that_is_full_is_a_line_before_and_after(
    desk: Desk, qtbot: QtBot, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object, **_options: object) -> None:
        raise OSError(28, "No space left on device")

    open_photo(desk)
    with monkeypatch.context() as patched:
        patched.setattr("editor.host.training.write_json", full)
        desk.main.method.learn_button.click()
        qtbot.waitUntil(lambda: "No space left on device" in desk.main.messages.text)
    assert runs() == []
    training = learn(desk, qtbot)
    with monkeypatch.context() as patched:
        patched.setattr("editor.runtime.library._write", full)
        training.run.folder.model.write_bytes(b"new weights")
        training.tell(STARTED, measured(0, 20.0), measured(100, 22.0), Finished(100, 1e-6))
        qtbot.waitUntil(lambda: "No space left on device" in desk.main.messages.text)
    assert "No space left on device" in desk.main.messages.text
    assert [run.name for run in runs()] == ["leaf"], "what was learned is not lost"


def test_a_training_that_fails_is_a_line_and_rests(desk: Desk, qtbot: QtBot, base: str) -> None:
    open_photo(desk)
    learn(desk, qtbot).tell(Failed("There is not enough memory to train."))
    qtbot.waitUntil(lambda: "not enough memory" in desk.main.messages.text)
    assert learn(desk, qtbot).run.name == "leaf 2"
    assert [run.name for run in runs()] == ["leaf", "leaf 2"]


def test_closing_the_program_lets_it_rest_and_it_goes_on_for_its_photo(desk: Desk, qtbot: QtBot, base: str) -> None:
    open_photo(desk)
    training = learn(desk, qtbot)
    desk.main.end()
    assert training.told == ["close"]
    assert [(run.name, run.photo) for run in runs()] == [("leaf", "leaf")]


def test_the_photo_may_be_closed_while_it_learns(desk: Desk, qtbot: QtBot, base: str) -> None:
    open_photo(desk)
    learn(desk, qtbot)
    desk.main.files.show(None)
    end(desk, 20.0, 22.0)
    assert "leaf" in models()
