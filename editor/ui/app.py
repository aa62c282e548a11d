"""Starts the window. What is slow to import or to look up comes after the first paint."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtWidgets import QApplication

from editor.core import i18n
from editor.core.errors import EditorError, ModelError
from editor.core.i18n import _
from editor.host import log
from editor.host.jobs import Jobs
from editor.host.places import Places
from editor.host.settings import Settings
from editor.runtime.providers import DeviceReport
from editor.ui import theme
from editor.ui.bridge import Bridge
from editor.ui.files import Opened

if TYPE_CHECKING:
    from editor.host.registry import Registry
    from editor.runtime.infer import InferenceEngine
    from editor.ui.main_window import MainWindow

T = TypeVar("T")

_SWITCH_S = 0.0005
"""How long a worker may keep the interpreter: a tenth of Python's default, so that the window's frames are not late."""

_logger = logging.getLogger("kintsugi.ui")


def run(paths: Sequence[Path]) -> int:
    """Shows the window with the first of `paths` opened; returns the exit code when it is closed."""
    # cv2 points Qt to its own plug-ins and fonts, which do not fit ours.
    for name in ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR"):
        os.environ.pop(name, None)
    places = Places.default()
    log.set_up(places)
    i18n.set_language()
    application = QApplication.instance() or QApplication(["kintsugi"])
    assert isinstance(application, QApplication), "no other kind is made in this process"
    application.setApplicationName("Kintsugi")
    application.setDesktopFileName("kintsugi")
    # Not before Qt has found its plug-ins: the readers import cv2.
    reading = _in_thread(lambda: _read(paths[0])) if paths else None
    theme.apply(application)

    from editor.ui.main_window import MainWindow

    jobs, bridge = Jobs(), Bridge()
    window = MainWindow(places, Settings(places.config / "settings.toml"), jobs, bridge)
    _show_failures(window)
    if reading is not None:
        window.files.adopt(paths[0], reading)
    window.painted.connect(lambda: _after_first_paint(window, places, bridge))
    sys.setswitchinterval(_SWITCH_S)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    window.show()
    return application.exec()


def _read(path: Path) -> Opened:
    from editor.host.documents import open_document

    return open_document(path)


def _after_first_paint(window: MainWindow, places: Places, bridge: Bridge) -> None:
    from editor.host.recovery import Recovery

    window.set_recovery(Recovery(places.state))
    scanned = _in_thread(_scan)
    scanned.add_done_callback(lambda done: bridge.post(lambda: _offer_methods(window, done.result(), places, bridge)))


def _offer_methods(window: MainWindow, registry: Registry, places: Places, bridge: Bridge) -> None:
    window.set_registry(registry)
    # ONNX Runtime takes a moment to import, so it comes last.
    made = _in_thread(lambda: _engine(places, bridge.queued(window.messages.note)))
    made.add_done_callback(lambda done: bridge.post(lambda: _offer_models(window, done)))


def _offer_models(window: MainWindow, made: Future[InferenceEngine]) -> None:
    """Without ONNX Runtime there is still all that needs no model, and the status line says why."""
    try:
        window.set_engine(made.result())
    except ModelError as error:
        window.status.device.setText(str(DeviceReport("CPU", str(error))))


def _engine(places: Places, on_message: Callable[[str], None]) -> InferenceEngine:
    from editor.host import engine

    return engine.set_up(places, on_message)


def _scan() -> Registry:
    from editor.host.registry import Registry

    return Registry.scan()


def _in_thread(work: Callable[[], T]) -> Future[T]:
    """Does `work` in a thread of its own, which the end of the process does not wait for."""
    future: Future[T] = Future()

    def do() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised again where the result is asked for
            future.set_exception(error)

    threading.Thread(target=do, name="kintsugi-start", daemon=True).start()
    return future


def _show_failures(window: MainWindow) -> None:
    """A defect in the window's own code is logged and shown as one line; the document and its journal stay."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not isinstance(error, Exception):
            sys.__excepthook__(kind, error, trace)
            return
        _logger.error("not handled", exc_info=(kind, error, trace))
        if not isinstance(error, EditorError):
            cause, error = error, EditorError(_("Something went wrong in Kintsugi itself; your work is kept."))
            error.__cause__ = cause
        window.messages.error(error)

    sys.excepthook = hook
