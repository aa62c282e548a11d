"""What holds for every test: no window, a home of its own, no logged error, no thread left behind."""

import logging
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

# Before anything imports Qt.
os.environ["QT_QPA_PLATFORM"] = "offscreen"
# The tests look for texts as they are written, whatever language the machine speaks.
os.environ["LANGUAGE"] = "en"

import cv2  # noqa: F401 - imported for what it does to the environment, here and not at a random moment

# OpenCV's wheel points Qt to plugins and fonts of its own, with which PySide6 cannot start.
for _variable in ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR"):
    os.environ.pop(_variable, None)

LOGGERS = ("kintsugi", "editor", "plugins")
# Threads that were told to end may take a moment; the wait ends as soon as they do.
THREADS_END_WITHIN_S = 5.0


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", "expects_log_error: the test makes the program log an error")


class _Errors(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.setFormatter(logging.Formatter("%(name)s: %(message)s"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture(autouse=True)
def no_logged_errors(request: pytest.FixtureRequest) -> Iterator[None]:
    """An error that the program logs fails the test, unless it is marked `expects_log_error`."""
    errors = _Errors()
    for name in LOGGERS:
        logging.getLogger(name).addHandler(errors)
    yield
    for name in LOGGERS:
        logging.getLogger(name).removeHandler(errors)
    if errors.lines and request.node.get_closest_marker("expects_log_error") is None:
        pytest.fail("the program logged:\n" + "\n".join(errors.lines))


@pytest.fixture(autouse=True)
def no_leaked_threads() -> Iterator[None]:
    """A thread that would keep the program from ending fails the test that left it."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + THREADS_END_WITHIN_S
    leaked = [thread for thread in threading.enumerate() if thread not in before and not thread.daemon]
    for thread in leaked:
        thread.join(max(0.0, deadline - time.monotonic()))
    alive = [thread.name for thread in leaked if thread.is_alive()]
    if alive:
        pytest.fail(f"threads left running: {', '.join(alive)}")


@pytest.fixture(scope="session", autouse=True)
def session_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fixtures that outlive a test keep out of the user's folders, too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KINTSUGI_HOME", str(tmp_path_factory.mktemp("session-home")))
        yield


@pytest.fixture(autouse=True)
def kintsugi_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The program's own folders (settings, models, journals, log) are new and empty for each test."""
    home = tmp_path_factory.mktemp("home")
    # Not the monkeypatch fixture: a test that undoes its own patches early would undo this one with them.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KINTSUGI_HOME", str(home))
        yield home
