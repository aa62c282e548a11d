"""What a training is begun with: method, the model to go on from, photos, name and time; and those begun earlier."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from editor.core.i18n import _
from editor.host.settings import Settings
from editor.host.training_choice import PHOTO_MINUTES, Choice, free_name, subject
from editor.host.training_noise import is_lifted
from editor.runtime.tuning.folder import Order
from editor.sdk.plugin import Plugin
from editor.ui.panels.tuning_photos import Document, PhotoChoice
from editor.ui.panels.tuning_resting import Resting
from editor.ui.tuning_work import Stage, TuningWork

_MINUTES = 10
_MOST_MINUTES = 600


class SetUpPanel(QWidget):
    """forget_wanted(run): leads to a question first."""

    forget_wanted = Signal(object)

    def __init__(self, work: TuningWork, document: Document, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self._settings = settings
        self._named = False
        self._timed = False
        self._wanted = ""
        self.resting = Resting(work, self)
        self.resting.forget_wanted.connect(self.forget_wanted)
        self.method = QComboBox(self)
        self.method.setToolTip(_("The method whose network learns"))
        self.base = QComboBox(self)
        self.base.setToolTip(_("The model that learns on; it stays as it is, and a new one is made beside it"))
        self.base_hint = QLabel(
            _("There is no model to go on from yet: it learns from nothing, which takes hours to be good."), self
        )
        self.base_hint.setObjectName("hint")
        self.base_hint.setWordWrap(True)
        self.photos = PhotoChoice(document, settings, self)
        self.name = QLineEdit(self)
        self.name.setToolTip(_("What the new model is called"))
        self.minutes = QSpinBox(self)
        self.minutes.setRange(1, _MOST_MINUTES)
        self.minutes.setSuffix(_(" min"))
        self.minutes.setToolTip(_("How long it learns: more is better, up to a point"))
        self.hint = QLabel(self)
        self.hint.setObjectName("hint")
        self.hint.setWordWrap(True)
        self.prepare_button = QPushButton(_("Prepare"), self)
        self.prepare_button.setToolTip(
            _("Cut the photos into patches, and see how many there are before it begins to learn (Enter)")
        )
        self._lay_out()
        self.method.currentIndexChanged.connect(lambda _index: self._method_chosen())
        self.base.currentIndexChanged.connect(lambda _index: self._show_use())
        self.base.currentIndexChanged.connect(lambda _index: self._check())
        self.minutes.valueChanged.connect(lambda _minutes: self._time())
        self.photos.changed.connect(self._suggest)
        self.name.textEdited.connect(self._rename)
        self.name.textChanged.connect(lambda _text: self._check())
        self.prepare_button.clicked.connect(lambda _checked: self.prepare())
        work.changed.connect(self.refresh)
        self.refresh()

    @property
    def enter_button(self) -> QPushButton:
        """What Enter presses."""
        return self.prepare_button

    @property
    def plugin(self) -> Plugin | None:
        """The chosen method."""
        return self._work.learners.get(self.method.currentData() or "")

    def prefer(self, method: str, model: str) -> None:
        """Chooses a method and the model that it goes on from, where they can be."""
        self._wanted = model
        self.method.setCurrentIndex(max(0, self.method.findData(method)))
        self._list_bases()
        if self.base.findData(model) >= 0:
            self.base.setCurrentIndex(self.base.findData(model))

    def refresh(self) -> None:
        """Follows methods and runs; what is chosen stays."""
        if self._work.stage is not Stage.SET_UP:
            return
        listed = [self.method.itemData(row) for row in range(self.method.count())]
        if listed != [*self._work.learners]:
            chosen = self.method.currentData()
            with QSignalBlocker(self.method):
                self.method.clear()
                for plugin in self._work.learners.values():
                    self.method.addItem(_(plugin.title), plugin.id)
                self.method.setCurrentIndex(max(0, self.method.findData(chosen)))
        self.resting.refresh()
        self._list_bases()
        self.photos.refresh()

    def prepare(self) -> None:
        """Cuts what is chosen."""
        plugin = self.plugin
        if plugin is None or not self.prepare_button.isEnabled():
            return
        if not self.photos.only_open:
            self._settings.set("tuning.minutes", self.minutes.value())
        order = Order(None, float(self.minutes.value()))
        base = self.base.currentData() or ""
        name = self.name.text().strip()
        self._named = self._timed = False
        self._work.cut(Choice(name, plugin.id, base, self.photos.photos(), self.photos.paths, order))

    def begin(self) -> None:
        """Puts the focus where the user goes on."""
        first = self.prepare_button if self.prepare_button.isEnabled() else self.photos.photos_button
        first.setFocus(Qt.FocusReason.OtherFocusReason)

    def _method_chosen(self) -> None:
        self._list_bases()
        self._suggest()

    def _show_use(self) -> None:
        plugin = self.plugin
        lifts = plugin is not None and is_lifted(plugin, self.base.currentData() or "")
        self.photos.show_use(lifts_noise=lifts)

    def _list_bases(self) -> None:
        plugin = self.plugin
        chosen = self.base.currentData() if self.base.count() else self._wanted
        with QSignalBlocker(self.base):
            self.base.clear()
            bases = self._work.trainings.bases(plugin) if plugin is not None else ()
            for manifest in sorted(bases, key=lambda each: each.id != self._wanted):
                self.base.addItem(_(manifest.title), manifest.id)
            self.base.addItem(_("Nothing: learn from the beginning"), "")
            self.base.setCurrentIndex(max(0, self.base.findData(chosen)) if chosen else 0)
        self.base.setEnabled(bool(bases))
        self.base_hint.setVisible(plugin is not None and not bases)
        self._show_use()

    def _suggest(self) -> None:
        """A free name from method and photos, and a time, as long as the user gave none."""
        plugin = self.plugin
        if not self._named and plugin is not None:
            of = subject(self.photos.names)
            wanted = f"{_(plugin.title)}, {of}" if of else _(plugin.title)
            self.name.setText(free_name(wanted, self._work.taken))
        if not self._timed:
            minutes = PHOTO_MINUTES if self.photos.only_open else self._settings.get("tuning.minutes", _MINUTES)
            with QSignalBlocker(self.minutes):
                self.minutes.setValue(minutes)
        self._check()

    def _time(self) -> None:
        self._timed = True

    def _rename(self, text: str) -> None:
        self._named = bool(text.strip())

    def _check(self) -> None:
        """Says what is missing, if anything is."""
        name = self.name.text().strip()
        trouble = ""
        if self.plugin is None:
            trouble = _("No method here can learn.")
        elif not self.photos.names:
            trouble = _("Choose photos to learn from.")
        elif not name:
            trouble = _("Give the new model a name.")
        elif name.casefold() in [each.casefold() for each in self._work.taken]:
            trouble = _("There is a model or a training called so already.")
        self.hint.setText(trouble)
        self.prepare_button.setEnabled(not trouble)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(8)
        form.addRow(_("Method"), self.method)
        form.addRow(_("Goes on from"), self.base)
        form.addRow("", self.base_hint)
        form.addRow(_("Photos"), self.photos)
        form.addRow(_("Name"), self.name)
        form.addRow(_("Time"), self.minutes)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        last = QHBoxLayout()
        last.addWidget(self.hint, 1)
        last.addWidget(self.prepare_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.resting)
        column.addLayout(form, 1)
        column.addLayout(last)
