"""What the user may choose on export."""

from __future__ import annotations

from dataclasses import dataclass

from editor.core.errors import ParamError
from editor.core.i18n import _

SUBSAMPLINGS = ("4:4:4", "4:2:2", "4:2:0")


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """quality: 1 to 100, JPEG and lossy WebP. subsampling: of JPEG's colour. bits: 8 or 16 for PNG and TIFF; None keeps
    the picture's own depth where the format can. lossless: WebP without loss.
    """

    quality: int = 92
    subsampling: str = "4:4:4"
    bits: int | None = None
    lossless: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.quality <= 100:
            raise ParamError(_("The quality must be between 1 and 100, not {quality}.").format(quality=self.quality))
        if self.subsampling not in SUBSAMPLINGS:
            raise ParamError(_("The colour subsampling must be one of {known}.").format(known=", ".join(SUBSAMPLINGS)))
        if self.bits not in (None, 8, 16):
            raise ParamError(_("A file has 8 or 16 bits, not {bits}.").format(bits=self.bits))
