"""Colour profiles: are they sound, do they fit, and CMYK through them to sRGB."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from editor.core.i18n import _


def colour_space(profile: bytes) -> str:
    """'RGB', 'GRAY', 'CMYK' or another four-letter space. Raises ValueError if the profile is damaged."""
    import imagecodecs

    try:
        imagecodecs.cms_profile_validate(profile)
    except imagecodecs.CmsError as error:
        raise ValueError("damaged ICC profile") from error
    return profile[16:20].decode("ascii", "replace").strip()


def cmyk_with_note(cmyk: NDArray[Any], profile: bytes | None) -> tuple[NDArray[Any], str]:
    """sRGB from H x W x 4 ink, and what to tell the user; a profile that does not fit is not used."""
    try:
        fits = profile is not None and colour_space(profile) == "CMYK"
    except ValueError:
        fits = False
    if fits:
        return cmyk_to_srgb(cmyk, profile), _("CMYK was converted to sRGB with its profile.")
    note = _("CMYK was converted to sRGB without a profile, so colours are approximate.")
    return cmyk_to_srgb(cmyk, None), note


def cmyk_to_srgb(cmyk: NDArray[Any], profile: bytes | None) -> NDArray[Any]:
    """H x W x 4 uint8 or uint16, full value = full ink, to sRGB of the same type; without a profile by (1-c)(1-k)."""
    import imagecodecs

    if profile is not None:
        return np.asarray(
            imagecodecs.cms_transform(
                np.ascontiguousarray(cmyk),
                profile,
                imagecodecs.cms_profile("srgb"),
                colorspace="cmyk",
                outcolorspace="rgb",
                intent=imagecodecs.CMS.INTENT.PERCEPTUAL,
            )
        )
    full = np.iinfo(cmyk.dtype).max
    paper = (full - cmyk[..., :3]).astype(np.float32)
    paper *= (full - cmyk[..., 3:]).astype(np.float32) / full
    return (paper + 0.5).astype(cmyk.dtype)
