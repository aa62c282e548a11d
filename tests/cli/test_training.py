"""`kintsugi train`, around the trainer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from editor.cli import main, training
from editor.host import training as host
from editor.host.registry import Registry
from editor.sdk.plugin import Plugin
from tests.helpers.trainers import LEARNER, RECIPE, lasting, measuring, write_photos

REGISTRY = Registry({LEARNER.id: LEARNER})


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KINTSUGI_HOME", str(tmp_path / "home"))
    return write_photos(tmp_path / "photos", 3)


def train(photos: Path, *words: str) -> int:
    return main(["train", "learner", "--data", str(photos), "--name", "Mine", *words], REGISTRY)


def installed(capsys: pytest.CaptureFixture[str]) -> bool:
    assert main(["models", "list"], REGISTRY) == 0
    return any(line.startswith("mine ") for line in capsys.readouterr().out.splitlines())


def test_a_better_model_is_installed_and_the_numbers_are_said(
    photos: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(host, "Process", measuring((30.0, 31.5)))
    assert train(photos, "--minutes", "1") == 0
    out = capsys.readouterr().out
    assert "30.00 dB before, 31.50 dB after" in out
    assert "at most 1e-07" in out
    assert installed(capsys)


def test_what_gains_nothing_is_not_installed(
    photos: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(host, "Process", measuring((30.0, 29.5)))
    assert train(photos, "--steps", "9") == 1
    assert "Nothing useful was learned" in capsys.readouterr().out
    assert not installed(capsys)


def test_ctrl_c_lets_it_rest_and_the_same_command_goes_on(
    photos: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(host, "Process", lasting((30.0, 30.2)))
        context.setattr(training, "_watched", interrupted)
        assert train(photos) == 130
    assert "same command" in capsys.readouterr().out
    assert train(photos, "--steps", "7") == 1
    assert "begun otherwise" in capsys.readouterr().err
    monkeypatch.setattr(host, "Process", measuring((30.0, 31.0)))
    assert train(photos) == 0
    assert "patches of" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--minutes", "1", "--steps", "2"], 2, "not both"),
        (["--from", "nix"], 1, "can't go on from the model 'nix'"),
        (["--minutes", "0"], 2, "minutes"),
        (["--device", "abacus"], 2, "abacus"),
    ],
)
def test_wrong_words_are_refused_in_a_line(
    photos: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int, said: str
) -> None:
    assert train(photos, *words) == code
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_an_empty_folder_and_no_folder_are_refused(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (photos / "nothing").mkdir()
    assert train(photos / "nothing") == 1
    assert main(["train", "learner", "--name", "Mine"], REGISTRY) == 2
    assert train(photos / "gone") == 1
    (photos / "notes.txt").write_text("no picture")
    assert train(photos / "notes.txt") == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 4
    assert "does not exist" in lines[2]
    assert "notes.txt" in lines[3]
    assert "patches" not in lines[3]


def test_only_methods_that_can_learn_are_offered(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--help"]) == 0
    words = capsys.readouterr().out.split()
    assert "denoise" in words
    assert "upscale" not in words


def test_photos_that_are_said_to_be_clean_are_not_taken_apart(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lifter = replace(LEARNER, recipe=replace(RECIPE, lifts_noise=True))
    taken_apart: list[str] = []

    def cleaner(_plugin: Plugin, _registry: Registry, base: str) -> None:
        taken_apart.append(base)

    monkeypatch.setattr(training, "_cleaner", cleaner)
    monkeypatch.setattr(host, "Process", measuring((30.0, 31.0)))
    registry = Registry({lifter.id: lifter})
    words = ["train", "learner", "--data", str(photos), "--steps", "1"]
    assert main([*words, "--name", "One", "--clean"], registry) == 0
    assert taken_apart == []
    assert main([*words, "--name", "Two", "--from", "one"], registry) == 0
    assert taken_apart == ["one"]
