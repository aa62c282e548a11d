"""The models window: what it tells of each model, and getting, installing, removing and measuring one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from editor.core.errors import Cancelled
from editor.host.registry import Registry
from editor.host.settings import Settings
from editor.host.speed import Speed
from editor.runtime.infer import Inference
from editor.runtime.library import ModelLibrary
from editor.runtime.sessions import Tensors
from editor.ui.dialogs import ask
from editor.ui.dialogs.licence import LicenceDialog
from editor.ui.dialogs.models import ModelsWindow
from editor.ui.main_window import MainWindow
from editor.ui.model_work import ModelWork
from editor.ui.panels.model_card import ModelCard
from editor.ui.panels.models import ModelsPanel
from tests.helpers import model_library
from tests.helpers.documents import session
from tests.helpers.makers import mask_maker
from tests.runtime.models import conv_net


class Engine:
    """Runs nothing. go: cleared it holds runs up until they are cancelled."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.go.set()
        self.runs = 0

    def infer(self, model_id: str, inputs: Tensors, *, cancel: Callable[[], bool]) -> Inference:
        self.runs += 1
        while not self.go.wait(0.01):
            if cancel():
                raise Cancelled
        return Inference({model_id: np.zeros(len(inputs))}, "CPU", "")


class Desk:
    """The models panel in its window, with the library and the network behind it."""

    def __init__(self, window: MainWindow, library: ModelLibrary, network: model_library.Network, folder: Path) -> None:
        self.library = library
        self.network = network
        self.files = folder / "files"
        self.user = folder / "user"
        self.window = window
        self.panel: ModelsPanel = window.models.show().panel
        work = window.models.findChild(ModelWork)
        assert work is not None
        self.work = work

    def card(self, model_id: str) -> ModelCard:
        return self.panel.cards[model_id]


