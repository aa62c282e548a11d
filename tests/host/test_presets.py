from __future__ import annotations

from pathlib import Path

import pytest

from editor.core.errors import ParamError
from editor.host.presets import Presets
from tests.helpers.documents import Level, method


def test_a_preset_comes_back_and_can_be_replaced_and_deleted(tmp_path: Path) -> None:
    presets, plugin = Presets(tmp_path), method()
    presets.save(plugin, "Dark sky", Level(0.1))
    presets.save(plugin, "Dark sky", Level(0.2))
    assert Presets(tmp_path).names(plugin) == ["Dark sky"]
    assert presets.load(plugin, "Dark sky") == Level(0.2)
    presets.delete(plugin, "Dark sky")
    assert presets.names(plugin) == []
    with pytest.raises(ParamError, match="no preset"):
        presets.load(plugin, "Dark sky")


def test_an_older_preset_is_upgraded(tmp_path: Path) -> None:
    Presets(tmp_path).save(method(), "mine", Level(0.5))
    newer = method(version=2, upgrade=lambda version, values: {"level": float(values["level"]) / 2})
    assert Presets(tmp_path).load(newer, "mine") == Level(0.25)


def test_no_name_leads_out_of_the_folder(tmp_path: Path) -> None:
    for name in ("../evil", "a/b", "", ".hidden", "x" * 65):
        with pytest.raises(ParamError):
            Presets(tmp_path).save(method(), name, Level())


def test_a_damaged_preset_says_so(tmp_path: Path) -> None:
    presets, plugin = Presets(tmp_path), method()
    presets.save(plugin, "mine", Level())
    (tmp_path / plugin.id / "mine.toml").write_text("level = ")
    with pytest.raises(ParamError, match="damaged"):
        presets.load(plugin, "mine")
