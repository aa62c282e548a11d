"""The windows that open beside the main one, each imported when it is first wanted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QColor
from PySide6.QtWidgets import QWidget

from editor.core.errors import EditorError
from editor.host.settings import Settings
from editor.ui import theme
from editor.ui.actions import Actions
from editor.ui.canvas.view import CanvasView
from editor.ui.files import Files
from editor.ui.messages import MessageBar

if TYPE_CHECKING:
    from editor.host.recovery import Recoverable, Recovery

_SEARCH_BELOW_TOP_PX = 90


class Windows(QObject):
    """Opens them, and carries out what is chosen in them. keys_changed(): actions may have other keys."""

    keys_changed = Signal()

    def __init__(
        self,
        window: QWidget,
        actions: Actions,
        settings: Settings,
        files: Files,
        canvas: CanvasView,
        messages: MessageBar,
        log_path: Path,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._actions = actions
        self._settings = settings
        self._files = files
        self._canvas = canvas
        self._messages = messages
        self._log_path = log_path
        self._tint = QColor(settings.get("mask.tint", theme.TINT.name()))
        canvas.set_tint(self._tint)
        messages.details_wanted.connect(self.details)

    def export(self) -> None:
        """Asks where to and how, then writes the result."""
        from editor.ui.dialogs.export import ExportDialog

        session = self._files.session
        if session is None:
            return
        dialog = ExportDialog(self._window, self._settings, session.path, self._files.export_folder(), self._files.stem)
        dialog.accepted.connect(lambda: self._files.export(dialog.path, dialog.options))
        # The name in it is that of the photo that is open now.
        self._files.session_changed.connect(dialog.reject)
        dialog.show()

    def preferences(self) -> None:
        from editor.ui.dialogs.small import PreferencesDialog

        PreferencesDialog(self._window, self._tint, self._set_tint, self.keys).show()

    def keys(self) -> None:
        from editor.ui.dialogs.keys import KeysDialog

        dialog = KeysDialog(self._window, self._actions)
        dialog.finished.connect(lambda _result: self.keys_changed.emit())
        dialog.show()

    def about(self) -> None:
        from editor.ui.dialogs.small import show_about

        show_about(self._window)

    def search(self, methods: Sequence[QAction]) -> None:
        """Opens the search over the upper part of the window; methods: what chooses each of them."""
        from editor.ui.dialogs.search import SearchDialog

        dialog = SearchDialog(self._window, self._actions, methods)
        corner = self._window.mapToGlobal(self._window.rect().topLeft())
        left = corner.x() + (self._window.width() - dialog.width()) // 2
        dialog.move(left, corner.y() + _SEARCH_BELOW_TOP_PX)
        dialog.show()

    def details(self, text: str, cause: str) -> None:
        """Shows the cause of an error."""
        from editor.ui.dialogs.small import DetailsDialog

        DetailsDialog(self._window, text, cause, str(self._log_path)).show()

    def choose_tint(self) -> None:
        """Lets the user choose the mask's colour."""
        from editor.ui.dialogs.small import choose_tint

        tint = choose_tint(self._window, self._tint)
        if tint is not None:
            self._set_tint(tint)

    def offer_recovery(self, recovery: Recovery) -> None:
        """Offers what an earlier run left behind, if there is anything."""
        from editor.ui.dialogs.recovery import RecoveryDialog

        try:
            items = recovery.pending()
        except EditorError as error:
            self._messages.error(error)
            return
        if items:
            dialog = RecoveryDialog(self._window, items)
            dialog.wanted.connect(lambda item: self._files.leave(lambda: self._recover(recovery, item)))
            dialog.unwanted.connect(lambda item: self._discard(recovery, item))
            # It comes by itself: until it is answered, no key may do anything behind it.
            dialog.open()

    def _set_tint(self, tint: QColor) -> None:
        self._tint = tint
        self._settings.set("mask.tint", tint.name())
        self._canvas.set_tint(tint)

    def _recover(self, recovery: Recovery, item: Recoverable) -> None:
        try:
            session, journal = recovery.recover(item)
        except EditorError as error:
            self._messages.error(error)
        else:
            self._files.show(session, journal)

    def _discard(self, recovery: Recovery, item: Recoverable) -> None:
        try:
            recovery.discard(item)
        except EditorError as error:
            self._messages.error(error)
