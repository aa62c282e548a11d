"""The description of a file that the user brought: what probing found, and what they say it is for."""

from __future__ import annotations

from dataclasses import dataclass, replace

from editor.core.errors import ModelError
from editor.core.i18n import N_, _
from editor.runtime.manifest import ROLES, ModelFile
from editor.runtime.manifest_text import file_lines, printable, quoted, tensor_lines
from editor.runtime.probe.finding import Finding
from editor.runtime.userfile import cannot

_SUMMARY = N_("A file of yours.")

# Where the system does not tell how much memory a run takes: more than most do, so that tiles are rather small.
_CAREFUL_MB_PER_MP = 5000

# A subject is seen in the whole photo, brought down; a network that takes any size gets it at this one.
_SUBJECT_SIDE_PX = 512


@dataclass(frozen=True, slots=True)
class _Need:
    """What a model for a role must do.

    given: how many channels it gives, None for as many as it takes. enlarged: whether what it gives is larger. mask:
    whether it takes one.
    """

    given: int | None = 3
    enlarged: bool = False
    mask: bool = False


_NEEDS = {
    "upscale": _Need(enlarged=True),
    "denoise": _Need(given=None),
    "subject": _Need(given=1),
    "fill": _Need(mask=True),
    "style": _Need(),
}


def fitted(finding: Finding, role: str, name: str) -> Finding:
    """The finding with the one output that a role needs, and the size and overlap that go with the role.

    Args:
        finding: what probing found.
        role: one of `editor.runtime.manifest.PICTURE_ROLES`.
        name: of the file, for messages.

    Raises:
        ModelError: the model is not for that.
    """
    need = _NEEDS[role]
    if (finding.inputs.mask is not None) != need.mask:
        raise _unfit(name, role, _("it takes no mask") if need.mask else _("it wants a mask"))
    taken = finding.inputs.picture.channels
    if need.given is not None and taken == 1:
        raise _unfit(name, role, _("it takes grey pictures"))
    output = next((one for one in finding.outputs if one.spec.channels == (need.given or taken)), None)
    if output is None:
        count = finding.outputs[0].spec.channels
        raise _unfit(name, role, _("it gives pictures with {count} channels").format(count=count))
    if (output.scale > 1) != need.enlarged:
        raise _unfit(name, role, _("it enlarges {scale} times").format(scale=output.scale))
    size, overlap_px = finding.size, finding.overlap_px
    if role == "subject":
        output, overlap_px = replace(output, spec=replace(output.spec, colour="mask")), None
        if size.fixed is None:
            size = replace(size, fixed=size.padded(_SUBJECT_SIDE_PX, _SUBJECT_SIDE_PX))
    return replace(finding, outputs=(output,), size=size, overlap_px=overlap_px)


def _unfit(name: str, role: str, reason: str) -> ModelError:
    return cannot(name, _("{reason}, so it is not for this: {use}").format(reason=reason, use=_(ROLES[role])))


def described(model_id: str, title: str, role: str, file: ModelFile, finding: Finding) -> str:
    """The text of the manifest, as `editor.runtime.manifest` reads it; `finding` has been `fitted`."""
    (output,) = finding.outputs
    lines = [
        "# Written when the file was installed, from what it does with small pictures. Where it is wrong, correct it.",
        f"id = {quoted(model_id)}",
        f"title = {quoted(printable(title) or model_id)}",
        f"role = {quoted(role)}",
        f"summary = {quoted(_SUMMARY)}",
        'authors = ["unknown"]',
        "own = true",
        f"scale = {output.scale}",
        *(["whole = true"] if finding.overlap_px is None else [f"overlap_px = {finding.overlap_px}"]),
        f"memory_mb_per_mp = {finding.memory_mb_per_mp:.0f}"
        if finding.memory_mb_per_mp
        else f"memory_mb_per_mp = {_CAREFUL_MB_PER_MP} # assumed: it could not be measured on this system",
        *("", "[licence]", 'name = "unknown"', "commercial = false"),
        *("", "[size]", *_size(finding)),
        *("", "[[files]]"),
        *file_lines(file),
    ]
    for spec in finding.inputs.specs:
        lines += ["", "[[inputs]]", *tensor_lines(spec)]
    resemblance = output.resemblance
    alike = "" if resemblance is None else f" # then it differs from the input by {100 * resemblance:.1f} %"
    lines += ["", "[[outputs]]", *tensor_lines(output.spec, alike)]
    return "\n".join(lines) + "\n"


def _size(finding: Finding) -> list[str]:
    if finding.size.fixed is not None:
        return [f"fixed = [{finding.size.fixed[0]}, {finding.size.fixed[1]}]"]
    return [f"multiple_of = {finding.size.multiple_of}", f"minimum = {finding.size.minimum}"]
