"""The method panel: which method, its parameters, how many candidates, from which seed, from where it copies."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from editor.core.document import MASKS, MaskName
from editor.core.errors import ParamError
from editor.core.i18n import _
from editor.host.settings import Settings
from editor.sdk.params import Value, from_dict, to_dict
from editor.ui import mask_names, theme
from editor.ui.panels.form import ParamForm
from editor.ui.panels.presets import PresetButton

if TYPE_CHECKING:
    from editor.host.library import KnownModel
    from editor.host.presets import Presets
    from editor.host.registry import Registry
    from editor.host.runner import Request
    from editor.runtime.library import ModelLibrary
    from editor.sdk.plugin import Plugin

MOST_CANDIDATES = 12
_LAST_SEED = 2**31 - 1


class MethodPanel(QScrollArea):
    """The form of the chosen method, made from its declaration.

    method_changed(plugin): another method was chosen. edited(): a value of its form was changed.
    measure_wanted(name): a parameter shall be measured in the photo.
    preview_wanted(on): the user switched the preview.
    painted_changed(name): the user chose which mask the strokes go to.
    failed(error): a preset could not be taken or kept.
    tune_wanted(method, model): the user wants the network of the method to learn, from the chosen model on.
    learn_wanted(method, model): the same, from the open photo alone and at once.
    """

    method_changed = Signal(object)
    edited = Signal()
    measure_wanted = Signal(str)
    preview_wanted = Signal(bool)
    painted_changed = Signal(str)
    failed = Signal(object)
    tune_wanted = Signal(str, str)
    learn_wanted = Signal(str, str)

    def __init__(self, settings: Settings, presets: Presets, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._presets = presets
        self._registry: Registry | None = None
        self._models: ModelLibrary | None = None
        self._models_run = False
        self._plugin: Plugin | None = None
        self._photo = ""
        self.form = ParamForm((), self)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget(self)
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(10, 8, 10, 8)
        self._column.setSpacing(8)
        self._build_choice()
        self._column.addWidget(self.form)
        self.preview_box = QCheckBox(_("Preview"), self)
        self.preview_box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.preview_box.hide()
        self.preview_box.clicked.connect(self.preview_wanted.emit)
        self._column.addWidget(self.preview_box)
        self._build_learning()
        self._build_runs()
        self._build_compare()
        self._build_source()
        self._column.addStretch(1)
        self.setWidget(inside)

    @property
    def plugin(self) -> Plugin | None:
        return self._plugin

    @property
    def learns(self) -> bool:
        """Whether the chosen method can learn."""
        return self._plugin is not None and self._plugin.recipe is not None

    @property
    def painted(self) -> MaskName:
        """The mask that strokes go to."""
        return next(name for name in MASKS if self._paint_buttons[name].isChecked())

    def set_registry(self, registry: Registry, models: ModelLibrary) -> None:
        """Lists the methods, and greyed those that could not be loaded; chooses the one used last."""
        self._registry = registry
        self._models = models
        self.methods.clear()
        for plugin in registry.plugins.values():
            self.methods.addItem(_(plugin.title), plugin.id)
            self.methods.setItemData(self.methods.count() - 1, _(plugin.summary), Qt.ItemDataRole.ToolTipRole)
        model = cast(QStandardItemModel, self.methods.model())
        for name, reason in registry.errors.items():
            self.methods.addItem(_("{name}: not loaded").format(name=name))
            row = self.methods.count() - 1
            self.methods.setItemData(row, reason, Qt.ItemDataRole.ToolTipRole)
            model.item(row).setEnabled(False)
        self._broken.setVisible(bool(registry.errors))
        self._broken.setText("\n".join(f"{name}: {reason}" for name, reason in registry.errors.items()))
        last = self._settings.get("method.last", "")
        if registry.plugins:
            self.choose(last if last in registry.plugins else next(iter(registry.plugins)))

    def choose(self, plugin_id: str) -> None:
        """Shows the form of a method, with the values it had last."""
        assert self._registry is not None, "methods are listed before one is chosen"
        plugin = self._registry.get(plugin_id)
        self._plugin = plugin
        self.methods.setCurrentIndex(self.methods.findData(plugin_id))
        self._summary.setText(_(plugin.summary))
        form = ParamForm(plugin.specs, self, self._models_for)
        self._column.replaceWidget(self.form, form)
        self.form.deleteLater()
        self.form = form
        form.set_values(to_dict(self._params(plugin)))
        form.changed.connect(self._remember)
        form.changed.connect(self.edited.emit)
        form.measure_wanted.connect(self.measure_wanted.emit)
        self._candidates.setValue(self._settings.get(f"method.{plugin_id}.candidates", plugin.candidates))
        for row in range(self._runs.rowCount()):
            self._runs.setRowVisible(row, plugin.random)
        self._show_compare()
        self._source.setVisible(plugin.needs.source)
        if not plugin.needs.source:
            self.paint("mask")
        self.preview_box.setVisible(plugin.local)
        for button in (self.learn_button, self.tune_button):
            button.setVisible(plugin.recipe is not None)
        self._reset.setEnabled(bool(plugin.specs))
        self.presets.setEnabled(bool(plugin.specs))
        self._settings.set("method.last", plugin_id)
        self.method_changed.emit(plugin)

    def requests(self) -> tuple[Request, ...]:
        """What is to be run: the method with the shown values, once for each candidate with consecutive seeds.

        Raises ParamError if the method does not take the values together.
        """
        from editor.host.runner import Request

        plugin, params = self._shown()
        if not plugin.random:
            return (Request(plugin, params),)
        first = self._seed.value()
        return tuple(Request(plugin, params, first + number) for number in range(self._candidates.value()))

    def compared(self, own: tuple[Request, ...]) -> tuple[Request, ...]:
        """`own`, and in turn with them what else answers the same question well, if the user wants that beside them."""
        from editor.host.compare import in_turn

        return in_turn(own, self._others()) if self.compare_box.isChecked() else own

    def request_with(self, plugin_id: str, model_id: str) -> Request | None:
        """A method with the settings used last and a model that was learned; None if that is for another photo."""
        from editor.host.runner import Request

        assert self._registry is not None, "methods are there before one of them learns"
        plugin = self._registry.get(plugin_id)
        known = self._models_for(plugin.recipe.export.role) if plugin.recipe is not None else ()
        if not any(model.id == model_id and model.photo in ("", self._photo) for model in known):
            return None
        params = replace(self._params(plugin), **{self._model_field(plugin): model_id})
        return Request(plugin, params, self._seed.value() if plugin.random else 0)

    @property
    def by_chance(self) -> bool:
        """Whether other seeds give other results: of the method, or of what it is compared with."""
        compared = self._others() if self.compare_box.isChecked() else ()
        return self._plugin is not None and (self._plugin.random or any(each.plugin.random for each in compared))

    def let_models_run(self) -> None:
        """There is now what models run on."""
        self._models_run = True
        self._show_compare()

    def show_measured(self, plugin_id: str, name: str, value: Value) -> None:
        """Shows what was measured, if the method is still the one on show."""
        if self._plugin is not None and self._plugin.id == plugin_id:
            self.form.set_values({name: value})

    def refresh_models(self) -> None:
        """Shows how the models stand after one was installed or removed."""
        if self._models is not None:
            self._models.store.refresh()
        self.form.refresh_models()
        self._show_compare()

    def tune(self) -> None:
        """Asks for fine-tuning, of the chosen method if it can learn."""
        plugin = self._plugin
        if plugin is None or plugin.recipe is None:
            self.tune_wanted.emit("", "")
        else:
            self.tune_wanted.emit(plugin.id, self._model(plugin))

    def learn(self) -> None:
        """Asks for the chosen method to learn the open photo, if it can learn."""
        plugin = self._plugin
        if plugin is not None and plugin.recipe is not None:
            self.learn_wanted.emit(plugin.id, self._model(plugin))

    def show_photo(self, name: str) -> None:
        """A document of this name is open; empty if none is. Models that were made for another are not compared."""
        self.learn_button.setEnabled(bool(name))
        photo = ""
        if name:
            from editor.host.training_choice import photo_name

            photo = photo_name(name)
        if photo != self._photo:
            self._photo = photo
            self._show_compare()

    def use_model(self, plugin_id: str, model_id: str) -> None:
        """Chooses a method, and a model for it."""
        self.choose(plugin_id)
        assert self._plugin is not None, "it was just chosen"
        field = self._model_field(self._plugin)
        if field:
            self.form.set_values({field: model_id})

    def first_seeds(self) -> None:
        """Goes back to the first seed."""
        self._seed.setValue(0)

    def next_seeds(self) -> None:
        """Moves the seed on, past those of the last run."""
        self._seed.setValue((self._seed.value() + self._candidates.value()) % _LAST_SEED)

    def paint(self, name: MaskName) -> None:
        """Chooses which mask the strokes go to."""
        self._paint_buttons[name].setChecked(True)

    def _build_choice(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(4)
        self.methods = QComboBox(self)
        self.methods.setToolTip(_("The method that fills what is masked"))
        self.methods.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.methods.activated.connect(self._activated)
        self._reset = QToolButton(self)
        self._reset.setIcon(theme.icon("restore"))
        self._reset.setToolTip(_("Reset all settings of this method to their defaults"))
        self._reset.clicked.connect(self._to_defaults)
        self.presets = PresetButton(self._presets, self._shown, self)
        self.presets.chosen.connect(self._take)
        self.presets.failed.connect(self.failed.emit)
        row.addWidget(self.methods, 1)
        row.addWidget(self.presets)
        row.addWidget(self._reset)
        self._column.addLayout(row)
        self._summary = QLabel(self)
        self._summary.setObjectName("hint")
        self._summary.setWordWrap(True)
        self._column.addWidget(self._summary)
        self._broken = QLabel(self)
        self._broken.setObjectName("warning")
        self._broken.setWordWrap(True)
        self._broken.hide()
        self._column.addWidget(self._broken)

    def _build_learning(self) -> None:
        self.learn_button = QPushButton(_("Learn this photo"), self)
        self.learn_button.setToolTip(
            _(
                "Let the network of this method learn this photo for a few minutes, in the background. What comes of "
                "it is kept only if it measured better on parts of the photo that were held back."
            )
        )
        # A click leaves the focus on the canvas, where the user goes on.
        self.learn_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.learn_button.clicked.connect(self.learn)
        self.tune_button = QPushButton(_("Fine-tune…"), self)
        self.tune_button.setToolTip(_("Let the network of this method learn from photos of yours"))
        self.tune_button.clicked.connect(self.tune)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.learn_button, 1)
        row.addWidget(self.tune_button)
        self._column.addLayout(row)

    def _build_runs(self) -> None:
        self._runs = rows = QFormLayout()
        rows.setContentsMargins(0, 0, 0, 0)
        self._candidates = QSpinBox(self)
        self._candidates.setRange(1, MOST_CANDIDATES)
        self._candidates.setToolTip(_("How many results to choose from"))
        self._candidates.valueChanged.connect(self._remember_candidates)
        self._seed = QSpinBox(self)
        self._seed.setRange(0, _LAST_SEED)
        self._seed.setToolTip(_("The same seed gives the same result; R goes on to new ones"))
        rows.addRow(_("Candidates"), self._candidates)
        rows.addRow(_("Seed"), self._seed)
        self._column.addLayout(rows)

    def _build_compare(self) -> None:
        self.compare_box = QCheckBox(_("Compare with other methods"), self)
        self.compare_box.setToolTip(
            _("Also makes one result by each other method and each installed model that can do the same")
        )
        self.compare_box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.compare_box.setChecked(self._settings.get("method.compare", True))
        self.compare_box.toggled.connect(lambda on: self._settings.set("method.compare", on))
        self.compare_box.hide()
        self._column.addWidget(self.compare_box)

    def _show_compare(self) -> None:
        self.compare_box.setVisible(bool(self._others()))

    def _others(self) -> Sequence[Request]:
        """What else can now answer the question that the chosen method answers, with the settings used last."""
        from editor.host.compare import others
        from editor.host.runner import Request

        if self._registry is None or self._plugin is None:
            return ()
        methods = {plugin.id: (plugin, self._params(plugin)) for plugin in self._registry.plugins.values()}
        chosen = Request(*methods[self._plugin.id])
        models = self._models if self._models_run else None
        return others(chosen, methods.values(), self._seed.value(), models, self._photo)

    def _build_source(self) -> None:
        self._source = QWidget(self)
        column = QVBoxLayout(self._source)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        label = QLabel(_("Strokes mark"), self._source)
        column.addWidget(label)
        self._painted = QButtonGroup(self)
        self._paint_buttons: dict[MaskName, QPushButton] = {}
        for name in MASKS:
            button = QPushButton(mask_names.title(name), self._source)
            button.setObjectName(name)
            button.setCheckable(True)
            button.setToolTip(mask_names.tip(name))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self._painted.addButton(button)
            self._paint_buttons[name] = button
            column.addWidget(button)
        self.paint("mask")
        self._painted.buttonToggled.connect(self._paint_toggled)
        self._source.hide()
        self._column.addWidget(self._source)

    def _models_for(self, role: str) -> Sequence[KnownModel]:
        from editor.host.library import of_role

        return of_role(self._models, role) if self._models is not None else ()

    def _model_field(self, plugin: Plugin) -> str:
        """The name of the parameter that chooses a model of the kind that the method can train; empty if none does."""
        role = plugin.recipe.export.role if plugin.recipe is not None else ""
        return next((spec.name for spec in plugin.specs if role and spec.role == role), "")

    def _model(self, plugin: Plugin) -> str:
        """The model of that kind that is chosen; empty if the method names none."""
        field = self._model_field(plugin)
        return str(self.form.values()[field]) if field else ""

    def _activated(self, index: int) -> None:
        plugin_id = self.methods.itemData(index)
        if plugin_id is not None and (self._plugin is None or plugin_id != self._plugin.id):
            self.choose(plugin_id)

    def _paint_toggled(self, button: QPushButton, checked: bool) -> None:
        if checked:
            self.painted_changed.emit(button.objectName())

    def _shown(self) -> tuple[Plugin, object]:
        """The method and its parameters as shown. Raises ParamError if it does not take the values together."""
        assert self._plugin is not None, "a method is chosen before it is run"
        return self._plugin, from_dict(self._plugin.params, self.form.values())

    def _take(self, params: object) -> None:
        self.form.set_values(to_dict(params))

    def _to_defaults(self) -> None:
        self.form.reset()
        if self._plugin is not None:
            self._candidates.setValue(self._plugin.candidates)

    def _remember(self) -> None:
        assert self._plugin is not None, "there is no form without a method"
        self._settings.set(f"method.{self._plugin.id}.params", json.dumps(self.form.values()))

    def _remember_candidates(self, count: int) -> None:
        if self._plugin is not None:
            self._settings.set(f"method.{self._plugin.id}.candidates", count)

    def _params(self, plugin: Plugin) -> Any:
        """A method's parameters as used last; the defaults where they no longer fit it."""
        try:
            stored = json.loads(self._settings.get(f"method.{plugin.id}.params", "{}"))
            return from_dict(plugin.params, stored)
        except (ValueError, TypeError, ParamError):
            return plugin.params()
