"""Questions that need an answer before going on, and the choice of files."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox, QWidget

from editor.core.i18n import _

_Role = QMessageBox.ButtonRole


def unsaved(parent: QWidget, name: str, *, in_file: bool = True) -> Literal["save", "discard", "cancel"]:
    """What to do with changes that are not saved; not `in_file` if nothing of the document is in a file."""
    box = QMessageBox(
        QMessageBox.Icon.Question,
        _("Unsaved changes"),
        _("Save the changes to {name} as a project?").format(name=name),
        QMessageBox.StandardButton.NoButton,
        parent,
    )
    box.setInformativeText(
        _("Layers and masks that are not saved are lost. The opened photo itself stays as it is.")
        if in_file
        else _("This picture was made here and is in no project yet: what is not saved or exported is lost.")
    )
    save = box.addButton(_("&Save"), _Role.AcceptRole)
    discard = box.addButton(_("&Discard"), _Role.DestructiveRole)
    box.setEscapeButton(box.addButton(_("&Cancel"), _Role.RejectRole))
    box.setDefaultButton(save)
    box.exec()
    if box.clickedButton() is save:
        return "save"
    return "discard" if box.clickedButton() is discard else "cancel"


def stale(parent: QWidget) -> Literal["use", "again", "cancel"]:
    """What to do with a result whose surroundings changed since it was made."""
    box = QMessageBox(
        QMessageBox.Icon.Question,
        _("The picture changed"),
        _("The picture under this result changed since it was made."),
        QMessageBox.StandardButton.NoButton,
        parent,
    )
    again = box.addButton(_("Make it again"), _Role.AcceptRole)
    use = box.addButton(_("Use it anyway"), _Role.DestructiveRole)
    box.addButton(_("Cancel"), _Role.RejectRole)
    box.setDefaultButton(again)
    box.exec()
    if box.clickedButton() is again:
        return "again"
    return "use" if box.clickedButton() is use else "cancel"


def model_role(parent: QWidget, name: str, roles: Mapping[str, str]) -> str | None:
    """What an unknown model is for, of `roles` with their titles; None if the user would not say."""
    titles = list(roles.values())
    chosen, said = QInputDialog.getItem(
        parent,
        _("An unknown model"),
        _("{name} is not the file of a model that Kintsugi knows. What is it for?").format(name=name),
        titles,
        0,
        False,
    )
    return list(roles)[titles.index(chosen)] if said else None


def overwrite(parent: QWidget, path: Path, *, photo: bool) -> bool:
    """Whether to replace a file that exists; `photo` if it is the one that was opened."""
    text = _("Replace the opened photo {name}?") if photo else _("Replace {name}?")
    box = QMessageBox(
        QMessageBox.Icon.Warning,
        _("The file exists"),
        text.format(name=path.name),
        QMessageBox.StandardButton.NoButton,
        parent,
    )
    if photo:
        box.setInformativeText(_("What was removed can't be brought back from the file afterwards."))
    replace = box.addButton(_("Replace"), _Role.DestructiveRole)
    cancel = box.addButton(_("Cancel"), _Role.RejectRole)
    box.setDefaultButton(cancel)
    box.exec()
    return box.clickedButton() is replace


def remove_model(parent: QWidget, title: str) -> bool:
    """Whether to delete a model that can't be fetched again."""
    box = QMessageBox(
        QMessageBox.Icon.Warning,
        _("Remove the model"),
        _("Remove the model “{title}”?").format(title=title),
        QMessageBox.StandardButton.NoButton,
        parent,
    )
    box.setInformativeText(_("Kintsugi can't fetch it again: to have it back you need its file."))
    remove = box.addButton(_("Remove"), _Role.DestructiveRole)
    cancel = box.addButton(_("Cancel"), _Role.RejectRole)
    box.setDefaultButton(cancel)
    box.exec()
    return box.clickedButton() is remove


def forget_training(parent: QWidget, name: str) -> bool:
    """Whether to delete what was learned so far."""
    box = QMessageBox(
        QMessageBox.Icon.Warning,
        _("Forget the training"),
        _("Forget the training “{name}”?").format(name=name),
        QMessageBox.StandardButton.NoButton,
        parent,
    )
    box.setInformativeText(_("What it learned so far is deleted. Your photos and your other models stay."))
    forget = box.addButton(_("Forget"), _Role.DestructiveRole)
    cancel = box.addButton(_("Cancel"), _Role.RejectRole)
    box.setDefaultButton(cancel)
    box.exec()
    return box.clickedButton() is forget


def file_to_open(parent: QWidget, title: str, folder: str, suffixes: Sequence[str]) -> Path | None:
    """A file of one of the kinds, or None if the user thought better of it."""
    kinds = _("Photos and projects ({patterns})").format(patterns=_patterns(suffixes)) + ";;" + _("All files (*)")
    short = QFileDialog.Option.HideNameFilterDetails
    name, _kind = QFileDialog.getOpenFileName(parent, title, folder, kinds, options=short)
    return Path(name) if name else None


def model_files(parent: QWidget, title: str, folder: str, suffixes: Sequence[str]) -> list[Path]:
    """Files of models, none if the user thought better of it."""
    kinds = _("Files of models ({patterns})").format(patterns=_patterns(suffixes)) + ";;" + _("All files (*)")
    names, _kind = QFileDialog.getOpenFileNames(parent, title, folder, kinds)
    return [Path(name) for name in names]


def photos(parent: QWidget, title: str, folder: str, suffixes: Sequence[str]) -> list[Path]:
    """Photos, none if the user thought better of it."""
    kinds = _("Photos ({patterns})").format(patterns=_patterns(suffixes)) + ";;" + _("All files (*)")
    short = QFileDialog.Option.HideNameFilterDetails
    names, _kind = QFileDialog.getOpenFileNames(parent, title, folder, kinds, options=short)
    return [Path(name) for name in names]


def folder(parent: QWidget, title: str, start: str) -> Path | None:
    """A folder, or None if the user thought better of it."""
    name = QFileDialog.getExistingDirectory(parent, title, start)
    return Path(name) if name else None


def file_to_save(parent: QWidget, title: str, suggestion: Path, kind: str) -> Path | None:
    """Where to write, always with the suffix of the suggestion. No file is replaced unasked."""
    pattern = f"{kind} (*{suggestion.suffix})"
    name, _kind = QFileDialog.getSaveFileName(parent, title, str(suggestion), pattern)
    if not name:
        return None
    path = Path(name)
    if path.suffix.lower() == suggestion.suffix:
        return path
    # The dialog asked about a file of the name without the suffix, if at all.
    path = path.with_name(path.name + suggestion.suffix)
    return path if not path.exists() or overwrite(parent, path, photo=False) else None


def _patterns(suffixes: Sequence[str]) -> str:
    # Only GTK's own dialog, which Qt uses on some Linux desktops, tells capitals from small letters.
    capitals = [suffix.upper() for suffix in suffixes] if sys.platform == "linux" else []
    return " ".join(f"*{suffix}" for suffix in (*suffixes, *capitals))
