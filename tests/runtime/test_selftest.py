from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from editor.runtime.selftest import Verdict, Verdicts, compare
from tests.runtime import models
from tests.runtime.models import FakeSession


def test_verdicts_last_until_the_runtime_changes(tmp_path: Path) -> None:
    path = tmp_path / "cache" / "verdicts.json"
    Verdicts(path, "1.0").put("abc", "GPU", Verdict(True, 0.001))
    assert Verdicts(path, "1.0").get("abc", "GPU") == Verdict(True, 0.001)
    assert Verdicts(path, "1.1").get("abc", "GPU") is None
    assert Verdicts(path, "1.0").get("abc", "other GPU") is None
    assert Verdicts(path, "1.0").get("abd", "GPU") is None


@pytest.mark.parametrize(
    ("change", "trusted"),
    [
        (lambda result: result, True),
        (lambda result: result + np.float32(0.002), True),
        (lambda result: result + np.float32(0.02), False),
        (lambda result: np.where(result > 0.9, np.float32(0), result), False),
        (lambda result: result * np.float32(np.nan), False),
        (lambda result: result[..., 1:], False),
    ],
    ids=["equal", "rounded", "off", "wrong at a few pixels", "no numbers", "another size"],
)
def test_the_worst_pixel_of_any_output_counts(
    tmp_path: Path, change: Callable[[NDArray[np.float32]], NDArray[np.float32]], trusted: bool
) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(b"weights")
    manifest = models.read(path, outputs=[{"name": name, **models.PICTURE} for name in ("good", "tested")])

    def session(end: Callable[[NDArray[Any]], NDArray[Any]]) -> FakeSession:
        return FakeSession(lambda inputs: {"good": inputs["image"], "tested": end(inputs["image"])})

    verdict = compare(manifest, session(change), session(lambda image: image), lambda: False)
    assert verdict.trusted is trusted


def test_a_tolerance_is_a_part_of_the_outputs_range(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(b"weights")
    manifest = models.read(path, outputs=[{"name": "result", **models.PICTURE, "range": [0, 255]}])
    reference = FakeSession(lambda inputs: {"result": inputs["image"] * 255})
    near = FakeSession(lambda inputs: {"result": inputs["image"] * 255 + 1})
    assert compare(manifest, near, reference, lambda: False).trusted
