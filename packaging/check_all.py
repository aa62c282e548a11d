"""Every check of the project in one go: lint, format, types, the import arrows, the tests."""

import subprocess
import time
from pathlib import Path

import setup_env
from environment import CHECKOUT, DEV_LOCK, RUN_LOCK, child_environment, say

CHECKS = {
    "ruff check": ["-m", "ruff", "check", "."],
    "ruff format": ["-m", "ruff", "format", "--check", "."],
    "mypy": ["-m", "mypy"],
    "lint-imports": ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
}


def main(arguments: list[str]) -> int:
    """Set up, run everything, and let pytest's closing line be the last one printed.

    Args:
        arguments: passed on to pytest.

    Returns:
        0 only if everything passed.
    """
    return setup_env.guarded(lambda: _run(setup_env.ensure([RUN_LOCK, DEV_LOCK]), arguments))


def _run(python: Path, arguments: list[str]) -> int:
    environment = child_environment(QT_QPA_PLATFORM="offscreen")
    failed = [name for name, command in CHECKS.items() if not _passes(name, [str(python), *command], environment)]
    if failed:
        say(f"FAILED: {', '.join(failed)}")
    # Two workers: more of them fight over memory on a small machine, and the tests of large pictures need it.
    # A file's tests stay together, as they share what is costly to make.
    pytest = [str(python), "-m", "pytest", "-n", "2", "--dist", "loadfile", *arguments]
    return subprocess.call(pytest, cwd=CHECKOUT, env=environment) or int(bool(failed))


def _passes(name: str, command: list[str], environment: dict[str, str]) -> bool:
    start = time.monotonic()
    # Some of them draw boxes, which Windows' own encoding cannot hold.
    done = subprocess.run(
        command,
        cwd=CHECKOUT,
        env={**environment, "PYTHONIOENCODING": "utf-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode:
        say(done.stdout.rstrip())
    say(f"{name}: {'FAILED' if done.returncode else 'passed'} ({time.monotonic() - start:.0f} s)")
    return done.returncode == 0
