"""`packaging/run.py`: the first start sets up, later ones start at once, and what goes wrong is one clear line."""

import ast
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packaging.fake_checkout import PACKAGING, FakeCheckout, facts


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> FakeCheckout:
    """A checkout after its first start."""
    checkout = FakeCheckout(tmp_path_factory.mktemp("ready") / "checkout with a space")
    note = checkout.root / "warmed-up"
    result = checkout.call("run.py", "photo.jpg", WARM_UP_NOTE=str(note))
    assert facts(result)["arguments"] == ["photo.jpg"]
    assert facts(result)["prefix"] == str(checkout.venv)
    assert facts(result)["version"] == "1.0"
    assert "Setting up" in result.stderr
    assert note.exists()
    return checkout


def test_second_start_passes_everything_on_and_calls_no_pip(ready: FakeCheckout, tmp_path: Path) -> None:
    (tmp_path / "editor").mkdir()  # a folder of the user's, which must not be taken for the editor
    (tmp_path / "editor" / "__init__.py").write_text("raise SystemExit('not the editor')")
    result = ready.call("run.py", "demo", "-o", "a b.png", cwd=tmp_path, PIP_FIND_LINKS="/nowhere")
    assert facts(result)["arguments"] == ["demo", "-o", "a b.png"]
    assert facts(result)["folder"] == str(tmp_path)
    assert result.stderr == ""


def test_exit_code_is_the_editors(ready: FakeCheckout) -> None:
    assert ready.call("run.py", "fail").returncode == 7


def test_changed_lock_is_installed(ready: FakeCheckout) -> None:
    ready.lock("locked==1.1")
    assert facts(ready.call("run.py"))["version"] == "1.1"
    ready.lock("locked==1.0")
    assert facts(ready.call("run.py"))["version"] == "1.0"


def test_failed_update_is_one_line_and_spoils_nothing(ready: FakeCheckout) -> None:
    ready.lock("locked==9")
    result = ready.call("run.py")
    assert result.returncode == 1
    assert result.stdout == ""
    complaint = result.stderr.splitlines()[-1]
    assert complaint.startswith("kintsugi: locked==9 is not to be had")
    assert complaint.endswith("kintsugi-setup.log")
    assert "No matching distribution" in Path(complaint.partition("The log: ")[2]).read_text()
    ready.lock("locked==1.0")
    result = ready.call("run.py")
    assert facts(result)["version"] == "1.0"
    assert result.stderr == ""


def test_offline_is_said(ready: FakeCheckout) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # nobody listens there
        index = f"http://127.0.0.1:{nobody.getsockname()[1]}/simple"
        ready.lock("locked==9")
        result = ready.call("run.py", PIP_NO_INDEX="0", PIP_INDEX_URL=index, PIP_RETRIES="1", no_proxy="127.0.0.1")
    ready.lock("locked==1.0")
    assert result.returncode == 1
    assert "is this computer online?" in result.stderr.splitlines()[-1]


def test_failed_warm_up_is_said_and_the_editor_starts(ready: FakeCheckout) -> None:
    ready.lock("locked==1.0 ")
    result = ready.call("run.py", WARM_UP_FAILS="1")
    assert facts(result)["version"] == "1.0"
    assert "RuntimeError: no compiler" in result.stderr
    ready.lock("locked==1.0")


def test_tests_run_in_the_same_environment(ready: FakeCheckout) -> None:
    result = ready.call("test.py", "-k", "brush")
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1].startswith("pytest")
    assert result.stdout.splitlines()[-1].endswith("-k brush speaks")
    assert facts(ready.call("run.py", PIP_FIND_LINKS="/nowhere"))["prefix"] == str(ready.venv)


@pytest.mark.parametrize("tool", ["ruff", "mypy", "importlinter", "pytest"])
def test_one_failed_check_fails_the_command(ready: FakeCheckout, tool: str) -> None:
    result = ready.call("test.py", FAILING=tool)
    assert result.returncode == 1
    assert result.stdout.splitlines()[-1].startswith("pytest")
    assert ("FAILED" in result.stderr) == (tool != "pytest")


def test_two_starts_at_once_share_one_set_up(ready: FakeCheckout) -> None:
    ready.lock("locked==1.1")
    starts = [
        subprocess.Popen(
            ready.command("run.py"), env=ready.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    spoken = [start.communicate() for start in starts]
    assert [start.returncode for start in starts] == [0, 0], spoken
    assert sum("Fetching" in progress for _, progress in spoken) == 1
    ready.lock("locked==1.0")


@pytest.mark.skipif(sys.platform == "win32", reason="a process group cannot be killed there")
def test_killed_set_up_is_made_again(ready: FakeCheckout) -> None:
    ready.lock("locked==1.2")
    with socket.create_server(("127.0.0.1", 0)) as index:
        index.settimeout(100)
        url = f"http://127.0.0.1:{index.getsockname()[1]}/simple"
        environment = ready.environment(PIP_NO_INDEX="0", PIP_INDEX_URL=url, no_proxy="127.0.0.1")
        process = subprocess.Popen(
            ready.command("run.py"), env=environment, stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            connection, _ = index.accept()  # pip is at work, and will wait for an answer
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        connection.close()
    # What a process that is killed may leave behind.
    for half in ready.venv.glob("lib/python3*/site-packages/pip/__init__.py"):
        half.write_text("raise ImportError('half written')")
    result = ready.call("run.py")
    assert facts(result)["version"] == "1.2"
    assert "beginning again" in result.stderr


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    checkout = FakeCheckout(tmp_path / "checkout")
    theirs = tmp_path / "photos" / "holiday.jpg"
    theirs.parent.mkdir()
    theirs.write_text("a photo")
    for _ in range(2):  # the first refusal must not make the folder ours
        result = checkout.call("run.py", KINTSUGI_VENV=str(theirs.parent))
        assert result.returncode == 1
        assert "was not made by this command" in result.stderr.splitlines()[-1]
    assert theirs.read_text() == "a photo"


@pytest.mark.parametrize("script", ["run.py", "test.py"])
def test_old_python_is_told_so(script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source = (PACKAGING / script).read_text()
    tree = ast.parse(source, feature_version=(3, 6))
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer"):
        exec(compile(tree, script, "exec"), {"__name__": "__main__"})
