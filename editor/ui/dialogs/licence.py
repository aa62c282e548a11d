"""A licence to agree to before a model is got or installed."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from editor.core.i18n import _
from editor.runtime.manifest import ModelManifest


class LicenceDialog(QDialog):
    """Names the licence, links to its text and says what it means for a photographer; accepted is what it says."""

    def __init__(self, parent: QWidget, manifest: ModelManifest) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(_("Accept licence"))
        self.setMinimumWidth(460)
        licence = manifest.licence
        title = QLabel(
            _("“{model}” comes under the licence {licence}.").format(model=_(manifest.title), licence=licence.name),
            self,
        )
        title.setObjectName("title")
        title.setTextFormat(Qt.TextFormat.PlainText)
        link = opens_links(QLabel(link_html(licence.link, licence.link), self))
        text = QLabel(
            _(
                "Not for commercial use: pictures that this model had a part in may be made for yourself, for study or "
                "research, but not for money – no commissions, no prints for sale, no stock, no advertising, no work "
                "for a client. Kintsugi itself and its other models stay free for any use."
            )
            + "\n\n"
            + _("What counts is the licence's own text. In doubt, ask those who made the model: {authors}.").format(
                authors=", ".join(manifest.authors)
            ),
            self,
        )
        text.setTextFormat(Qt.TextFormat.PlainText)
        for label in (title, link, text):
            label.setWordWrap(True)
        buttons = QDialogButtonBox(self)
        self.accept_button = buttons.addButton(_("Accept"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.accept_button.setToolTip(_("Agree to the licence; you are not asked again"))
        decline = buttons.addButton(_("Not now"), QDialogButtonBox.ButtonRole.RejectRole)
        decline.setToolTip(_("Do without this model"))
        decline.setDefault(True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setSpacing(10)
        for widget in (title, link, text, buttons):
            column.addWidget(widget)


def link_html(text: str, link: str) -> str:
    """A text as a link, for a label that `opens_links`; without a link as a text."""
    return escape(text) if not link else f'<a href="{escape(link)}">{escape(text)}</a>'


def opens_links(label: QLabel) -> QLabel:
    """Lets a label open the links in it when, and only when, they are clicked."""
    label.setTextFormat(Qt.TextFormat.RichText)
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.LinksAccessibleByMouse | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
    )
    label.setOpenExternalLinks(True)
    label.setToolTip(_("Links open in your browser"))
    return label
