"""The Measure button: found under the mask or in the whole photo, in a worker, shown in the form."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from editor.core.geometry import Rect
from editor.host.registry import Registry
from editor.sdk.context import Context
from editor.sdk.errors import MaskError
from editor.sdk.params import Doc, Measured, Range
from editor.sdk.plugin import Inputs, Plugin
from editor.ui.main_window import MainWindow
from tests.helpers.documents import local_method, method, session

HOLE = Rect(100, 90, 140, 120)


class Meter:
    """What measures, as each test wants it."""

    by: Callable[[Inputs, Context], float]

    def __call__(self, inputs: Inputs, ctx: Context) -> float:
        return self.by(inputs, ctx)


METER = Meter()


@dataclass(frozen=True, slots=True)
class Found:
    share: Annotated[float, Range(0, 1, step=0.001), Measured(METER), Doc("Share", "How much is seen.")] = 0.0


def measuring(by: Callable[[Inputs, Context], float]) -> Plugin:
    METER.by = by
    return local_method(params=Found)


def press(window: MainWindow) -> None:
    window.method.form.fields["share"].findChildren(QPushButton)[0].click()


def value(window: MainWindow) -> Any:
    return window.method.form.fields["share"].value


@pytest.mark.parametrize(("hole", "expected"), [(None, 300 * 280), (HOLE, 40 * 30)])
def test_the_slider_is_set_to_what_is_found(qtbot: QtBot, window: MainWindow, hole: Rect | None, expected: int) -> None:
    threads: list[str] = []

    def seen(inputs: Inputs, ctx: Context) -> float:
        threads.append(threading.current_thread().name)
        return int((inputs.mask > 0).sum()) / 100_000

    plugin = measuring(seen)
    window.set_registry(Registry({plugin.id: plugin}))
    window.files.show(session(hole))
    press(window)
    assert window.status.chore.text() == "Measuring…"
    qtbot.waitUntil(lambda: window.status.chore.text() == "", timeout=30_000)
    assert value(window) == pytest.approx(expected / 100_000, abs=0.001)
    assert threads == ["kintsugi-chores"]


@pytest.mark.expects_log_error
def test_where_nothing_is_found_a_line_says_what_to_do(qtbot: QtBot, window: MainWindow) -> None:
    def fail(inputs: Inputs, ctx: Context) -> float:
        raise MaskError("Mark something flat.")

    plugin = measuring(fail)
    window.set_registry(Registry({plugin.id: plugin}))
    window.files.show(session(HOLE))
    press(window)
    qtbot.waitUntil(lambda: window.status.chore.text() == "", timeout=30_000)
    assert window.messages.text == "Mark something flat."
    assert value(window) == 0


def test_what_was_found_in_another_photo_or_for_another_method_is_not_used(qtbot: QtBot, window: MainWindow) -> None:
    begun = threading.Event()
    go = threading.Event()
    ended = threading.Event()

    def slow(inputs: Inputs, ctx: Context) -> float:
        begun.set()
        go.wait(20)
        ended.set()
        return 0.5

    plugin = measuring(slow)
    window.set_registry(Registry({plugin.id: plugin, "flat_fill": method()}))
    window.method.choose("soften")
    window.files.show(session(HOLE))
    press(window)
    assert begun.wait(20)
    window.files.show(session(None))
    go.set()
    assert ended.wait(20)
    press(window)
    window.method.choose("flat_fill")
    qtbot.waitUntil(lambda: window.status.chore.text() == "", timeout=30_000)
    window.method.choose("soften")
    assert value(window) == 0
    np.testing.assert_equal(window.messages.isVisible(), False)
