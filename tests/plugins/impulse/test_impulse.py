from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest
from numpy.typing import NDArray

from editor.core.document import DocumentState
from editor.core.errors import MaskError
from editor.core.geometry import Rect
from editor.core.metadata import Metadata
from editor.host import mask_edits, runner, views
from editor.host.apply import preview
from editor.host.jobs import CancelToken
from editor.host.made import MadeMask, Patch
from editor.host.registry import Registry
from editor.host.runner import Request, Runner
from editor.runtime.tuning.trainee import trainee
from editor.sdk.errors import ModelError
from editor.sdk.models import ModelFacts, TensorSpec
from editor.sdk.params import Choice, Doc
from editor.sdk.plugin import Inputs, MaskResult, Result
from editor.sdk.testing import FakeContext, check_plugin
from plugins import find_specks
from plugins.impulse import PLUGIN, Params, groups, method
from plugins.impulse.groups import Box
from tests.imaging.impulses import F32, photo, salt_and_pepper
from tests.runtime.engines import Bench

MODELS = Path(__file__).parents[3] / "models"

FOUND: dict[str, Any] = {"repair": "found", "kind": "salt_pepper"}
FACTS = ModelFacts(
    "impulse",
    "Fake",
    1,
    None,
    8,
    (TensorSpec("in", "NCHW", "float32", (0.0, 1.0), "planes", 4),),
    (TensorSpec("out", "NCHW", "float32", (0.0, 1.0), "RGB", 3),),
)


