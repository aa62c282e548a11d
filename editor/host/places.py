"""Where Kintsugi keeps its things on this machine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs


@dataclass(frozen=True, slots=True)
class Places:
    """data: models and presets; config: settings; state: journals and the log; cache: what can be made again."""

    data: Path
    config: Path
    state: Path
    cache: Path

    @property
    def models(self) -> Path:
        return self.data / "models"

    @property
    def presets(self) -> Path:
        return self.data / "presets"

    @property
    def trainings(self) -> Path:
        return self.state / "trainings"

    @property
    def settings(self) -> Path:
        return self.config / "settings.toml"

    @property
    def journals(self) -> Path:
        return self.state / "journals"

    @classmethod
    def default(cls) -> Places:
        """The platform's own folders, or those below KINTSUGI_HOME if that is set."""
        home = os.environ.get("KINTSUGI_HOME")
        if home:
            base = Path(home)
            return cls(base / "data", base / "config", base / "state", base / "cache")
        folders = platformdirs.PlatformDirs("kintsugi", appauthor=False)
        return cls(folders.user_data_path, folders.user_config_path, folders.user_state_path, folders.user_cache_path)
