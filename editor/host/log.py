"""The log: a few files that replace each other, with causes of errors, without pixels and places."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler

from editor.host.places import Places

log = logging.getLogger("kintsugi")


def set_up(places: Places) -> None:
    """Writes what the "kintsugi" loggers say to kintsugi.log in the state folder; without a folder, nowhere."""
    log.setLevel(logging.INFO)
    for handler in [each for each in log.handlers if isinstance(each, RotatingFileHandler)]:
        log.removeHandler(handler)
        handler.close()
    try:
        places.state.mkdir(parents=True, exist_ok=True)
        new: logging.Handler = RotatingFileHandler(
            places.state / "kintsugi.log", maxBytes=1_000_000, backupCount=3, encoding="utf-8", delay=True
        )
    except OSError:
        new = logging.NullHandler()
    new.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    log.addHandler(new)
