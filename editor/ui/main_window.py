"""The main window: makes its parts, connects them with the actions, and follows the open document.

What is not seen at the start (dialogs, methods, models) is imported when it is first wanted: the first paint waits for
every import here.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QMainWindow,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from editor.core.document import MASKS, DocumentState, MaskName
from editor.core.i18n import _
from editor.core.session import Session
from editor.host.jobs import Jobs
from editor.host.places import Places
from editor.host.presets import Presets
from editor.host.settings import Settings
from editor.ui.actions import Actions, action_specs
from editor.ui.bridge import Bridge
from editor.ui.centre import Centre
from editor.ui.files import Files
from editor.ui.layout import Layout
from editor.ui.live import LivePreview
from editor.ui.mask_menu import MaskMenu
from editor.ui.measuring import Measuring
from editor.ui.menus import Menus
from editor.ui.models import Models, dropped_models
from editor.ui.outside import OutsideWatch
from editor.ui.panels.history import HistoryPanel
from editor.ui.panels.layers import LayersPanel
from editor.ui.panels.method import MethodPanel
from editor.ui.panels.options import OptionsBar
from editor.ui.panels.status import StatusLine
from editor.ui.removal import Removal
from editor.ui.repair import Repair
from editor.ui.showing import Showing
from editor.ui.tool_box import ToolBox, tool_specs
from editor.ui.tuning import Tuning
from editor.ui.windows import Windows

if TYPE_CHECKING:
    from editor.host.recovery import Recovery
    from editor.host.registry import Registry
    from editor.runtime.infer import InferenceEngine
    from editor.sdk.plugin import Plugin

_SIZE_STEP = 1.15


class MainWindow(QMainWindow):
    """One window, one document. painted(): it was drawn for the first time."""

    painted = Signal()

    def __init__(self, places: Places, settings: Settings, jobs: Jobs, bridge: Bridge) -> None:
        super().__init__()
        self._places = places
        self._jobs = jobs
        self._bridge = bridge
        self._session: Session | None = None
        self._first_paint = True
        self._may_end = False
        self.setAcceptDrops(True)
        self.commands = Actions(self, settings, (*action_specs(), *tool_specs()))
        self.files = Files(self, settings, jobs, bridge)
        self.centre = Centre(self)
        self.canvas, self.strip, self.messages = self.centre.canvas, self.centre.strip, self.centre.messages
        self.setCentralWidget(self.centre)
        self.status = StatusLine(self)
        self.setStatusBar(self.status)
        self.method = MethodPanel(settings, Presets(places.presets), self)
        self.layers = LayersPanel(self)
        self.history = HistoryPanel(self)
        self.options = OptionsBar(self)
        self.tools = ToolBox(self, self.commands, self.canvas, self.options, settings)
        self.repair = Repair(self, Removal(jobs, bridge, self), self.method, self.strip, self.status, self.messages)
        hold, split, masks = (self.commands[name] for name in ("view.original", "view.split", "mask.show"))
        masks.setChecked(True)
        self.showing = Showing(self.canvas, self.repair.removal, hold, split, masks, self)
        self.live = LivePreview(self.repair, self.method, self.canvas, self.commands["repair.preview"], split, jobs)
        self.measuring = Measuring(self.repair, self.method, self.status, self.messages, jobs, bridge)
        self.outside = OutsideWatch(jobs, bridge, self)
        self._mask_menu = MaskMenu(self, self.files, lambda: self.method.painted)
        self.menus = Menus(
            self.menuBar(), self.commands, lambda: self.files.recent, self.files.open, self.tools.action_ids
        )
        self._windows = Windows(
            self, self.commands, settings, self.files, self.canvas, self.messages, places.state / "kintsugi.log"
        )
        self.models = Models(self, places, settings, jobs, bridge, self.messages)
        self.tuning = Tuning(
            self, places, settings, jobs, bridge, self.messages, self._document, lambda: self.repair.runner
        )
        self._layout = Layout(self, settings)
        self._build_layout()
        self._connect_actions()
        self._connect_parts()
        self._layout.restore()
        self._follow(None)

    def set_registry(self, registry: Registry) -> None:
        """Offers the methods; until then there are none."""
        from editor.host.library import library

        self.repair.set_registry(registry, library(self._places))
        chosen = self.method.plugin.id if self.method.plugin is not None else ""
        self.menus.list_methods(registry, chosen, self.method.choose)
        self.models.set_plugins(registry.plugins.values())
        self.tuning.set_plugins(registry.plugins.values())

    def set_engine(self, engine: InferenceEngine) -> None:
        """Lets methods run models from now on."""
        self.repair.set_engine(engine)
        self.models.set_engine(engine)

        def show_device() -> None:
            self.status.device.setText(str(engine.device_report()))

        show_device()
        self.live.get_ready()
        # A device that failed in a run was replaced by another.
        self.repair.removal.ran.connect(show_device)

    def set_recovery(self, recovery: Recovery) -> None:
        """Journals what is open from now on, and offers what an earlier run left behind."""
        self._windows.offer_recovery(recovery)
        self.files.keep_journals(recovery.attach)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and self._first_paint:
            self._first_paint = False
            QTimer.singleShot(0, self, self._tell_painted)
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and _for_input(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Enter and Esc leave an input for the canvas, where every single key is a command again.
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape):
            self.canvas.setFocus()
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path, models = _dropped(event), dropped_models(event)
        if models:
            event.acceptProposedAction()
            self.models.install(models)
        elif path is not None:
            event.acceptProposedAction()
            # The program that the file comes from waits for this call, so questions come after it.
            QTimer.singleShot(0, self, lambda: self.files.open(path))

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._may_end:
            event.ignore()
            self.files.leave_for_good(self.end)
        else:
            super().closeEvent(event)

    def end(self) -> None:
        """Nothing is unsaved any more, or the user does not want it."""
        self._may_end = True
        self._layout.save()
        self.tools.keep()
        self.models.end()
        self.tuning.end()
        self.repair.removal.discard()
        self._jobs.close()
        self.files.end()
        self._bridge.close()
        # Not within the close event that asked: that one was answered with no.
        QTimer.singleShot(0, self, self.close)

    def _tell_painted(self) -> None:
        # What follows on it would begin a journal that nobody closes any more.
        if not self._may_end:
            self.painted.emit()

    def _build_layout(self) -> None:
        options = self._layout.add_bar("options", _("Tool options"), Qt.ToolBarArea.TopToolBarArea, self.menus.panels)
        self.options.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        options.addWidget(self.options)
        self.remove_button = QPushButton(self)
        self.remove_button.setObjectName("primary")
        self.remove_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.remove_button.setMinimumWidth(130)
        self.remove_button.clicked.connect(self.commands["repair.run"].trigger)
        options.addWidget(self.remove_button)
        tools = self._layout.add_bar("tools", _("Tools"), Qt.ToolBarArea.LeftToolBarArea, self.menus.panels)
        self.tools.fill(tools)
        panels: tuple[tuple[str, str, QWidget], ...] = (
            ("method", _("Method"), self.method),
            ("layers", _("Layers"), self.layers),
            ("history", _("History"), self.history),
        )
        docks = [self._layout.add_panel(name, title, widget, self.menus.panels) for name, title, widget in panels]
        self.resizeDocks(docks, [480, 180, 260], Qt.Orientation.Vertical)
        self.resizeDocks(docks, [300] * 3, Qt.Orientation.Horizontal)

    def _connect_actions(self) -> None:
        on = self.commands.on
        on("file.open", self.files.ask_and_open)
        on("file.save", self.files.save)
        on("file.save_as", self.files.save_as)
        on("file.export", self._windows.export)
        on("file.close", self.files.close)
        on("file.quit", self.close)
        on("edit.undo", lambda: self._session is not None and self._session.undo())
        on("edit.redo", lambda: self._session is not None and self._session.redo())
        on("edit.preferences", self._windows.preferences)
        on("edit.keys", self._windows.keys)
        on("edit.models", self.models.show)
        on("mask.invert", self._mask_menu.invert)
        on("mask.clear", self._mask_menu.clear)
        on("mask.all", self._mask_menu.select_all)
        on("mask.grow", self._mask_menu.grow)
        on("mask.feather", self._mask_menu.feather)
        on("mask.load", self._mask_menu.load)
        on("mask.save", self._mask_menu.save)
        on("mask.tint", self._windows.choose_tint)
        for name in MASKS:
            on(f"mask.paint_{name}", partial(self.method.paint, name))
        self.commands[f"mask.paint_{self.method.painted}"].setChecked(True)
        on("view.fit", self.canvas.zoom_fit)
        on("view.actual", self.canvas.zoom_actual)
        on("view.in", lambda: self.canvas.zoom_step(+1))
        on("view.out", lambda: self.canvas.zoom_step(-1))
        self.commands["view.panels"].setChecked(True)
        self.commands["view.panels"].toggled.connect(self._layout.show_panels)
        self.commands["view.full"].toggled.connect(self._show_full)
        on("repair.run", self.repair.enter)
        on("repair.again", self.repair.again)
        on("repair.cancel", self.repair.cancel)
        on("repair.learn", self.method.learn)
        on("repair.tune", self.method.tune)
        on("repair.next", lambda: self.repair.removal.step(+1))
        on("repair.previous", lambda: self.repair.removal.step(-1))
        on("brush.smaller", lambda: self.options.step("size_px", 1 / _SIZE_STEP, 1))
        on("brush.larger", lambda: self.options.step("size_px", _SIZE_STEP, 1))
        on("brush.softer", lambda: self.options.step("hardness", 1 - 1e-9, 10))
        on("brush.harder", lambda: self.options.step("hardness", 1 + 1e-9, 10))
        for percent in range(10, 101, 10):
            on(f"brush.opacity_{percent}", partial(self.options.set_number, "opacity", percent))
        on("brush.swap", self.tools.swap)
        on("brush.defaults", self.options.reset)
        on("help.search", lambda: self._windows.search(self.menus.methods.actions()))
        on("help.keys", self._windows.keys)
        on("help.about", self._windows.about)

    def _connect_parts(self) -> None:
        self.files.session_changed.connect(self._follow)
        self.files.saved.connect(self._update)
        self.files.noted.connect(self.messages.note)
        self.files.failed.connect(self.messages.error)
        self.method.failed.connect(self.messages.error)
        self.files.working.connect(self._working)
        self._windows.keys_changed.connect(self._update)
        self.method.painted_changed.connect(self._paint)
        self.method.method_changed.connect(self._method_chosen)
        self.layers.previewed.connect(self.showing.preview)
        self.history.chosen.connect(self._go_to)
        self.repair.changed.connect(self._update)
        self.repair.removal.opened.connect(self.files.show_new)
        self.repair.changed.connect(self.showing.refresh)
        self.repair.removal.ran.connect(self.models.make_way)
        self.repair.models_wanted.connect(self.models.show_missing)
        self.models.changed.connect(self.method.refresh_models)
        self.models.changed.connect(self.tuning.refresh)
        self.method.tune_wanted.connect(self.tuning.show)
        self.method.learn_wanted.connect(self.tuning.learn_photo)
        self.tuning.kept.connect(self.models.refresh)
        self.tuning.learned.connect(self.repair.join)
        self.tuning.use_wanted.connect(self.method.use_model)
        self.tuning.progressed.connect(self.status.show_tuning)
        self.status.tuning_wanted.connect(self.tuning.show)
        self.outside.counted.connect(self.status.show_outside)
        self.canvas.view_changed.connect(self._view_changed)
        self.canvas.cursor_moved.connect(self.status.show_pointer)
        self.status.zoom_chosen.connect(self._zoom)

    def _follow(self, session: Session | None) -> None:
        """Another document is open, or none."""
        self.messages.drop_error()
        if self._session is not None:
            self._session.changed.disconnect(self._changed)
        self._session = session
        self.repair.set_session(session)
        self.tools.forget()
        self.method.paint("mask")
        self.method.first_seeds()
        self.canvas.set_session(session)
        for part in (self.layers, self.history, self.showing, self.live, self.measuring, self.outside):
            part.set_session(session)
        self.status.show_state(session.state if session is not None else None)
        if session is not None:
            session.changed.connect(self._changed)
            self.centre.show_desk()
        else:
            self.centre.greet(self.commands.shown_key("file.open"))
        self._view_changed()
        self._update()
        self.tuning.follow_document()

    def _changed(self, _before: DocumentState, _after: DocumentState) -> None:
        self.messages.drop_error()
        self._update()
        self.tuning.follow_document()

    def _document(self) -> tuple[str, DocumentState] | None:
        """The open document by its name."""
        return (self.files.name, self._session.state) if self._session is not None else None

    def _update(self) -> None:
        """Brings title and actions in line with what is open and what runs."""
        session, removal = self._session, self.repair.removal
        met = {
            need
            for need, holds in (
                ("document", session is not None),
                ("candidates", self.repair.choosing),
                ("work", self.repair.choosing or removal.running or removal.watched),
            )
            if holds
        }
        self.commands.allow(met)
        self.commands["repair.preview"].setEnabled(self.live.possible)
        self.commands["repair.learn"].setEnabled(session is not None and self.method.learns)
        self.method.show_photo(self.files.name)
        self.method.preview_box.setToolTip(self.commands.tip("repair.preview"))
        history = session.history if session is not None else None
        undo, redo = (history.undo_step(), history.redo_step()) if history is not None else (None, None)
        for name, text, step in (
            ("edit.undo", _("Undo {step}"), history.current if history is not None and undo is not None else None),
            ("edit.redo", _("Redo {step}"), redo),
        ):
            self.commands[name].setEnabled(step is not None)
            bare = self.commands.specs[name].text
            self.commands[name].setText(text.format(step=step.label) if step is not None else bare)
        run = self.repair.next_text
        key = self.commands.shown_key("repair.run")
        self.commands["repair.run"].setText(run)
        self.remove_button.setText(f"{run}  {key}" if key else run)
        self.remove_button.setToolTip(self.commands.tip("repair.run"))
        self.remove_button.setEnabled(session is not None)
        self.setWindowTitle(f"{self.files.name}[*] – Kintsugi" if session is not None else "Kintsugi[*]")
        self.setWindowModified(session is not None and session.modified)

    def _view_changed(self) -> None:
        if self._session is not None and not self.status.zoom.hasFocus():
            self.status.show_zoom(self.canvas.zoom)

    def _zoom(self, factor: float) -> None:
        self.canvas.setFocus()
        if factor > 0:
            self.canvas.zoom_to(factor)
        else:
            self.canvas.zoom_fit()
        self._view_changed()

    def _paint(self, name: MaskName) -> None:
        self.commands[f"mask.paint_{name}"].setChecked(True)
        self.canvas.set_painted(name)
        self.canvas.setFocus()

    def _method_chosen(self, plugin: Plugin) -> None:
        self.menus.mark_method(plugin.id)
        for name in ("include", "exclude"):
            self.commands[f"mask.paint_{name}"].setVisible(plugin.needs.source)
        self._update()

    def _go_to(self, step_id: int) -> None:
        if self._session is not None and step_id != self._session.history.current.id:
            self._session.go_to(step_id)

    def _working(self, text: str) -> None:
        if text:
            self.messages.drop_error()
        self.status.show_chore(text)
        self.centre.wait(text)
        if not text and self._session is None:
            self.centre.greet(self.commands.shown_key("file.open"))

    def _show_full(self, full: bool) -> None:
        if full:
            self.showFullScreen()
        else:
            self.showNormal()


def _for_input(event: QKeyEvent) -> bool:
    """Whether a key belongs to the input that has the focus rather than to an action: Tab goes on, Enter takes over."""
    focused = QApplication.focusWidget()
    goes_on = event.key() in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab)
    takes_over = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
    if isinstance(focused, QComboBox):
        return goes_on  # what is chosen in it is taken over already
    return isinstance(focused, (QLineEdit, QAbstractSpinBox)) and (goes_on or takes_over)


def _dropped(event: QDropEvent) -> Path | None:
    """The first local file of a drag."""
    urls = event.mimeData().urls() if event.mimeData() is not None else []
    return next((Path(url.toLocalFile()) for url in urls if url.isLocalFile()), None)