def brighter(model: str, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Stands in for the network: adds 0.1 everywhere."""
    assert model == "impulse"
    return {"out": inputs["in"][:, :3] + np.float32(0.1)}


def run(state: DocumentState, **params: Any) -> tuple[NDArray[Any], Patch]:
    """The whole picture afterwards: salt and pepper found, and repaired without a network, if not asked otherwise."""
    made = Runner(Registry({"impulse": PLUGIN}), threads=1).run(
        state,
        Request(PLUGIN, Params(**{"learned": False, **FOUND, **params})),
        CancelToken(),
        lambda _part, _text: None,
    )
    assert isinstance(made, Patch)
    return preview(state, made).read(state.size.rect), made


def opened(pixels: NDArray[Any]) -> DocumentState:
    return DocumentState.from_pixels(np.ascontiguousarray(pixels), Metadata(), "specks")


def in_depth(image: F32, dtype: type) -> NDArray[Any]:
    if dtype is np.float32:
        return image
    return np.rint(image * np.iinfo(dtype).max).astype(dtype)


@dataclass(frozen=True, slots=True)
class _Finds(Params):
    """The same, with a default under which every parameter changes something."""

    repair: Annotated[str, Choice((("found", "Found"), ("mask", "Masked"))), Doc("Repair", "What is repaired.")] = (
        "found"
    )


def test_it_keeps_the_rules_for_plugins() -> None:
    given = photo()[60:150, 60:150].copy()
    given[30:34, 40:44] = 0.05
    given[60:62, 20:40] = 0.05
    given[40:43, 20:23] += 0.08
    mask = np.zeros(given.shape[:2], np.float32)
    mask[25:75, 15:75] = 1
    other = replace(FACTS, id="other")

    def infer(model: str, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        return {"out": inputs["in"][:, :3] * np.float32(0.9 if model == "other" else 0.8)}

    check_plugin(replace(PLUGIN, params=_Finds), Inputs(given, mask, mask == 0), infer=infer, models=[FACTS, other])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("density", [0.02, 0.5])
def test_only_specks_change_and_all_others_stay_to_the_bit(dtype: type, density: float) -> None:
    clean = photo()
    given, bad = salt_and_pepper(clean, density)
    before = in_depth(given, dtype)
    after, made = run(opened(before))
    changed = (after != before).any(axis=2)
    assert not (changed & ~bad).any()
    assert (changed & bad).sum() / bad.sum() > 0.98
    assert made.report["px repaired"] == pytest.approx(bad.sum(), rel=0.02)
    truth = in_depth(clean, dtype).astype(np.float64)
    assert np.abs(after - truth).mean() < 0.1 * np.abs(before - truth).mean()


def test_single_channels_are_repaired_alone() -> None:
    clean = in_depth(photo(), np.uint8)
    given = clean.copy()
    hit = np.random.default_rng(1).random(clean.shape) < 0.05
    given[hit] = 0
    after, _made = run(opened(given))
    np.testing.assert_array_equal(after[~hit], given[~hit])
    assert np.abs(after.astype(int) - clean)[hit].mean() < 6


def test_all_that_is_masked_is_repaired_as_it_is_and_nothing_else() -> None:
    given, bad = salt_and_pepper(photo(), 0.05)
    before = in_depth(given, np.uint16)
    state = mask_edits.fill_rect(opened(before), "mask", Rect(120, 100, 124, 103))
    after, made = run(state, repair="mask")
    inside = np.zeros(bad.shape, np.bool_)
    inside[100:103, 120:124] = True
    np.testing.assert_array_equal(after[~inside], before[~inside])
    assert made.report == {"px repaired": 12}
    assert (after[inside] != before[inside]).any(axis=1).sum() >= 11


def test_specks_are_looked_for_within_the_mask() -> None:
    given, bad = salt_and_pepper(photo(), 0.05)
    before = in_depth(given, np.uint8)
    state = mask_edits.fill_rect(opened(before), "mask", Rect(110, 60, 200, 180))
    after, _made = run(state)
    changed = (after != before).any(axis=2)
    inside = np.zeros(bad.shape, np.bool_)
    inside[60:180, 110:200] = True
    assert not (changed & ~(bad & inside)).any()
    assert changed.sum() > 0.97 * (bad & inside).sum()


def test_the_mask_that_was_found_and_corrected_is_what_is_repaired() -> None:
    given = photo()
    given[100:104, 100:104] = 0.05
    given[150:154, 60:64] = 0.05
    before = in_depth(given, np.uint8)
    state = opened(before)
    finder = find_specks.PLUGIN
    made = Runner(Registry({"find_specks": finder}), threads=1).run(
        state, Request(finder, finder.params()), CancelToken(), lambda _part, _text: None
    )
    assert isinstance(made, MadeMask)
    found = made.mask.read(state.size.rect)[..., 0] > 0
    assert found[100:104, 100:104].all()
    corrected = preview(state, made)
    eraser = corrected.mask.write()
    eraser.write(Rect(50, 140, 80, 170), np.zeros((30, 30, 1), np.uint8))
    after, _patch = run(replace(corrected, mask=eraser.freeze()), repair="mask")
    assert after[100:104, 100:104].min() > 60
    np.testing.assert_array_equal(after[140:170, 50:80], before[140:170, 50:80])


@pytest.mark.parametrize("kind", ["salt_pepper", "hot", "dust"])
def test_the_search_changes_the_pixels_that_the_mask_would_show(kind: str) -> None:
    given, _bad = salt_and_pepper(photo(), 0.004)
    given[100:106, 100:106] = 0.05
    before = in_depth(given, np.uint8)
    _after, made = run(opened(before), kind=kind)
    inputs = Inputs(
        before.astype(np.float32) / np.float32(255), np.ones(given.shape[:2], np.float32), np.ones((200, 220), bool)
    )
    mask = find_specks.PLUGIN.run(inputs, find_specks.Params(kind=kind), FakeContext())
    assert isinstance(mask, MaskResult)
    assert made.report == {"px repaired": np.count_nonzero(mask.mask)}


@pytest.mark.parametrize("kind", ["salt_pepper", "random"])
def test_in_a_large_picture_the_same_specks_are_shown_and_repaired(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too large for all of it to be looked at before; it is much noisier in one place than in others."""
    monkeypatch.setattr(views, "_SEEN_PX", 3 * 64 * 220)
    given, _bad = salt_and_pepper(photo(800), 0.01)
    given[192:384], _bad = salt_and_pepper(given[192:384], 0.3)
    state = opened(in_depth(given, np.uint8))
    after, _made = run(state, kind=kind)
    finder = find_specks.PLUGIN
    found = Runner(Registry({"find_specks": finder})).run(
        state, Request(finder, find_specks.Params(kind=kind)), CancelToken(), lambda _part, _text: None
    )
    assert isinstance(found, MadeMask)
    mask = found.mask.read(state.size.rect)[..., 0] > 0
    changed = (after != state.read(state.size.rect)).any(axis=2)
    assert not (changed & ~mask).any()
    assert changed.sum() > 0.95 * mask.sum()


def test_a_mask_of_the_whole_picture_is_searched_like_none() -> None:
    given, _bad = salt_and_pepper(photo(), 0.05)
    state = opened(in_depth(given, np.uint8))
    plain, _made = run(state)
    after, _made = run(mask_edits.fill_rect(state, "mask", state.size.rect))
    np.testing.assert_array_equal(after, plain)


def test_a_mask_over_all_that_is_looked_at_before_is_still_a_mask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "_SEEN_PX", 2 * 64 * 40)
    state = opened(in_depth(photo(400, 40), np.uint8))
    for rect in (Rect(0, 0, 40, 180), Rect(0, 190, 40, 400)):
        state = mask_edits.fill_rect(state, "mask", rect)
    with pytest.raises(MaskError, match="Content-aware fill"):
        run(state, repair="mask")


