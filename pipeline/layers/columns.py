"""A layer's columns under our field names, feature by feature, with what was wrong noted down."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pipeline.layers import aliases, dates, licence
from pipeline.layers.model import Problem
from pipeline.unseen import BREAKS, HALVES, HIDDEN

MOST_SIGNS = 1000
"""Longer text is cut: no name is, and reports would carry it on."""
_UNSEEN = re.compile(f"[{HIDDEN}{HALVES}{BREAKS}]")
"""Ids that differ in these alone look alike."""
_UNREAD = {
    "valid_from": "not limited",
    "valid_to": "not limited; with a status of 过期, 注销, 吊销 or 关闭, as ended always",
    "renewal_applied": "never applied for: read the register before anybody is accused",
    "restore_by": "no deadline",
    "deadline": "no deadline",
    "stopped": "never stopped",
    "resumed": "not resumed: read the register before anybody is accused",
}
"""What a date that can't be read is taken as."""
IN_SOURCE = "Correct it in the source and export the layer again."


def text(value: Any) -> str | None:
    """A value as stripped text; whole numbers without their '.0'; None where nothing is said."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip() or None


def _date_of(value: Any) -> tuple[date | None, str | None]:
    """A value as a date; where it is none, what it shows instead."""
    try:
        return dates.parse(value), None
    except ValueError:
        return None, repr(text(value))[:60]


def _plain(value: Any) -> Any:
    """Text without what can't be seen, of a bounded length; anything else as it is."""
    if not isinstance(value, str):
        return value
    return _UNSEEN.sub(lambda sign: " " if sign[0] in "\t\n\r\u2028\u2029" else "", value[: 4 * MOST_SIGNS])[:MOST_SIGNS]


def said(value: Any) -> str | None:
    """A value as text, as a layer has it: ids that are the same so are the same."""
    return text(_plain(value))


def find(name: str, columns: Mapping[str, list[Any]], shortened: bool) -> str | None:
    """The file's column of that name: exactly, else whatever its case, else (in a Shapefile) cut to what fits there, else by a name registers use."""
    if name in columns:
        return name
    for wanted in (name, aliases.cut(name, "utf-8"), aliases.cut(name, "gbk")) if shortened else (name,):
        alike = [column for column in columns if column.casefold() == wanted.casefold()]
        if len(alike) == 1:
            return alike[0]
    return aliases.column_of(name, list(columns), shortened)


