"""Checkpoints: the whole of a file or the one before."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import torch

_VERSION = 1


def save(path: Path, state: dict[str, Any]) -> None:
    """Raises OSError if it can't be written; then the file is as it was."""
    part = path.with_suffix(".part")
    try:
        with part.open("wb") as file:
            torch.save({"version": _VERSION, **state}, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except (OSError, RuntimeError) as error:
        part.unlink(missing_ok=True)
        # torch's writer says so when the disk is full.
        raise error if isinstance(error, OSError) else OSError(str(error)) from error


def load(path: Path) -> dict[str, Any] | None:
    """What was saved; None if there is nothing, or nothing of this version that is whole.

    Raises OSError or MemoryError if it can't be read now; it may be whole.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - a damaged pickle raises whatever its bytes happen to mean
        return None
    return state if isinstance(state, dict) and state.get("version") == _VERSION else None
