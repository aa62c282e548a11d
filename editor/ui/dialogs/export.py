"""The export dialog: where to, which format, and the format's own settings."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from editor.core.i18n import _
from editor.host.settings import Settings
from editor.io.formats import WRITE_FORMATS
from editor.io.options import SUBSAMPLINGS, ExportOptions
from editor.sdk.params import Choice, Doc, Range, specs
from editor.ui.dialogs import ask
from editor.ui.panels.form import ParamForm

_DEPTHS = Choice((("", "As the photo"), ("8", "8 bit"), ("16", "16 bit")))


@dataclass(frozen=True, slots=True)
class _Jpeg:
    quality: Annotated[int, Range(1, 100), Doc("Quality", "Higher keeps more detail and makes a larger file.")] = 92
    subsampling: Annotated[
        str,
        Choice(tuple((name, name) for name in SUBSAMPLINGS)),
        Doc("Colour detail", "4:4:4 keeps all of it; the others halve or quarter it for a smaller file."),
    ] = "4:4:4"


@dataclass(frozen=True, slots=True)
class _Deep:
    bits: Annotated[str, _DEPTHS, Doc("Depth", "16 bit keeps fine steps in skies for later work.")] = ""


@dataclass(frozen=True, slots=True)
class _WebP:
    lossless: Annotated[bool, Doc("Lossless", "Every pixel stays exactly as it is; the file is larger.")] = False
    quality: Annotated[int, Range(1, 100), Doc("Quality", "Higher keeps more detail; without meaning if lossless.")] = (
        92
    )


@dataclass(frozen=True, slots=True)
class _Plain:
    """A format without settings."""


@dataclass(frozen=True, slots=True)
class Format:
    """A file format that can be written: the suffix that a new name gets, and the class of its settings."""

    title: str
    suffix: str
    params: type[Any]

    def matches(self, suffix: str) -> bool:
        return WRITE_FORMATS.get(suffix.lower()) == self.title


_PARAMS: dict[str, type[Any]] = {"JPEG": _Jpeg, "PNG": _Deep, "TIFF": _Deep, "WebP": _WebP}

FORMATS = tuple(
    Format(title, next(suffix for suffix, other in WRITE_FORMATS.items() if other == title), _PARAMS.get(title, _Plain))
    for title in dict.fromkeys(WRITE_FORMATS.values())
)
"""All that can be written, each once; a format's first suffix is the usual one."""


class ExportDialog(QDialog):
    """Stays beside the canvas; when accepted, `path` and `options` say what to write.

    photo: the file that was opened, if there was one; else the document is called `name`.
    """

    def __init__(self, parent: QWidget, settings: Settings, photo: Path | None, folder: Path, name: str = "") -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(_("Export"))
        self.setMinimumWidth(460)
        self._settings = settings
        self._photo = photo
        self._folder = folder
        self.forms: dict[str, ParamForm] = {}
        stem = photo.stem if photo is not None else name or _("picture")
        known = photo is not None and any(kind.matches(photo.suffix) for kind in FORMATS)
        suffix = photo.suffix if photo is not None and known else settings.get("export.suffix", ".jpg")
        self.name = QLineEdit(str(folder / f"{stem}-{_('edited')}{suffix}"), self)
        self.name.setToolTip(_("The file to write; its ending chooses the format"))
        browse = QPushButton(_("Browse…"), self)
        browse.setToolTip(_("Choose folder and name"))
        browse.clicked.connect(self._browse)
        self._format = QComboBox(self)
        self._format.setToolTip(_("The file format"))
        for kind in FORMATS:
            self._format.addItem(kind.title, kind.suffix)
        self._hint = QLabel(self)
        self._hint.setObjectName("hint")
        self._hint.setWordWrap(True)
        self._column = QVBoxLayout(self)
        rows = QFormLayout()
        where = QHBoxLayout()
        where.addWidget(self.name, 1)
        where.addWidget(browse)
        rows.addRow(_("File"), where)
        rows.addRow(_("Format"), self._format)
        self._column.addLayout(rows)
        for kind in FORMATS:
            self._column.addWidget(self._form(kind))
        self._column.addWidget(self._hint)
        self._column.addStretch(1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self.export_button = buttons.addButton(_("Export"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.export_button.setDefault(True)
        self.export_button.setToolTip(_("Write the file"))
        buttons.accepted.connect(self._finish)
        buttons.rejected.connect(self.reject)
        self._column.addWidget(buttons)
        self.name.textChanged.connect(self._named)
        self._format.activated.connect(self._chosen)
        self._named()
        self.name.setFocus()

    @property
    def path(self) -> Path:
        """The file to write; a name alone means the suggested folder."""
        path = Path(self.name.text().strip())
        with suppress(RuntimeError):  # there is no user of that name
            path = path.expanduser()
        return self._folder / path

    @property
    def format(self) -> Format | None:
        """The format that the file's ending names; None if it can't be written."""
        return next((kind for kind in FORMATS if kind.matches(self.path.suffix)), None)

    @property
    def options(self) -> ExportOptions:
        kind = self.format
        assert kind is not None, "the button is off while the ending names no format"
        values: dict[str, Any] = self.forms[kind.suffix].values()
        if "bits" in values:
            values["bits"] = int(values["bits"]) if values["bits"] else None
        return ExportOptions(**values)

    def _form(self, kind: Format) -> ParamForm:
        form = ParamForm(specs(kind.params), self)
        try:
            form.set_values(json.loads(self._settings.get(f"export.options{kind.suffix}", "{}")))
        except (ValueError, TypeError, KeyError):
            form.reset()
        self.forms[kind.suffix] = form
        return form

    def _named(self) -> None:
        kind = self.format
        for suffix, form in self.forms.items():
            form.setVisible(kind is not None and suffix == kind.suffix)
        self.export_button.setEnabled(kind is not None and bool(self.path.stem))
        if kind is None:
            self._hint.setText(_("Files can be written as {endings}.").format(endings=", ".join(WRITE_FORMATS)))
            return
        self._format.setCurrentIndex(self._format.findData(kind.suffix))
        lossy = kind.suffix in (".jpg", ".webp")
        self._hint.setText(
            _("JPEG and lossy WebP change all pixels a little; PNG and TIFF keep them to the bit.") if lossy else ""
        )

    def _chosen(self, index: int) -> None:
        path = self.path if self.name.text().strip() else self._folder / _("picture")
        self.name.setText(str(path.with_suffix(self._format.itemData(index))))

    def _browse(self) -> None:
        kinds = ";;".join(f"{kind.title} (*{kind.suffix})" for kind in FORMATS)
        # Whether to replace a file is asked once, when exporting.
        keep = QFileDialog.Option.DontConfirmOverwrite
        name, _kind = QFileDialog.getSaveFileName(self, _("Export"), str(self.path), kinds, options=keep)
        if name:
            path = Path(name)
            self.name.setText(str(path if path.suffix else path.with_suffix(self._format.currentData())))

    def _finish(self) -> None:
        path, kind = self.path, self.format
        if kind is None:
            return
        # A name that is too long does not exist either; writing says why it can't be.
        there = os.path.exists(path)  # noqa: PTH110 - Path.exists raises
        if there and not ask.overwrite(self, path, photo=self._photo is not None and _same(path, self._photo)):
            return
        self._settings.set("export.suffix", kind.suffix)
        self._settings.set("export.folder", str(path.parent))
        self._settings.set(f"export.options{kind.suffix}", json.dumps(self.forms[kind.suffix].values()))
        self.accept()


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
