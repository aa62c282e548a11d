"""The status line: zoom, picture, pointer, the running job, device, memory, and pixels changed outside the masks."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np
from PySide6.QtCore import QByteArray, QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColorSpace, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QComboBox, QLabel, QProgressBar, QPushButton, QSizePolicy, QStatusBar, QWidget

from editor.core.document import DocumentState
from editor.core.i18n import _, ngettext

_ZOOMS = (0.25, 0.5, 1.0, 2.0, 4.0)
_MEMORY_MS = 2000
_GUESS_AFTER_S = 0.5
_GUESS_AFTER_PART = 0.04
_SPACING_PX = 6
"""What a status bar puts between its parts."""
_SHORTEST_PX = 60
"""A text that has less room than this is left out."""


class StatusText(QLabel):
    """A text that asks for no room: it is shortened to what it gets, and whole in its tooltip.

    reserved_px: the least width to wish for, so that what stands beside it does not move with every change.
    """

    def __init__(self, tip: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._tip = tip
        self.reserved_px = 0
        self.setToolTip(tip)

    def setText(self, text: str) -> None:
        super().setText(text)
        self.setToolTip("\n".join(part for part in (text, self._tip) if part))

    def sizeHint(self) -> QSize:
        return super().sizeHint().expandedTo(QSize(self.reserved_px, 0))

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        place = self.contentsRect()
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, place.width())
        painter = QPainter(self)
        self.style().drawItemText(
            painter, place, self.alignment(), self.palette(), self.isEnabled(), text, self.foregroundRole()
        )
        painter.end()


class StatusLine(QStatusBar):
    """zoom_chosen(factor): 0 means fit. job_cancelled(): the Cancel button. tuning_wanted(): see how it learns."""

    zoom_chosen = Signal(float)
    job_cancelled = Signal()
    tuning_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        # Or a long text would widen the window.
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.zoom = self._zoom_box()
        self.addWidget(self.zoom)
        self.picture = self._label(_("Size, depth and colour profile of the picture"))
        self.addWidget(self.picture)
        self.pointer = self._label(_("The pixel under the pointer"))
        self.pointer.reserved_px = self.pointer.fontMetrics().horizontalAdvance("00000, 00000") + 16
        self.addWidget(self.pointer)
        self.job = self._label("")
        self.bar = QProgressBar(self)
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setFixedSize(140, 8)
        self.cancel_button = self._button(_("Cancel"), "")
        self.cancel_button.clicked.connect(self.job_cancelled)
        for widget in (self.job, self.bar, self.cancel_button):
            self.addWidget(widget)
        self.result = self._label(_("What was measured of the result on show"))
        self.addWidget(self.result)
        self.chore = self._label(_("What is being read or written"))
        self.addWidget(self.chore)
        self.tuning = self._button("", _("How far the fine-tuning is; click to see it"))
        self.tuning.clicked.connect(self.tuning_wanted)
        self.tuning.hide()
        self.addWidget(self.tuning)
        self.outside = self._label(_("Pixels that differ from the opened photo where no retouch layer covers them"))
        self.memory = self._label(_("Memory that Kintsugi uses now"))
        self.device = self._label(_("What methods run on"))
        for label in (self.device, self.memory, self.outside):
            self.addPermanentWidget(label)
        self._began_at = 0.0
        self.end_job()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._show_memory)
        self._timer.start(_MEMORY_MS)
        self._show_memory()

    def show_zoom(self, factor: float) -> None:
        """Shows the canvas's zoom."""
        self.zoom.setEditText(f"{factor:.0%}" if factor >= 0.1 else f"{factor:.1%}")

    def show_state(self, state: DocumentState | None) -> None:
        """Describes another picture."""
        self.zoom.setEnabled(state is not None)
        self.picture.setText(describe(state) if state is not None else "")
        self.pointer.setText("")
        if state is None:
            self.outside.setText("")

    def show_pointer(self, x: float, y: float) -> None:
        """Shows the pixel that holds an image position."""
        self.pointer.setText(f"{int(x)}, {int(y)}")

    def show_outside(self, count: int) -> None:
        """Says how many pixels changed outside all masks; anything but 0 is a defect."""
        text = ngettext("{count} px changed outside", "{count} px changed outside", count).format(count=count)
        self.outside.setText(text)
        self.outside.setObjectName("warning" if count else "")
        self.outside.style().polish(self.outside)
        self._share_out()

    def begin_job(self, label: str) -> None:
        """Shows that something runs."""
        self._began_at = time.monotonic()
        self.bar.setValue(0)
        self.job.setText(label)
        for widget in (self.job, self.bar, self.cancel_button):
            widget.show()

    def show_progress(self, label: str, part: float) -> None:
        """Shows how much of the job is done, 0 to 1, and about how long the rest takes."""
        self.bar.setValue(round(part * 1000))
        text = f"{label} {part:.0%}"
        gone_s = time.monotonic() - self._began_at
        if gone_s > _GUESS_AFTER_S and part > _GUESS_AFTER_PART:
            left_s = max(1, round(gone_s * (1 - part) / part))
            text += ", " + ngettext("{count} s left", "{count} s left", left_s).format(count=left_s)
        self.job.setText(text)

    def end_job(self) -> None:
        for widget in (self.job, self.bar, self.cancel_button):
            widget.hide()

    def show_result(self, text: str) -> None:
        """Says what was measured of the result that is shown; empty for none."""
        self.result.setText(text)

    def show_chore(self, text: str) -> None:
        """Says what is being read or written; empty for nothing."""
        self.chore.setText(text)

    def show_tuning(self, text: str) -> None:
        """Says how far a training is; empty for none."""
        if text != self.tuning.text():
            self.tuning.setText(text)
            self.tuning.setVisible(bool(text))
            self._share_out()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._share_out()
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._share_out()
        super().resizeEvent(event)

    def _share_out(self) -> None:
        """Gives each text its room in the order of importance: whole, shortened, or none."""
        warned = bool(self.outside.objectName())
        texts = [self.job, self.pointer, self.result, self.chore, self.picture, self.outside, self.memory, self.device]
        texts.sort(key=lambda text: text is not self.job and not (warned and text is self.outside))
        fixed = [part for part in (self.zoom, self.bar, self.cancel_button, self.tuning) if not part.isHidden()]
        free = self.width() - sum(part.sizeHint().expandedTo(part.minimumSize()).width() for part in fixed)
        free -= _SPACING_PX * (len(fixed) + len(texts) + 2)
        for text in texts:
            if text.isHidden():
                continue
            wish = text.sizeHint().width()
            given = wish if wish <= free else free if free >= _SHORTEST_PX and text is not self.pointer else 0
            text.setMaximumWidth(given)
            free -= given
        # Now, as the layout was done before and would only come back to this after the next paint.
        if (layout := self.layout()) is not None:
            layout.activate()

    def _zoom_box(self) -> QComboBox:
        box = QComboBox(self)
        box.setEditable(True)
        box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        box.setFixedWidth(86)
        box.setToolTip(_("Zoom: type a number or choose"))
        box.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        box.addItem(_("Fit"), 0.0)
        for factor in _ZOOMS:
            box.addItem(f"{factor:.0%}", factor)
        box.setEditText("")
        box.activated.connect(lambda index: self.zoom_chosen.emit(box.itemData(index)))
        edit = box.lineEdit()
        assert edit is not None, "an editable box has a line to edit"
        edit.returnPressed.connect(self._zoom_typed)
        return box

    def _zoom_typed(self) -> None:
        try:
            percent = float(self.zoom.currentText().strip().rstrip("%").replace(",", "."))
        except ValueError:
            return
        if percent > 0:
            self.zoom_chosen.emit(percent / 100)

    def _button(self, text: str, tip: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setToolTip(tip)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setFlat(True)
        # As high as the line is without it, or the canvas would be resized with every job.
        button.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Ignored)
        return button

    def _label(self, tip: str) -> StatusText:
        return StatusText(tip, self)

    def _show_memory(self) -> None:
        used = resident_bytes()
        self.memory.setVisible(used is not None)
        if used is not None:
            self.memory.setText(f"{used / 2**20:,.0f} MB" if used < 2**30 else f"{used / 2**30:.2f} GB")


def describe(state: DocumentState) -> str:
    """A picture's size, depth and colour profile in one line."""
    bits = _("32 bit float") if state.dtype == np.float32 else _("{bits} bit").format(bits=8 * state.dtype.itemsize)
    kind = {1: _("grey"), 2: _("grey, alpha"), 4: _("alpha")}.get(state.channels, "")
    size = f"{state.size.width} × {state.size.height}"
    return ", ".join(part for part in (size, bits, kind, profile_name(state.metadata.icc)) if part)


def profile_name(icc: bytes | None) -> str:
    """What a colour profile calls itself; without one the picture counts as sRGB."""
    if icc is None:
        return "sRGB"
    return QColorSpace.fromIccProfile(QByteArray(icc)).description() or _("own colour profile")


def resident_bytes() -> int | None:
    """The process's memory now; its peak where the system tells no more; None where it tells nothing."""
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    elif sys.platform == "darwin":  # noqa: RET505 - mypy follows the platform along elif only
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    else:
        return None
