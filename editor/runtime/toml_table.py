"""A TOML table that is read field by field, so that what is wrong can be named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from editor.core.errors import ModelError
from editor.core.i18n import _


class Table:
    """A TOML table whose fields are taken out one by one, checked; what is left in the end is a mistake."""

    def __init__(self, path: Path, where: str, values: dict[str, Any]) -> None:
        self._path = path
        self._where = where
        self._values = dict(values)

    def wrong(self, field: str, problem: str) -> ModelError:
        return ModelError(
            _("The model description {path} is wrong: {where}{field} {problem}.").format(
                path=self._path, where=self._where, field=field, problem=problem
            )
        )

    def has(self, field: str) -> bool:
        return field in self._values

    def _take(self, field: str, kinds: tuple[type, ...], what: str) -> Any:
        if field not in self._values:
            raise self.wrong(field, _("is missing"))
        value = self._values.pop(field)
        if type(value) not in kinds:
            raise self.wrong(field, _("must be {what}, not {value!r}").format(what=what, value=value))
        return value

    def text(self, field: str) -> str:
        value: str = self._take(field, (str,), _("a text"))
        if not value.strip():
            raise self.wrong(field, _("is empty"))
        return value

    def choice(self, field: str, allowed: tuple[str, ...]) -> str:
        value = self.text(field)
        if value not in allowed:
            raise self.wrong(
                field, _("must be one of {allowed}, not {value!r}").format(allowed=", ".join(allowed), value=value)
            )
        return value

    def yes(self, field: str) -> bool:
        value: bool = self._take(field, (bool,), _("true or false"))
        return value

    def whole(self, field: str, low: int) -> int:
        value: int = self._take(field, (int,), _("a whole number"))
        if value < low:
            raise self.wrong(field, _("must be at least {low}, not {value}").format(low=low, value=value))
        return value

    def positive(self, field: str) -> float:
        value = float(self._take(field, (int, float), _("a number")))
        if not 0 < value < float("inf"):
            raise self.wrong(field, _("must be above 0, not {value:g}").format(value=value))
        return value

    def array(self, field: str, kinds: tuple[type, ...], what: str) -> list[Any]:
        values: list[Any] = self._take(field, (list,), _("a list of {what}").format(what=what))
        if not values or not all(type(value) in kinds for value in values):
            raise self.wrong(field, _("must be a list of {what}, not {values!r}").format(what=what, values=values))
        return values

    def table(self, field: str) -> Table:
        return Table(self._path, f"{self._where}{field}.", self._take(field, (dict,), _("a table")))

    def tables(self, field: str) -> list[Table]:
        values = self.array(field, (dict,), _("tables"))
        return [Table(self._path, f"{self._where}{field}[{i}].", value) for i, value in enumerate(values)]

    def end(self) -> None:
        for field in self._values:
            raise self.wrong(field, _("is not a known field"))
