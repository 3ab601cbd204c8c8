"""The county's configuration: one YAML file, checked as a whole before any work begins."""

from __future__ import annotations

import re
import shlex
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from pipeline import yamlfile
from pipeline.config_findings import FindingsConfig
from pipeline.paths import LocalPath, OwnPath, PathOrBucket
from pipeline.yamlfile import Strict

LAYERS = ("mining_rights", "exploration_rights", "legacy_patches", "redline", "farmland", "towns", "plan_blocks")
"""Layers with a meaning of their own; any other name needs `kind: zone` or `kind: approval`."""


class County(Strict):
    name: str = Field(min_length=1, max_length=100, description="Name as it should stand in reports.")
    code: str = Field(pattern=r"^[0-9]{6}$", description="Six-digit division code (GB/T 2260); begins every case id.")


class GridConfig(Strict):
    crs: str = Field(description="Projected CRS of the scenes, e.g. EPSG:32648. Scenes in it are used without resampling.")
    resolution: float = Field(default=10, ge=0.5, le=60, description="Side of a cell, metres.")


class SourceConfig(Strict):
    kind: Literal["folder", "safe", "stac", "sentinelhub"] = Field(description="Where scenes come from.")
    path: PathOrBucket | None = Field(
        default=None, description="Folder of scenes (folder) or of products (safe): on this computer, or s3://bucket/prefix."
    )
    url: str | None = Field(
        default=None,
        max_length=500,
        pattern=r"^https?://[^\s@]+$",
        description="Address of the catalogue (stac) or of the service (sentinelhub; default: that of the Copernicus Data Space Ecosystem).",
    )
    collection: str = Field(
        default="sentinel-2-l2a", min_length=1, max_length=100, description="Collection of the catalogue (stac) or of the service (sentinelhub)."
    )
    hosts: tuple[str, ...] = Field(
        default=(), description="Further hosts from which files may be read (stac). Those of the catalogues in docs/sources.md are known."
    )
    max_processing_units: float = Field(
        default=8000, gt=0, le=100_000_000, description="Most processing units that a calendar month may cost (sentinelhub)."
    )
    since: date | None = Field(
        default=None, description="First day asked for (stac, sentinelhub). Default: 36 months before monitor_from, which must then be set."
    )
    bands: tuple[str, ...] | None = Field(default=None, description="Use just these bands. Default: those the scenes share.")
    mask: Literal["SCL", "none"] | None = Field(default=None, description="Cloud mask. Default: SCL where the scenes have it, else colour.")
    scale: float | None = Field(
        default=None, gt=0, le=1, description="Reflectance = DN × scale + offset, where neither item.json nor baseline tells."
    )
    offset: float | None = Field(default=None, ge=-10, le=10, description="See scale. Default of the two: 0.0001 and -0.1.")


class LayerConfig(Strict):
    path: LocalPath | None = Field(
        default=None,
        description="GeoJSON, GeoPackage, Shapefile, KML/KMZ, or corner points as text, CSV or XLSX (docs/layers.md). "
        "Once a layer was imported, its imported versions are used instead; then it needs no path.",
    )
    kind: Literal["zone", "approval"] | None = Field(default=None, description="For further layers: `zone` bans mining, `approval` explains change.")
    accuracy_m: float = Field(default=5, ge=0, le=1000, description="How far the layer's boundaries may be off, 95 %.")
    fields: dict[str, str] = Field(default_factory=dict, description="Our field name: the file's column, e.g. {id: 许可证号}.")
    crs: str | None = Field(
        default=None, pattern=r"^EPSG:\d{4,6}$", description="Coordinate system, where the file does not say it or says a wrong one, e.g. EPSG:4523."
    )
    order: Literal["north_east", "east_north"] | None = Field(
        default=None, description="Which of two written numbers comes first, where that is asked; latitude is the north."
    )
    deduct: bool | None = Field(default=None, description="Whether rings in doubt are taken out (扣除) or added, where that is asked.")
    shift: tuple[float, ...] | None = Field(
        default=None,
        description="Parameters of Xi'an 1980 or Beijing 1954 to CGCS2000, as survey offices give them: dx, dy, dz (m), rx, ry, rz (seconds), ppm.",
    )
    id: str | None = Field(default=None, max_length=100, description="Of a file that holds one feature and does not say its id.")


class CoverageConfig(Strict):
    min: float = Field(default=0.5, ge=0, le=1, description="A month that saw less of the area clearly is incomplete (exit 3).")