def test_parts_that_are_worked_apart_fit_together() -> None:
    given, _bad = salt_and_pepper(photo(90, 1300), 0.3)
    before = in_depth(given, np.uint16)
    whole, _made = run(opened(before))
    after, _made = run(opened(before[:, 896:]))
    np.testing.assert_array_equal(after[:, 288:], whole[:, 1184:])


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_grey_and_transparent_documents_are_repaired(channels: int) -> None:
    given, bad = salt_and_pepper(photo(), 0.1)
    before = np.empty((*bad.shape, channels), np.uint8)
    before[:] = in_depth(given, np.uint8)[..., :1]
    if channels in (2, 4):
        before[..., -1] = 200
        before[:, 150:, -1] = 0
    after, _made = run(opened(before))
    colours = before.shape[2] - (channels in (2, 4))
    changed = (after != before)[..., :colours].any(axis=2)
    visible = np.ones_like(bad) if channels == 1 else before[..., -1] > 0
    assert not (changed & ~(bad & visible)).any()
    assert (changed & bad & visible).sum() > 0.95 * (bad & visible).sum()
    np.testing.assert_array_equal(after[..., colours:], before[..., colours:])


@pytest.mark.parametrize("size", [(1, 1), (7, 7)])
@pytest.mark.parametrize("value", [0, 90, 255])
@pytest.mark.parametrize("kind", ["salt_pepper", "random", "hot", "dust"])
def test_where_nothing_is_found_nothing_changes_and_that_is_said(size: tuple[int, int], value: int, kind: str) -> None:
    before = np.full((*size, 3), value, np.uint16)
    after, made = run(opened(before), kind=kind)
    np.testing.assert_array_equal(after, before)
    assert made.report == {"px repaired": 0}


def test_a_picture_of_nothing_but_specks_is_refused() -> None:
    given, _bad = salt_and_pepper(photo(), 1.0)
    with pytest.raises(MaskError, match="lower the sensitivity"):
        run(opened(in_depth(given, np.uint8)))


@pytest.mark.parametrize("masked", [False, True])
def test_all_that_is_masked_must_be_less_than_all(masked: bool) -> None:
    state = opened(in_depth(photo(), np.uint8))
    if masked:
        state = mask_edits.fill_rect(state, "mask", state.size.rect)
    with pytest.raises(MaskError, match="paint over the specks, or set Repair to “Specks that it finds”"):
        run(state, repair="mask")


