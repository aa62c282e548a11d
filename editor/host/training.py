"""Trainings as the window and the command line see them: prepared, running, resting, and what became of them."""

from __future__ import annotations

import math
import re
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from editor.core.errors import EditorError, ModelError
from editor.core.i18n import _
from editor.host import training_advice, training_card, training_data, training_planes
from editor.host.training_choice import PREPARING
from editor.host.training_data import Harvest, Photo
from editor.host.training_noise import Clean, NoiseLifter
from editor.runtime.library import ModelLibrary
from editor.runtime.manifest import ModelManifest, Trained
from editor.runtime.tuning.events import ENDS, Event, Failed, Finished
from editor.runtime.tuning.folder import Order, RunFolder, read_json, write_json
from editor.runtime.tuning.process import Process
from editor.runtime.tuning.task import Task
from editor.sdk.plugin import Plugin
from editor.sdk.recipe import FEATURE_LOSSES, Recipe

FEATURES = "efficientnet_lite0"
"""The model by whose features pictures are compared, where a recipe does so."""

_FILE = "run.json"
# Of the time that photos take where planes are added.
_CUTTING = 0.1


@dataclass(frozen=True, slots=True)
class Run:
    """A training, from when its photos were cut until its model is kept or it is forgotten.

    name: of the model to be. method: id of the plugin. version: of its recipe. base: id of the model that it goes on
    from, empty if from none. noise: how many samples of it were lifted. spent_s: how long it has run. photo: what the
    one photo is called that the model is made for; empty if it is for any.
    """

    name: str
    method: str
    version: int
    base: str
    order: Order
    harvest: Harvest
    folder: RunFolder
    noise: int = 0
    spent_s: float = 0.0
    photo: str = ""

    @property
    def begun(self) -> bool:
        """Whether something was learned that would be lost."""
        return self.folder.checkpoint.exists()


