from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import pytest
from numpy.typing import NDArray

from editor import cli
from editor.cli import commands
from editor.core.document import DocumentState
from editor.core.metadata import Metadata
from editor.host import documents
from editor.host.documents import export_document
from editor.host.places import Places
from editor.host.presets import Presets
from editor.host.registry import Registry
from editor.io.options import ExportOptions
from editor.io.picture import Picture
from editor.io.read import read_picture
from editor.io.write import write_picture
from editor.sdk.context import Context
from editor.sdk.params import Choice, Doc, Range
from editor.sdk.plugin import Holes, Inputs, Needs, Plugin, Result
from plugins import content_fill
from tests.helpers.documents import local_method, noise


@dataclass(frozen=True, slots=True)
class Params:
    grey_level: Annotated[float, Range(0, 1), Doc("Grey level", "How light the hole becomes.")] = 0.5
    look: Annotated[str, Choice((("plain", "Plain"), ("inverted", "Inverted"))), Doc("Look", "Plain or inverted.")] = (
        "plain"
    )
    dark: Annotated[bool, Doc("Dark", "Makes everything black.")] = False


def fill(inputs: Inputs, params: Params, ctx: Context) -> Result:
    level = 0.0 if params.dark else params.grey_level
    level = 1 - level if params.look == "inverted" else level
    return Result(np.full_like(inputs.image, level), {"texture": 1.0})


GREY = Plugin(
    id="grey_fill",
    version=1,
    title="Grey fill",
    summary="Fills the hole with grey.",
    params=Params,
    run=fill,
    needs=Needs(mask=True, source=True, scope=Holes(8)),
)
METHODS = Registry({"grey_fill": GREY, "soften": local_method()})


@dataclass(frozen=True, slots=True)
class Output:
    exit_code: int
    stdout: str
    stderr: str


Run = Callable[..., Output]


@pytest.fixture
def kintsugi(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*words: object, registry: Registry = METHODS) -> Output:
        code = cli.main([str(word) for word in words], registry)
        captured = capsys.readouterr()
        return Output(code, captured.out, captured.err)

    return run


