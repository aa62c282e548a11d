"""GAN fill with models that invent the fill from a picture and a mask."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from editor.imaging.measures import texture_ratio
from editor.sdk.errors import Cancelled, MaskError
from editor.sdk.models import ModelFacts, TensorSpec
from editor.sdk.plugin import Inputs
from editor.sdk.testing import FakeContext
from plugins.gan_inpaint import Params, run
from tests.imaging.pictures import Bool, in_16_bit, square_hole, textured

F32 = NDArray[np.float32]
Paint = Callable[[F32, Bool], F32]


def spec(name: str, kind: str, top: float, colour: str) -> TensorSpec:
    return TensorSpec(name, "NCHW", kind, (0.0, top), colour, 3 if colour == "RGB" else 1)


LAMA = ModelFacts(
    "lama",
    "Fixed",
    1,
    (512, 512),
    None,
    (spec("image", "float32", 1, "RGB"), spec("mask", "float32", 1, "mask")),
    (spec("output", "float32", 255, "RGB"),),
)
MIGAN = ModelFacts(
    "migan",
    "Free",
    1,
    None,
    None,
    (spec("image", "uint8", 255, "RGB"), spec("mask", "uint8", 255, "keep")),
    (spec("result", "uint8", 255, "RGB"),),
)
BOTH = pytest.mark.parametrize("facts", [LAMA, MIGAN], ids=["fixed size", "any size"])


class Network:
    """Stands in for a model: paints as told, and keeps the tensors that it was given."""

    def __init__(self, facts: ModelFacts, paint: Paint) -> None:
        self.facts, self.paint = facts, paint
        self.given: list[tuple[NDArray[Any], NDArray[Any]]] = []

    def __call__(self, _model: str, tensors: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        first, second = self.facts.inputs
        self.given.append((tensors[first.name], tensors[second.name]))
        picture, mask = first.to_picture(tensors[first.name]), second.to_picture(tensors[second.name])[..., 0] > 0.5
        output = self.facts.outputs[0]
        # As the real ones do, what is known is put back.
        made = np.where(mask[..., None], self.paint(picture, mask), picture)
        return {output.name: output.from_picture(made.astype(np.float32))}


def one_colour(picture: F32, _mask: Bool) -> F32:
    return np.full_like(picture, 0.5)


def knowing(truth: F32, cast: float = 0.0) -> Paint:
    """Paints the truth, as far as it can at its size; it is shown all of the picture."""

    def paint(picture: F32, _mask: Bool) -> F32:
        scale = max(1.0, max(truth.shape) / 512)
        size = (round(truth.shape[1] / scale), round(truth.shape[0] / scale))
        seen = np.zeros_like(picture)
        seen[: size[1], : size[0]] = cv2.resize(truth, size, interpolation=cv2.INTER_AREA)
        return np.asarray(np.clip(seen + np.float32(cast), 0, 1), np.float32)

    return paint


def smooth(picture: F32, mask: Bool) -> F32:
    """A poor network: a blur."""
    filled = cv2.inpaint(np.rint(picture * 255).astype(np.uint8), mask.astype(np.uint8), 5, cv2.INPAINT_NS)
    return np.asarray(filled / np.float32(255), np.float32)


def filled(image: F32, hole: Bool, network: Network, **context: Any) -> F32:
    inputs = Inputs(image, hole.astype(np.float32), ~hole)
    facts = network.facts
    return run(inputs, Params(model=facts.id), FakeContext(infer=network, models=[facts], **context)).image


def tall(image: F32) -> tuple[F32, Bool]:
    """A large hole with a hair, in a picture that is shown to the network as a whole; what is to go is white."""
    hole = square_hole(image.shape[0], image.shape[1], 420, 400, 430)
    hole[300:420, 611] = True
    return np.where(hole[..., None], np.float32(1), image), hole


def test_what_is_invented_is_opaque_and_the_rest_stays_as_clear_as_it_was() -> None:
    hole = square_hole(96, 96, 30, 30, 30)
    alpha = np.where(hole, np.float32(0), np.float32(0.5))
    inputs = Inputs(textured(96, 96).astype(np.float32), hole.astype(np.float32), ~hole, alpha)
    network = Network(LAMA, one_colour)
    result = run(inputs, Params(model=network.facts.id), FakeContext(infer=network, models=[network.facts]))
    assert result.alpha is not None
    assert np.array_equal(result.alpha, np.where(hole, np.float32(1), np.float32(0.5)))


@BOTH
def test_colours_that_cannot_be_seen_draw_nothing_into_the_fill(facts: ModelFacts) -> None:
    image = np.full((700, 900, 3), 0.25, np.float32)
    hole, clear = square_hole(700, 900, 200, 200, 300), square_hole(700, 900, 200, 500, 300)
    image[:100] = 0.8
    noise = np.random.default_rng(0).normal(0.25, 0.05, image[clear].shape).astype(np.float32)
    image[clear] = np.where(np.arange(len(noise))[:, None] % 300 < 100, np.float32(1), noise)
    network = Network(facts, smooth)
    inputs = Inputs(image, hole.astype(np.float32), ~hole, np.where(clear, np.float32(0), np.float32(1)))
    made = run(inputs, Params(model=facts.id), FakeContext(infer=network, models=[facts])).image
    np.testing.assert_allclose(made[hole], 0.25, atol=0.01)
    assert np.array_equal(made[~hole], image[~hole])


@BOTH
@pytest.mark.parametrize("side", [300, 1210], ids=["full scale", "reduced"])
def test_what_is_transparent_between_parts_of_the_hole_keeps_its_colours(facts: ModelFacts, side: int) -> None:
    """The user may make it visible again."""
    image = in_16_bit(textured(side, side))
    box, clear = square_hole(side, side, side // 3, side // 3, side // 3), np.zeros((side, side), np.bool_)
    clear[side // 2 :, side // 2 :] = True
    hole = box & ~clear
    inputs = Inputs(image, hole.astype(np.float32), ~hole, np.where(clear, np.float32(0), np.float32(1)))
    context = FakeContext(infer=Network(facts, one_colour), models=[facts])
    made = run(inputs, Params(model=facts.id), context).image
    assert np.array_equal(made[~hole], image[~hole])


def test_each_place_has_grain_of_its_own() -> None:
    """Along a wire, that of one part would be seen again and again."""
    grain = np.random.default_rng(0).normal(0, 0.02, (400, 400, 3))
    image, hole = np.asarray(0.5 + grain, np.float32), square_hole(400, 400, 150, 150, 60)
    one, same, other = (filled(image, hole, Network(LAMA, smooth), origin=(x, 40)) for x in (0, 0, 60))
    assert np.array_equal(one, same)
    assert one[hole].std() > 0.015
    assert abs(np.corrcoef(one[hole].ravel(), other[hole].ravel())[0, 1]) < 0.2


@pytest.mark.parametrize("high", [1210, 960])
def test_a_model_of_a_fixed_size_is_shown_all_that_is_known_and_a_mask_of_what_to_fill(high: int) -> None:
    image, hole = tall(np.clip(textured(high, 1210), 0, 0.9))
    network = Network(LAMA, one_colour)
    filled(image, hole, network)
    ((picture, mask),) = network.given
    assert picture.shape == (1, 3, 512, 512)
    assert mask.shape == (1, 1, 512, 512)
    assert picture.max() <= 0.9 + 1e-6  # nothing of what is to go
    assert set(np.unique(mask)) == {0, 1}
    ys, xs = (np.floor(axis * 512 / 1210).astype(int) for axis in np.nonzero(hole))
    assert (mask[0, 0, ys, xs] == 1).all()
    rows = round(high * 512 / 1210)
    assert mask[0, 0, :rows].sum() < 1.1 * hole.sum() * (512 / 1210) ** 2
    beyond = 512 - rows  # a hole that is mirrored is one there, too
    assert np.array_equal(mask[0, 0, rows:], mask[0, 0, rows - beyond : rows][::-1])


def test_a_model_of_any_size_is_shown_no_more_than_it_learnt_at_and_a_mask_of_what_to_keep() -> None:
    image, hole = tall(np.clip(textured(960, 1210), 0, 0.9))
    network = Network(MIGAN, one_colour)
    filled(image, hole, network)
    ((picture, mask),) = network.given
    assert picture.shape == (1, 3, 406, 512)
    assert picture.dtype == mask.dtype == np.uint8
    assert 100 < picture.max() <= 230
    ys, xs = (np.floor(axis * 512 / 1210).astype(int) for axis in np.nonzero(hole))
    assert (mask[0, 0, ys, xs] == 0).all()
    assert (mask == 255).sum() > 0.8 * mask.size


@BOTH
@pytest.mark.parametrize("side", [300, 1210], ids=["full scale", "reduced"])
def test_only_the_hole_changes(facts: ModelFacts, side: int) -> None:
    image = in_16_bit(textured(side, side))
    hole = square_hole(side, side, side // 3, side // 3, side // 3)
    hole[: side // 2, : side // 2] = False
    result = filled(image, hole, Network(facts, one_colour))
    assert np.array_equal(result[~hole], image[~hole])
    assert (result[hole] != image[hole]).mean() > 0.9


@BOTH
@pytest.mark.parametrize("side", [400, 1300], ids=["full scale", "reduced"])
def test_a_cast_of_the_network_is_taken_off(facts: ModelFacts, side: int) -> None:
    truth = np.clip(textured(side, side), 0.05, 0.9)
    hole = square_hole(side, side, side // 3, side // 3, side // 3)
    result = filled(truth, hole, Network(facts, knowing(truth, cast=0.08)))
    assert np.abs((result - truth)[hole].mean(axis=0)).max() < 0.01


def test_detail_is_taken_from_far_away_where_the_user_lets_nothing_near_be_copied() -> None:
    truth = textured(1400, 2400)
    hole, allowed = square_hole(1400, 2400, 420, 420, 450), square_hole(1400, 2400, 300, 2000, 300)
    # It is shown 1300 pixels or so around the hole.
    network = Network(LAMA, knowing(truth[:1300, :1300]))
    inputs = Inputs(truth, hole.astype(np.float32), allowed)
    result = run(inputs, Params(model="lama"), FakeContext(infer=network, models=[LAMA])).image
    assert np.array_equal(result[~hole], truth[~hole])
    assert texture_ratio(result, hole) == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize("side", [400, 1300], ids=["full scale", "reduced"])
def test_no_step_is_seen_at_the_rim(side: int) -> None:
    y, x = np.mgrid[:side, :side] / side
    truth = np.dstack((0.2 + 0.4 * x, 0.3 + 0.3 * y, 0.5 + 0.2 * x * y)).astype(np.float32)
    hole = square_hole(side, side, side // 3, side // 3, side // 3)
    result = filled(truth, hole, Network(LAMA, knowing(truth, cast=0.08)))
    assert np.abs(result - truth).max() < 0.012


def test_a_fill_made_small_is_as_sharp_as_its_surroundings() -> None:
    truth = textured(1300, 1300)
    hole = square_hole(1300, 1300, 420, 420, 450)
    soft = cv2.resize(cv2.resize(truth, (512, 512), interpolation=cv2.INTER_AREA), (1300, 1300))
    assert texture_ratio(np.where(hole[..., None], soft, truth), hole) < 0.4
    result = filled(truth, hole, Network(LAMA, knowing(truth)))
    assert texture_ratio(result, hole) == pytest.approx(1, abs=0.2)


def test_thin_lines_are_filled_without_any_scaling() -> None:
    image = np.random.default_rng(0).random((200, 2000, 3), np.float32)
    hole = np.zeros((200, 2000), np.bool_)
    hole[98:101] = True
    network = Network(MIGAN, smooth)
    filled(image, hole, network)
    assert len(network.given) > 4
    for picture, _mask in network.given:
        assert max(picture.shape) <= 512
        assert picture[..., :90, :].std() == pytest.approx(255 * image.std(), rel=0.03)


def test_each_hole_is_shown_as_filled_once_it_is() -> None:
    """Else the second would be made to fit the first one's object."""
    image = np.full((400, 600, 3), 0.25, np.float32)
    hole = square_hole(400, 600, 40, 90, 60) | square_hole(400, 600, 240, 440, 40)
    network = Network(LAMA, smooth)
    result = filled(np.where(hole[..., None], np.float32(1), image), hole, network)
    first, second = (mask[0, 0, :400] for _picture, mask in network.given)
    assert first.sum() == hole.sum()
    assert second.sum() == 40 * 40
    np.testing.assert_allclose(result, image, atol=0.01)


