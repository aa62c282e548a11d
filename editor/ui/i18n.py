"""The texts of the window in the user's language, through gettext (domain "kintsugi")."""

from __future__ import annotations

import gettext
from pathlib import Path

DOMAIN = "kintsugi"
FOLDER = Path(__file__).parent / "locale"

_current: gettext.NullTranslations = gettext.NullTranslations()


def set_language(language: str | None = None) -> None:
    """Translates from now on into `language` ("zh_CN", "de"); None takes the system's, "en" is the text as written.

    Texts that a widget has fetched already stay as they are: call it before the window is built.
    """
    global _current
    languages = None if language is None else [language]
    _current = gettext.translation(DOMAIN, FOLDER, languages, fallback=True)


def languages() -> tuple[str, ...]:
    """The languages that there are translations for, "en" first."""
    return ("en", *sorted(path.parent.parent.name for path in FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.mo")))


def _(text: str) -> str:
    return _current.gettext(text)


def ngettext(singular: str, plural: str, count: int) -> str:
    """The form of a text that fits `count`; the caller formats the number in."""
    return _current.ngettext(singular, plural, count)
