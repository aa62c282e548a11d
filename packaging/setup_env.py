"""What both commands share: where the private environment lies, whether it is ready, and how to start in it.

When everything is in place this is all that is loaded, so that a start costs a few milliseconds beside the editor's
own. Making the environment is in `first_setup`, imported only when there is something to make.
"""

import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

PACKAGING = Path(__file__).resolve().parent
CHECKOUT = PACKAGING.parent
RUN_LOCK = PACKAGING / "requirements.lock"
DEV_LOCK = PACKAGING / "requirements-dev.lock"
INTERRUPTED = 130


class SetupError(Exception):
    """The environment cannot be made; `str(error)` is the one line that the user sees."""


def say(line: str) -> None:
    """Show one line of progress. On stderr, so that the output of a subcommand stays clean."""
    print(line, file=sys.stderr, flush=True)


def venv_dir() -> Path:
    """The private environment: `.venv` in the checkout, or the folder that KINTSUGI_VENV names."""
    chosen = os.environ.get("KINTSUGI_VENV")
    return Path(chosen).expanduser().absolute() if chosen else CHECKOUT / ".venv"


def python_of(venv: Path) -> Path:
    """The environment's interpreter."""
    return venv / "Scripts" / "python.exe" if sys.platform == "win32" else venv / "bin" / "python"


def stamp_of(venv: Path, lock: Path) -> Path:
    """The file that says that everything in `lock` is installed; written last, so an interrupted set-up has none."""
    return venv / f"kintsugi-{lock.stem}.stamp"


def stamp_text(lock: Path) -> str:
    """What the stamp holds: another Python, or another lock file, is another environment."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return f"python {version} {hashlib.sha256(lock.read_bytes()).hexdigest()}\n"


def missing_libraries_note(venv: Path) -> Path:
    """The file that keeps the names of the system libraries found missing, until they are there."""
    return venv / "kintsugi-missing-libraries.txt"


def is_ready(venv: Path, locks: list[Path]) -> bool:
    """Whether all of `locks` is installed, for this Python."""
    try:
        stamped = all(stamp_of(venv, lock).read_text() == stamp_text(lock) for lock in locks)
    except OSError:
        return False
    return stamped and python_of(venv).exists()


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


def child_environment(**extra: str) -> dict[str, str]:
    """The environment variables for a process that imports from the checkout."""
    inherited = os.environ.get("PYTHONPATH")
    path = os.pathsep.join([str(CHECKOUT), inherited] if inherited else [str(CHECKOUT)])
    return {**os.environ, "PYTHONPATH": path, **extra}


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