@BOTH
def test_specks_that_lie_in_one_window_are_filled_by_one_run(facts: ModelFacts) -> None:
    image, hole = textured(1000, 1000), np.zeros((1000, 1000), np.bool_)
    hole[330:700:60, 310:680:60] = True
    network = Network(facts, one_colour)
    result = filled(image, hole, network)
    assert len(network.given) == 1
    assert np.array_equal(result[~hole], image[~hole])
    assert (result[hole] != image[hole]).mean() > 0.9


def test_each_speck_is_filled_by_a_run_that_sees_what_lies_around_it() -> None:
    rows, columns = np.mgrid[:1100, :1500].astype(np.float32)
    image = np.dstack((rows / 2000, columns / 2000, np.zeros_like(rows)))
    draws, hole = np.random.default_rng(1), np.zeros(rows.shape, np.bool_)
    specks = [(int(draws.integers(1095)), int(draws.integers(1495))) for _number in range(60)]
    for top, left in [*specks, (500, 0), (500, 496)]:
        hole[top : top + 5, left : left + 5] = True
    network = Network(LAMA, smooth)
    filled(image, hole, network)
    assert len(network.given) <= 16
    around: dict[tuple[int, int], tuple[int, int]] = {}
    for picture, mask in network.given:
        known = tuple(int(axis[0]) for axis in np.nonzero(mask[0, 0] == 0))
        first = [round(float(picture[0, axis][known]) * 2000) - known[axis] for axis in (0, 1)]
        for top, left in specks:
            y, x = top - first[0], left - first[1]
            if 0 <= y < 512 and 0 <= x < 512 and mask[0, 0, y, x]:
                # Once it is filled it is masked no more: the last run that is shown it masked fills it.
                around[top, left] = first[0], first[1]
    assert len(around) == len(set(specks))
    for (top, left), begins in around.items():
        for place, begin, length in ((top, begins[0], 1100), (left, begins[1], 1500)):
            assert begin <= max(0, place - 60)
            assert begin + 512 >= min(length, place + 5 + 60)