class ComputeConfig(Strict):
    block: int = Field(default=1024, ge=64, le=4096, description="Side of a block, cells. Results do not depend on it.")
    memory_mb: int = Field(
        default=700,
        ge=100,
        le=1_000_000,
        description="A worker's stack of looks while a baseline is fitted; the rest takes about as much again.",
    )


class StoreConfig(Strict):
    path: PathOrBucket | None = Field(
        default=None,
        description="Folder of files made from products (safe) or downloaded (stac, sentinelhub, s3://); counties may share one. "
        "Default: store in the output folder. With s3://bucket/prefix computers share what they have made; "
        "each keeps a copy of what it needs in its output folder.",
    )
    max_gb: float = Field(
        default=200,
        gt=0,
        le=100_000,
        description="Most that the store may take; of one in a bucket, the copies on this computer too. "
        "What no month needs any more goes first, the longest unused before the rest; "
        "what a month that is not done yet needs never goes. The first January needs 36 months at once: about 0.3 GB a date for 5,000 km².",
    )


class Config(Strict):
    """A county. Relative paths are meant from the folder of the config file."""

    county: County
    area: LocalPath = Field(description="Polygon(s) of the county.")
    grid: GridConfig
    sources: tuple[SourceConfig, ...] = Field(min_length=1)
    layers: dict[str, LayerConfig] = Field(default_factory=dict)
    output: OwnPath = Field(description="Folder for months, state and ledger.")
    plan: OwnPath | None = Field(
        default=None, description="The county's mineral resources plan (矿产资源总体规划), a YAML like configs/huining-plan.yaml; see docs/plan.md."
    )
    dem: OwnPath | None = Field(
        default=None,
        description="Model of heights, a GeoTIFF in metres such as Copernicus GLO-30, best from before the digging: restoration is then compared "
        "with ground of like slope and aspect (docs/restoration.md).",
    )
    notify: str | None = Field(
        default=None,
        min_length=1,
        max_length=1000,
        description="Program told how each run ended, e.g. ./notify.sh: the lines on its standard input, MINEWARDEN_EXIT, MINEWARDEN_MONTH, "
        "MINEWARDEN_COUNTY and MINEWARDEN_OUTPUT in its environment. Started in this folder, without a shell; ended after 60 s.",
    )
    monitor_from: str | None = Field(
        default=None,
        description="First month judged, YYYY-01. Default: the first January with scenes in 18 calendar months before it.",
    )
    coverage: CoverageConfig = CoverageConfig()
    findings: FindingsConfig = FindingsConfig()
    compute: ComputeConfig = ComputeConfig()
    store: StoreConfig = StoreConfig()

    @field_validator("notify")
    @classmethod
    def _splits(cls, value: str | None) -> str | None:
        if value is not None and not shlex.split(value):
            raise ValueError("names no program")
        return value

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
    def store(self) -> Path:
        """Files that are quick to read, made from what sources deliver."""
        chosen = self.config.store.path
        return self.path(chosen) if isinstance(chosen, Path) else self.output / "store"

    @property
    def shelf(self) -> str | None:
        """Address of the bucket in which they are shared."""
        chosen = self.config.store.path
        return chosen if isinstance(chosen, str) else None

    @property
    def listings(self) -> Path:
        """What catalogues listed."""
        return self.output / "catalogue"

    @property
    def models(self) -> Path:
        """Likelihoods fitted to what people decided here: that in use, and all that there were."""
        return self.output / "models"

    @property
    def plan(self) -> Path | None:
        return self.path(self.config.plan) if self.config.plan else None

    @property
    def registers(self) -> Path:
        """Imported versions of the layers."""
        return self.output / "layers"

    @property
    def logs(self) -> Path:
        return self.output / "log"

    @property
    def typed(self) -> str:
        """The config's path as it is typed into a shell."""
        return shlex.quote(str(self.file))

    @property
    def ledger(self) -> Path:
        return self.output / "ledger.sqlite"

    @property
    def backup(self) -> Path:
        """Copies of the ledger that the program keeps itself."""
        return self.output / "backup"


def load(file: Path) -> Project:
    """Read and check a config.

    Raises MinewardenError (`MW-CONFIG-…`) naming the field, its value and the fix.
    """
    about = yamlfile.About("CONFIG", "Give the path of a config, or make one with 'minewarden init'.", "configs/reference.yaml")
    config, sha256 = yamlfile.read(file, Config, about)
    return Project(file=file.resolve(), config=config, sha256=sha256)
