"""How soon the preview shows what a moved slider does, and how alive the window stays meanwhile.

    python -m tests.benchmarks.preview [--megapixels 24] [--view-only] [--photo FILE]

A view of 1920 x 1080 on a larger photo, by the denoiser that ships. The preview is switched on two seconds after the
photo was opened, when what is to be measured of it is known; then a slider is moved that changes nothing in that.
Processor time stands beside the clock's, as other work may be going on; the gap is the time between two turns of the
event loop that asks to be woken every millisecond.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtWidgets import QApplication

from editor.core.document import DocumentState
from editor.core.layers import Layer
from editor.core.metadata import Metadata
from editor.core.session import Session
from editor.host import documents, engine
from editor.host.jobs import Jobs
from editor.host.places import Places
from editor.host.registry import Registry
from editor.host.settings import Settings
from editor.ui.bridge import Bridge
from editor.ui.main_window import MainWindow
from tests.benchmarks.responsiveness import Gaps, Meter
from tests.imaging.pictures import textured

_VIEW = (1920, 1080)
_SIGMA = 12


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megapixels", type=float, default=24)
    parser.add_argument("--view-only", action="store_true", help="do not wait for the whole photo, which takes long")
    parser.add_argument("--photo", type=Path, help="repeated until it is large enough; else one is made up")
    arguments = parser.parse_args()
    application = QApplication([])
    with tempfile.TemporaryDirectory() as home:
        places = Places(*(Path(home) / name for name in ("data", "config", "state", "cache")))
        window = MainWindow(places, Settings(places.settings), Jobs(), Bridge())
        window.set_registry(Registry.scan())
        window.set_engine(engine.set_up(places, print))
        window.method.choose("denoise")
        window.files.show(_opened(arguments.megapixels, arguments.photo))
        window.show()
        application.processEvents()
        around = window.size() - window.canvas.size()
        window.resize(_VIEW[0] + around.width(), _VIEW[1] + around.height())
        window.canvas.zoom_to(1.0)
        _idle(2.0)
        _measure(window, view_only=arguments.view_only)
        window.end()
        window.close()


def _opened(megapixels: float, photo: Path | None) -> Session:
    height = round((megapixels * 1e6 / 1.5) ** 0.5)
    width = round(height * 1.5)
    if photo is None:
        noise = np.random.default_rng(0).normal(0, _SIGMA, (height, width, 3)).astype(np.float32)
        pixels = np.clip(textured(height, width) * 255 + noise, 0, 255).astype(np.uint8)
    else:
        state = documents.open_document(photo)[0].state
        once = state.read(state.size.rect)
        times = -(-height // once.shape[0]), -(-width // once.shape[1]), 1
        pixels = np.ascontiguousarray(np.tile(once, times)[:height, :width])
    return Session.open(DocumentState.from_pixels(pixels, Metadata(), "photo"), None, "Open photo")


class _Clock:
    """Milliseconds by the clock and of all the processor's cores since it was made."""

    def __init__(self) -> None:
        self._began = time.perf_counter(), time.process_time()

    def __str__(self) -> str:
        gone = (time.perf_counter() - self._began[0]) * 1000, (time.process_time() - self._began[1]) * 1000
        return f"{gone[0]:10.0f} {gone[1]:10.0f}"


def _measure(window: MainWindow, *, view_only: bool) -> None:
    removal, meter = window.repair.removal, Meter()
    view, _point = window.canvas.looked_at()
    strength = window.method.form.fields["strength"]

    share = 0.0

    def look() -> None:
        """Notes how much of the view shows a result of what is asked now."""
        nonlocal share
        made = _layer(removal.preview())
        if made is not None and made.mask is not None:
            share = float((made.mask.read(view) > 0).mean())

    removal.grew.connect(look)
    steps: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("first part", lambda: share > 0),
        ("whole view", lambda: share == 1),
        ("whole photo, to be accepted", lambda: removal.current is not None),
    )
    print(f"{view.width} x {view.height} of {window.files.session.state.size.rect}" if window.files.session else "")
    print(f"{'from a move to':34} {'ms':>10} {'CPU ms':>10}")
    gaps = []
    moves: tuple[tuple[str, Callable[[], object], int], ...] = (
        ("preview on", window.commands["repair.preview"].trigger, 2),
        ("slider moved", lambda: strength.set_value(90), 2),
        ("moved again", lambda: strength.set_value(80), 2 if view_only else 3),
    )
    for name, move, wanted in moves:
        share = 0.0
        clock = _Clock()
        move()
        for step, done in steps[:wanted]:
            gaps.append(meter.measure(done).values)
            print(f"{name + ': ' + step:34} {clock}", flush=True)
    print(f"\n{'gap of the event loop, ms':34} {'median':>8} {'99 %':>8} {'max':>8}")
    print(Gaps(np.concatenate(gaps)).row("while it works"))
    clock = _Clock()
    window.live.end()
    print(f"\n{'Esc to the picture as it was':34} {clock}")


def _layer(state: DocumentState | None) -> Layer | None:
    """What is shown above the photo."""
    return state.layers[-1] if state is not None and len(state.layers) > 1 else None


def _idle(seconds: float) -> None:
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        QApplication.processEvents()


if __name__ == "__main__":
    main()
