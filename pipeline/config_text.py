"""A config as commented YAML, made from the models: what is set stands plain, every other key stands as a comment with its default."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from pipeline.config import Config, LayerConfig, SourceConfig

EXAMPLE: dict[str, Any] = {
    "county": {"name": "会宁县", "code": "620422"},
    "area": "layers/aoi.geojson",
    "grid": {"crs": "EPSG:32648", "resolution": 10},
    "sources": [{"kind": "folder", "path": "scenes"}],
    "layers": {
        "mining_rights": {"path": "layers/mining_rights.geojson"},
        "legacy_patches": {"path": "layers/legacy_patches.geojson"},
        "redline": {"path": "layers/redline.geojson"},
        "farmland": {"path": "layers/farmland.geojson"},
    },
    "output": "out",
}
_WIDTH = 110
_HEAD = "Configuration of minewarden (矿卫). Relative paths are meant from this file; unknown keys are refused."


def render(values: Mapping[str, Any]) -> str:
    """Commented YAML with `values` set."""
    return "\n".join([f"# {_HEAD}", "", *_model(Config, values)]) + "\n"


def _model(model: type[BaseModel], values: Mapping[str, Any]) -> list[str]:
    lines: list[str] = []
    for name, field in model.model_fields.items():
        if field.description:
            lines += [f"# {line}" for line in textwrap.wrap(field.description, _WIDTH, break_long_words=False)]
        if name in values:
            lines += _entry(name, field, values[name])
        else:
            lines += [f"# {line}" for line in _entry(name, field, field.get_default(call_default_factory=True))]
    return lines


def _entry(name: str, field: FieldInfo, value: Any) -> list[str]:
    if isinstance(value, BaseModel):
        return [f"{name}:", *_indent(_model(type(value), value.model_dump()))]
    inner = field.annotation
    if isinstance(inner, type) and issubclass(inner, BaseModel):
        return [f"{name}:", *_indent(_model(inner, value))]
    if name == "sources":
        return [f"{name}:", *(line for source in value for line in _item(_model(SourceConfig, source)))]
    if name == "layers" and value:
        first, *rest = value
        shown = [f"{first}:", *_indent(_model(LayerConfig, value[first]))]
        return [f"{name}:", *_indent([*shown, *(f"{key}: {_scalar(value[key])}" for key in rest)])]
    return [f"{name}: {_scalar(value)}"]


def _indent(lines: list[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _item(lines: list[str]) -> list[str]:
    """Lines of a mapping as one item of a list: the dash stands before its first key."""
    first = next(i for i, line in enumerate(lines) if not line.startswith("#"))
    return [f"  {line}" for line in lines[:first]] + [f"  - {lines[first]}"] + [f"    {line}" for line in lines[first + 1 :]]


def _scalar(value: Any) -> str:
    text = yaml.safe_dump(value, allow_unicode=True, default_flow_style=True, width=10_000)
    return text.removesuffix("\n").removesuffix("\n...")
