"""Finds the methods: every folder in plugins/ is one, and others come through an entry point."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import entry_points
from pathlib import Path

from editor.core.errors import PluginError
from editor.core.i18n import _
from editor.sdk.plugin import Plugin

log = logging.getLogger("kintsugi.registry")

ENTRY_POINTS = "kintsugi.plugins"
FOLDER = Path(__file__).parents[2] / "plugins"


class Registry:
    """The methods by id, in the order of their titles, and those that could not be imported with the reason."""

    def __init__(self, plugins: Mapping[str, Plugin], errors: Mapping[str, str] | None = None) -> None:
        self.plugins = dict(sorted(plugins.items(), key=lambda item: _(item[1].title)))
        self.errors = dict(errors or {})

    @classmethod
    def scan(cls, folder: Path = FOLDER) -> Registry:
        """Imports every method; one that fails stops nothing.

        `folder` is that of the package `plugins`; a folder in it with an __init__.py is a method, named by its id.
        """
        plugins: dict[str, Plugin] = {}
        errors: dict[str, str] = {}
        for name, load in _candidates(folder):
            try:
                plugin = load()
                if not isinstance(plugin, Plugin):
                    raise TypeError(f"{name} is a {type(plugin).__name__}, not a Plugin")
                if plugin.id in plugins:
                    raise ValueError(f"there is already a method {plugin.id!r}")
            except Exception as error:
                log.warning("method %s could not be imported", name, exc_info=True)
                errors[name] = f"{type(error).__name__}: {error}"
                continue
            plugins[plugin.id] = plugin
        return cls(plugins, errors)

    def get(self, plugin_id: str) -> Plugin:
        """Raises PluginError if there is no such method, with the reason if it failed to import."""
        plugin = self.plugins.get(plugin_id)
        if plugin is not None:
            return plugin
        if plugin_id in self.errors:
            raise PluginError(
                _("The method {method!r} could not be loaded: {reason}").format(
                    method=plugin_id, reason=self.errors[plugin_id]
                )
            )
        raise PluginError(
            _("There is no method {method!r}; there are {known}.").format(
                method=plugin_id, known=", ".join(self.plugins) or _("none")
            )
        )


def _candidates(folder: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    for init in sorted(folder.glob("*/__init__.py")):
        name = init.parent.name

        def load(name: str = name) -> object:
            plugin = importlib.import_module(f"{folder.name}.{name}").PLUGIN
            if isinstance(plugin, Plugin) and plugin.id != name:
                raise ValueError(f"its id is {plugin.id!r}, its folder {name!r}")
            return plugin

        yield name, load
    for entry in entry_points(group=ENTRY_POINTS):
        yield entry.name, entry.load