@pytest.fixture
def desk(window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    library, network = model_library.make(tmp_path)
    monkeypatch.setattr("editor.host.library.library", lambda _places: library)
    return Desk(window, library, network, tmp_path)


def drop(widget: QWidget, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    widget.dropEvent(QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, data, buttons, keys))


def wait_for(qtbot: QtBot, desk: Desk, model_id: str = "net") -> None:
    """Until nothing is done with the model any more."""
    qtbot.waitUntil(lambda: desk.work.work(model_id) is None)


def shown(card: ModelCard) -> list[str]:
    return [button.text() for button in card.buttons if button.isVisibleTo(card)]


def test_each_model_stands_under_its_use_with_what_can_be_done(desk: Desk) -> None:
    headings = [each.text().partition(" – ")[0] for each in desk.panel.headings.values() if not each.isHidden()]
    assert headings == ["Enlarging photos", "Removing noise"]
    net, own, art = (desk.card(name) for name in ("net", "own", "art"))
    assert (net.state.text(), shown(net)) == ("can be got", ["Get", "Install from file…"])
    assert (own.state.text(), shown(own)) == ("needs a file", ["Install from file…"])
    assert "own.onnx" in own.ways.text()
    assert (art.state.text(), shown(art)) == ("licence not accepted", ["Accept licence…"])
    assert "not for commercial use" in art.facts.text()
    assert 'href="https://example.org/nc"' in art.facts.text()
    assert "not for commercial use" not in net.facts.text()
    assert desk.network.asked == [], "nothing goes online without a click"


def test_a_model_is_got_and_removed(qtbot: QtBot, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ask, "remove_model", lambda *_args: pytest.fail("it can be fetched again"))
    card = desk.card("net")
    card.get_button.click()
    assert shown(card) == ["Cancel"]
    wait_for(qtbot, desk)
    assert (card.state.text(), shown(card)) == ("✓ installed", ["Measure", "Remove"])
    assert desk.panel.line.text() == "Fine net: installed."
    card.remove_button.click()
    wait_for(qtbot, desk)
    assert card.state.text() == "can be got"
    assert list(desk.user.glob("*.onnx")) == []


def test_a_download_can_be_cancelled(qtbot: QtBot, desk: Desk) -> None:
    desk.network.go.clear()
    card = desk.card("net")
    card.get_button.click()
    qtbot.waitUntil(lambda: card.doing.text() == "Fetching…")
    card.cancel_button.click()
    wait_for(qtbot, desk)
    assert (card.state.text(), card.error.text()) == ("can be got", "")
    assert shown(card) == ["Get", "Install from file…"]


def test_a_download_tells_how_much_is_there(qtbot: QtBot, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    go, go_on = threading.Event(), threading.Event()

    def download(_url: str, path: Path, _size_bytes: int, progress: Callable[[float], None]) -> None:
        progress(0.43)
        go.wait(20)
        progress(1.0)
        go_on.wait(20)
        path.write_bytes((desk.files / "art.onnx").read_bytes())

    monkeypatch.setattr("editor.runtime.library.download", download)
    desk.work.accept("art")
    card = desk.card("art")
    card.get_button.click()
    qtbot.waitUntil(lambda: card.doing.text() == "Fetching… 43 %")
    assert card.bar.value() / card.bar.maximum() == pytest.approx(0.43)
    go.set()
    qtbot.waitUntil(lambda: card.doing.text() == "Installing…")
    go_on.set()
    wait_for(qtbot, desk, "art")
    assert card.state.text() == "✓ installed"


def test_a_failed_download_is_told_on_the_card_and_can_be_tried_again(qtbot: QtBot, desk: Desk) -> None:
    desk.network.broken = True
    card = desk.card("net")
    card.get_button.click()
    wait_for(qtbot, desk)
    assert card.error.text() == "The network is down; try again."
    assert shown(card) == ["Try again", "Install from file…"]
    desk.network.broken = False
    card.get_button.click()
    wait_for(qtbot, desk)
    assert (card.state.text(), card.error.isHidden()) == ("✓ installed", True)


def test_an_error_goes_when_the_model_comes_another_way(qtbot: QtBot, desk: Desk) -> None:
    desk.network.broken = True
    card = desk.card("net")
    card.get_button.click()
    wait_for(qtbot, desk)
    drop(desk.panel, desk.files / "net.onnx")
    wait_for(qtbot, desk, "")
    assert (card.state.text(), card.error.text()) == ("✓ installed", "")


def test_a_licence_is_shown_before_it_is_accepted(desk: Desk) -> None:
    card = desk.card("art")
    card.licence_button.click()
    dialog = desk.panel.findChild(LicenceDialog)
    assert dialog is not None
    dialog.reject()
    assert card.state.text() == "licence not accepted"
    card.licence_button.click()
    dialog = desk.panel.findChildren(LicenceDialog)[-1]
    dialog.accept_button.click()
    assert card.state.text() == "can be got"
    assert desk.library.accepted("art")


def test_a_file_waits_for_its_licence(qtbot: QtBot, desk: Desk) -> None:
    drop(desk.panel, desk.files / "art.onnx")
    wait_for(qtbot, desk, "")
    assert "must be accepted first" in desk.card("art").error.text()
    assert not desk.library.store.installed("art")
    desk.work.accept("art")
    wait_for(qtbot, desk, "art")
    assert desk.card("art").state.text() == "✓ installed"


def test_a_model_dropped_on_the_window_goes_to_the_library(qtbot: QtBot, desk: Desk) -> None:
    file = (desk.files / "own.onnx").rename(desk.files / "download (1).ONNX")
    desk.panel.window().close()
    drop(desk.window, file)
    assert desk.panel.isVisible(), "it shows how that goes"
    wait_for(qtbot, desk, "")
    assert desk.card("own").state.text() == "✓ installed"
    assert desk.window.files.session is None


def test_a_file_of_no_model_is_named(qtbot: QtBot, desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "holiday.onnx").write_bytes(b"no model")
    drop(desk.panel, tmp_path / "holiday.onnx")
    wait_for(qtbot, desk, "")
    assert "holiday.onnx is not the file of a known model" in desk.panel.line.text()


def test_the_error_of_a_chosen_file_stands_on_its_card(
    qtbot: QtBot, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "holiday.onnx").write_bytes(b"no model")
    chosen = [tmp_path / "holiday.onnx"]
    monkeypatch.setattr(ask, "model_files", lambda *_args: chosen)
    card = desk.card("own")
    card.file_button.click()
    wait_for(qtbot, desk, "own")
    assert "holiday.onnx" in card.error.text()
    chosen[:] = [desk.files / "own.onnx"]
    card.file_button.click()
    wait_for(qtbot, desk, "own")
    assert (card.state.text(), card.error.text()) == ("✓ installed", "")


@pytest.mark.parametrize("sure", [False, True])
def test_a_model_that_can_not_be_fetched_again_is_removed_only_after_a_question(
    qtbot: QtBot, desk: Desk, monkeypatch: pytest.MonkeyPatch, sure: bool
) -> None:
    desk.library.install(desk.files / "own.onnx")
    desk.work.changed.emit()
    asked: list[str] = []

    def remove_model(_parent: object, title: str) -> bool:
        asked.append(title)
        return sure

    monkeypatch.setattr(ask, "remove_model", remove_model)
    desk.card("own").remove_button.click()
    wait_for(qtbot, desk, "own")
    assert asked == ["Own net"]
    assert desk.library.store.installed("own") is not sure


def test_a_missing_model_comes_first_with_all_ways_to_get_it(qtbot: QtBot, desk: Desk) -> None:
    desk.panel.window().close()
    desk.window.models.show_missing(["net"])
    qtbot.waitUntil(desk.panel.isVisible)
    card = desk.card("net")
    assert card.y() < desk.card("own").y()
    for way in ("over the network", "net.onnx", "kintsugi models get net"):
        assert way in card.ways.text()
    card.get_button.click()
    wait_for(qtbot, desk)
    assert card.ways.text() == "It is installed: run the method again."


def test_a_line_leads_back_to_the_missing_model_until_it_is_installed(qtbot: QtBot, desk: Desk) -> None:
    desk.window.models.show_missing(["net"])
    desk.panel.window().close()
    assert "not installed: Fine net" in desk.window.messages.text
    desk.window.messages.offer_button.click()
    assert desk.panel.isVisible()
    desk.card("net").get_button.click()
    wait_for(qtbot, desk)
    assert desk.window.messages.text == ""


def test_a_model_that_nobody_describes_is_named(desk: Desk) -> None:
    desk.window.models.show_missing(["net", "nix"])
    assert "nix" in desk.panel.line.text()


def test_search_finds_by_name_use_and_licence(desk: Desk) -> None:
    for text, found in (("noise", {"net", "art"}), ("fine", {"net"}), ("nc 4.0", {"art"}), ("nix", set())):
        desk.panel.search.setText(text)
        assert {name for name, card in desk.panel.cards.items() if not card.isHidden()} == found
    assert desk.panel.nothing.isVisible()
    assert all(heading.isHidden() for heading in desk.panel.headings.values())


def test_the_speed_is_measured_after_installing(qtbot: QtBot, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("editor.host.speed.measure", lambda *_args: Speed(0.8, True, "CPU"))
    desk.work.set_engine(Engine())
    desk.card("net").get_button.click()
    qtbot.waitUntil(lambda: "0.8 MP/s on CPU" in desk.card("net").facts.text())


def test_nothing_is_measured_beside_a_method(qtbot: QtBot, desk: Desk) -> None:
    engine = Engine()
    engine.go.clear()
    desk.library.get("net")
    desk.work.set_engine(engine)
    desk.card("net").measure_button.click()
    qtbot.waitUntil(lambda: engine.runs == 1)
    desk.window.repair.removal.ran.emit(True)
    wait_for(qtbot, desk)
    assert shown(desk.card("net")) == ["Measure", "Remove"]


def test_saving_does_not_wait_for_a_download(qtbot: QtBot, desk: Desk, tmp_path: Path) -> None:
    desk.network.go.clear()
    desk.card("net").get_button.click()
    made = session()
    made.path = tmp_path / "work.ora"
    desk.window.files.show(made)
    with qtbot.waitSignal(desk.window.files.saved):
        desk.window.files.save()
    desk.card("net").cancel_button.click()
    wait_for(qtbot, desk)


def test_a_closed_window_lets_a_download_go_on_and_the_desk_tells_its_end(qtbot: QtBot, desk: Desk) -> None:
    desk.network.go.clear()
    desk.card("net").get_button.click()
    desk.panel.window().close()
    desk.network.go.set()
    qtbot.waitUntil(lambda: desk.window.messages.text == "Fine net: installed.")
    wait_for(qtbot, desk)


def test_the_focus_stays_on_the_card(qtbot: QtBot, desk: Desk) -> None:
    qtbot.waitUntil(desk.panel.window().isActiveWindow)
    desk.network.go.clear()
    card = desk.card("net")
    card.get_button.setFocus()
    QTest.keyClick(card.get_button, Qt.Key.Key_Space)
    assert QApplication.focusWidget() is card.cancel_button
    QTest.keyClick(card.cancel_button, Qt.Key.Key_Space)
    wait_for(qtbot, desk)
    assert QApplication.focusWidget() is card.get_button


def test_the_window_keeps_its_place(desk: Desk, settings: Settings) -> None:
    first = desk.window.models.show()
    first.setGeometry(40, 50, 500, 400)
    first.close()
    again = ModelsWindow(desk.work, Settings(settings._path), desk.window)
    assert again.size() == first.size()


def test_the_window_is_reached_by_an_action(desk: Desk) -> None:
    desk.panel.window().close()
    desk.window.commands["edit.models"].trigger()
    assert desk.panel.isVisible()


def test_an_unknown_model_is_tried_out_for_what_the_user_says_it_is_for(
    qtbot: QtBot, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def model_role(_parent: QWidget, name: str, roles: dict[str, str]) -> str:
        asked.append(name)
        assert roles["denoise"] == "Removing noise"
        return "denoise"

    monkeypatch.setattr(ask, "model_role", model_role)
    monkeypatch.setattr(ask, "remove_model", lambda *_args: True)
    drop(desk.panel, conv_net(desk.files / "smooth.onnx"))
    qtbot.waitUntil(lambda: "smooth" in desk.panel.cards, timeout=60_000)
    wait_for(qtbot, desk, "smooth")
    assert asked == ["smooth.onnx"]
    card = desk.card("smooth")
    assert card.state.text() == "✓ installed"
    assert "smooth" in desk.panel.line.text()
    card.remove_button.click()
    qtbot.waitUntil(lambda: "smooth" not in desk.panel.cards)
    assert not list(desk.user.glob("smooth*"))


def test_an_unknown_model_that_is_for_nothing_is_left_alone(
    qtbot: QtBot, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ask, "model_role", lambda *_args: None)
    with qtbot.waitSignal(desk.work.unknown):
        drop(desk.panel, conv_net(desk.files / "smooth.onnx"))
    wait_for(qtbot, desk, "")
    assert "smooth" not in desk.panel.cards
    assert not list(desk.user.glob("*"))


def test_enter_presses_the_button_that_has_the_focus(qtbot: QtBot, desk: Desk) -> None:
    card = desk.card("net")
    card.get_button.setFocus()
    QTest.keyClick(card.get_button, Qt.Key.Key_Return)
    wait_for(qtbot, desk)
    assert card.state.text() == "✓ installed"


def test_models_that_no_method_uses_say_so(desk: Desk) -> None:
    desk.window.set_registry(Registry({"modelled": replace(mask_maker(), models=("own",))}))
    assert desk.panel.headings["upscale"].text() == "Enlarging photos"
    assert desk.panel.headings["denoise"].text() == "Removing noise – no method uses these yet"


def test_only_a_failed_get_is_offered_again(qtbot: QtBot, desk: Desk) -> None:
    card = desk.card("net")
    card.set_error("Another file was chosen.")
    assert card.get_button.text() == "Get"
    desk.network.broken = True
    card.get_button.click()
    wait_for(qtbot, desk)
    qtbot.waitUntil(lambda: card.get_button.text() == "Try again")
