"""How fast a network learns here, and how long it takes from the start to the first point of the curve.

    python -m tests.benchmarks.training [--steps 60] [--base MODEL]

Trains the denoiser in its own process, as the window does, on pictures made up on the spot.
"""

from __future__ import annotations

import argparse
import queue
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from editor.host import library
from editor.host.places import Places
from editor.host.training import Trainings
from editor.host.training_data import Photo
from editor.runtime.library import ModelLibrary
from editor.runtime.tuning.events import ENDS, Event, Failed, Finished, Learned, Measured, Started
from editor.runtime.tuning.folder import Order
from plugins.denoise import PLUGIN
from tests.imaging.pictures import textured


def picture(seed: int) -> NDArray[np.uint8]:
    return (textured(1024, 1024, seed) * 255).astype(np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--base", default="", help="the model to go on from")
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        trainings = Trainings(Path(folder), ModelLibrary(library.store(Places.default()), Path(folder)))
        photos = [Photo(f"{seed}", partial(picture, seed)) for seed in range(4)]
        began = time.monotonic()
        run = trainings.prepare("benchmark", PLUGIN, photos, Order(words.steps, None), base=words.base)
        print(f"cutting {run.harvest.cells} cells                  {time.monotonic() - began:8.2f} s")
        events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        began = time.monotonic()
        trainings.start(run, PLUGIN, events.put)
        learned = None
        first = last_step = 0.0
        while True:
            event = events.get()
            now = time.monotonic() - began
            match event:
                case Started():
                    print(f"start to ready                       {now:8.2f} s")
                case Measured() if not first:
                    first = now
                    print(f"start to the first measure           {now:8.2f} s")
                case Learned():
                    if learned is None:
                        print(f"start to the first loss              {now:8.2f} s")
                    learned, last_step = event, now
                case Finished():
                    assert learned is not None
                    print(f"steps a second at the end            {learned.steps_per_s:8.2f}")
                    print(f"export and comparison                {now - last_step:8.2f} s")
                    print(f"largest difference to PyTorch        {event.difference:8.1e}")
                case Failed():
                    print(event.text, event.cause)
            if isinstance(event, ENDS):
                return


if __name__ == "__main__":
    main()
