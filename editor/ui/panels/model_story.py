"""How a model of the user's own was made: from which one, and its card with the numbers, unfolded by a click."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from editor.core.i18n import _
from editor.runtime.library import ModelLibrary
from editor.runtime.manifest import ModelManifest, Trained


class Story(QWidget):
    """unfolded(): the card needs another height."""

    unfolded = Signal()

    def __init__(self, manifest: ModelManifest, trained: Trained, library: ModelLibrary, parent: QWidget) -> None:
        super().__init__(parent)
        self._model_id = manifest.id
        self._library = library
        self.origin = QLabel(origin(trained, library), self)
        self.origin.setTextFormat(Qt.TextFormat.PlainText)
        self.origin.setToolTip(_("How it came about"))
        self.button = QPushButton(_("How it was made"), self)
        self.button.setCheckable(True)
        self.button.setAutoDefault(False)
        self.button.setToolTip(_("Show or hide what it learned from and how good it was measured to be"))
        self.text = QLabel(self)
        self.text.setTextFormat(Qt.TextFormat.MarkdownText)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text.setToolTip(_("What it learned from and how good it was measured to be"))
        for label in (self.origin, self.text):
            label.setWordWrap(True)
        self.text.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.origin)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.text)
        self.button.toggled.connect(self._unfold)

    def _unfold(self, shown: bool) -> None:
        if shown and not self.text.text():
            self.text.setText(_below_title(self._library.card(self._model_id)) or _("It has no card."))
        self.text.setVisible(shown)
        self.unfolded.emit()


def _below_title(card: str) -> str:
    """A card without its heading, which would repeat the model's name."""
    first, _line, rest = card.partition("\n")
    return rest.strip() if first.startswith("# ") else card


def origin(trained: Trained, library: ModelLibrary) -> str:
    """From which model it was fine-tuned, for the user."""
    if not trained.base:
        return _("Trained here from nothing.")
    manifest = library.store.manifests.get(trained.base)
    base = _(manifest.title) if manifest is not None else trained.base
    if trained.photo:
        return _("Fine-tuned from {base} for the photo {photo}.").format(base=base, photo=trained.photo)
    return _("Fine-tuned from {base}.").format(base=base)
