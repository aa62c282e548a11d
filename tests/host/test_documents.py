"""Documents from the file to the journal and the project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from editor.core.geometry import Rect
from editor.host import mask_edits
from editor.host.documents import open_document
from editor.host.recovery import Recovery
from editor.io.project import read_project, write_project
from tests.helpers.documents import noise


def test_a_photo_whose_name_is_no_utf8_is_journalled_recovered_and_saved(tmp_path: Path) -> None:
    photo = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png"))
    try:
        Image.fromarray(noise(64, 48)).save(photo)
    except (OSError, UnicodeError):
        pytest.skip("this file system has no such names")
    opened, _notes = open_document(photo)
    store = Recovery(tmp_path).attach(opened)
    opened.commit(mask_edits.fill_rect(opened.state, "mask", Rect(5, 5, 20, 20)), "Brush stroke")
    assert store.flush(20)
    store.close(keep=True)
    recovery = Recovery(tmp_path)
    (item,) = recovery.pending()
    again, store = recovery.recover(item)
    store.close(keep=False)
    assert again.path == photo
    write_project(tmp_path / "work.ora", opened.state)
    assert read_project(tmp_path / "work.ora")[0].layers[0].name == "caf?"
