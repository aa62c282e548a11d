"""How near repaired JPEGs come to the truth, with the quality told and with the quality found.

    python -m tests.benchmarks.jpeg --data DIR … [--models DIR] [--model ID] [--count 12] [--side 640]

Each DIR holds photos, which are made smaller, so that traces of their own compression go, and saved as JPEG with
colours at half the size. Below each row is what the method found in place of the quality.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.core.document import DocumentState
from editor.core.metadata import Metadata
from editor.host import library
from editor.host.jobs import CancelToken
from editor.host.made import Patch
from editor.host.places import Places
from editor.host.registry import Registry
from editor.host.runner import Request, Runner
from editor.sdk.params import from_dict
from plugins.jpeg_repair import PLUGIN
from tests.benchmarks.denoise import F32, psnr
from tests.benchmarks.upscale import engine

U8 = NDArray[np.uint8]

QUALITIES = (10, 20, 40, 70)
_SHRINK = 0.77


def read(path: Path, side: int) -> U8:
    """A photo in RGB, made smaller so that its longer side is this, or by a quarter if it is small already."""
    pixels = cv2.imread(str(path))
    assert pixels is not None, path
    share = min(_SHRINK, side / max(pixels.shape[:2]))
    smaller = cv2.resize(pixels, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(smaller[..., ::-1], np.uint8)


def compressed(photo: U8, quality: int) -> U8:
    how = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420]
    coded = cv2.imencode(".jpg", np.ascontiguousarray(photo[..., ::-1]), how)[1]
    decoded = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.ascontiguousarray(decoded[..., ::-1], np.uint8)


def repaired(given: U8, model: str, quality: int, runner: Runner) -> tuple[U8, str]:
    """What the method makes of it, and the quality that it used."""
    state = DocumentState.from_pixels(given, Metadata(), "")
    request = Request(PLUGIN, from_dict(PLUGIN.params, {"model": model, "jpeg_quality": quality}))
    made = runner.run(state, request, CancelToken(), lambda _share, _text: None)
    assert isinstance(made, Patch)
    pixels: U8 = made.pixels.read(state.size.rect)
    return pixels, str(made.report["JPEG quality"])


def values(image: U8) -> F32:
    return image.astype(np.float32) / np.float32(255)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="folders of photos, or photos")
    parser.add_argument("--models", type=Path, help="a folder with further models")
    parser.add_argument("--model", default="jpeg", help="the network")
    parser.add_argument("--count", type=int, default=12, help="how many photos of each folder")
    parser.add_argument("--side", type=int, default=640, help="how large they are made at most, in pixels")
    words = parser.parse_args()
    models = library.store(Places.default())
    if words.models:
        models = type(models)([*models.folders, words.models])
    runner = Runner(Registry.scan(), engine(models), threads=1)
    paths = [
        path
        for place in words.data
        for path in (sorted([*place.glob("*.png"), *place.glob("*.jpg")])[: words.count] if place.is_dir() else [place])
    ]
    photos = [read(path, words.side) for path in paths]
    print(
        f"PSNR in dB, {len(photos)} photos" + " " * 8 + "JPEG    told   found   bilateral   CPU-s/MP   qualities found"
    )
    for quality in QUALITIES:
        rows: list[list[float]] = []
        found: list[str] = []
        began, pixels = time.process_time(), 0
        for photo in photos:
            given = compressed(photo, quality)
            told, _quality = repaired(given, words.model, quality, runner)
            blind, seen = repaired(given, words.model, 0, runner)
            simple = np.asarray(cv2.bilateralFilter(given, 5, 4 + 200 / quality, 2), np.uint8)
            rows.append([psnr(values(each), values(photo)) for each in (given, told, blind, simple)])
            found.append(seen)
            pixels += 2 * photo.shape[0] * photo.shape[1]
        seconds = (time.process_time() - began) / pixels * 1e6
        before, of_told, of_blind, of_simple = np.mean(rows, axis=0)
        counts = ", ".join(f"{each} ({found.count(each)})" for each in sorted(set(found)))
        numbers = f"{before:>26.2f}{of_told:>8.2f}{of_blind:>8.2f}{of_simple:>12.2f}{seconds:>11.1f}"
        print(f"quality {quality:>3}{numbers}   {counts}", flush=True)


if __name__ == "__main__":
    main()