def test_holes_in_one_window_take_each_the_colour_of_its_own_surroundings() -> None:
    image = np.empty((400, 400, 3), np.float32)
    image[:, :200], image[:, 200:] = (0.2, 0.3, 0.6), (0.7, 0.4, 0.3)
    hole = square_hole(400, 400, 150, 80, 70) | square_hole(400, 400, 150, 250, 70)
    network = Network(LAMA, one_colour)
    result = filled(np.where(hole[..., None], np.float32(1), image), hole, network)
    assert len(network.given) == 1
    np.testing.assert_allclose(result, image, atol=0.01)


def test_a_hole_is_filled_as_it_would_be_alone() -> None:
    """With grain: as far as the model lets it, and this one paints the same whatever it sees."""
    image = np.asarray(0.5 + np.random.default_rng(0).normal(0, 0.02, (500, 900, 3)), np.float32)
    first, second = square_hole(500, 900, 200, 100, 20), square_hole(500, 900, 230, 400, 9)
    networks = [Network(LAMA, one_colour) for _number in range(2)]
    alone, both = (filled(image, *given) for given in zip((first, first | second), networks, strict=True))
    assert [len(network.given) for network in networks] == [1, 1]
    assert np.array_equal(alone[first], both[first])
    assert both[second].std() > 0.01


