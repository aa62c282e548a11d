"""From worker threads to the main thread."""

from __future__ import annotations

import threading

from PySide6.QtCore import QObject, Signal
from pytestqt.qtbot import QtBot

from editor.ui.bridge import Bridge


class Sink(QObject):
    """Keeps what came and in which thread."""

    came = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[object, ...]] = []
        self.threads: set[threading.Thread] = set()

    def take(self, *args: object) -> None:
        self.calls.append(args)
        self.threads.add(threading.current_thread())
        self.came.emit()


def in_worker(work: object) -> None:
    thread = threading.Thread(target=work)  # type: ignore[arg-type]  # a function without arguments
    thread.start()
    thread.join()


def test_queued_calls_arrive_in_order_in_the_main_thread(qtbot: QtBot) -> None:
    bridge, sink = Bridge(), Sink()
    listener = bridge.queued(sink.take)
    in_worker(lambda: [listener(number) for number in range(100)])
    assert sink.calls == []
    qtbot.waitUntil(lambda: len(sink.calls) == 100)
    assert sink.calls == [(number,) for number in range(100)]
    assert sink.threads == {threading.main_thread()}


def test_coalesced_calls_keep_the_newest_only(qtbot: QtBot) -> None:
    bridge, sink = Bridge(), Sink()
    listener = bridge.coalesced(sink.take)
    with qtbot.waitSignal(sink.came):
        in_worker(lambda: [listener(number) for number in range(100)])
    with qtbot.waitSignal(sink.came):
        in_worker(lambda: [listener(number) for number in range(100, 200)])
    assert sink.calls == [(99,), (199,)]


def test_a_listener_that_is_let_go_before_its_turn_still_delivers(qtbot: QtBot) -> None:
    bridge, sink = Bridge(), Sink()

    def twice() -> None:
        listener = bridge.coalesced(sink.take)
        listener(1)
        listener(2)

    with qtbot.waitSignals([sink.came] * 2):
        in_worker(twice)
        in_worker(twice)


def test_a_closed_bridge_drops_what_comes(qtbot: QtBot) -> None:
    bridge, sink = Bridge(), Sink()
    bridge.queued(sink.take)(1)
    bridge.close()
    bridge.queued(sink.take)(2)
    other = Bridge()
    with qtbot.waitSignal(sink.came):
        other.queued(sink.take)(3)
    assert sink.calls == [(3,)]
