"""`.venv/bin/python packaging/licences.py`: write LICENSES.md, the licences of all that the lock files name.

They are read from the metadata of the installed packages; what is installed on other systems only is listed here.
"""

import importlib.metadata
import re
import sys
from pathlib import Path

from environment import DEV_LOCK, PACKAGING, RUN_LOCK

TABLE = PACKAGING / "LICENSES.md"
ELSEWHERE = {"colorama": "BSD-3-Clause", "onnxruntime": "MIT", "onnxruntime-gpu": "MIT"}

HEAD = """# Licences of the packages that Kintsugi uses

Kintsugi itself is under the Apache License 2.0 (`LICENSE`). It ships none of the packages below: the set-up fetches
them. Written by `licences.py` from the packages' own metadata; where a package may be had under several licences, one
that is not the GPL is taken.

- Qt (PySide6, shiboken6) is used under the LGPL 3, as shared libraries that a user can replace.
- OpenCV's wheels carry FFmpeg and, on Linux, Qt as shared libraries under the LGPL 2.1 and 3.
- SciPy's and NumPy's wheels carry the GCC runtime libraries (GPL 3 with the runtime library exception, which leaves
  the programs that use them free).
- imagecodecs' wheels carry many codecs, each with its licence in the package's `licenses` folder.

| Package | Licence | Used for |
|---|---|---|
"""


def locked(lock: Path) -> set[str]:
    """The normalised names of the packages that a lock file names."""
    return {normalised(name) for name in re.findall(r"^([A-Za-z0-9][\w.-]*)==", lock.read_text(), re.MULTILINE)}


def normalised(name: str) -> str:
    """A package's name as the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def licence_of(name: str) -> str:
    """The licence that an installed package declares.

    Raises:
        importlib.metadata.PackageNotFoundError: it is neither installed nor listed in `ELSEWHERE`.
    """
    if name in ELSEWHERE:
        return ELSEWHERE[name]
    facts = importlib.metadata.metadata(name).json
    expression, free_text = str(facts.get("license_expression", "")), str(facts.get("license", ""))
    classifiers = [line.rpartition(" :: ")[2] for line in facts.get("classifier", []) if "OSI Approved" in line]
    # An old package may hold the whole text of its licence there.
    short = free_text if len(free_text) < 60 and "\n" not in free_text else ""
    return expression or short or ", ".join(classifiers) or "unknown"


def is_acceptable(licence: str) -> bool:
    """Whether the packages may be used beside the Apache License: at least one alternative that is not the GPL."""
    gpl = re.compile(r"(?<!L)GPL|GNU (Affero )?General Public|unknown", re.IGNORECASE)
    return any(not gpl.search(alternative) for alternative in re.split(r"\s+OR\s+", licence))


def table() -> str:
    """The text of LICENSES.md for what is locked and installed now."""
    run, dev = locked(RUN_LOCK), locked(DEV_LOCK)
    rows = [f"| {name} | {licence_of(name)} | {'editor' if name in run else 'tests'} |" for name in sorted(run | dev)]
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
    refused = [name for name in locked(RUN_LOCK) | locked(DEV_LOCK) if not is_acceptable(licence_of(name))]
    sys.exit(f"Not to be used beside the Apache License: {', '.join(refused)}" if refused else 0)
