"""The mask menu: each entry changes the mask that is being painted, as one step of the history."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from editor.core.document import DocumentState, MaskName
from editor.core.errors import EditorError
from editor.core.i18n import _
from editor.host import mask_edits
from editor.sdk.params import Doc, ParamSpec, Range
from editor.ui import mask_names
from editor.ui.dialogs import ask
from editor.ui.files import Files

if TYPE_CHECKING:
    from editor.ui.dialogs.small import AmountDialog

Edit = Callable[[DocumentState, MaskName], DocumentState]

_GROW = ParamSpec(
    "px", int, 4, Doc("Grow or shrink", "Moves the mask's edge outwards, or inwards with a number below 0."),
    Range(-200, 200, unit="px"),
)  # fmt: skip
_FEATHER = ParamSpec(
    "px", float, 4.0, Doc("Feather", "Softens the mask's edge over about this many pixels."),
    Range(0.5, 200, step=0.5, unit="px"),
)  # fmt: skip


class MaskMenu:
    """painted: says which mask is being painted now."""

    def __init__(self, window: QWidget, files: Files, painted: Callable[[], MaskName]) -> None:
        self._window = window
        self._files = files
        self._painted = painted
        self._asking: AmountDialog | None = None

    def invert(self) -> None:
        self._edit(mask_edits.invert, _("Invert mask"))

    def clear(self) -> None:
        session = self._files.session
        if session is not None and not session.state.masked(self._painted()).empty:
            self._edit(mask_edits.clear, _("Clear mask"))

    def select_all(self) -> None:
        self._edit(mask_edits.select_all, _("Mask everything"))

    def grow(self) -> None:
        def apply(px: float) -> None:
            label = _("Grow mask by {px} px") if px >= 0 else _("Shrink mask by {px} px")
            self._edit(lambda state, name: mask_edits.grow(state, name, round(px)), label.format(px=abs(round(px))))

        self._ask_amount(_GROW, apply)

    def feather(self) -> None:
        def apply(px: float) -> None:
            self._edit(
                lambda state, name: mask_edits.feather(state, name, px),
                _("Feather mask by {px} px").format(px=f"{px:g}"),
            )

        self._ask_amount(_FEATHER, apply)

    def load(self) -> None:
        from editor.host.documents import load_mask
        from editor.io.read import READ_SUFFIXES

        session = self._files.session
        if session is None:
            return
        path = ask.file_to_open(self._window, _("Load mask"), str(self._files.export_folder()), READ_SUFFIXES)
        if path is None:
            return
        name = self._painted()
        try:
            label = _("Load mask {name}").format(name=path.name)
            session.commit(load_mask(session.state, path, name), mask_names.step_label(label, name))
        except EditorError as error:
            self._files.failed.emit(error)

    def save(self) -> None:
        session = self._files.session
        if session is None:
            return
        suggestion = self._files.export_folder() / f"{self._files.stem}-{_('mask')}.png"
        path = ask.file_to_save(self._window, _("Save mask"), suggestion, "PNG")
        if path is not None:
            self._write(session.state, self._painted(), path)

    def _write(self, state: DocumentState, name: MaskName, path: Path) -> None:
        def work() -> None:
            from editor.host.documents import export_mask

            export_mask(state.masked(name), path)

        done = _("Saved the mask as {name}.").format(name=path.name)
        self._files.write_in_background(
            _("Saving {name}…").format(name=path.name), work, lambda _nothing: self._files.noted.emit(done)
        )

    def _ask_amount(self, spec: ParamSpec, apply: Callable[[float], None]) -> None:
        from editor.ui.dialogs.small import AmountDialog

        if self._asking is not None:
            self._asking.reject()
        dialog = AmountDialog(self._window, spec, apply)
        dialog.finished.connect(self._answered)
        self._asking = dialog
        dialog.show()

    def _answered(self, _result: int) -> None:
        self._asking = None

    def _edit(self, edit: Edit, label: str) -> None:
        session = self._files.session
        if session is not None:
            name = self._painted()
            session.commit(edit(session.state, name), mask_names.step_label(label, name))
