"""How a training goes, from its events; and what is chosen for one."""

from __future__ import annotations

import numpy as np
import pytest

from editor.core.document import DocumentState
from editor.core.geometry import Rect
from editor.core.metadata import Metadata
from editor.host import mask_edits
from editor.host.training_choice import free_name, harvest_text, photo_of, subject
from editor.host.training_course import Course, left_text
from editor.host.training_data import Harvest
from editor.runtime.tuning.events import Learned, Measured, Noted, Started
from tests.helpers.documents import document
from tests.helpers.trainings import measured


def test_what_is_left_follows_from_the_speed() -> None:
    course = Course()
    assert (course.share, course.left_s) == (0.0, None)
    course.take(Started(1000, 8, 8, "cpu"))
    course.take(Learned(250, 0.1, 2.5))
    assert (course.step, course.share, course.left_s) == (250, 0.25, 300.0)


def test_a_step_told_anew_takes_the_place_of_what_came_after() -> None:
    course = Course()
    for step in (10, 20, 30):
        course.take(Learned(step, 1.0, 1.0))
        course.take(Measured(step, 20.0))
    course.take(Learned(20, 0.5, 1.0))
    course.take(Measured(30, 21.0))
    assert [(each.step, each.loss) for each in course.learned] == [(10, 1.0), (20, 0.5)]
    assert [(each.step, each.value) for each in course.measured] == [(10, 20.0), (20, 20.0), (30, 21.0)]


def test_the_newest_pictures_stay_when_a_measure_has_none() -> None:
    course = Course()
    course.take(measured(5, 20.0))
    course.take(Measured(6, 20.5))
    assert course.pictures is not None
    assert course.pictures.step == 5
    assert all(point.pictures is None for point in course.measured)


def test_of_many_notes_the_last_stay() -> None:
    course = Course()
    for number in range(150):
        course.take(Noted(str(number)))
    assert (len(course.notes), course.notes[-1]) == (100, "149")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 s left"), (59, "59 s left"), (62, "1 min left"), (60 * 59, "59 min left"), (5400, "1 h 30 min left")],
)
def test_time_is_told_in_what_fits_it(seconds: float, text: str) -> None:
    assert left_text(seconds) == text


def test_a_name_gets_a_number_if_it_is_taken() -> None:
    assert free_name("Denoise, Dog", ["denoise, dog", "Denoise, Dog 2"]) == "Denoise, Dog 3"
    assert free_name("Denoise", []) == "Denoise"


def test_a_document_is_a_photo_of_8_bits() -> None:
    pixels = np.full((40, 30, 1), 0x8080, np.uint16)
    photo = photo_of(DocumentState.from_pixels(pixels, Metadata(), "grey"), "grey", selected=False)
    assert photo.where is None
    assert np.array_equal(photo.pixels(), np.full((40, 30, 3), 0x80, np.uint8))


def test_a_selection_says_where_to_learn() -> None:
    photo = photo_of(document(300, 280, hole=Rect(20, 30, 200, 180)), "noise", selected=True)
    wanted = np.zeros((280, 300), bool)
    wanted[30:180, 20:200] = True
    assert photo.where is not None
    assert np.array_equal(photo.where, wanted)
    half = mask_edits.fill_rect(document(300, 280), "mask", Rect(0, 0, 300, 280))
    assert photo_of(half, "noise", selected=False).where is None


def test_what_was_cut_is_told_in_one_line() -> None:
    several = Harvest(("a", "b"), ("c",), True, 412, 32, (), ())
    assert harvest_text(several) == "412 patches of 2 photos; 1 photo is held back to measure on"
    one = Harvest(("a",), ("a",), False, 40, 8, (), ())
    assert harvest_text(one) == "40 patches of 1 photo; a part of it is held back to measure on"


@pytest.mark.parametrize(
    ("names", "called"),
    [
        (["Bridge.JPG"], "Bridge"),
        (["Bridge.jpg, Upscale"], "Bridge.jpg, Upscale"),
        (["2024.05", "b.png"], "2024.05 and more"),
    ],
)
def test_only_a_suffix_is_left_out_of_what_photos_are_called(names: list[str], called: str) -> None:
    assert subject(names) == called
