"""Makes the private environment: a venv, the locked packages, Qt's system libraries, the compiled parts.

Safe to interrupt at any moment: the stamps are removed first and written last, and an environment without them is
emptied and made again. Only a folder that this module made is ever emptied.
"""

import contextlib
import importlib
import importlib.util
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import system_libraries
from environment import (
    RUN_LOCK,
    SetupError,
    child_environment,
    is_ready,
    python_of,
    say,
    stamp_of,
    stamp_text,
)

OWNER = "kintsugi-made-this"
LOG = "kintsugi-setup.log"
LOCK = "kintsugi-setup.lock"

WARM_UP = """
import importlib, pkgutil, plugins
for found in pkgutil.iter_modules(plugins.__path__, "plugins."):
    method = importlib.import_module(found.name)
    if hasattr(method, "warm_up"):
        method.warm_up()
"""


def make(venv: Path, locks: list[Path]) -> None:
    """Bring `venv` to what `locks` say.

    Raises:
        SetupError: it could not be done; the message says what to do.
    """
    _require_venv_module()
    venv.mkdir(parents=True, exist_ok=True)
    with _only_one(venv):
        if is_ready(venv, locks):
            return
        say(f"Setting up Kintsugi in {venv}: this is done once and takes a few minutes.")
        before = _open_up(venv)
        try:
            install(venv, locks)
        except SetupError:
            # pip changes nothing when a download fails: what worked before is still whole.
            for stamp, text in before.items():
                stamp.write_text(text)
            raise
        system_libraries.check(venv)
        warm_up(venv)
        for lock in locks:
            _write_stamp(venv, lock)
        say("Set up.")


def _require_venv_module() -> None:
    def missing() -> bool:
        importlib.invalidate_caches()
        return importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None

    if not missing():
        return
    # Debian and Ubuntu take both out of Python and put them into a package of their own.
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if system_libraries.install([package]) and not missing():
        return
    how = f"sudo apt-get install {package}" if shutil.which("apt-get") else f"install {package}"
    raise SetupError(f"this Python comes without its venv module: {how}")


@contextlib.contextmanager
def _only_one(venv: Path) -> Iterator[None]:
    """Let one set-up at a time work in `venv`; a second start waits for the first."""
    with (venv / LOCK).open("a") as file:
        if sys.platform == "win32":
            import msvcrt

            while True:  # gives up after ten seconds each time
                with contextlib.suppress(OSError):
                    msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
                    break
            yield
        else:
            import fcntl

            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("Waiting for the set-up that is already running.")
                fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _open_up(venv: Path) -> dict[Path, str]:
    """Leave a working venv without stamps in `venv`, empty or as it was.

    Returns:
        The stamps that were there, when what they say still holds.
    """
    present = [path for path in venv.iterdir() if path.name != LOCK]
    owner = venv / OWNER
    if present and not owner.exists():
        raise SetupError(f"{venv} was not made by this command: remove it, or let KINTSUGI_VENV name another folder.")
    stamps = {path: path.read_text() for path in venv.glob("*.stamp")}
    if stamp_of(venv, RUN_LOCK) in stamps and _same_python(venv):
        for stamp in stamps:
            stamp.unlink()
        return stamps
    if present:
        say("An earlier set-up was not finished, or was for another Python: beginning again.")
    owner.touch()
    for path in present:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path != owner:
            path.unlink()
    _create(venv)
    return {}


def _same_python(venv: Path) -> bool:
    try:
        text = (venv / "pyvenv.cfg").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    version = re.search(r"^version\s*=\s*(\d+)\.(\d+)", text, re.MULTILINE)
    wanted = (str(sys.version_info.major), str(sys.version_info.minor))
    return python_of(venv).exists() and version is not None and version.groups() == wanted


def _create(venv: Path) -> None:
    say("Making a private Python environment …")
    command = [sys.executable, "-m", "venv", str(venv)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    if done.returncode:
        (venv / LOG).write_text(done.stdout, encoding="utf-8")
        raise SetupError(f"Python could not make an environment. The log: {venv / LOG}")


def install(venv: Path, locks: list[Path]) -> None:
    """Let pip install `locks`, with a line for each package that is fetched. What configures pip stays in effect.

    Raises:
        SetupError: pip failed; the message says why, as far as pip's output tells, and where the log is.
    """
    say("Fetching the packages …")
    # A package that has no wheel would be compiled for an hour, or fail on a missing compiler in a thousand lines.
    command = [str(python_of(venv)), "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    command += ["--progress-bar=off", "--only-binary=:all:", *(part for lock in locks for part in ("-r", str(lock)))]
    output: list[str] = []
    with (
        (venv / LOG).open("w", encoding="utf-8") as log,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", errors="replace"
        ) as pip,
    ):
        assert pip.stdout is not None
        for line in pip.stdout:
            log.write(line)
            output.append(line)
            _show(line)
    if pip.returncode:
        raise SetupError(f"{explain(''.join(output))} The log: {venv / LOG}")


def _show(line: str) -> None:
    fetched = re.match(r"\s*(?:Downloading|Using cached)\s(?:\S*/)?([^/\s-]+)-([^-\s]+)-\S+\.whl (\(.+\))", line)
    if fetched:
        say(f"  {fetched[1]} {fetched[2]} {fetched[3]}")
    elif line.startswith("Installing collected packages"):
        say("Installing them …")


def explain(output: str) -> str:
    """Say in a sentence why pip failed.

    Args:
        output: all that pip printed.
    """
    unmatched = re.search(r"No matching distribution found for (\S+)", output)
    if re.search(r"No space left on device|not enough space on the disk", output):
        return "The disk is full: Kintsugi's packages need about 3 GB."
    if re.search(r"connection broken by|ConnectionError|Read timed out|Could not connect", output, re.IGNORECASE):
        return "The packages could not be fetched: is this computer online? A later try goes on from here."
    if unmatched:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return f"{unmatched[1]} is not to be had for Python {version} on this system: try another Python from 3.11 on."
    errors = [line for line in output.splitlines() if line.startswith("ERROR:")]
    reason = f" ({errors[-1].removeprefix('ERROR:').strip()})" if errors else ""
    return f"The packages could not be installed{reason}."


def warm_up(venv: Path) -> None:
    """Compile what is compiled on first use, so that no method waits for it then. A failure is no obstacle."""
    say("Compiling …")
    command = [str(python_of(venv)), "-P", "-c", WARM_UP]
    environment = child_environment()
    done = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    if done.returncode:
        with (venv / LOG).open("a", encoding="utf-8") as log:
            log.write(done.stdout)
        last = (done.stdout.strip().splitlines() or ["no reason given"])[-1]
        say(f"Compiling in advance failed ({last}); the first run of a method will take longer. The log: {venv / LOG}")


def _write_stamp(venv: Path, lock: Path) -> None:
    stamp = stamp_of(venv, lock)
    part = stamp.with_suffix(".part")
    part.write_text(stamp_text(lock))
    part.replace(stamp)