class Trainings:
    """The runs in a folder. It is cheap to make, and knows nothing of what runs in other programs."""

    def __init__(self, folder: Path, library: ModelLibrary) -> None:
        self._folder = folder
        self._library = library

    def bases(self, plugin: Plugin) -> tuple[ModelManifest, ...]:
        """The installed models that a method can go on from: trained by this version of its recipe, or of another
        method's of the same network."""
        if plugin.recipe is None:
            return ()
        fitting = ((plugin.id, plugin.recipe.version), *plugin.recipe.starts_from)
        return tuple(
            manifest
            for _id, manifest in sorted(self._library.store.manifests.items())
            if manifest.trained is not None
            and (manifest.trained.method, manifest.trained.version) in fitting
            and self._library.store.installed(manifest.id)
        )

    def all(self) -> tuple[Run, ...]:
        """The runs that are neither kept nor forgotten, by name; what can't be read is left out."""
        runs = (self._read(path.parent) for path in sorted(self._folder.glob(f"*/{_FILE}")))
        return tuple(run for run in runs if run is not None)

    def find(self, name: str) -> Run | None:
        """The run of this name, if there is one."""
        return self._read(self._place(name))

    def prepare(
        self,
        name: str,
        plugin: Plugin,
        photos: Sequence[Photo],
        order: Order,
        *,
        base: str = "",
        photo: str = "",
        clean: Clean | None = None,
        progress: Callable[[float], None] = lambda _share: None,
    ) -> Run:
        """Cuts the photos; nothing is learned yet.

        Args:
            photo: what the one photo is called that the model is to be for, if it is for one.
            clean: for a recipe that lifts noise, what cleans noisy photos; None takes all photos as they are.
            progress: told the share that is done; what it raises stops the work, and nothing stays.

        Raises:
            EditorError: the method can't learn, the name is taken, there is too little to learn from, or no room for
                what is cut.
        """
        recipe = recipe_of(plugin)
        if self.find(name) is not None:
            raise EditorError(_("There is a training called {name!r} already.").format(name=name))
        if base:
            self._check_base(plugin, base)
        place = self._place(name)
        part = place.with_name(f".{place.name}.part")
        try:
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
            lifter = NoiseLifter(clean) if recipe.lifts_noise and clean is not None else None
            if lifter is not None:
                photos = [lifter.taken_apart(photo) for photo in photos]
            harvest = self._cut(photos, RunFolder(part), recipe, order, progress)
            lifted = lifter.save(RunFolder(part).bank) if lifter is not None else 0
            run = Run(name, plugin.id, recipe.version, base, order, harvest, RunFolder(part), lifted, photo=photo)
            self._write(run)
            part.replace(place)
        except OSError as error:
            raise EditorError(
                _("The photos could not be prepared in {folder}: {reason}.").format(
                    folder=self._folder, reason=error.strerror or error
                )
            ) from error
        finally:
            shutil.rmtree(part, ignore_errors=True)
        return replace(run, folder=RunFolder(place))

    def start(self, run: Run, plugin: Plugin, on_event: Callable[[Event], None]) -> Training:
        """Lets it learn, or learn on; `on_event` is called in another thread.

        Raises:
            EditorError: its model is not there any more, or the recipe has changed since.
        """
        recipe = recipe_of(plugin)
        if run.version != recipe.version:
            raise EditorError(
                _("The training {name!r} was begun with another version of {method}; start it anew.").format(
                    name=run.name, method=_(plugin.title)
                )
            )
        base = self._library.store.locate(run.base) if run.base else None
        task = Task(recipe, run.folder.path, run.order, base, self._features(recipe))
        return Training(run, task, on_event, self._write)

    def outcome(self, run: Run) -> training_advice.Outcome:
        """What its curve says. Raises ValueError if nothing was measured."""
        return training_advice.outcome(run.folder.curve(), fresh=not run.base)

    def keep(self, run: Run, plugin: Plugin, difference: float) -> ModelManifest:
        """Puts the exported model of a finished run among the user's models, with its card, and clears the run away.

        difference: between the file and the network.

        Raises:
            ModelError: it can't be installed; the run stays.
        """
        recipe = recipe_of(plugin)
        outcome = self.outcome(run)
        trained = Trained(run.method, run.version, run.base, run.photo)
        made = _("{method}, fine-tuned on photos of yours.") if run.base else _("{method}, trained on photos of yours.")
        if run.photo:
            made = _("{method}, fine-tuned on the photo {photo}, for which alone it is compared unasked.")
        summary = made.format(method=_(plugin.title), photo=run.photo)
        card = training_card.text(run, plugin, outcome, difference)
        manifest = self._library.add_trained(run.folder.model, run.name, summary, recipe.export, trained, card)
        self.forget(run)
        return manifest

    def forget(self, run: Run) -> None:
        """Deletes it. What can't be deleted now is no longer listed."""
        (run.folder.path / _FILE).unlink(missing_ok=True)
        shutil.rmtree(run.folder.path, ignore_errors=True)

    def _cut(
        self,
        photos: Sequence[Photo],
        folder: RunFolder,
        recipe: Recipe,
        order: Order,
        progress: Callable[[float], None],
    ) -> Harvest:
        share = _CUTTING if recipe.prepares else 1.0
        harvest = training_data.cut(
            photos,
            folder.path,
            recipe.shrinks,
            cell_px=recipe.cell_px or training_data.CELL_PX,
            seed=order.seed,
            progress=lambda done: progress(share * done),
        )
        if not recipe.prepares:
            return harvest
        cells, held_back = training_planes.add(
            recipe.prepares,
            (folder.train, folder.validation),
            order.seed,
            lambda done: progress(share + (1 - share) * done),
            # Who has minutes does not want to wait an hour for them to begin.
            60 * PREPARING * order.minutes if order.minutes is not None else math.inf,
        )
        return replace(harvest, cells=cells, validation_cells=held_back)

    def _features(self, recipe: Recipe) -> Path | None:
        """What pictures are compared by, if that is wanted. Raises ModelError if it is needed, and not there."""
        wanting = [loss for loss in recipe.losses if loss.name in FEATURE_LOSSES]
        if not wanting or (all(loss.optional for loss in wanting) and not self._library.store.installed(FEATURES)):
            return None
        self._library.store.locate(FEATURES)
        name = self._library.store.manifest(FEATURES).files[0].name
        return next(folder / name for folder in self._library.store.folders if (folder / name).is_file())

    def _check_base(self, plugin: Plugin, base: str) -> None:
        known = [manifest.id for manifest in self.bases(plugin)]
        if base not in known:
            raise ModelError(
                _("{method} can't go on from the model {model!r}; it can from: {known}.").format(
                    method=_(plugin.title), model=base, known=", ".join(known) or _("none")
                )
            )

    def _place(self, name: str) -> Path:
        """The folder of a run: names of models may hold anything."""
        plain = re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_") or "run"
        return self._folder / plain

    def _write(self, run: Run) -> None:
        values = asdict(run)
        del values["folder"]
        write_json(run.folder.path / _FILE, values)

    def _read(self, folder: Path) -> Run | None:
        values = read_json(folder / _FILE)
        try:
            if values is None:
                return None
            harvest: dict[str, Any] = {key: _tuples(value) for key, value in values.pop("harvest").items()}
            return Run(
                order=Order(**values.pop("order")), harvest=Harvest(**harvest), folder=RunFolder(folder), **values
            )
        except (KeyError, TypeError, AttributeError):
            return None


class Training:
    """A run that learns now, in a process of its own."""

    def __init__(
        self, run: Run, task: Task, on_event: Callable[[Event], None], remember: Callable[[Run], None]
    ) -> None:
        self.run = run
        self._on_event = on_event
        self._remember = remember
        self._began = time.monotonic()
        self._process = Process(task, self._heard)

    @property
    def process(self) -> Process:
        return self._process

    def pause(self) -> None:
        self._process.tell("pause")

    def resume(self) -> None:
        self._process.tell("resume")

    def finish(self) -> None:
        """Stops it and keeps the best that it learned."""
        self._process.tell("keep")

    def rest(self) -> None:
        """Stops it so that it can go on later."""
        self._process.tell("rest")

    def close(self) -> None:
        """Stops it so that it can go on later, and waits for that."""
        self._process.close()

    def kill(self) -> None:
        """Ends it at once; what it learned is as its last checkpoint has it."""
        self._process.kill()

    def _heard(self, event: Event) -> None:
        if isinstance(event, ENDS):
            self.run = replace(self.run, spent_s=self.run.spent_s + time.monotonic() - self._began)
            try:
                self._remember(self.run)
            except OSError as error:
                if isinstance(event, Finished):
                    event = Failed(
                        _("The training could not be saved: {reason}.").format(reason=error.strerror or error),
                        str(error),
                    )
        self._on_event(event)


def recipe_of(plugin: Plugin) -> Recipe:
    """Raises EditorError if the method can't learn."""
    if plugin.recipe is None:
        raise EditorError(_("{method} has nothing to learn.").format(method=_(plugin.title)))
    return plugin.recipe


def _tuples(value: object) -> object:
    """As it was before it became JSON."""
    return tuple(_tuples(each) for each in value) if isinstance(value, list) else value
