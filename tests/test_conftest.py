"""The rules of conftest.py, tried on a small suite of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

SUITE = """
import logging
import os
import threading

import cv2
import pytest
from hypothesis import given, strategies

def test_error_is_logged():
    logging.getLogger("kintsugi.jobs").error("broke %d", 7)

@pytest.mark.expects_log_error
def test_error_is_expected():
    logging.getLogger("kintsugi.jobs").error("broke as it should")

def test_warning_is_logged():
    logging.getLogger("kintsugi.jobs").warning("not so bad")

def test_thread_leaks():
    threading.Thread(target=threading.Event().wait, args=(3.0,), name="stray").start()

def test_thread_ends():
    event = threading.Event()
    threading.Thread(target=event.wait).start()
    event.set()

def test_daemon_stays():
    threading.Thread(target=threading.Event().wait, daemon=True).start()

def test_home_is_used():
    assert os.listdir(os.environ["KINTSUGI_HOME"]) == []
    open(os.path.join(os.environ["KINTSUGI_HOME"], "settings.toml"), "w").close()

def test_home_is_new():
    assert os.listdir(os.environ["KINTSUGI_HOME"]) == []

def test_qt_starts_beside_opencv(qapp):
    assert qapp.platformName() == "offscreen"
    assert not [name for name in os.environ if name.startswith("QT_QPA_") and name != "QT_QPA_PLATFORM"]

@given(strategies.integers())
def test_works_with_hypothesis(number):
    assert os.environ["KINTSUGI_HOME"] != "elsewhere"
"""


def test_rules_fail_the_tests_that_break_them(tmp_path: Path) -> None:
    rules = Path(__file__).with_name("conftest.py").read_text()
    (tmp_path / "conftest.py").write_text(f"{rules}\nTHREADS_END_WITHIN_S = 0.5\n")
    (tmp_path / "test_suite.py").write_text(SUITE)
    (tmp_path / "pytest.ini").write_text("[pytest]\nqt_api = pyside6\n")
    command = [sys.executable, "-m", "pytest", "-rA", "-p", "no:xdist", "-p", "no:cacheprovider", str(tmp_path)]
    # As on a computer of somebody whose desktop sets both.
    environment = {**os.environ, "KINTSUGI_HOME": "elsewhere", "QT_QPA_PLATFORM": "wayland"}
    output = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True).stdout
    refused = set(re.findall(r"^(?:FAILED|ERROR) \S+::(\w+)", output, re.MULTILINE))
    assert refused == {"test_error_is_logged", "test_thread_leaks"}, output
    assert "kintsugi.jobs: broke 7" in output
    assert "threads left running: stray" in output
    assert "10 passed" in output
