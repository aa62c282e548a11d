"""One model as a card: what it is, where it stands, and what can be done with it now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from editor.core.i18n import _
from editor.host.library import STATES, size_text
from editor.runtime.library import Availability
from editor.runtime.manifest import ROLES, ModelManifest
from editor.ui import theme
from editor.ui.dialogs.licence import link_html, opens_links
from editor.ui.model_work import ModelWork, Work
from editor.ui.panels.model_story import Story

_AUTHORS_SHOWN = 3
_SEPARATOR = "  ·  "


class ModelCard(QFrame):
    """licence_wanted(), file_wanted(), remove_wanted(): buttons that lead to a question first."""

    licence_wanted = Signal()
    file_wanted = Signal()
    remove_wanted = Signal()

    def __init__(self, manifest: ModelManifest, work: ModelWork, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.manifest = manifest
        self._work = work
        self._asked = False
        self._got = False  # over the network, the last time
        self._stood = work.library.availability(manifest.id)
        self.state = _label(self, "faint", _("Where the model stands on this machine"))
        self.facts = opens_links(QLabel(self))
        authors = opens_links(QLabel(_authors(manifest), self))
        authors.setObjectName("faint")
        authors.setToolTip(", ".join(manifest.authors))
        self.ways = _label(self, "", _("How to get this model"))
        self.ways.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.error = _label(self, "warning", _("What did not succeed"))
        self._actions = self._action_row()
        self._progress = self._progress_row()
        head = QHBoxLayout()
        head.addWidget(_label(self, "title", manifest.id, _(manifest.title)), 1)
        head.addWidget(self.state, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(4)
        column.addLayout(head)
        summary = _label(self, "", manifest.id, _(manifest.summary))
        for label in (summary, self.facts, authors, self.ways, self.error):
            label.setWordWrap(True)
            column.addWidget(label)
        self.story: Story | None = None
        if manifest.trained is not None and manifest.own:
            self.story = Story(manifest, manifest.trained, work.library, self)
            self.story.unfolded.connect(self._fit)
            column.addWidget(self.story)
        column.addWidget(self._actions)
        column.addWidget(self._progress)
        self.refresh()

    @property
    def buttons(self) -> tuple[QPushButton, ...]:
        """All buttons in their order, whether or not they are shown."""
        return (
            self.licence_button,
            self.get_button,
            self.file_button,
            self.measure_button,
            self.remove_button,
            self.cancel_button,
        )

    @property
    def words(self) -> str:
        """What the card is found by, in small letters."""
        manifest = self.manifest
        purpose = _(ROLES[manifest.role]) if manifest.role else ""
        words = (_(manifest.title), _(manifest.summary), purpose, manifest.id, manifest.licence.name, *manifest.authors)
        return " ".join(words).casefold()

    def set_asked(self, asked: bool) -> None:
        """Whether a method asked for the model; then all ways to get it are told."""
        self._asked = asked
        self.setProperty("asked", asked)
        self.style().polish(self)
        self.refresh()

    def set_error(self, text: str) -> None:
        """Shows what did not succeed; an empty text takes it away."""
        self.error.setText(text)
        self.refresh()

    def refresh(self) -> None:
        """Shows where the model stands now."""
        library, model_id = self._work.library, self.manifest.id
        stands = library.availability(model_id)
        installed = stands is Availability.INSTALLED
        if stands is not self._stood:
            self._stood = stands
            self.error.clear()
        self.state.setText(("✓ " if installed else "") + _(STATES[stands]))
        self.facts.setText(self._facts(installed=installed))
        with self._keeping_focus():
            self.licence_button.setVisible(stands is Availability.NEEDS_LICENCE)
            self.get_button.setVisible(stands is Availability.GETTABLE)
            self.get_button.setText(_("Try again") if self.error.text() and self._got else _("Get"))
            self.file_button.setVisible(stands in (Availability.GETTABLE, Availability.NEEDS_FILE))
            self.measure_button.setVisible(installed)
            self.measure_button.setEnabled(self._work.can_measure)
            self.remove_button.setVisible(library.removable(model_id))
            for label, text in ((self.ways, self._ways(stands)), (self.error, self.error.text())):
                label.setText(text)
                label.setVisible(bool(text))
        self.show_work()

    def show_work(self) -> None:
        """Shows what runs with the model now, in place of its buttons."""
        work = self._work.work(self.manifest.id)
        with self._keeping_focus():
            self._actions.setVisible(work is None)
            self._progress.setVisible(work is not None)
        self._fit()
        if work is not None:
            # After the last byte come checks and a conversion, of which nobody knows how long they take.
            self.bar.setRange(0, 0 if work.share in (None, 1) else 1000)
            self.bar.setValue(round(1000 * (work.share or 0)))
            self.doing.setText(doing(work))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        focused = QApplication.focusWidget()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and focused in self.buttons:
            focused.click()
        else:
            super().keyPressEvent(event)

    def _fit(self) -> None:
        """As high as its texts at this width: a list that scrolls would squeeze what was shown later."""
        column = self.layout()
        if column is not None:
            column.invalidate()
            self.setMinimumHeight(column.totalHeightForWidth(self.width()))

    def begin(self) -> None:
        """Puts the focus on the first thing that can be done."""
        for button in self.buttons:
            if button.isVisibleTo(self) and button.isEnabled():
                button.setFocus(Qt.FocusReason.OtherFocusReason)
                return

    @contextmanager
    def _keeping_focus(self) -> Iterator[None]:
        """The focus stays on the card when the button that had it goes."""
        focused = QApplication.focusWidget()
        if focused is None or not self.isAncestorOf(focused):
            yield
            return
        # Or Qt would hand it on to another card, and the list would scroll there.
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        yield
        if focused.isVisibleTo(self):
            focused.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.begin()

    def _facts(self, *, installed: bool) -> str:
        licence = self.manifest.licence
        parts = [escape(size_text(self.manifest)), link_html(licence.name, licence.link)]
        if not licence.commercial and not self.manifest.own:
            mark = escape(_("not for commercial use"))
            parts.append(f'<span style="color: {theme.WARNING.name()}">{mark}</span>')
        measured = self._work.speeds.get(self.manifest) if installed else None
        if measured is not None:
            parts.append(escape(str(measured)))
        return _SEPARATOR.join(parts)

    def _ways(self, stands: Availability) -> str:
        """What leads to the model: all of it if a method asked for it, otherwise only what no button tells."""
        names = ", ".join(file.name for file in self.manifest.files)
        if stands is Availability.NEEDS_FILE:
            lines = [_("It can't be fetched from here. Install or drop its own files: {names}.").format(names=names)]
            terminal = "kintsugi models install " + self.manifest.files[0].name
        elif not self._asked:
            return ""
        elif stands is Availability.INSTALLED:
            return _("It is installed: run the method again.")
        else:
            lines = [
                _("Get: over the network, {size}.").format(size=size_text(self.manifest)),
                _("Install from file: {names}, if you have it; dropping it here does the same.").format(names=names),
            ]
            terminal = f"kintsugi models get {self.manifest.id}"
            if stands is Availability.NEEDS_LICENCE:
                lines.insert(0, _("Accept the licence first. Then:"))
        return "\n".join([*lines, *([_("In a terminal: {command}").format(command=terminal)] if self._asked else [])])

    def _action_row(self) -> QWidget:
        work, model_id = self._work, self.manifest.id
        self.licence_button = self._button(
            _("Accept licence…"), _("See the licence, and agree to it"), self.licence_wanted.emit
        )
        self.get_button = self._button(
            _("Get"), _("Fetch the model over the network and install it"), lambda: self._do(work.get, got=True)
        )
        self.file_button = self._button(
            _("Install from file…"), _("Install it from a file that you have"), self.file_wanted.emit
        )
        self.measure_button = self._button(
            _("Measure"), _("Measure how fast it runs on this machine"), lambda: self._do(work.measure)
        )
        self.remove_button = self._button(_("Remove"), _("Delete its files from this machine"), self.remove_wanted.emit)
        self.cancel_button = self._button(_("Cancel"), _("Stop this"), lambda: work.cancel(model_id))
        row, layout = _row(self)
        for button in self.buttons[:-1]:
            layout.addWidget(button)
        layout.addStretch(1)
        return row

    def _progress_row(self) -> QWidget:
        self.bar = QProgressBar(self)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(8)
        self.bar.setToolTip(_("How much is done"))
        self.doing = _label(self, "", _("What is being done with the model"))
        # So that the bar keeps its length while the number grows.
        self.doing.setMinimumWidth(self.doing.fontMetrics().horizontalAdvance(_("Fetching… 100 %")) + 4)
        row, layout = _row(self)
        layout.addWidget(self.bar, 1)
        layout.addWidget(self.doing)
        layout.addWidget(self.cancel_button)
        return row

    def _button(self, text: str, tip: str, slot: Callable[[], object]) -> QPushButton:
        button = QPushButton(text, self)
        button.setToolTip(tip)
        button.setAutoDefault(False)
        button.clicked.connect(lambda _checked: slot())
        return button

    def _do(self, what: Callable[[str], None], *, got: bool = False) -> None:
        self._got = got
        self.set_error("")
        what(self.manifest.id)


def doing(work: Work) -> str:
    """What is being done, for the user."""
    if work.job.token.cancelled:
        return _("Stopping…")
    if not work.began:
        return _("Waiting for its turn…")
    if work.kind == "adopt":
        return _("Trying it out on small pictures… {percent} %").format(percent=int(100 * (work.share or 0)))
    if work.share == 1:
        return _("Installing…")
    if work.share is not None:
        return _("Fetching… {percent} %").format(percent=int(100 * work.share))
    return {
        "get": _("Fetching…"),
        "install": _("Installing…"),
        "remove": _("Removing…"),
        "measure": _("Measuring…"),
    }[work.kind]


def _authors(manifest: ModelManifest) -> str:
    shown = ", ".join(manifest.authors[:_AUTHORS_SHOWN])
    if len(manifest.authors) > _AUTHORS_SHOWN:
        shown = _("{authors} and others").format(authors=shown)
    return escape(shown) + (_SEPARATOR + link_html(_("paper"), manifest.paper) if manifest.paper else "")


def _label(parent: QWidget, name: str, tip: str, text: str = "") -> QLabel:
    label = QLabel(text, parent)
    label.setObjectName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setToolTip(tip)
    return label


def _row(parent: QWidget) -> tuple[QWidget, QHBoxLayout]:
    row = QWidget(parent)
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 4, 0, 0)
    layout.setSpacing(6)
    return row, layout
