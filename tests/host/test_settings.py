from __future__ import annotations

from pathlib import Path

from editor.host.settings import Settings


def test_what_was_set_is_there_next_time(tmp_path: Path) -> None:
    path = tmp_path / "config" / "settings.toml"
    settings = Settings(path)
    settings.set("tint", "#ff0000")
    settings.set("recent", ["/a photo.jpg", 'with "quotes" and ü\\'])
    settings.set("zoom", 1.5)
    settings.set("panels", True)
    again = Settings(path)
    assert again.get("tint", "") == "#ff0000"
    assert again.get("recent", list[str]()) == ["/a photo.jpg", 'with "quotes" and ü\\']
    assert again.get("zoom", 1.0) == 1.5
    assert again.get("panels", False) is True
    assert again.get("missing", 7) == 7


def test_a_damaged_file_or_value_is_as_if_not_set(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("zoom = [")
    assert Settings(path).get("zoom", 2.0) == 2.0
    path.write_text('zoom = "wide"')
    assert Settings(path).get("zoom", 2.0) == 2.0


def test_a_folder_that_cannot_be_written_does_not_stop_the_editor(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    settings = Settings(tmp_path / "file" / "settings.toml")
    settings.set("zoom", 3.0)
    assert settings.get("zoom", 1.0) == 3.0


def test_names_of_files_in_any_script_or_encoding_are_kept(tmp_path: Path) -> None:
    # A picture sign beyond 16 bit, a control character, and a byte that is no UTF-8, as file systems may have them.
    names = ["/photos/\N{CAMERA} \N{FROG FACE}.jpg", "/photos/\x7f.jpg", "/photos/caf\udce9.jpg"]
    Settings(tmp_path / "settings.toml").set("recent", names)
    assert Settings(tmp_path / "settings.toml").get("recent", list[str]()) == names