@dataclass(slots=True)
class Rows:
    """Features of one layer by our field names. `problems` grows as values are asked for."""

    file: str
    fields: Mapping[str, list[Any]]
    """Our field name: the file's values."""
    count: int
    columns: Mapping[str, str] = field(default_factory=dict)
    """Our field name: the file's column."""
    heads: Sequence[str] = ()
    """All of the file's columns."""
    problems: list[Problem] = field(default_factory=list)

    def value(self, k: int, name: str) -> Any:
        return self.fields[name][k] if name in self.fields else None

    def text(self, k: int, name: str) -> str | None:
        return text(self.value(k, name))

    def label(self, k: int) -> str:
        """How to speak of a feature: by its id, else by its place in the file."""
        return (self.text(k, "id") or f"no. {k + 1}")[:60]

    def note(self, k: int, code: str, message: str, fix: str, fatal: bool = False) -> Problem:
        """A Problem of one feature; the caller keeps it."""
        return Problem(self.text(k, "id"), code, f"{self.file}: feature {self.label(k)} {message}", fix, fatal)

    def warn(self, k: int, code: str, message: str, fix: str) -> None:
        self.problems.append(self.note(k, code, message, fix))

    def date(self, k: int, name: str) -> date | None:
        found, unread = _date_of(self.value(k, name))
        if unread is not None:
            taken = _UNREAD.get(name, "not said")
            self.warn(k, "MW-LAYER-DATE", f"has {name} {unread}, which is no date; it is taken as {taken}.", "Write dates as 2024-06-30.")
        return found

    def no_date(self, k: int, name: str) -> str | None:
        """What stands where a date should, but is none."""
        return _date_of(self.value(k, name))[1]

    def number(self, k: int, name: str) -> float | None:
        shown = self.text(k, name)
        if shown is None:
            return None
        try:
            found = float(shown)
        except ValueError:
            found = math.nan
        if math.isfinite(found):
            return found
        self.warn(k, "MW-LAYER-NUMBER", f"has {name} {shown[:60]!r}, which is no number; it is left out.", "Write the number without its unit.")
        return None

    def one_of(self, k: int, name: str, known: frozenset[str], instead: str) -> str | None:
        """A text that should be one of a few; what is not known is noted and left out."""
        value = self.text(k, name)
        if value is None or value in known:
            return value
        said = f"has {name} {value[:60]!r}, which is none of {' '.join(sorted(known))}; {instead}."
        self.warn(k, f"MW-LAYER-{name.upper()}", said, "Use one of these words.")
        return None

    def check_ids(self) -> None:
        """Every feature needs an id of its own."""
        if self.count and "id" not in self.fields:
            has = f" It has: {', '.join(self.heads)[:300]}." if self.heads else ""
            message = f"{self.file}: no column is known to hold the id.{has}"
            fix = "Name the column that holds it: --field id=COLUMN (in the config: fields: {id: …})."
            fix += " Or say it, as the file holds one feature: --id C620… (in the config: id)." if self.count == 1 else ""
            self.problems.append(Problem(None, "MW-LAYER-ID", message, fix, True))
            return
        seen: set[str] = set()
        for k in range(self.count):
            identity = self.text(k, "id")
            if identity is None:
                self.problems.append(self.note(k, "MW-LAYER-ID", "has no id.", IN_SOURCE, True))
            elif identity in seen:
                self.problems.append(self.note(k, "MW-LAYER-ID", "is there more than once: ids must be unique.", IN_SOURCE, True))
            else:
                seen.add(identity)


def _note_changed(rows: Rows, name: str, before: list[Any], after: list[Any]) -> None:
    changed = [
        k for k, (old, new) in enumerate(zip(before, after, strict=True)) if old != new and isinstance(old, str) and old.strip() != new.strip()
    ]
    if changed:
        message = f"has text in {name} that is longer than {MOST_SIGNS} signs or holds control or invisible signs; that is left out"
        more = f", as in {len(changed) - 1} more" if len(changed) > 1 else ""
        rows.warn(changed[0], "MW-LAYER-TEXT", message + more + ".", IN_SOURCE)


def _licences(columns: Mapping[str, list[Any]]) -> str | None:
    """The one column whose cut name may be the id's and that holds licence numbers and nothing else."""
    held = {column: [value for value in map(text, values) if value] for column, values in columns.items() if aliases.cut_from(column, "id")}
    like = [column for column, values in held.items() if values and all(map(licence.meant, values))]
    return like[0] if len(like) == 1 else None


def rows(file: str, columns: Mapping[str, list[Any]], mapping: Mapping[str, str], expected: tuple[str, ...], count: int, shortened: bool) -> Rows:
    """A file's columns under our names: those that `mapping` (config `fields`) tells, else those of the same name."""
    found = {name: find(mapping.get(name, name), columns, shortened) for name in expected}
    if shortened and "id" in found and found["id"] is None and "id" not in mapping:
        found["id"] = _licences(columns)
    there = {name: column for name, column in found.items() if column is not None}
    out = Rows(file, {name: [_plain(v) for v in columns[column]] for name, column in there.items()}, count, there, tuple(columns))
    for name, values in out.fields.items():
        _note_changed(out, name, columns[there[name]], values)
    has = f"It has: {', '.join(columns)[:300]}."
    for name, column in mapping.items():
        if name not in expected:
            fix = f"Fields of this layer are: {', '.join(expected)}."
            out.problems.append(Problem(None, "MW-LAYER-FIELD", f"{file}: 'fields' maps {name!r}, which this layer does not have.", fix, False))
        elif count and found[name] is None and name != "id":
            out.problems.append(Problem(None, "MW-LAYER-FIELD", f"{file}: there is no column {column!r} for {name}.", has, False))
    return out