def test_progress_is_by_pixels_and_a_cancel_ends_it_between_runs() -> None:
    image, hole = textured(400, 1400), square_hole(400, 1400, 100, 100, 60) | square_hole(400, 1400, 100, 1000, 20)
    inputs, network = Inputs(image, hole.astype(np.float32), ~hole), Network(LAMA, smooth)
    whole = FakeContext(infer=network, models=[LAMA])
    run(inputs, Params(model="lama"), whole)
    fractions = [fraction for fraction, _text in whole.reports]
    assert fractions == sorted(fractions)
    assert 60**2 / (60**2 + 20**2) in fractions

    def cancelling(picture: F32, mask: Bool) -> F32:
        context.cancel()
        return smooth(picture, mask)

    network = Network(LAMA, cancelling)
    context = FakeContext(infer=network, models=[LAMA])
    with pytest.raises(Cancelled):
        run(inputs, Params(model="lama"), context)
    assert len(network.given) == 1


@BOTH
def test_the_number_of_threads_does_not_matter(facts: ModelFacts) -> None:
    image, hole = textured(900, 700), square_hole(900, 700, 300, 200, 250)
    one, three = (filled(image, hole, Network(facts, smooth), threads=threads) for threads in (1, 3))
    assert np.array_equal(one, three)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.99])
