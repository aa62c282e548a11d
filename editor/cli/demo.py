"""The main job on a photo that comes with the project, without a screen."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np

from editor.core.document import DocumentState
from editor.core.i18n import _, ngettext
from editor.core.metadata import Metadata
from editor.host import documents
from editor.host.apply import accept, changed_outside
from editor.host.jobs import CancelToken
from editor.host.made import Patch
from editor.host.registry import Registry
from editor.host.runner import Request, Runner
from editor.io.options import ExportOptions

_HERE = Path(__file__).parent / "demo_photo"
_METHOD = "content_fill"


def run(registry: Registry, out_dir: Path) -> int:
    """Writes before.png, mask.png, after.png and side-by-side.png into `out_dir`; returns the exit code."""
    session, _notes = documents.open_document(_HERE / "photo.jpg")
    session.commit(documents.load_mask(session.state, _HERE / "mask.png", "mask"), _("Mask"))
    state = session.state
    plugin = registry.get(_METHOD)
    made = Runner(registry).run(state, Request(plugin, plugin.params()), CancelToken(), lambda _part, _text: None)
    assert isinstance(made, Patch), "it fills holes"
    accept(session, made, state)
    whole = state.size.rect
    before, after = state.read(whole), session.state.read(whole)
    mask = np.repeat(state.mask.read(whole), 3, axis=-1)
    pictures = {
        "before.png": before,
        "mask.png": mask,
        "after.png": after,
        "side-by-side.png": np.concatenate([before, mask, after], axis=1),
    }
    for name, pixels in pictures.items():
        documents.export_document(DocumentState.from_pixels(pixels, Metadata(), name), out_dir / name, ExportOptions())
        click.echo(out_dir / name)
    outside = changed_outside(session)
    text = ngettext(
        "{method}: {seconds:.1f} s, {count} px changed outside the mask.",
        "{method}: {seconds:.1f} s, {count} px changed outside the mask.",
        outside,
    )
    click.echo(text.format(method=_(made.title), seconds=made.seconds, count=outside))
    return 0
