"""The county's configuration: one YAML file, checked as a whole before any work begins."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from pipeline.errors import MinewardenError

LAYERS = ("mining_rights", "exploration_rights", "legacy_patches", "redline", "farmland", "towns")
"""Layers with a meaning of their own; any other name needs `kind: zone` or `kind: approval`."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class County(_Strict):
    name: str = Field(description="Name as it should stand in reports.")
    code: str = Field(pattern=r"^\d{6}$", description="Six-digit division code (GB/T 2260); begins every case id.")


class GridConfig(_Strict):
    crs: str = Field(description="Projected CRS of the scenes, e.g. EPSG:32648. Scenes in it are used without resampling.")
    resolution: float = Field(default=10, gt=0, le=60, description="Side of a cell, metres.")


class SourceConfig(_Strict):
    kind: Literal["folder", "safe", "stac", "sentinelhub"] = Field(description="Where scenes come from.")
    path: Path | None = Field(default=None, description="Folder of scenes (folder, safe).")
    bands: tuple[str, ...] | None = Field(default=None, description="Use just these bands. Default: those the scenes share.")
    mask: Literal["SCL", "none"] | None = Field(default=None, description="Cloud mask. Default: SCL where the scenes have it, else colour.")
    scale: float | None = Field(default=None, gt=0, description="Reflectance = DN × scale + offset, where neither item.json nor baseline tells.")
    offset: float | None = Field(default=None, description="See scale. Default of the two: 0.0001 and -0.1.")


class LayerConfig(_Strict):
    path: Path = Field(description="GeoJSON, GeoPackage or Shapefile.")
    kind: Literal["zone", "approval"] | None = Field(default=None, description="For further layers: `zone` bans mining, `approval` explains change.")
    fields: dict[str, str] = Field(default_factory=dict, description="Our field name: the file's column, e.g. {id: 许可证号}.")


class CoverageConfig(_Strict):
    min: float = Field(default=0.5, ge=0, le=1, description="A month that saw less of the area clearly is incomplete (exit 3).")


class FindingsConfig(_Strict):
    min_cells: int = Field(default=4, ge=1, description="Smallest patch and case, in cells of the grid.")
    min_likelihood: float = Field(default=0.5, ge=0, le=1, description="Findings that claim mining need this likelihood.")
    tolerance_m: float = Field(default=15, ge=0, description="Boundaries are compared with this tolerance.")


class ComputeConfig(_Strict):
    block: int = Field(default=512, ge=64, le=4096, description="Side of a block, cells. Results do not depend on it.")
    memory_mb: int = Field(default=700, ge=100, description="What one block's stack may take while a baseline is fitted.")


class Config(_Strict):
    """A county. Relative paths are meant from the folder of the config file."""

    county: County
    area: Path = Field(description="Polygon(s) of the county.")
    grid: GridConfig
    sources: tuple[SourceConfig, ...] = Field(min_length=1)
    layers: dict[str, LayerConfig] = Field(default_factory=dict)
    output: Path = Field(description="Folder for months, state and ledger.")
    monitor_from: str | None = Field(
        default=None,
        description="First month judged, YYYY-01. Default: the first January with scenes in 18 calendar months before it.",
    )
    coverage: CoverageConfig = CoverageConfig()
    findings: FindingsConfig = FindingsConfig()
    compute: ComputeConfig = ComputeConfig()

    @field_validator("monitor_from")
    @classmethod
    def _january(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"\d{4}-01", value):
            raise ValueError("monitoring starts in a January: write YYYY-01")
        return value

    @field_validator("layers")
    @classmethod
    def _kinds(cls, value: dict[str, LayerConfig]) -> dict[str, LayerConfig]:
        for name, layer in value.items():
            if name in LAYERS and layer.kind is not None:
                raise ValueError(f"layer {name} has a meaning of its own and takes no kind")
            if name not in LAYERS and layer.kind is None:
                raise ValueError(f"layer {name} needs kind: zone or kind: approval (or is it one of {', '.join(LAYERS)}?)")
        return value


class Project(BaseModel):
    """A config together with where it lies; all paths absolute."""

    model_config = ConfigDict(frozen=True)

    file: Path
    config: Config
    sha256: str

    @property
    def root(self) -> Path:
        return self.file.parent

    def path(self, relative: Path) -> Path:
        return relative if relative.is_absolute() else self.root / relative

    @property
    def output(self) -> Path:
        return self.path(self.config.output)

    @property
    def state(self) -> Path:
        return self.output / "state"

    @property
    def ledger(self) -> Path:
        return self.output / "ledger.sqlite"


MAX_BYTES = 1_000_000
MAX_DEPTH = 10


def _parse(text: str, file: Path) -> Any:
    depth = 0
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise MinewardenError("MW-CONFIG-ALIAS", f"{file} uses YAML aliases (*name).", "Write the values out.")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise MinewardenError("MW-CONFIG-YAML", f"{file} is nested more than {MAX_DEPTH} deep.", "Start from configs/reference.yaml.")
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        at = f" at line {where.line + 1}" if where else ""
        raise MinewardenError("MW-CONFIG-YAML", f"{file} is not valid YAML{at}.", "Check indentation, quotes and colons there.") from error


def load(file: Path) -> Project:
    """Read and check a config.

    Raises MinewardenError (`MW-CONFIG-…`) naming the field, its value and the fix.
    """
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise MinewardenError(
            "MW-CONFIG-FILE", f"{file} can't be read ({error.strerror}).", "Give the path of a config, or make one with 'minewarden init'."
        ) from error
    if len(raw) > MAX_BYTES:
        raise MinewardenError("MW-CONFIG-SIZE", f"{file} has {len(raw)} bytes.", "A config is a few kilobytes of YAML: is this the right file?")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MinewardenError("MW-CONFIG-ENCODING", f"{file} is not UTF-8.", "Save it as UTF-8.") from error
    data = _parse(text, file)
    if not isinstance(data, dict):
        raise MinewardenError("MW-CONFIG-SHAPE", f"{file} holds no keys.", "Start from configs/reference.yaml.")
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        shown = "" if first["type"] == "missing" else f" (value {str(first['input'])[:80]!r})"
        message = "unknown key" if first["type"] == "extra_forbidden" else first["msg"]
        raise MinewardenError(
            "MW-CONFIG-FIELD", f"{file}: {field}: {message}{shown}.", "See configs/reference.yaml for what is allowed there."
        ) from error
    return Project(file=file.resolve(), config=config, sha256=hashlib.sha256(raw).hexdigest())
