"""What is compared with what the user chose, and in which order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from editor.host.compare import in_turn, others
from editor.host.registry import Registry
from editor.host.runner import Request, Runner
from editor.runtime.library import ModelLibrary
from editor.runtime.store import ModelStore
from editor.sdk.plugin import Plugin
from tests.helpers.documents import Level, method
from tests.helpers.makers import Idle, Named, know_model

QUICK = method(task="fill")
LEARNT = method(id="learnt", title="Learnt fill", params=Named, task="fill")
CHOSEN = Request(QUICK, Level(), 7)


@pytest.fixture
def models(tmp_path: Path) -> ModelLibrary:
    """Installed are "first" and the smaller "second"; "third" is missing, and "odd" is for something else."""
    know_model(tmp_path, "first", layers=2)
    know_model(tmp_path, "second", title="Second one")
    know_model(tmp_path, "third", installed=False)
    know_model(tmp_path, "odd", role="denoise")
    return ModelLibrary(ModelStore([tmp_path]), tmp_path)


def compared(chosen: Request, models: ModelLibrary | None, *plugins: Plugin) -> list[tuple[str, object, int]]:
    methods = [(plugin, plugin.params()) for plugin in plugins]
    return [(each.plugin.id, each.params, each.seed) for each in others(chosen, methods, 7, models)]


def test_a_method_that_keeps_back_is_compared_only_if_it_is_the_chosen_one(models: ModelLibrary) -> None:
    shy = replace(LEARNT, offered=lambda params: params.model == "first")
    assert compared(CHOSEN, models, QUICK, shy) == [("learnt", Named("first"), 7)]
    chosen = Request(shy, Named("first"), 7)
    assert compared(chosen, models, shy) == [("learnt", Named("second"), 7)]


def test_each_installed_model_of_another_method_is_asked_for_the_smallest_first(models: ModelLibrary) -> None:
    assert compared(CHOSEN, models, QUICK, LEARNT) == [("learnt", Named("second"), 7), ("learnt", Named("first"), 7)]


def test_the_other_models_of_the_chosen_method_are_compared_as_well(models: ModelLibrary) -> None:
    chosen = Request(LEARNT, Named("second"), 7)
    assert compared(chosen, models, QUICK, LEARNT) == [("flat_fill", Level(), 7), ("learnt", Named("first"), 7)]


def test_a_model_that_was_made_for_a_photo_is_compared_for_that_one_only(models: ModelLibrary, tmp_path: Path) -> None:
    know_model(tmp_path, "mine", trained={"method": "learnt", "version": 1, "photo": "IMG 1"})
    models.store.refresh()
    asked = {
        photo: [each.params.model for each in others(CHOSEN, [(LEARNT, Named())], 7, models, photo)]
        for photo in ("IMG 1", "IMG 2")
    }
    assert sorted(asked["IMG 1"]) == ["first", "mine", "second"]
    assert sorted(asked["IMG 2"]) == ["first", "second"]


def test_only_methods_of_the_same_task_are_compared(models: ModelLibrary) -> None:
    other = method(id="other", task="denoise")
    alone = method(id="alone")
    assert compared(CHOSEN, models, QUICK, other, alone) == []
    assert compared(Request(alone, Level()), models, alone, method(id="also_alone")) == []


def test_without_what_models_run_on_only_methods_without_one_are_compared() -> None:
    sure = method(id="sure", task="fill", random=False)
    assert compared(CHOSEN, None, QUICK, LEARNT, sure) == [("sure", Level(), 0)]


@pytest.mark.parametrize(("needed", "count"), [("first", 1), ("third", 0), ("unknown", 0)])
def test_a_method_that_lacks_its_own_model_is_left_out(models: ModelLibrary, needed: str, count: int) -> None:
    assert len(compared(CHOSEN, models, method(id="modelled", task="fill", models=(needed,)))) == count


def test_one_of_each_comes_before_the_second_of_any_and_what_runs_no_model_first() -> None:
    own = (CHOSEN, Request(QUICK, Level(), 8))
    learnt = Request(LEARNT, Named(), 7)
    assert in_turn(own, (learnt,)) == (own[0], learnt, own[1])
    assert in_turn((learnt,), (own[0], Request(LEARNT, Named("second")))) == (
        own[0],
        learnt,
        Request(LEARNT, Named("second")),
    )


@pytest.mark.parametrize(
    ("known", "model", "name"),
    [
        (("first",), "first", "Learnt fill"),
        (("second",), "second", "Learnt fill, Called second"),
        (("first", "second"), "first", "Learnt fill, Called first"),
    ],
)
def test_a_result_is_called_by_its_model_where_that_is_not_plain(
    tmp_path: Path, known: tuple[str, ...], model: str, name: str
) -> None:
    for each in known:
        know_model(tmp_path, each, title=f"Called {each}")
    know_model(tmp_path, "third", installed=False)
    runner = Runner(Registry({"learnt": LEARNT}), Idle(tmp_path))
    assert runner.name(Request(LEARNT, Named(model))) == name