def test_a_mask_that_leaves_nothing_clean_near_enough_is_refused() -> None:
    state = mask_edits.fill_rect(opened(in_depth(photo(), np.uint8)), "mask", Rect(0, 0, 219, 200))
    with pytest.raises(MaskError, match="Content-aware fill"):
        run(state, repair="mask")


def refined(image: F32, **params: Any) -> F32:
    assert PLUGIN.prepare is not None
    blank = np.ones(image.shape[:2], np.float32)
    context = FakeContext(infer=brighter, models=[FACTS], origin=(3, 5))
    inputs = Inputs(image, blank, blank > 2, everywhere=True)
    chosen = Params(**{**FOUND, **params})
    inputs = replace(inputs, prepared=PLUGIN.prepare(inputs, chosen, context))
    result = PLUGIN.run(inputs, chosen, context)
    assert isinstance(result, Result)
    return result.image


def test_the_network_decides_repaired_pixels_alone() -> None:
    given, bad = salt_and_pepper(photo(), 0.1)
    plain, learned = refined(given, learned=False), refined(given)
    np.testing.assert_array_equal(learned[~bad], given[~bad])
    np.testing.assert_allclose(learned[bad], np.minimum(1, plain[bad] + 0.1), atol=1e-5)


def test_no_model_is_needed_without_the_network() -> None:
    assert PLUGIN.models_for(Params()) == ("impulse",)
    assert PLUGIN.models_for(Params(learned=False)) == ()


