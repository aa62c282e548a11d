"""The layers panel: the retouch layers over the photo, each with visibility, name and opacity."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QBrush
from PySide6.QtWidgets import QHBoxLayout, QLabel, QListView, QSlider, QToolButton, QVBoxLayout, QWidget

from editor.core.document import DocumentState
from editor.core.i18n import _
from editor.core.layers import Layer
from editor.core.session import Session
from editor.host import layer_edits
from editor.ui import theme

Index = QModelIndex | QPersistentModelIndex
Edit = Callable[[DocumentState], DocumentState]


class LayersModel(QAbstractListModel):
    """The layers from the top down; the photo is the last and can't be changed.

    edited(edit, label): the user switched or renamed a layer. An edit and not a state, since the masks of the state
    that is shown here may be old ones.
    """

    edited = Signal(object, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state: DocumentState | None = None

    def show_state(self, state: DocumentState | None) -> None:
        """Shows a state's layers."""
        self.beginResetModel()
        self._state = state
        self.endResetModel()

    def layer(self, row: int) -> Layer | None:
        """The layer in a row, None for a row that is not there."""
        if self._state is None or not 0 <= row < len(self._state.layers):
            return None
        return self._state.layers[-1 - row]

    def is_photo(self, row: int) -> bool:
        return self._state is not None and row == len(self._state.layers) - 1

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if self._state is None or (parent is not None and parent.isValid()) else len(self._state.layers)

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if not self.is_photo(index.row()):
            flags |= Qt.ItemFlag.ItemIsEditable | Qt.ItemFlag.ItemIsUserCheckable
        return flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        layer = self.layer(index.row())
        assert layer is not None, "the view asks for rows that are there"
        photo = self.is_photo(index.row())
        if role == Qt.ItemDataRole.DisplayRole:
            if photo:
                return _("Photo: {name}").format(name=layer.name)
            return f"{layer.name}  {layer.opacity:.0%}" if layer.opacity < 1 else layer.name
        if role == Qt.ItemDataRole.EditRole:
            return layer.name
        if role == Qt.ItemDataRole.CheckStateRole and not photo:
            return Qt.CheckState.Checked if layer.visible else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.ForegroundRole and not layer.visible:
            return QBrush(theme.FAINT)
        if role == Qt.ItemDataRole.ToolTipRole:
            return (
                _("The opened photo; it is never changed")
                if photo
                else _("Click the box to show or hide, double-click to rename")
            )
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        layer = self.layer(index.row())
        if layer is None:
            return False
        if role == Qt.ItemDataRole.CheckStateRole:
            visible = Qt.CheckState(value) == Qt.CheckState.Checked
            label = _("Show {name}") if visible else _("Hide {name}")
            edit = partial(layer_edits.set_visible, layer_id=layer.id, visible=visible)
            self.edited.emit(edit, label.format(name=layer.name))
            return True
        name = str(value).strip()
        if role == Qt.ItemDataRole.EditRole and name and name != layer.name:
            edit = partial(layer_edits.rename, layer_id=layer.id, name=name)
            self.edited.emit(edit, _("Rename {name}").format(name=layer.name))
            return True
        return False


class LayersPanel(QWidget):
    """Every change is a step of the history.

    previewed(state | None): the opacity is being dragged; None ends it.
    """

    previewed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session: Session | None = None
        self.layers = LayersModel(self)
        self.layers.edited.connect(self._commit)
        self.view = QListView(self)
        self.view.setModel(self.layers)
        self.view.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.view.selectionModel().currentChanged.connect(lambda _new, _old: self._follow())
        self.opacity = QSlider(Qt.Orientation.Horizontal, self)
        self.opacity.setRange(0, 100)
        self.opacity.setToolTip(_("How strongly the layer covers what is below it"))
        self.opacity.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.opacity.valueChanged.connect(self._opacity_moved)
        self.opacity.sliderReleased.connect(self._opacity_settled)
        self.percent = QLabel(self)
        self.percent.setMinimumWidth(self.percent.fontMetrics().horizontalAdvance("100 %"))
        self.delete_button = QToolButton(self)
        self.delete_button.setIcon(theme.icon("trash-can-outline"))
        self.delete_button.setToolTip(_("Delete the layer"))
        self.delete_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.delete_button.clicked.connect(self._delete)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        row = QHBoxLayout()
        row.setContentsMargins(8, 4, 8, 4)
        label = QLabel(_("Opacity"), self)
        for widget, stretch in ((label, 0), (self.opacity, 1), (self.percent, 0), (self.delete_button, 0)):
            row.addWidget(widget, stretch)
        column.addLayout(row)
        column.addWidget(self.view, 1)
        self._follow()

    def set_session(self, session: Session | None) -> None:
        if self._session is not None:
            self._session.changed.disconnect(self._changed)
        self._session = session
        if session is not None:
            session.changed.connect(self._changed)
        self.layers.show_state(session.state if session is not None else None)
        self._select(None)

    def _changed(self, before: DocumentState, after: DocumentState) -> None:
        if before.layers is after.layers:
            return
        known = {layer.id for layer in before.layers}
        new = next((layer.id for layer in after.layers if layer.id not in known), None)
        chosen = self.layers.layer(self.view.currentIndex().row())
        self.layers.show_state(after)
        self._select(new if new is not None else chosen.id if chosen is not None else None)

    def _select(self, layer_id: int | None) -> None:
        """Makes a layer the current one, the topmost if there is none of this id."""
        rows = range(self.layers.rowCount())
        found = [row for row in rows if (layer := self.layers.layer(row)) is not None and layer.id == layer_id]
        self.view.setCurrentIndex(self.layers.index(found[0] if found else 0))
        self._follow()

    def _follow(self) -> None:
        row = self.view.currentIndex().row()
        layer = self.layers.layer(row)
        free = layer is not None and not self.layers.is_photo(row)
        for widget in (self.opacity, self.delete_button):
            widget.setEnabled(free)
        percent = round(100 * layer.opacity) if layer is not None else 100
        with QSignalBlocker(self.opacity):
            self.opacity.setValue(percent)
        self.percent.setText(f"{percent} %")

    def _opacity_moved(self, percent: int) -> None:
        self.percent.setText(f"{percent} %")
        if self.opacity.isSliderDown():
            edit = self._opacity_edit()
            self.previewed.emit(edit(self._session.state) if edit is not None and self._session is not None else None)
        else:
            self._opacity_settled()

    def _opacity_settled(self) -> None:
        edit = self._opacity_edit()
        self.previewed.emit(None)
        if edit is not None:
            self._commit(edit, _("Layer opacity {percent} %").format(percent=self.opacity.value()))

    def _opacity_edit(self) -> Edit | None:
        """Gives the layer the slider's opacity; None if it has it already."""
        layer = self.layers.layer(self.view.currentIndex().row())
        if layer is None or round(100 * layer.opacity) == self.opacity.value():
            return None
        return partial(layer_edits.set_opacity, layer_id=layer.id, opacity=self.opacity.value() / 100)

    def _delete(self) -> None:
        layer = self.layers.layer(self.view.currentIndex().row())
        if layer is not None:
            edit = partial(layer_edits.delete, layer_id=layer.id)
            self._commit(edit, _("Delete layer {name}").format(name=layer.name))

    def _commit(self, edit: Edit, label: str) -> None:
        if self._session is not None:
            self._session.commit(edit(self._session.state), label)
