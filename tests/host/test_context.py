"""The threads that a method gets from its context."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from editor.host.context import RunContext
from editor.host.jobs import CancelToken

QUITS_BESIDE_A_DEAF_METHOD = """
import threading
from editor.host.context import RunContext
from editor.host.jobs import Job, Jobs

begun = threading.Event()

def deaf(_item):
    begun.set()
    threading.Event().wait()

def work(token, tell):
    return RunContext(0, 2, (0, 0), token, tell, None).map(deaf, [1, 2])

jobs = Jobs(grace_s=0.01)
jobs.start(Job(work, "deaf"))
begun.wait()
jobs.close()
"""


def context(token: CancelToken, threads: int = 3) -> RunContext:
    def call(*_args: Any) -> Any:
        raise AssertionError("no other method is run")

    return RunContext(0, threads, (0, 0), token, lambda _part, _text: None, call)


def test_the_program_ends_though_a_method_does_not() -> None:
    checkout = Path(__file__).parents[2]
    ended = subprocess.run([sys.executable, "-c", QUITS_BESIDE_A_DEAF_METHOD], cwd=checkout, timeout=60, check=False)
    assert ended.returncode == 0


def test_results_come_in_the_order_of_the_items_from_several_threads() -> None:
    together = threading.Barrier(3, timeout=20)

    def work(item: int) -> int:
        together.wait()
        return 2 * item

    assert context(CancelToken()).map(work, range(6)) == [0, 2, 4, 6, 8, 10]


def test_the_first_error_of_the_items_is_raised() -> None:
    def work(item: int) -> int:
        if item:
            raise ValueError(item)
        return item

    with pytest.raises(ValueError, match=r"^1$"):
        context(CancelToken()).map(work, range(5))


def test_an_interrupt_reaches_the_parts_that_run(monkeypatch: pytest.MonkeyPatch) -> None:
    token = CancelToken()
    begun = threading.Event()

    def work(_item: int) -> None:
        begun.set()
        while True:
            token.check()

    def interrupted(*_args: Any) -> None:
        begun.wait(20)
        raise KeyboardInterrupt

    monkeypatch.setattr("concurrent.futures.Future.result", interrupted)
    with pytest.raises(KeyboardInterrupt):
        context(token).map(work, range(3))
