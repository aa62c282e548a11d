"""`kintsugi models` on a machine without network."""

from __future__ import annotations

from pathlib import Path

import pytest

from editor.cli import main
from tests.runtime import models


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KINTSUGI_HOME", str(tmp_path))
    return tmp_path


def test_the_list_names_state_size_and_licence(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("u2netp")]
    assert "can be got" in line
    assert "4.6 MB" in line
    assert "Apache-2.0" in line


def test_a_damaged_model_fails_the_check(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = home / "data" / "models"
    folder.mkdir(parents=True)
    (folder / "multistyle26.onnx").write_bytes(b"\0" * 751_171)
    assert main(["models", "verify"]) == 1
    assert "damaged" in capsys.readouterr().err


def test_what_is_no_model_is_refused_in_a_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = home / "holiday.onnx"
    file.write_bytes(b"no model")
    assert main(["models", "install", str(file)]) == 1
    assert main(["models", "get", "nix"]) == 1
    assert main(["models", "remove", "u2netp"]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 3


def test_a_licence_is_accepted_by_name(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = home / "data" / "models"
    folder.mkdir(parents=True)
    net = models.conv_net(folder / "net.onnx")
    models.describe(net, licence={"name": "CC BY-NC 4.0", "link": "https://example.org/nc", "commercial": False})

    def listed() -> str:
        assert main(["models", "list"]) == 0
        return next(line for line in capsys.readouterr().out.splitlines() if line.startswith("net "))

    assert "licence not accepted" in listed()
    assert main(["models", "accept", "net"]) == 0
    assert "CC BY-NC 4.0, https://example.org/nc" in capsys.readouterr().out
    assert "licence not accepted" not in listed()


def test_a_measured_speed_is_listed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = home / "data" / "models"
    folder.mkdir(parents=True)
    models.describe(models.conv_net(folder / "net.onnx"))
    assert main(["models", "measure", "u2netp"]) == 1
    assert main(["models", "measure", "net"]) == 0
    said = capsys.readouterr().out.strip().removeprefix("net: ")
    assert "MP/s on" in said
    assert main(["models", "list"]) == 0
    assert f"  {said}  " in capsys.readouterr().out


def test_an_unknown_model_is_installed_for_what_the_user_says(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = models.conv_net(tmp_path / "Mine.onnx")
    assert main(["models", "install", str(file)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "--for ROLE" in line
    assert main(["models", "install", str(file), "--for", "upscale"]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert main(["models", "install", str(file), "--for", "denoise"]) == 0
    assert capsys.readouterr().out == "Mine: installed.\n"
    assert main(["models", "install", str(file), "--for", "style"]) == 0
    assert "It is a known model, for this: Removing noise." in capsys.readouterr().out
    assert main(["models", "list"]) == 0
    (row,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("mine ")]
    assert "installed" in row
    assert "non-commercial" not in row
    assert main(["models", "remove", "mine"]) == 0
    assert not list((home / "data" / "models").iterdir())


def test_a_use_that_there_is_not_is_wrong_usage(home: Path, tmp_path: Path) -> None:
    file = models.conv_net(tmp_path / "mine.onnx")
    assert main(["models", "install", str(file), "--for", "generate"]) == 2
