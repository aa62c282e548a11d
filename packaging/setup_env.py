"""What both commands share: make the private environment ready, and start in it.

When everything is in place this and `environment` are all that is loaded, so that a start costs a few milliseconds
beside the editor's own. Making the environment is in `first_setup`, imported only when there is something to make.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from environment import (
    RUN_LOCK,
    SetupError,
    child_environment,
    is_ready,
    missing_libraries_note,
    python_of,
    say,
    venv_dir,
)

INTERRUPTED = 130


def ensure(locks: list[Path]) -> Path:
    """Make the environment if it is not ready.

    Returns:
        The environment's interpreter.

    Raises:
        SetupError: it could not be made; the message says what to do.
    """
    venv = venv_dir()
    if not is_ready(venv, locks):
        import first_setup

        first_setup.make(venv, locks)
    elif missing_libraries_note(venv).exists():
        import system_libraries

        system_libraries.check(venv)
    return python_of(venv)


def guarded(work: Callable[[], int]) -> int:
    """Call `work`; what can go wrong in a set-up becomes one line and an exit code."""
    try:
        return work()
    except SetupError as error:
        say(f"kintsugi: {error}")
    except OSError as error:
        say(f"kintsugi: the set-up failed: {error}. KINTSUGI_VENV names another folder for it.")
    except KeyboardInterrupt:
        say("kintsugi: interrupted; the same command begins the set-up again.")
        return INTERRUPTED
    return 1


def run_editor(arguments: list[str]) -> int:
    """Start the editor in its environment, in the user's current folder.

    Returns:
        The exit code of a set-up that failed; otherwise this process becomes the editor, or ends with its exit code.
    """
    return guarded(lambda: _start(ensure([RUN_LOCK]), arguments))


def _start(python: Path, arguments: list[str]) -> NoReturn:
    # -P: the current folder may hold an "editor" or a "plugins" of the user's.
    command = [str(python), "-P", "-m", "editor", *arguments]
    if sys.platform == "win32":
        import signal
        import subprocess

        # Ctrl+C reaches both processes there: the editor decides what it means.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        sys.exit(subprocess.call(command, env=child_environment()))
    os.execve(python, command, child_environment())
