from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from editor.core.errors import PluginError
from editor.host.registry import ENTRY_POINTS, Registry

GOOD = """
from dataclasses import dataclass
from editor.sdk.plugin import Plugin, Result
@dataclass(frozen=True)
class Params: pass
PLUGIN = Plugin(id="{id}", version=1, title="{id}", summary="Does nothing.", params=Params,
                run=lambda inputs, params, ctx: Result(inputs.image))
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "some_plugins"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [name for name in sys.modules if name.startswith("some_plugins")]:
        monkeypatch.delitem(sys.modules, name)
    return folder


def add(folder: Path, name: str, text: str) -> None:
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text(text)


def test_a_new_method_is_one_folder_and_a_broken_one_stops_nothing(folder: Path) -> None:
    add(folder, "alpha", GOOD.format(id="alpha"))
    add(folder, "beta", "import a_module_that_is_not_there")
    add(folder, "gamma", GOOD.format(id="not_gamma"))
    add(folder, "delta", "PLUGIN = 5")
    registry = Registry.scan(folder)
    assert list(registry.plugins) == ["alpha"]
    assert set(registry.errors) == {"beta", "gamma", "delta"}
    assert "a_module_that_is_not_there" in registry.errors["beta"]
    with pytest.raises(PluginError, match="could not be loaded"):
        registry.get("beta")
    with pytest.raises(PluginError, match="there are alpha"):
        registry.get("omega")


def test_methods_of_others_come_through_the_entry_point(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add(folder, "alpha", GOOD.format(id="alpha"))
    (folder.parent / "elsewhere.py").write_text(GOOD.format(id="guest"))
    (folder.parent / "thief.py").write_text(GOOD.format(id="alpha"))
    found = [
        EntryPoint("guest", "elsewhere:PLUGIN", ENTRY_POINTS),
        EntryPoint("thief", "thief:PLUGIN", ENTRY_POINTS),
        EntryPoint("gone", "not_installed:PLUGIN", ENTRY_POINTS),
    ]
    monkeypatch.setattr("editor.host.registry.entry_points", lambda group: found if group == ENTRY_POINTS else [])
    registry = Registry.scan(folder)
    assert list(registry.plugins) == ["alpha", "guest"]
    assert registry.plugins["alpha"].run.__module__ == "some_plugins.alpha"
    assert set(registry.errors) == {"thief", "gone"}


def test_the_methods_of_the_project_all_load() -> None:
    registry = Registry.scan()
    assert not registry.errors
    assert "content_fill" in registry.plugins
