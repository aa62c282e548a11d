"""What else answers the question that a method was asked for one mask, and in which order the answers are made."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from editor.host.library import installed, of_role
from editor.host.runner import Request
from editor.runtime.library import ModelLibrary
from editor.sdk.plugin import Plugin


def others(
    chosen: Request, methods: Iterable[tuple[Plugin, Any]], seed: int, models: ModelLibrary | None, photo: str = ""
) -> tuple[Request, ...]:
    """One request for each other method of the chosen one's task, or, where it names a model, for each that is
    installed; so also for the other models of the chosen one. None for a method that lacks a model that it needs.

    Args:
        chosen: what the user asked for; it is not among them.
        methods: all that there are, each with the parameters that it is to have (an instance of `plugin.params`).
        seed: of those that draw at random.
        models: those that can be run; None if none can.
        photo: what the photo is called: models that were made for another one are left out.

    Returns:
        Them by the size of their models: a small one is loaded and run sooner than a large one, as a rule.
    """
    if not chosen.plugin.task:
        return ()
    found = [
        Request(plugin, values, seed if plugin.random else 0)
        for plugin, params in methods
        if plugin.task == chosen.plugin.task
        for values in _with_each_model(plugin, params, models, photo)
        if (plugin.id, values) != (chosen.plugin.id, chosen.params)
        and (plugin.id == chosen.plugin.id or plugin.offered is None or plugin.offered(values))
        and _can_run(plugin, values, models)
    ]
    return tuple(sorted(found, key=lambda request: _size_bytes(request, models)))


def in_turn(own: Sequence[Request], others: Sequence[Request]) -> tuple[Request, ...]:
    """The user's own requests and the others, the soonest done first: of each one, without a model before those that
    run one; then what is left of the user's own."""
    one_of_each = sorted((own[0], *others), key=lambda request: bool(_models(request)))
    return (*one_of_each, *own[1:])


def _with_each_model(plugin: Plugin, params: Any, models: ModelLibrary | None, photo: str) -> Iterator[Any]:
    """The parameters with each known model for the photo that they may name; as they are if they name none."""
    naming = [spec for spec in plugin.specs if spec.role and spec.matters(partial(getattr, params))]
    known = [() if models is None else of_role(models, spec.role) for spec in naming]
    fitting = ([model for model in each if model.photo in ("", photo)] for each in known)
    for chosen in itertools.product(*fitting):
        yield replace(params, **{spec.name: model.id for spec, model in zip(naming, chosen, strict=True)})


def _can_run(plugin: Plugin, params: Any, models: ModelLibrary | None) -> bool:
    needed = plugin.models_for(params)
    return not needed or (models is not None and all(installed(models, model) for model in needed))


def _models(request: Request) -> tuple[str, ...]:
    return request.plugin.models_for(request.params)


def _size_bytes(request: Request, models: ModelLibrary | None) -> int:
    return sum(models.store.manifest(model).size_bytes for model in _models(request)) if models is not None else 0
