"""The models panel: every known model by what it is for, and the way to get or install it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from editor.core.errors import EditorError
from editor.core.i18n import _
from editor.host.settings import Settings
from editor.runtime.acceptance import LicenceNotAcceptedError
from editor.runtime.manifest import PICTURE_ROLES, ROLES
from editor.ui.dialogs import ask
from editor.ui.dialogs.licence import LicenceDialog
from editor.ui.model_work import UNKNOWN, ModelWork
from editor.ui.models import MODEL_SUFFIXES, dropped_models
from editor.ui.panels.model_card import ModelCard, doing

_ASKED = "asked"
_INDENT_PX = 24


class ModelsPanel(QWidget):
    """Cards of all models; what a method asked for stands first."""

    def __init__(self, work: ModelWork, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self._settings = settings
        self.setAcceptDrops(True)
        self.search = QLineEdit(self)
        self.search.setPlaceholderText(_("Search models"))
        self.search.setToolTip(_("Show only models whose name, purpose, licence or author holds this"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(lambda _text: self._filter())
        self.file_button = QPushButton(_("Install from file…"), self)
        self.file_button.setToolTip(_("Install a model from a file that you have; it is known by its content"))
        self.file_button.setAutoDefault(False)
        self.file_button.clicked.connect(lambda: self._ask_file(UNKNOWN))
        top = QHBoxLayout()
        top.addWidget(self.search, 1)
        top.addWidget(self.file_button)
        self.line = QLabel(self)
        self.line.setTextFormat(Qt.TextFormat.PlainText)
        self.line.setWordWrap(True)
        self.line.setToolTip(_("What was done last"))
        self.bar = QProgressBar(self)
        self.bar.setRange(0, 0)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(8)
        self.bar.setToolTip(_("A file is being looked at"))
        self.nothing = QLabel(_("No model is called so."), self)
        self.nothing.setObjectName("hint")
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._inner = QWidget(self)
        self._cards = QVBoxLayout(self._inner)
        self._cards.setContentsMargins(0, 0, 8, 0)
        self._cards.setSpacing(6)
        self._area = QScrollArea(self)
        self._area.setWidget(self._inner)
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QVBoxLayout(self)
        column.addLayout(top)
        column.addWidget(self.nothing)
        column.addWidget(self._area, 1)
        # Below the list, which would jump if they came and went above it.
        column.addWidget(self.line)
        column.addWidget(self.bar)
        self.headings: dict[str, QLabel] = {}
        self.cards = {
            model_id: self._card(model_id) for model_id in sorted(work.library.store.manifests, key=self._title)
        }
        self._asked: tuple[str, ...] = ()
        work.changed.connect(self._refresh)
        work.worked.connect(self._show_work)
        work.failed.connect(self._show_error)
        work.noted.connect(lambda text: self._say(text))
        work.unknown.connect(self._ask_role)
        self._arrange()
        self._say("\n".join(str(error) for error in work.library.store.errors.values()), warning=True)
        self._show_work(UNKNOWN)

    def show_missing(self, model_ids: Iterable[str]) -> None:
        """Puts the models that a method asked for first, with all ways to get them."""
        wanted = dict.fromkeys(model_ids)
        known = [model_id for model_id in wanted if model_id in self.cards]
        unknown = [model_id for model_id in wanted if model_id not in self.cards]
        self._asked = tuple(known)
        self.search.clear()
        for model_id, card in self.cards.items():
            card.set_asked(model_id in known)
        self._arrange()
        text = _("No model called {names} is known: its description is missing.").format(names=", ".join(unknown))
        self._say(text if unknown else "", warning=True)
        self._area.verticalScrollBar().setValue(0)
        if known:
            self.cards[known[0]].begin()

    def install(self, paths: Sequence[Path], model_id: str = UNKNOWN) -> None:
        """Installs files, of `model_id` if it is known whose they should be."""
        self._say("")
        if model_id in self.cards:
            self.cards[model_id].set_error("")
        self._settings.set("models.folder", str(paths[0].absolute().parent))
        self._work.install(paths, model_id)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_models(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = dropped_models(event)
        if paths:
            event.acceptProposedAction()
            self.install(paths)

    def _title(self, model_id: str) -> str:
        manifest = self._work.library.store.manifest(model_id)
        return _(manifest.title).casefold()

    def _card(self, model_id: str) -> ModelCard:
        card = ModelCard(self._work.library.store.manifest(model_id), self._work, self._inner)
        card.licence_wanted.connect(lambda: self._ask_licence(card))
        card.file_wanted.connect(lambda: self._ask_file(model_id))
        card.remove_wanted.connect(lambda: self._remove(card))
        return card

    def _ask_licence(self, card: ModelCard) -> None:
        card.set_error("")
        dialog = LicenceDialog(self, card.manifest)
        dialog.accepted.connect(lambda: self._work.accept(card.manifest.id))
        dialog.open()

    def _ask_file(self, model_id: str) -> None:
        folder = self._settings.get("models.folder", str(Path.home()))
        paths = ask.model_files(self, _("Install a model"), folder, MODEL_SUFFIXES)
        if paths:
            self.install(paths, model_id)

    def _remove(self, card: ModelCard) -> None:
        model_id = card.manifest.id
        if self._work.library.gettable(model_id) or ask.remove_model(self, _(card.manifest.title)):
            card.set_error("")
            self._work.remove(model_id)

    def _arrange(self) -> None:
        """Lays the cards out: those asked for, then the others by what they are for."""
        while self._cards.takeAt(0) is not None:
            pass
        groups: dict[str, list[ModelCard]] = {_ASKED: [self.cards[model_id] for model_id in self._asked]}
        groups |= {role: [] for role in (*ROLES, "")}
        for model_id, card in self.cards.items():
            if model_id not in self._asked:
                groups[card.manifest.role].append(card)
        titles = {_ASKED: _("Needed by the method"), "": _("Other"), **{role: _(ROLES[role]) for role in ROLES}}
        for role, cards in groups.items():
            if role not in self.headings:
                self.headings[role] = QLabel(self._inner)
                self.headings[role].setObjectName("heading")
            unused = role in ROLES and role not in self._work.used_roles
            self.headings[role].setText(
                _("{use} – no method uses these yet").format(use=titles[role]) if unused else titles[role]
            )
            self._cards.addWidget(self.headings[role])
            for card, depth in below_their_bases(cards):
                self._cards.addLayout(_indented(card, depth))
        self._cards.addStretch(1)
        self._groups = {role: [card for card, _depth in below_their_bases(cards)] for role, cards in groups.items()}
        self._used = self._work.used_roles
        self._order_tabs()
        self._filter()

    def _order_tabs(self) -> None:
        """Tab goes through the cards from the top down."""
        before: QWidget = self.file_button
        for cards in self._groups.values():
            for card in cards:
                for button in (*([card.story.button] if card.story is not None else []), *card.buttons):
                    QWidget.setTabOrder(before, button)
                    before = button

    def _filter(self) -> None:
        words = self.search.text().casefold().split()
        for role, cards in self._groups.items():
            found = [card for card in cards if all(word in card.words for word in words)]
            for card in cards:
                card.setVisible(card in found)
            self.headings[role].setVisible(bool(found))
        self.nothing.setVisible(not any(not card.isHidden() for card in self.cards.values()))

    def _ask_role(self, path: Path) -> None:
        role = ask.model_role(self, path.name, {role: _(ROLES[role]) for role in PICTURE_ROLES})
        if role is not None:
            self._work.adopt(path, role)

    def _refresh(self) -> None:
        known = self._work.library.store.manifests
        if self.cards.keys() != known.keys() or self._used != self._work.used_roles:
            self._follow(known)
        for card in self.cards.values():
            card.refresh()

    def _follow(self, known: Iterable[str]) -> None:
        """Brings the cards in line with the models, of which the user's own come and go."""
        old, ids = self.cards, sorted(known, key=self._title)
        self.cards = {model_id: old[model_id] if model_id in old else self._card(model_id) for model_id in ids}
        for model_id in old.keys() - self.cards.keys():
            old[model_id].deleteLater()
        self._asked = tuple(model_id for model_id in self._asked if model_id in self.cards)
        self._arrange()

    def _show_work(self, model_id: str) -> None:
        if model_id in self.cards:
            self.cards[model_id].show_work()
        work = self._work.work(UNKNOWN)
        self.bar.setVisible(work is not None)
        if work is not None:
            self._say(doing(work))

    def _show_error(self, model_id: str, error: EditorError) -> None:
        if isinstance(error, LicenceNotAcceptedError):
            model_id = error.manifest.id
        card = self.cards.get(model_id)
        if card is None:
            self._say(str(error), warning=True)
            return
        self._say("")
        card.set_error(str(error))
        # After the card has grown by the line.
        QTimer.singleShot(0, card, lambda: self._area.ensureWidgetVisible(card))

    def _say(self, text: str, *, warning: bool = False) -> None:
        self.line.setText(text)
        self.line.setVisible(bool(text))
        self.line.setObjectName("warning" if warning else "")
        self.line.style().polish(self.line)


def below_their_bases(cards: Sequence[ModelCard]) -> list[tuple[ModelCard, int]]:
    """The cards with how deep they stand: those of models that were fine-tuned come after the model that they went on
    from, if it is among them."""
    ids = {card.manifest.id for card in cards}

    def base(card: ModelCard) -> str:
        trained = card.manifest.trained
        return trained.base if trained is not None and trained.base in ids - {card.manifest.id} else ""

    def family(of: str, depth: int) -> list[tuple[ModelCard, int]]:
        found = []
        for card in cards:
            if base(card) == of:
                found += [(card, depth), *family(card.manifest.id, depth + 1)]
        return found

    return family("", 0)


def _indented(card: ModelCard, depth: int) -> QHBoxLayout:
    row = QHBoxLayout()
    row.addSpacing(depth * _INDENT_PX)
    row.addWidget(card)
    return row
