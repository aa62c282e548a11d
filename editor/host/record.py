"""How a result came about: enough to make it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from editor.core.errors import ParamError
from editor.core.geometry import Rect
from editor.core.i18n import _
from editor.sdk.params import Value


@dataclass(frozen=True, slots=True)
class OpRecord:
    """A method's run: stored in history, project files and batch reports; replaying it gives the same pixels.

    region: the box that the run touched, (left, top, right, bottom) in the document.
    input_sha256, mask_sha256: of the document's pixels and mask in that box.
    models: id -> sha256 of every model used; provider: what they ran on.
    """

    plugin: str
    version: int
    params: Mapping[str, Value]
    seed: int
    region: tuple[int, int, int, int]
    input_sha256: str
    mask_sha256: str
    models: Mapping[str, str] = field(default_factory=dict)
    provider: str = "CPU"
    libraries: Mapping[str, str] = field(default_factory=dict)

    @property
    def rect(self) -> Rect:
        return Rect(*self.region)

    def to_json(self) -> dict[str, Any]:
        """Plain dicts, lists, texts and numbers."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> OpRecord:
        """The record from what `to_json` gave. Raises ParamError if it is not one."""
        try:
            return cls(**{**data, "region": tuple(data["region"])})
        except (KeyError, TypeError) as error:
            raise ParamError(_("This is not the record of a Kintsugi operation.")) from error