def save(path: Path, pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> Path:
    write_picture(path, Picture(pixels, Metadata(), ()))
    return path


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return save(tmp_path / "photo.png", noise(60, 40))


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    values = np.zeros((40, 60, 1), np.uint8)
    values[10:20, 30:50] = 255
    return save(tmp_path / "mask.png", values)


def test_run_changes_the_hole_and_no_other_pixel(kintsugi: Run, photo: Path, mask: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    result = kintsugi("run", "grey_fill", photo, "--mask", mask, "--grey-level", 0.2, "--seed", 7, "-o", out)
    assert result.exit_code == 0, result.stderr
    assert "0 px changed outside" in result.stdout
    before, after = read_picture(photo).pixels, read_picture(out).pixels
    assert (after[10:20, 30:50] == 51).all()
    after[10:20, 30:50] = before[10:20, 30:50]
    np.testing.assert_array_equal(after, before)


def test_flags_come_from_the_declaration(kintsugi: Run, photo: Path, mask: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    kintsugi("run", "grey_fill", photo, "--mask", mask, "--grey-level", 0.2, "--look", "inverted", "-o", out)
    assert (read_picture(out).pixels[15, 40] == 204).all()
    kintsugi("run", "grey_fill", photo, "--mask", mask, "--dark", "-o", out)
    assert (read_picture(out).pixels[15, 40] == 0).all()
    text = kintsugi("run", "grey_fill", "--help").stdout
    for part in (
        "--grey-level",
        "How light the hole becomes.",
        "0 to 1",
        "default: 0.5",
        "plain|inverted",
        "--no-dark",
    ):
        assert part in " ".join(text.split())


def test_a_preset_is_the_start_and_flags_win(kintsugi: Run, photo: Path, mask: Path, tmp_path: Path) -> None:
    Presets(Places.default().presets).save(GREY, "mine", Params(grey_level=0.2, look="inverted"))
    out = tmp_path / "out.png"
    kintsugi("run", "grey_fill", photo, "--mask", mask, "--preset", "mine", "-o", out)
    assert (read_picture(out).pixels[15, 40] == 204).all()
    kintsugi("run", "grey_fill", photo, "--mask", mask, "--preset", "mine", "--look", "plain", "-o", out)
    assert (read_picture(out).pixels[15, 40] == 51).all()
    assert kintsugi("run", "grey_fill", photo, "--mask", mask, "--preset", "yours", "-o", out).exit_code == 2


def test_what_is_copied_may_lie_far_from_the_hole(kintsugi: Run, tmp_path: Path) -> None:
    pixels, values, allowed = (
        noise(1200, 100) // 4,
        np.zeros((100, 1200, 1), np.uint8),
        np.zeros((100, 1200, 1), np.uint8),
    )
    pixels[:, 1000:] += 192
    values[40:60, 40:60] = allowed[:, 1050:] = 255
    files = [save(tmp_path / f"{name}.png", each) for name, each in zip("pmi", (pixels, values, allowed), strict=True)]
    out, registry = tmp_path / "out.png", Registry({"content_fill": content_fill.PLUGIN})
    words = ("run", "content_fill", files[0], "--mask", files[1], "--color-match", 0, "-o", out)
    assert kintsugi(*words, "--include", files[2], registry=registry).exit_code == 0
    filled = read_picture(out).pixels
    assert (filled[40:60, 40:60] >= 192).all()
    filled[40:60, 40:60] = pixels[40:60, 40:60]
    np.testing.assert_array_equal(filled, pixels)


def test_a_value_out_of_range_is_a_usage_error(kintsugi: Run, photo: Path, mask: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    result = kintsugi("run", "grey_fill", photo, "--mask", mask, "--grey-level", 3, "-o", out)
    assert result.exit_code == 2
    assert "outside 0 to 1" in result.stderr
    assert not out.exists()


def test_grow_and_feather_change_what_is_worked(kintsugi: Run, photo: Path, mask: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    kintsugi("run", "grey_fill", photo, "--mask", mask, "--grow-mask", 3, "-o", out)
    changed = (read_picture(out).pixels != read_picture(photo).pixels).any(axis=-1)
    assert changed[7:23, 40].mean() > 0.9
    assert not changed[:7].any()


def test_batch_goes_on_after_a_bad_file_and_counts_honestly(kintsugi: Run, tmp_path: Path, mask: Path) -> None:
    photos = [save(tmp_path / f"{index}.png", noise(60, 40, seed=index)) for index in range(3)]
    photos[1].write_bytes(b"no picture")
    out = tmp_path / "out"
    (tmp_path / "notes.txt").write_text("no picture")
    result = kintsugi("run", "grey_fill", *photos, tmp_path / "notes.txt", "--mask", mask, "--out-dir", out)
    assert result.exit_code == 1
    assert "2 of 4 photos done, 2 failed." in result.stdout
    assert sorted(path.name for path in out.iterdir()) == ["0.png", "2.png"]
    (line,) = [line for line in result.stderr.splitlines() if "1.png" in line]
    assert line.startswith("kintsugi: ")


@pytest.mark.expects_log_error
@pytest.mark.parametrize(("raised", "line"), [(MemoryError(), "not enough memory"), (OSError("odd"), "The log says")])
def test_batch_goes_on_after_a_photo_that_is_too_large_or_meets_a_defect(
    raised: Exception,
    line: str,
    kintsugi: Run,
    tmp_path: Path,
    photo: Path,
    mask: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = save(tmp_path / "other.png", noise(60, 40, seed=1))

    def export(state: DocumentState, path: Path, options: ExportOptions) -> tuple[str, ...]:
        if path.name == photo.name:
            raise raised
        return export_document(state, path, options)

    monkeypatch.setattr(documents, "export_document", export)
    result = kintsugi("run", "grey_fill", photo, other, "--mask", mask, "--out-dir", tmp_path / "out")
    assert result.exit_code == 1
    assert "1 of 2 photos done, 1 failed." in result.stdout
    (shown,) = result.stderr.splitlines()
    assert shown.startswith(f"kintsugi: {photo}: ")
    assert line in shown


def test_batch_takes_a_folder_of_masks_named_as_the_photos(kintsugi: Run, tmp_path: Path) -> None:
    photos = [save(tmp_path / f"{index}.png", noise(60, 40, seed=index)) for index in range(2)]
    masks = tmp_path / "masks"
    masks.mkdir()
    values = np.zeros((40, 60, 1), np.uint8)
    values[:5] = 255
    save(masks / "0.png", values)
    result = kintsugi("run", "grey_fill", *photos, "--mask", masks, "--out-dir", tmp_path / "out")
    assert "1 of 2 photos done" in result.stdout
    assert "no mask named 1" in result.stderr


def test_a_mask_of_another_size_is_named_with_both_sizes(kintsugi: Run, photo: Path, tmp_path: Path) -> None:
    small = save(tmp_path / "small.png", np.full((10, 10, 1), 255, np.uint8))
    result = kintsugi("run", "grey_fill", photo, "--mask", small, "-o", tmp_path / "out.png")
    assert result.exit_code == 1
    assert "10" in result.stderr
    assert "60" in result.stderr


def test_an_empty_mask_fails_with_advice(kintsugi: Run, photo: Path, tmp_path: Path) -> None:
    empty = save(tmp_path / "empty.png", np.zeros((40, 60, 1), np.uint8))
    result = kintsugi("run", "grey_fill", photo, "--mask", empty, "-o", tmp_path / "out.png")
    assert result.exit_code == 1
    assert "make it white where the photo should change" in result.stderr


def test_an_empty_mask_is_not_taken_for_none(kintsugi: Run, photo: Path, tmp_path: Path) -> None:
    """By a method that without one changes all of the photo."""
    empty = save(tmp_path / "empty.png", np.zeros((40, 60, 1), np.uint8))
    out = tmp_path / "out.png"
    result = kintsugi("run", "soften", photo, "--mask", empty, "-o", out)
    assert result.exit_code == 1
    assert "make it white" in result.stderr
    assert not out.exists()


def test_no_photo_is_overwritten_and_outputs_do_not_collide(
    kintsugi: Run, photo: Path, mask: Path, tmp_path: Path
) -> None:
    assert kintsugi("run", "grey_fill", photo, "--mask", mask, "-o", photo).exit_code == 2
    assert kintsugi("run", "grey_fill", photo, "--mask", mask).exit_code == 2
    assert kintsugi("run", "grey_fill", photo, photo, "--mask", mask, "-o", tmp_path / "o.png").exit_code == 2
    assert kintsugi("run", "grey_fill", photo, photo, "--mask", mask, "--out-dir", tmp_path / "o").exit_code == 2


def test_a_path_that_cannot_be_written_is_one_line(kintsugi: Run, photo: Path, mask: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    result = kintsugi("run", "grey_fill", photo, "--mask", mask, "-o", tmp_path / "file" / "out.png")
    assert result.exit_code == 1
    assert len(result.stderr.strip().splitlines()) == 1


def test_sixteen_bits_stay_sixteen(kintsugi: Run, tmp_path: Path, mask: Path) -> None:
    pixels = noise(60, 40, dtype=np.uint16)
    photo = save(tmp_path / "deep.tif", pixels)
    kintsugi("run", "grey_fill", photo, "--mask", mask, "-o", tmp_path / "out.png")
    after = read_picture(tmp_path / "out.png").pixels
    assert after.dtype == np.uint16
    np.testing.assert_array_equal(after[20:], pixels[20:])


def test_a_lossy_file_is_not_called_untouched(kintsugi: Run, photo: Path, mask: Path, tmp_path: Path) -> None:
    for name, flags, lossy in (("o.jpg", [], True), ("o.webp", [], True), ("o.webp", ["--lossless"], False)):
        result = kintsugi("run", "grey_fill", photo, "--mask", mask, *flags, "-o", tmp_path / name)
        assert ("with loss" in result.stdout) == lossy
        # The count is of what the method did; beside a file that changes all pixels it would read as a promise.
        assert ("changed outside" in result.stdout) != lossy
    assert "with loss" not in kintsugi("run", "grey_fill", photo, "--mask", mask, "-o", tmp_path / "o.png").stdout


def test_a_name_that_cannot_be_written_is_refused_before_any_work(
    kintsugi: Run, photo: Path, mask: Path, tmp_path: Path
) -> None:
    result = kintsugi("run", "grey_fill", photo, "--mask", mask, "-o", tmp_path / "out.gif")
    assert result.exit_code == 2
    assert ".png" in result.stderr


def test_no_parameter_of_a_method_takes_the_name_of_a_shared_flag() -> None:
    for plugin in Registry.scan().plugins.values():
        names = [option.name for option in commands.method_options(plugin)]
        assert len(names) == len(set(names)), plugin.id


def test_list_names_methods_and_those_that_failed_to_load(kintsugi: Run) -> None:
    result = kintsugi("list", registry=Registry({"grey_fill": GREY}, {"broken": "ImportError: gone"}))
    assert "grey_fill" in result.stdout
    assert "Fills the hole" in result.stdout
    assert "ImportError: gone" in result.stderr


def test_wrong_usage_is_one_line(kintsugi: Run) -> None:
    for words in (["run", "grey_fill"], ["nonsense"], ["run", "nonsense"], ["run", "grey_fill", "--nonsense"]):
        result = kintsugi(*words)
        assert result.exit_code == 2
        assert len(result.stderr.strip().splitlines()) == 1
        assert result.stderr.startswith("kintsugi: ")


def test_demo_writes_its_four_pictures(tmp_path: Path) -> None:
    assert cli.main(["demo", "--out-dir", str(tmp_path / "demo")]) == 0
    before, mask, after = (
        read_picture(tmp_path / "demo" / f"{name}.png").pixels for name in ("before", "mask", "after")
    )
    assert read_picture(tmp_path / "demo" / "side-by-side.png").pixels.shape == (900, 4800, 3)
    outside = mask[..., 0] == 0
    np.testing.assert_array_equal(after[outside], before[outside])
    assert (after[mask[..., 0] == 255] != before[mask[..., 0] == 255]).any(axis=-1).mean() > 0.8
