"""Named parameter values of a method, kept as one small TOML file each."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

from editor.core.errors import ParamError, WriteError
from editor.core.i18n import _
from editor.io.atomic import replacing
from editor.sdk.params import from_dict, to_dict
from editor.sdk.plugin import Plugin


class Presets:
    """The presets in a folder: FOLDER/METHOD/NAME.toml."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self, plugin: Plugin) -> list[str]:
        return sorted(path.stem for path in (self._folder / plugin.id).glob("*.toml"))

    def load(self, plugin: Plugin, name: str) -> Any:
        """The parameters of a preset; one saved by an older version of the method goes through its `upgrade`.

        Raises:
            ParamError: there is no such preset, or its values are not allowed any more.
        """
        path = self._path(plugin, name)
        try:
            values = tomllib.loads(path.read_text("utf-8"))
        except FileNotFoundError as error:
            known = ", ".join(self.names(plugin)) or _("none")
            raise ParamError(
                _("{method} has no preset {name!r}; there are {known}.").format(
                    method=_(plugin.title), name=name, known=known
                )
            ) from error
        except (OSError, ValueError) as error:
            raise ParamError(_("The preset {name!r} is damaged; save it anew.").format(name=name)) from error
        version = values.pop("version", plugin.version)
        if version < plugin.version and plugin.upgrade is not None:
            values = plugin.upgrade(version, values)
        return from_dict(plugin.params, values)

    def save(self, plugin: Plugin, name: str, params: object) -> None:
        """Keeps `params` under `name`, over an older preset of that name. Raises ParamError or WriteError."""
        path = self._path(plugin, name)
        # JSON's strings, numbers and booleans are TOML's too.
        values = {"version": plugin.version, **to_dict(params)}
        lines = [f"{key} = {json.dumps(value)}\n" for key, value in values.items()]
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WriteError(
                _("The folder {folder} can't be made: {reason}.").format(folder=path.parent, reason=error.strerror)
            ) from error
        with replacing(path) as temporary:
            temporary.write_text("".join(lines), "utf-8")

    def delete(self, plugin: Plugin, name: str) -> None:
        self._path(plugin, name).unlink(missing_ok=True)

    def _path(self, plugin: Plugin, name: str) -> Path:
        if not re.fullmatch(r"[\w][\w .-]{0,63}", name):
            raise ParamError(_("A preset's name has letters, digits, spaces, dots and hyphens, up to 64 of them."))
        return self._folder / plugin.id / f"{name}.toml"
