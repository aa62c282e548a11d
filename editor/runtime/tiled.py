"""Runs one session over all tiles of a plan, and checks what goes in and what comes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editor.core.errors import ModelError
from editor.core.i18n import _
from editor.runtime import tiling
from editor.runtime.manifest import ModelManifest
from editor.runtime.sessions import Session, Tensors
from editor.sdk.models import TensorSpec

_COLOURS = ("RGB", "BGR", "grey")


def picture_size(manifest: ModelManifest, inputs: Tensors) -> tuple[int, int] | None:
    """Height and width of the input pictures; None if the model takes none.

    Raises:
        ModelError: the inputs are not what the manifest says.
    """
    if set(inputs) != {spec.name for spec in manifest.inputs}:
        raise _unfit(
            manifest,
            _("it takes {expected}, not {given}").format(
                expected=", ".join(spec.name for spec in manifest.inputs), given=", ".join(inputs)
            ),
        )
    sizes = set()
    for spec in manifest.inputs:
        array = inputs[spec.name]
        if array.dtype != np.dtype(spec.dtype):
            raise _unfit(
                manifest,
                _("{tensor} must be {expected}, not {given}").format(
                    tensor=spec.name, expected=spec.dtype, given=array.dtype
                ),
            )
        if not spec.is_picture:
            if array.shape != spec.shape:
                raise _unfit(
                    manifest,
                    _("{tensor} must have the shape {expected}, not {given}").format(
                        tensor=spec.name, expected=spec.shape, given=array.shape
                    ),
                )
            continue
        if array.ndim != 4 or array.shape != spec.picture_shape(*(array.shape[axis] for axis in spec.axes)):
            raise _unfit(
                manifest,
                _("{tensor} must be {layout} with {channels} channels: {given}").format(
                    tensor=spec.name, layout=spec.layout, channels=spec.channels, given=array.shape
                ),
            )
        sizes.add((array.shape[spec.axes[0]], array.shape[spec.axes[1]]))
    if len(sizes) > 1 or any(0 in size for size in sizes):
        raise _unfit(manifest, _("its pictures must be of one size"))
    size = next(iter(sizes), None)
    if size is not None and manifest.overlap_px is None and not _fits_whole(manifest, size):
        raise _unfit(
            manifest,
            _("it takes pictures of {expected} (height, width) only, not {given}").format(
                expected=manifest.size.fixed, given=size
            ),
        )
    return size


def _fits_whole(manifest: ModelManifest, size: tuple[int, int]) -> bool:
    return manifest.size.fixed is None or manifest.size.padded(*size) == manifest.size.fixed


def check_session(manifest: ModelManifest, session: Session) -> None:
    """Raises ModelError if the loaded model has other inputs or outputs, or of other types, than its manifest says."""
    expected = {spec.name for spec in manifest.inputs}
    if set(session.input_names) != expected or not {spec.name for spec in manifest.outputs} <= set(
        session.output_names
    ):
        raise ModelError(
            _(
                "The model {model!r} does not match its description: it has the inputs {inputs} and the outputs "
                "{outputs}."
            ).format(
                model=manifest.title, inputs=", ".join(session.input_names), outputs=", ".join(session.output_names)
            )
        )
    specs = {spec.name: spec for spec in (*manifest.inputs, *manifest.outputs)}
    for info in (*session.inputs, *session.outputs):
        spec = specs.get(info.name)
        if spec is not None and info.dtype != spec.dtype:
            raise _mismatch(manifest, info.name, info.dtype, info.shape)
    for info in session.inputs:
        if not _takes(info.shape, specs[info.name]):
            raise _mismatch(manifest, info.name, info.dtype, info.shape)


def _takes(shape: tuple[int | None, ...], spec: TensorSpec) -> bool:
    """Whether an input of this shape can be fed with the tensor; of outputs, models themselves are often wrong."""
    if not spec.is_picture:
        if not shape:
            return spec.shape == (1,)  # ONNX Runtime takes a list of one for a number
        return len(shape) == len(spec.shape) and all(n in (None, m) for n, m in zip(shape, spec.shape, strict=True))
    return len(shape) == len(spec.picture_shape(1, 1)) and shape[spec.channel_axis] in (None, spec.channels)


def _mismatch(manifest: ModelManifest, tensor: str, dtype: object, shape: tuple[int | None, ...]) -> ModelError:
    return ModelError(
        _("The model {model!r} does not match its description: {tensor} came as {dtype} {shape}.").format(
            model=manifest.title, tensor=tensor, dtype=dtype, shape=shape
        )
    )


def run_tiles(
    session: Session,
    manifest: ModelManifest,
    inputs: Tensors,
    plan: tiling.Plan,
    cancel: Callable[[], bool],
    progress: Callable[[float], None],
) -> dict[str, NDArray[Any]]:
    """The outputs for a whole picture; plain and coarse ones only where the plan has one tile.

    Raises:
        ModelError: the model failed, or gave no numbers or another size than its manifest says.
        OutOfMemory: there was not enough memory for a tile.
        Cancelled: `cancel` became true.
    """
    mosaics = {
        spec.name: tiling.Mosaic(plan, manifest.scale, spec.axes)
        for spec in manifest.outputs
        if spec.is_picture and spec.step == 1
    }
    others: dict[str, NDArray[Any]] = {}
    done = 0
    for row in plan.rows:
        for column in plan.columns:
            tile = {
                spec.name: tiling.cut(inputs[spec.name], spec.axes, row, column)
                if spec.is_picture
                else inputs[spec.name]
                for spec in manifest.inputs
            }
            outputs = run_checked(session, manifest, tile, cancel)
            for name, output in outputs.items():
                if name in mosaics:
                    _add(manifest, mosaics[name], row, column, output)
                else:
                    others[name] = output
            done += 1
            progress(done / plan.count)
    for spec in manifest.outputs:
        if spec.step > 1:
            others[spec.name] = _coarse(manifest, spec, plan, others[spec.name])
    return {name: mosaic.result() for name, mosaic in mosaics.items()} | others


def _coarse(manifest: ModelManifest, spec: TensorSpec, plan: tiling.Plan, output: NDArray[Any]) -> NDArray[Any]:
    """An output with fewer pixels than the picture, without the padding's."""
    (row,), (column,) = plan.rows, plan.columns
    if tuple(output.shape[axis] * spec.step for axis in spec.axes) != (row.stop, column.stop):
        raise ModelError(
            _("The model {model!r} does not match its description: {tensor} came as {dtype} {shape}.").format(
                model=manifest.title, tensor=spec.name, dtype=output.dtype, shape=output.shape
            )
        )
    high, wide = (slice(-(-length // spec.step)) for length in (plan.height, plan.width))
    return output[:, :, high, wide] if spec.layout == "NCHW" else output[:, high, wide]


def run_checked(
    session: Session, manifest: ModelManifest, inputs: Tensors, cancel: Callable[[], bool]
) -> dict[str, NDArray[Any]]:
    """The manifest's outputs of one run.

    Raises:
        ModelError: the model failed, or gave values that are no numbers, of another type or rank, or all alike for a
            picture that is not.
        OutOfMemory, Cancelled: as the session does.
    """
    outputs = session.run(inputs, cancel)
    for spec in manifest.outputs:
        output = outputs[spec.name]
        if output.dtype != np.dtype(spec.dtype) or not _has_form(spec, output):
            raise _mismatch(manifest, spec.name, output.dtype, output.shape)
        if output.dtype.kind == "f" and not np.isfinite(output).all():
            raise ModelError(_("The model {model!r} gave values that are no numbers.").format(model=manifest.title))
        if spec.colour in _COLOURS and not _varies(spec, output) and _any_varies(manifest, inputs):
            raise ModelError(
                _("The model {model!r} gave a single colour for a picture that has more.").format(model=manifest.title)
            )
    return {spec.name: outputs[spec.name] for spec in manifest.outputs}


def _varies(spec: TensorSpec, picture: NDArray[Any], least: float = 1e-6) -> bool:
    """Whether its values lie further apart than this part of its range."""
    low, high = spec.range or (0.0, 1.0)
    return float(picture.max()) - float(picture.min()) > least * (high - low)


def _any_varies(manifest: ModelManifest, inputs: Tensors) -> bool:
    """Whether an input picture has visible detail; a nearly flat one may well become a flat one."""
    return any(spec.colour in _COLOURS and _varies(spec, inputs[spec.name], 0.1) for spec in manifest.inputs)


def _has_form(spec: TensorSpec, output: NDArray[Any]) -> bool:
    if not spec.is_picture:
        return output.shape == spec.shape
    return output.ndim == 4 and output.shape[0] == 1 and output.shape[spec.channel_axis] == spec.channels


def _add(
    manifest: ModelManifest, mosaic: tiling.Mosaic, row: tiling.Span, column: tiling.Span, output: NDArray[Any]
) -> None:
    try:
        mosaic.add(row, column, output)
    except ValueError as error:
        raise ModelError(
            _("The model {model!r} does not match its description: {error}.").format(model=manifest.title, error=error)
        ) from error


def _unfit(manifest: ModelManifest, problem: str) -> ModelError:
    return ModelError(
        _("The input does not fit the model {model!r}: {problem}.").format(model=manifest.title, problem=problem)
    )
