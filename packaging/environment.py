"""Where the private environment lies and whether it is ready: what every script here needs to know of it.

Loaded at every start of the editor, so it imports little.
"""

import hashlib
import os
import sys
from pathlib import Path

PACKAGING = Path(__file__).resolve().parent
CHECKOUT = PACKAGING.parent
RUN_LOCK = PACKAGING / "requirements.lock"
DEV_LOCK = PACKAGING / "requirements-dev.lock"


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


def child_environment(**extra: str) -> dict[str, str]:
    """The environment variables for a process that imports from the checkout."""
    inherited = os.environ.get("PYTHONPATH")
    path = os.pathsep.join([str(CHECKOUT), inherited] if inherited else [str(CHECKOUT)])
    return {**os.environ, "PYTHONPATH": path, **extra}
