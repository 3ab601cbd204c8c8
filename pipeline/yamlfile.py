"""YAML files that people write, checked as a whole by a model: the config, and the county's plan."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.errors import MinewardenError

MAX_BYTES = 1_000_000
MAX_DEPTH = 10


class Strict(BaseModel):
    """Refuses unknown keys, and numbers that are none."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


_PLAINLY = {
    "extra_forbidden": "unknown key",
    "tuple_type": "must be a list, e.g. [a, b]",
    "string_type": 'must be text: put it in quotes, as in "620422"',
}
"""Of pydantic's errors those whose own words say little to who writes YAML."""

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class About:
    """What messages say of a kind of file."""

    code: str
    """`MW-<code>-…`"""
    fix: str
    """Where there is no such file."""
    example: str
    """File that shows what is allowed."""

    def error(self, what: str, message: str, fix: str) -> MinewardenError:
        return MinewardenError(f"MW-{self.code}-{what}", message, fix)


class _Loader(yaml.SafeLoader):
    """Refuses a key that is there twice: the second would silently take the place of the first."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        for twice in {key for key in keys if keys.count(key) > 1}:
            raise yaml.MarkedYAMLError(problem=f"{twice} is there twice", problem_mark=node.start_mark)
        return super().construct_mapping(node, deep)


def _parse(text: str, file: Path, about: About) -> Any:
    depth = 0
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise about.error("ALIAS", f"{file} uses YAML aliases (*name).", "Write the values out.")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise about.error("YAML", f"{file} is nested more than {MAX_DEPTH} deep.", f"Start from {about.example}.")
        return yaml.load(text, Loader=_Loader)
    except (yaml.YAMLError, AttributeError, OverflowError, TypeError, ValueError) as error:  # PyYAML trips over numbers and dates that are none
        where = getattr(error, "problem_mark", None)
        at = f" at line {where.line + 1}" if where else ""
        at += f": {error.problem[:80]}" if isinstance(error, yaml.MarkedYAMLError) and error.problem else ""
        raise about.error("YAML", f"{file} is not valid YAML{at}.", "Check indentation, quotes and colons there.") from error


def read(file: Path, model: type[Model], about: About) -> tuple[Model, str]:
    """The file as its model, and the SHA-256 of its bytes.

    Raises MinewardenError (`MW-<code>-FILE`, `-SIZE`, `-ENCODING`, `-YAML`, `-ALIAS`, `-SHAPE` or `-FIELD`) naming the field, its value and the fix.
    """
    try:
        if not file.is_file():
            what = "is not there" if not file.exists() else "is no file"
            raise about.error("FILE", f"{file} {what}.", about.fix)
        with file.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no path"
        raise about.error("FILE", f"{file} can't be read ({why}).", about.fix) from error
    if len(raw) > MAX_BYTES:
        raise about.error("SIZE", f"{file} has more than {MAX_BYTES} bytes.", "Such a file is a few kilobytes: is this the right one?")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise about.error("ENCODING", f"{file} is not UTF-8.", "Save it as UTF-8.") from error
    data = _parse(text, file, about)
    if not isinstance(data, dict):
        raise about.error("SHAPE", f"{file} holds no keys.", f"Start from {about.example}.")
    try:
        return model.model_validate(data), hashlib.sha256(raw).hexdigest()
    except ValidationError as error:
        first = error.errors()[0]
        field = "".join(f"{part}: " for part in (".".join(str(part) for part in first["loc"]),) if part)
        # What is wrong with several keys together is said in words; the keys themselves say nothing more.
        # An unknown key may be a password.
        unshown = first["type"] in ("missing", "extra_forbidden") or isinstance(first["input"], dict)
        shown = "" if unshown else f" (value {str(first['input'])[:80]!r})"
        message = _PLAINLY.get(first["type"], first["msg"].removeprefix("Value error, "))
        raise about.error("FIELD", f"{file}: {field}{message}{shown}.", f"See {about.example} for what is allowed there.") from error
