"""The count of pixels changed outside the mask follows the picture, and one that is overtaken stops."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from editor.core.layers import Layer
from editor.core.session import Session
from editor.core.tiles import TileMap
from editor.host import apply
from editor.ui.main_window import MainWindow
from tests.helpers.documents import session


def test_a_count_that_a_change_overtook_stops(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, real = threading.Event(), apply.changed_outside

    def endless(_session: Session, check: Callable[[], None]) -> int:
        begun.set()
        while True:
            check()

    made = session()
    monkeypatch.setattr(apply, "changed_outside", endless)
    window.files.show(made)
    assert begun.wait(20)
    monkeypatch.setattr(apply, "changed_outside", real)
    with qtbot.waitSignal(window.outside.counted) as counted:
        made.commit(made.state.with_layer(Layer(1, "new", TileMap.blank(made.state.size, 3, np.uint8))), "Add a layer")
    assert counted.args == [0]


def test_no_count_is_shown_for_a_document_that_was_closed(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def late(_session: Session, check: Callable[[], None]) -> int:
        begun.set()
        assert go_on.wait(20)
        return 7

    monkeypatch.setattr(apply, "changed_outside", late)
    window.files.show(session())
    assert begun.wait(20)
    window.files.show(None)
    go_on.set()
    with qtbot.assertNotEmitted(window.outside.counted):
        done = threading.Event()
        window.files.write_in_background("after it in the same lane", done.set, lambda _nothing: None)
        assert done.wait(20)
        qtbot.waitUntil(lambda: not window.status.chore.text())
    assert window.status.outside.text() == ""