def test_the_network_sees_a_single_speck_with_its_surroundings() -> None:
    def infer(model: str, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        planes = inputs["in"][0]
        seen.append(planes)
        return {"out": planes[None, :3]}

    given = photo()
    given[100, 110] = 0
    seen: list[NDArray[Any]] = []
    blank = np.ones(given.shape[:2], np.float32)
    context = FakeContext(infer=infer, models=[FACTS])
    PLUGIN.run(Inputs(given, blank, blank > 2, everywhere=True), Params(**FOUND), context)
    (planes,) = seen
    assert min(planes.shape[1:]) >= 97
    assert np.count_nonzero(planes[3]) == 1


def test_the_network_runs_only_where_specks_are() -> None:
    def infer(model: str, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        sizes.append(inputs["in"][0, 0].size)
        return brighter(model, inputs)

    given = photo(700, 700)
    bad = np.zeros(given.shape[:2], np.bool_)
    bad[60:64, 50:54] = bad[650:653, 600:606] = bad[655, 80] = True
    sizes: list[int] = []
    result = PLUGIN.run(Inputs(given, bad.astype(np.float32), ~bad), Params(), FakeContext(infer=infer, models=[FACTS]))
    assert isinstance(result, Result)
    plain = PLUGIN.run(Inputs(given, bad.astype(np.float32), ~bad), Params(learned=False), FakeContext())
    assert isinstance(plain, Result)
    np.testing.assert_allclose(result.image[bad], np.minimum(1, plain.image[bad] + 0.1), atol=1e-5)
    assert sum(sizes) < 3 * 120**2


def shipped(folder: Path) -> Bench:
    for name in ("impulse.toml", "impulse.onnx"):
        shutil.copy(MODELS / name, folder)
    return Bench(folder)


def test_it_does_not_matter_which_specks_the_network_sees_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(6)
    given = photo(400, 420)
    for y, x in rng.integers(5, 390, (8, 2)):
        given[y : y + 3, x : x + 4] = 0.03
    state = opened(given)
    bench = shipped(tmp_path)
    calls: list[int] = []

    def refined(together: Callable[[NDArray[np.bool_], int], list[Box]]) -> F32:
        def counted(marked: NDArray[np.bool_], around_px: int) -> list[Box]:
            boxes = together(marked, around_px)
            calls.append(len(boxes))
            return boxes

        monkeypatch.setattr(method, "groups", counted)
        made = Runner(Registry({"impulse": PLUGIN}), bench.engine, threads=1).run(
            state, Request(PLUGIN, Params(repair="found", kind="dust")), CancelToken(), lambda _part, _text: None
        )
        assert isinstance(made, Patch)
        return np.asarray(preview(state, made).read(state.size.rect), np.float32)

    monkeypatch.setattr(groups, "_RUN_PX", 0)
    apart = refined(groups.groups)
    whole = refined(lambda marked, _around_px: [(slice(0, marked.shape[0]), slice(0, marked.shape[1]))])
    assert calls[0] > 2
    assert calls[1] == 1
    np.testing.assert_allclose(apart, whole, atol=2e-5)


@pytest.mark.parametrize("share", [0.00002, 0.001, 0.3])
def test_groups_hold_each_marked_pixel_once(share: float) -> None:
    marked = np.random.default_rng(1).random((700, 900)) < share
    boxes = groups.groups(marked, 48)
    times = np.zeros(marked.shape, int)
    for box in boxes:
        times[box] += 1
    assert times.max() == 1
    assert times[marked].all()
    whole = (700 + 96) * (900 + 96)
    cost = sum((rows.stop - rows.start + 96) * (columns.stop - columns.start + 96) for rows, columns in boxes)
    assert cost <= whole
    if share < 0.0001:
        assert cost < 0.3 * whole
    if share > 0.1:
        assert len(boxes) == 1


def test_the_shipped_network_makes_the_same_in_parts_of_any_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = shipped(tmp_path)
    given, bad = salt_and_pepper(photo(300, 420), 0.3)
    state = opened(given)

    def refined_in(tile_px: int) -> F32:
        monkeypatch.setattr(runner, "_TILE_PX", tile_px)
        made = Runner(Registry({"impulse": PLUGIN}), bench.engine, threads=1).run(
            state, Request(PLUGIN, Params(**FOUND)), CancelToken(), lambda _part, _text: None
        )
        assert isinstance(made, Patch)
        return np.asarray(preview(state, made).read(state.size.rect), np.float32)

    whole, parts = refined_in(1024), refined_in(256)
    np.testing.assert_array_equal(whole[~bad], given[~bad])
    # Runtimes round the last bits otherwise in pictures of another size.
    np.testing.assert_allclose(parts, whole, atol=2e-5)


def test_another_kind_of_network_is_refused_by_name() -> None:
    given, _bad = salt_and_pepper(photo(), 0.1)
    wrong = replace(FACTS, inputs=(TensorSpec("in", "NCHW", "float32", (0.0, 1.0), "RGB", 3),))
    blank = np.ones(given.shape[:2], np.float32)
    with pytest.raises(ModelError, match="Fake can't be used to repair specks"):
        PLUGIN.run(
            Inputs(given, blank, blank > 2, everywhere=True),
            Params(**FOUND),
            FakeContext(infer=brighter, models=[wrong]),
        )


def test_what_it_learns_from_is_mended_and_says_how_uncertain_that_is() -> None:
    import torch

    assert PLUGIN.recipe is not None
    learner = trainee(PLUGIN.recipe)
    clean = torch.from_numpy(np.ascontiguousarray(photo(64, 64).transpose(2, 0, 1)))[None].expand(12, -1, -1, -1)
    given, wanted = learner.examples(clean, torch.Generator().manual_seed(0), None)
    again, _wanted = learner.examples(clean, torch.Generator().manual_seed(0), None)
    assert torch.equal(given, again)
    assert torch.equal(wanted, clean)
    assert given.shape == (12, 4, 64, 64)
    assert float(given[:, 3].max()) <= 0.3
    certain = (given[:, 3:] == 0).expand(-1, 3, -1, -1)
    # What was not found is left in it.
    assert float((given[:, :3] == clean)[certain].float().mean()) > 0.97
    assert learner.network()(given).shape == clean.shape
