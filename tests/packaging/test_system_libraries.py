"""Missing libraries of the system: their names are found, and the package that brings them is said or installed."""

import os
import sys
from pathlib import Path

import environment
import first_setup
import pytest
import setup_env
import system_libraries

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only there does Qt need packages of the system")

# Stands for the environment's Python: complains until the library is there.
FAKE_PYTHON = """#!/bin/sh
if [ ! -e "{library}" ]; then
    echo "libEGL.so.1: cannot open shared object file: No such file or directory"
fi
echo FILES
"""


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in which programs are found."""
    folder = tmp_path / "tools"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    """An environment whose Qt misses libEGL.so.1 until `tmp_path/library` exists."""
    python = environment.python_of(tmp_path / "venv")
    python.parent.mkdir(parents=True)
    program(python, FAKE_PYTHON.format(library=tmp_path / "library"))
    return tmp_path / "venv"


def program(path: Path, text: str) -> None:
    """Write an executable."""
    path.write_text(text)
    path.chmod(0o755)


def test_complaints_of_loader_and_ldd_are_understood() -> None:
    text = (
        "libxcb-cursor.so.0: cannot open shared object file: No such file or directory\n"
        "\tlibEGL.so.1 => not found\n"
        "\tlibxkbcommon.so.0 => /lib/x86_64-linux-gnu/libxkbcommon.so.0 (0x00007f0e0)\n"
    )
    assert system_libraries.parse_missing(text) == ["libxcb-cursor.so.0", "libEGL.so.1"]


@pytest.mark.parametrize(
    ("manager", "expected"),
    [
        ("apt-get", "sudo apt-get install libegl1 libxcb-cursor0; install the package that has libnew.so.3"),
        ("dnf", "sudo dnf install libglvnd-egl xcb-util-cursor; install the package that has libnew.so.3"),
    ],
)
def test_advice_names_the_systems_packages(tools: Path, manager: str, expected: str) -> None:
    program(tools / manager, "#!/bin/sh\n")
    advice = system_libraries.advice(["libEGL.so.1", "libnew.so.3", "libxcb-cursor.so.0"])
    assert advice.endswith(expected)


def test_missing_library_is_said_until_it_is_there(
    tools: Path,
    venv: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    program(tools / "apt-get", "#!/bin/sh\nexit 1\n")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    lock = tmp_path / "requirements.lock"
    lock.write_text("")
    environment.stamp_of(venv, lock).write_text(environment.stamp_text(lock))
    monkeypatch.setenv("KINTSUGI_VENV", str(venv))

    system_libraries.check(venv)
    assert "sudo apt-get install libegl1" in capsys.readouterr().err
    setup_env.ensure([lock])  # the next start
    assert "sudo apt-get install libegl1" in capsys.readouterr().err
    (tmp_path / "library").touch()
    setup_env.ensure([lock])
    setup_env.ensure([lock])
    assert capsys.readouterr().err == ""
    assert not environment.missing_libraries_note(venv).exists()


def test_root_installs_it_after_fetching_the_lists(
    tools: Path, venv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # As in a fresh container: nothing can be installed before `apt-get update`.
    program(
        tools / "apt-get",
        f'#!/bin/sh\necho "$@" >>{tmp_path}/calls\n'
        f'case "$1" in update) :>{tmp_path}/lists;; install) [ -e {tmp_path}/lists ] && :>{tmp_path}/library;; esac\n',
    )
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    system_libraries.check(venv)
    install = "install -y --no-install-recommends libegl1"
    assert (tmp_path / "calls").read_text().splitlines() == [install, "update", install]
    assert not environment.missing_libraries_note(venv).exists()
    assert "sudo" not in capsys.readouterr().err


def test_missing_venv_module_names_its_package(tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tools / "apt-get", "#!/bin/sh\nexit 1\n")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "ensurepip" else object())
    package = f"python3.{sys.version_info.minor}-venv"
    with pytest.raises(environment.SetupError, match=f"sudo apt-get install {package}"):
        first_setup.make(tmp_path / "new", [])
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
        (
            "WARNING: Retrying (Retry(total=0)) after connection broken by 'X'\nERROR: No matching distribution",
            "online",
        ),
        ("ERROR: No matching distribution found for numba==0.68.1", "numba==0.68.1 is not to be had for Python"),
        ("ERROR: Something\nERROR: else", "could not be installed (else)"),
        ("", "could not be installed."),
    ],
)
def test_failure_of_pip_is_explained(output: str, expected: str) -> None:
    assert expected in first_setup.explain(output)
