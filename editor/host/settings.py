"""What the user set, kept in one small TOML file."""

from __future__ import annotations

import json
import logging
import tomllib
from pathlib import Path
from typing import TypeVar

from editor.core.errors import WriteError
from editor.io.atomic import replacing

T = TypeVar("T", bool, int, float, str, list[str])

log = logging.getLogger("kintsugi.settings")

_FILE_NAMES = "surrogateescape"
"""How Python keeps the bytes of a file's name that are no UTF-8."""


class Settings:
    """Values by key. A file that is damaged or of the wrong type counts as not there, and the log says so."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._values: dict[str, object] = {}
        try:
            self._values = tomllib.loads(path.read_text("utf-8", _FILE_NAMES))
        except FileNotFoundError:
            pass
        except (OSError, ValueError) as error:
            log.warning("settings %s not read: %s", path, error)

    def get(self, key: str, default: T) -> T:
        """The stored value, or `default` where there is none of the same type."""
        value = self._values.get(key)
        return value if type(value) is type(default) else default

    def set(self, key: str, value: bool | int | float | str | list[str]) -> None:
        """Keeps a value and writes the file; a file that can't be written is noted in the log, no more."""
        if self._values.get(key) == value:
            return
        self._values[key] = value
        lines = [f"{_toml(name)} = {_toml(self._values[name])}\n" for name in sorted(self._values)]
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # A slider writes with each of its moves, and the window would wait for the disk.
            with replacing(self._path, durable=False) as temporary:
                temporary.write_text("".join(lines), "utf-8", _FILE_NAMES)
        except (OSError, WriteError) as error:
            log.warning("settings %s not written: %s", self._path, error)


def _toml(value: object) -> str:
    # JSON's strings, numbers, booleans and flat lists are TOML's too, but for two: TOML has no surrogates, which JSON
    # writes for what lies beyond 16 bit, and wants the delete character escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
