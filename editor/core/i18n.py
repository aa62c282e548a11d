"""The texts of the program in the user's language, through gettext (domain "kintsugi").

The catalogues lie in `editor/locale`: `kintsugi.pot` is the template that `packaging/messages.py` writes from the
sources, `<language>.po` a translation of it, and `<language>/LC_MESSAGES/kintsugi.mo` that compiled by the same script.
Until `set_language` is called, every text comes back as it was written.
"""

from __future__ import annotations

import gettext
from pathlib import Path

DOMAIN = "kintsugi"
FOLDER = Path(__file__).parent.parent / "locale"

_current: gettext.NullTranslations = gettext.NullTranslations()


def set_language(language: str | None = None) -> None:
    """Translates from now on into `language` ("zh_CN", "de"); None takes the system's, "en" is the text as written.

    Texts that were fetched already stay as they are: call it before the window or the command line is built.
    """
    global _current
    languages = None if language is None else [language]
    _current = gettext.translation(DOMAIN, FOLDER, languages, fallback=True)


def languages() -> tuple[str, ...]:
    """The languages that there are translations for, "en" first."""
    return ("en", *sorted(path.parent.parent.name for path in FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.mo")))


def _(text: str) -> str:
    # A catalogue's own header answers to the empty text.
    return _current.gettext(text) if text else text


def N_(text: str) -> str:  # noqa: N802 - gettext's own name
    """Marks a constant for the template catalogue and leaves it as it is: `_` it where it is shown."""
    return text


def ngettext(singular: str, plural: str, count: int) -> str:
    """The form of a text that fits `count`; the caller formats the number in."""
    return _current.ngettext(singular, plural, count)
