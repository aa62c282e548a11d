"""From the start of the process to the first paint of the window, with a 24-MP JPEG named on the command line.

    python -m tests.benchmarks.startup [--data DIR] [--runs N]

Needs no screen. The second number is when the photo itself has been painted; the bar is for the first.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

SIZE = (6000, 4000)
MAY_NOT_BE_THERE = ("torch", "onnxruntime", "numba", "scipy")

_CHILD = """
import sys, time
began = float(sys.argv[2])
from pathlib import Path
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication
from editor.ui import app
import editor.ui.main_window as room
found = {}
class Watch(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:
            QTimer.singleShot(0, self.note)
        return False
    def note(self):
        if "window" not in found:
            found["window"] = time.time() - began
            found["modules"] = [name for name in %r if name in sys.modules]
        if "photo" not in found and window.files.session is not None and window.canvas.isVisible():
            found["photo"] = time.time() - began
            import json
            print(json.dumps(found), flush=True)
            import os
            os._exit(0)
class Window(room.MainWindow):
    def __init__(self, *args):
        super().__init__(*args)
        global window, watch
        window, watch = self, Watch()
        self.installEventFilter(watch)
        self.canvas.installEventFilter(watch)
room.MainWindow = Window
app.run([Path(sys.argv[1])])
"""


def photo(folder: Path, data: Path | None) -> Path:
    """A JPEG of 24 MP: a mirrored mosaic of the first photo in `data`, or of soft noise."""
    width, height = SIZE
    found = sorted(data.glob("*.jpg")) if data is not None else []
    if found:
        small = np.asarray(Image.open(found[0]).convert("RGB"))
    else:
        coarse = np.random.default_rng(0).integers(0, 256, (100, 150, 3), np.uint8)
        small = np.asarray(Image.fromarray(coarse).resize((3000, 2000), Image.Resampling.BICUBIC))
    pads = [(0, max(0, height - small.shape[0])), (0, max(0, width - small.shape[1])), (0, 0)]
    path = folder / "photo.jpg"
    Image.fromarray(np.pad(small, pads, "symmetric")[:height, :width]).save(path, quality=92)
    return path


def start(path: Path, environment: dict[str, str]) -> dict[str, Any]:
    """Starts the window once; what it found in seconds since before the process was there."""
    command = [sys.executable, "-c", _CHILD % (MAY_NOT_BE_THERE,), str(path), repr(time.time())]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = photo(Path(folder), arguments.data)
        environment = os.environ | {"KINTSUGI_HOME": folder}
        environment.setdefault("QT_QPA_PLATFORM", "offscreen")
        # The first run warms the disk's cache and is not counted.
        runs = [start(path, environment) for _ in range(arguments.runs + 1)][1:]
    print("| what | median | worst | bar |")
    print("|---|---|---|---|")
    for what, title, bar in (
        ("window", "process start to first paint of the window, 24-MP JPEG", "1.5 s"),
        ("photo", "process start to the photo painted", ""),
    ):
        times = [run[what] for run in runs]
        print(f"| {title} | {statistics.median(times):.2f} s | {max(times):.2f} s | {bar} |")
    print("modules that may not be there by then:", sorted({name for run in runs for name in run["modules"]}) or "none")


if __name__ == "__main__":
    main()
