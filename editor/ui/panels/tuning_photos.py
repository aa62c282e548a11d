"""The photos to learn from: the open one, its selection, and a list of photos and folders."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDropEvent, QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from editor.core.document import DocumentState
from editor.core.i18n import _
from editor.host.settings import Settings
from editor.host.training_choice import photo_of
from editor.host.training_data import Photo
from editor.io.read import READ_SUFFIXES
from editor.ui.dialogs import ask

_FOLDER = "tuning.folder"

Document = Callable[[], "tuple[str, DocumentState] | None"]
"""The open document's name and state, if one is open."""


class PhotoChoice(QWidget):
    """changed(): other photos are chosen."""

    changed = Signal()

    def __init__(self, document: Document, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._settings = settings
        self._had = ""
        self.open_box = QCheckBox(self)
        self.open_box.setToolTip(_("Learn from the photo that is open, as it looks now"))
        self.selection_box = QCheckBox(self)
        self.show_use(lifts_noise=False)
        self.list = _Paths(self)
        self.list.setToolTip(_("Photos and folders to learn from; drop them here"))
        self.list.setAccessibleName(_("Photos and folders"))
        self.list.setSelectionMode(QListWidget.SelectionMode.ExtendedSelection)
        self.list.setMinimumHeight(90)
        self.list.emptied.connect(self._remove)
        self.hint = QLabel(_("Drop photos or folders here."), self.list)
        self.hint.setObjectName("hint")
        self.hint.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hint.move(10, 8)
        self.photos_button = self._button(_("Add photos…"), _("Choose photos to learn from"), self._ask_photos)
        self.folder_button = self._button(
            _("Add folder…"), _("Choose a folder: all photos in it and below it are learned from"), self._ask_folder
        )
        self.remove_button = self._button(
            _("Remove"), _("Take what is marked out of the list; nothing is deleted (Del)"), self._remove
        )
        beside = QVBoxLayout()
        beside.setSpacing(4)
        for button in (self.photos_button, self.folder_button, self.remove_button):
            beside.addWidget(button)
        beside.addStretch(1)
        row = QHBoxLayout()
        row.addWidget(self.list, 1)
        row.addLayout(beside)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.open_box)
        column.addWidget(self.selection_box)
        column.addLayout(row, 1)
        self.open_box.toggled.connect(lambda _on: self._changed())
        self.selection_box.toggled.connect(lambda _on: self._changed())
        self.list.itemSelectionChanged.connect(self._allow)
        self.refresh()

    @property
    def paths(self) -> tuple[Path, ...]:
        items = (self.list.item(row) for row in range(self.list.count()))
        return tuple(Path(item.data(Qt.ItemDataRole.UserRole)) for item in items)

    @property
    def names(self) -> list[str]:
        """Of what is chosen, as the user knows it."""
        document = self._document() if self.open_box.isChecked() else None
        return [*([document[0]] if document is not None else []), *(path.name for path in self.paths)]

    @property
    def only_open(self) -> bool:
        """Whether the open photo is all that is learned from."""
        return self.open_box.isChecked() and not self.paths

    def show_use(self, *, lifts_noise: bool) -> None:
        """Says what a selection is for: where noise is lifted, or what is learned from at all."""
        if lifts_noise:
            self.selection_box.setText(_("Its noise only from where the mask selects"))
            self.selection_box.setToolTip(_("Mark a flat place, such as sky; the whole photo is learned from"))
        else:
            self.selection_box.setText(_("Only what its mask selects"))
            self.selection_box.setToolTip(_("Learn only from the parts of the open photo that are masked"))

    def photos(self) -> tuple[Photo, ...]:
        """Those that are in no file."""
        document = self._document() if self.open_box.isChecked() else None
        if document is None:
            return ()
        name, state = document
        return (photo_of(state, name, selected=self.selection_box.isChecked()),)

    def refresh(self) -> None:
        """Follows the open document: it is chosen when it is new here."""
        document = self._document()
        name = document[0] if document is not None else ""
        self.open_box.setVisible(document is not None)
        self.open_box.setText(_("The open photo: {name}").format(name=name))
        if name != self._had:
            self._had = name
            self.open_box.setChecked(bool(name) and not self.paths)
        masked = document is not None and not document[1].mask.empty
        self.selection_box.setVisible(masked)
        if not masked:
            self.selection_box.setChecked(False)
        self._changed()

    def add(self, paths: Iterable[Path]) -> None:
        """Adds photos and folders to the list, each once."""
        known = set(self.paths)
        for path in paths:
            if path not in known:
                known.add(path)
                item = QListWidgetItem(path.name + ("/" if path.is_dir() else ""), self.list)
                item.setToolTip(str(path))
                item.setData(Qt.ItemDataRole.UserRole, str(path))
        self._changed()

    def _remove(self) -> None:
        for item in self.list.selectedItems():
            self.list.takeItem(self.list.row(item))
        self._changed()

    def _ask_photos(self) -> None:
        self._add_asked(ask.photos(self, _("Photos to learn from"), self._folder, READ_SUFFIXES))

    def _ask_folder(self) -> None:
        folder = ask.folder(self, _("A folder of photos to learn from"), self._folder)
        self._add_asked([folder] if folder is not None else [])

    def _add_asked(self, paths: Sequence[Path]) -> None:
        if paths:
            self._settings.set(_FOLDER, str(paths[0].parent))
            self.add(paths)

    @property
    def _folder(self) -> str:
        return str(self._settings.get(_FOLDER, self._settings.get("files.folder", str(Path.home()))))

    def _changed(self) -> None:
        self.selection_box.setEnabled(self.open_box.isChecked())
        self.hint.setVisible(self.list.count() == 0)
        self._allow()
        self.changed.emit()

    def _allow(self) -> None:
        self.remove_button.setEnabled(bool(self.list.selectedItems()))

    def _button(self, text: str, tip: str, slot: Callable[[], None]) -> QPushButton:
        button = QPushButton(text, self)
        button.setToolTip(tip)
        button.setAutoDefault(False)
        button.clicked.connect(lambda _checked: slot())
        return button


class _Paths(QListWidget):
    """emptied(): the key that takes out what is marked."""

    emptied = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.emptied.emit()
        else:
            super().keyPressEvent(event)


def dropped_photos(event: QDropEvent) -> list[Path]:
    """The folders and the photos, by their suffix, of a drag."""
    data = event.mimeData()
    urls = data.urls() if data is not None else []
    paths = [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
    return [path for path in paths if path.is_dir() or path.suffix.lower() in READ_SUFFIXES]
