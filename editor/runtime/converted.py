"""Models made from other formats: kept in the cache, checked against numbers of the original before they are used."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from editor.core.errors import ModelError
from editor.core.i18n import _
from editor.runtime import convert, onnx, tiled
from editor.runtime.manifest import ModelManifest
from editor.runtime.providers import Provider
from editor.runtime.selftest import sample_inputs

log = logging.getLogger("kintsugi.runtime")

# Of the largest reference value. Another order of adding moves results by some 1e-5; a wrong layer by far more.
TOLERANCE = 2e-3

_HASH_LETTERS = 32


def converted(manifest: ModelManifest, files: Sequence[Path], cache: Path, sha256: Callable[[Path], str]) -> Path:
    """The ONNX model of a manifest that says `convert`, made now if it is not in the cache.

    Its name holds the hash of what it was made from, and of itself, so that a damaged one is made anew.

    Args:
        manifest: of the model.
        files: its files, already verified.
        cache: the folder.
        sha256: of a file.

    Raises:
        ModelError: it cannot be converted or written, or gives other numbers than the original.
    """
    key = _key(manifest)
    try:
        for path in cache.glob(f"{key}-*.onnx"):
            if sha256(path)[:_HASH_LETTERS] == path.stem.rpartition("-")[2]:
                return path
            log.warning("%s is damaged and made anew", path)
            path.unlink(missing_ok=True)
        return _make(manifest, files, cache, key)
    except OSError as error:
        raise ModelError(
            _("The model {model!r} cannot be converted in {folder}: {reason}.").format(
                model=_(manifest.title), folder=cache, reason=error.strerror or error
            )
        ) from error


def forget(manifest: ModelManifest, cache: Path) -> None:
    """Deletes what was converted of a model, as far as that is possible."""
    for path in cache.glob(f"{_key(manifest)}-*.onnx"):
        try:
            path.unlink()
        except OSError as error:
            log.warning("%s can't be deleted: %s", path, error)


def _key(manifest: ModelManifest) -> str:
    """How the names of models converted from these files begin."""
    made_from = f"{manifest.sha256} {convert.VERSION}"
    return f"{manifest.id}-{hashlib.sha256(made_from.encode()).hexdigest()[:_HASH_LETTERS]}"


def _make(manifest: ModelManifest, files: Sequence[Path], cache: Path, key: str) -> Path:
    content = convert.to_onnx(manifest.convert, [file.read_bytes() for file in files])
    cache.mkdir(parents=True, exist_ok=True)
    partial = cache / f".{key}-{os.getpid()}-{threading.get_ident()}.part"
    try:
        partial.write_bytes(content)
        check(manifest, partial)
        path = cache / f"{key}-{hashlib.sha256(content).hexdigest()[:_HASH_LETTERS]}.onnx"
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def check(manifest: ModelManifest, path: Path) -> None:
    """Runs a model on the sample inputs.

    Raises:
        ModelError: it does not run, does not match its manifest, or gives other numbers than `reference` there.
    """
    session = onnx.load(path, [Provider.CPU], device_id=0)
    tiled.check_session(manifest, session)
    outputs = tiled.run_checked(session, manifest, sample_inputs(manifest), lambda: False)
    for name, expected in manifest.references.items():
        values = np.array(expected)
        difference = np.abs(spread(outputs[name], len(expected)) - values).max() / np.abs(values).max()
        log.info("%s: %s differs from the original by %.2g", manifest.id, name, difference)
        if not difference <= TOLERANCE:
            raise ModelError(
                _("The model {model!r} was converted, but gives other pictures than the original.").format(
                    model=_(manifest.title)
                )
            )


def spread(output: NDArray[np.generic], count: int) -> NDArray[np.float64]:
    """`count` values of an output, evenly spread over it from the first to the last: what `reference` lists."""
    flat = output.reshape(-1)
    return np.asarray(flat[np.linspace(0, flat.size - 1, count).astype(np.int64)], np.float64)
