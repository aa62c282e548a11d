"""What a run of training keeps, and under which names: all that it needs to go on after a crash."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from editor.runtime.tuning.events import Learned, Measured

DEVICES = ("auto", "cpu", "cuda", "mps")
"""On what a network can be trained; "auto" takes an accelerator if there is one."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted of a run; it never changes.

    steps or minutes: how long; exactly one is given. device: one of DEVICES. rate: the highest of the optimiser; None
    for what the recipe says.
    """

    steps: int | None
    minutes: float | None
    device: str = "auto"
    seed: int = 0
    rate: float | None = None


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The files of a run in one folder."""

    path: Path

    @property
    def train(self) -> Path:
        return self.path / "train.npy"

    @property
    def validation(self) -> Path:
        return self.path / "validation.npy"

    @property
    def bank(self) -> Path:
        """Noise of the user's camera; need not be there."""
        return self.path / "bank.npy"

    @property
    def checkpoint(self) -> Path:
        return self.path / "checkpoint.pt"

    @property
    def model(self) -> Path:
        """What was exported in the end."""
        return self.path / "model.onnx"

    @property
    def _curve(self) -> Path:
        return self.path / "curve.jsonl"

    def write_plan(self, plan: dict[str, Any]) -> None:
        """Remembers what was found out when the run began."""
        write_json(self.path / "plan.json", plan)

    def plan(self) -> dict[str, Any] | None:
        return read_json(self.path / "plan.json")

    def add(self, point: Learned | Measured) -> None:
        """Appends to the curve. Raises OSError if it can't be written."""
        with self._curve.open("a", encoding="utf-8") as file:
            file.write(_line(point))

    def curve(self) -> list[Learned | Measured]:
        """The points so far; lines that were not written whole are left out."""
        points: list[Learned | Measured] = []
        if not self._curve.exists():
            return points
        for line in self._curve.read_text(encoding="utf-8").splitlines():
            try:
                values = json.loads(line)
                points.append(Learned(**values) if "loss" in values else Measured(**values))
            except (ValueError, TypeError):
                continue
        return points

    def cut_curve(self, step: int) -> list[Learned | Measured]:
        """Forgets what came after a step, from which it goes on; returns the rest. Raises OSError if it can't be
        written; then the file is as it was."""
        points = [point for point in self.curve() if point.step <= step]
        part = self._curve.with_suffix(".part")
        part.write_text("".join(_line(point) for point in points), encoding="utf-8")
        part.replace(self._curve)
        return points


def _line(point: Learned | Measured) -> str:
    values = (
        {"step": point.step, "loss": point.loss, "steps_per_s": point.steps_per_s}
        if isinstance(point, Learned)
        else {"step": point.step, "value": point.value}
    )
    return json.dumps(values) + "\n"


def write_json(path: Path, values: Any) -> None:
    """All of it or nothing. Raises OSError."""
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        json.dump(asdict(values) if not isinstance(values, dict) else values, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def read_json(path: Path) -> dict[str, Any] | None:
    """None if there is none, or none that can be read."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return values if isinstance(values, dict) else None