def test_a_cancel_ends_it(share: float) -> None:
    image, hole = textured(900, 700), square_hole(900, 700, 300, 200, 250)
    inputs = Inputs(image, hole.astype(np.float32), ~hole)
    whole = FakeContext(infer=Network(LAMA, smooth), models=[LAMA])
    run(inputs, Params(model="lama"), whole)
    assert whole.checks > 60
    assert [fraction for fraction, _text in whole.reports] == sorted(fraction for fraction, _text in whole.reports)
    context = FakeContext(infer=Network(LAMA, smooth), models=[LAMA], cancel_after=int(share * whole.checks))
    with pytest.raises(Cancelled):
        run(inputs, Params(model="lama"), context)
    assert context.checks <= int(share * whole.checks) + 2


@BOTH
@pytest.mark.parametrize("shape", [(1, 3), (5, 5), (40, 1500), (1500, 9)])
def test_odd_pictures_are_filled(facts: ModelFacts, shape: tuple[int, int]) -> None:
    image = np.full((*shape, 3), 0.4, np.float32)
    hole = np.zeros(shape, np.bool_)
    hole[: max(1, shape[0] // 3), : max(1, shape[1] // 3)] = True
    image[hole] = image[-1, -1] = 3  # a float document may exceed 1
    result = filled(image, hole, Network(facts, smooth))
    assert result.max() <= 1
    np.testing.assert_allclose(result[: shape[0] // 2], 0.4, atol=0.02)


def test_with_nothing_known_or_nothing_to_take_detail_from_it_says_so() -> None:
    network = Network(LAMA, one_colour)
    with pytest.raises(MaskError, match="nothing to copy from"):
        filled(textured(60, 60), np.ones((60, 60), np.bool_), network)
    image, hole = textured(1300, 1300), square_hole(1300, 1300, 420, 420, 450)
    inputs = Inputs(image, hole.astype(np.float32), np.zeros_like(hole))
    with pytest.raises(MaskError, match="nothing to copy from"):
        run(inputs, Params(model="lama"), FakeContext(infer=network, models=[LAMA]))
