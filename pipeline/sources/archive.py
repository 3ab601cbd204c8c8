"""All scenes of a county, from all its sources, and the bands that can be used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipeline.config import Project, SourceConfig
from pipeline.errors import MinewardenError
from pipeline.sources.folder import FolderSource
from pipeline.sources.listing import Bounds
from pipeline.sources.naming import BANDS, NEEDED
from pipeline.sources.passes import once_each, told_apart
from pipeline.sources.room import needing_s3
from pipeline.sources.safe import SafeSource
from pipeline.sources.scaling import OFFSET, SCALE
from pipeline.sources.scene import Doubt, Refused, Scene, Source, of_each
from pipeline.sources.tree import DiskTree, Tree

HISTORY_YEARS = 3
"""A baseline is fitted on up to so many years before the first month."""
RARE = 0.1
"""A band that fewer scenes than this share lack is kept, and those scenes are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """What there is to work with."""

    scenes: tuple[Scene, ...]
    """Oldest first; all have every band of `bands`."""
    refused: tuple[Refused, ...]
    bands: tuple[str, ...]
    doubts: tuple[Doubt, ...] = ()


def shared_bands(scenes: Sequence[Scene], forced: Sequence[str] | None = None) -> tuple[str, ...]:
    """The bands to use, in fixed order: `forced`, or those that (nearly) all scenes have; B04 and B08 always."""
    if forced:
        unknown = [b for b in forced if b not in BANDS]
        lacking = [b for b in NEEDED if b not in forced]
        if unknown or lacking:
            what = f"unknown {', '.join(unknown)}" if unknown else f"{', '.join(lacking)} left out"
            raise MinewardenError("MW-SOURCE-BANDS", f"sources: bands {', '.join(forced)}: {what}.", f"Choose from {', '.join(BANDS)}.")
        return tuple(b for b in BANDS if b in forced)
    lacks = {b: sum(b not in s.bands for s in scenes) for b in BANDS}
    return tuple(b for b in BANDS if b in NEEDED or lacks[b] < RARE * len(scenes))


def open_sources(project: Project, bounds: Callable[[], Bounds] | None = None) -> Archive:
    """All scenes of the project's sources, each pass once, cut to the bands that they share.

    bounds: west, south, east, north of the county, degrees. Without them nothing is asked for in the network: what was listed before stands.

    Raises MinewardenError `MW-SOURCE-…` where a source is missing or empty, or nothing in it can be used.
    """
    scenes: list[Scene] = []
    refused: list[Refused] = []
    doubts: list[Doubt] = []
    for config in project.config.sources:
        source = _source(project, config, bounds)
        found, left = source.scenes()
        doubts += source.doubts
        masked, unmasked = _without_mask(found) if config.mask is None else (found, [])
        scenes += masked
        refused += [*left, *unmasked]
    if len(project.config.sources) > 1:
        scenes, twice = once_each(scenes)
        refused += twice
    scenes = told_apart(scenes)
    if not scenes and not refused:
        fix = "Run 'minewarden fetch' first." if bounds is None else "Check url, collection and since of the source, and the area."
        raise MinewardenError("MW-SOURCE-EMPTY", "The sources list no scene of the county.", fix)
    if not scenes:
        first = refused[0]
        raise MinewardenError("MW-SOURCE-UNUSABLE", f"None of {len(refused)} scenes can be used, e.g. {first.id}: {first.reason}", "Mend the scenes.")
    forced = [b for config in project.config.sources for b in config.bands or ()]
    bands = shared_bands(scenes, forced)
    kept, lacking = having(scenes, bands)
    refused += [_lacks(scene, ", ".join(missing)) for scene, missing in lacking]
    return Archive(scenes=tuple(kept), refused=tuple(sorted(refused, key=lambda r: r.id)), bands=bands, doubts=tuple(doubts))


def having(scenes: Sequence[Scene], bands: Sequence[str]) -> tuple[list[Scene], list[tuple[Scene, list[str]]]]:
    """Scenes of which a delivery has all bands, and those that don't, with what they lack."""

    def lacks(scene: Scene) -> list[str]:
        return [band for band in bands if band not in scene.bands]

    lacking = [(scene, missing) for scene in scenes if (missing := lacks(scene))]
    return of_each(scenes, lambda each: None if lacks(each) else each), lacking


def _without_mask(scenes: Sequence[Scene]) -> tuple[Sequence[Scene], list[Refused]]:
    """Where nearly all scenes of a source have an SCL, those without one are left out: their clouds would pass for ground."""
    lacking = [scene for scene in scenes if scene.scl is None]
    if len(lacking) >= RARE * len(scenes):
        return scenes, []
    return of_each(scenes, lambda each: each if each.scl is not None else None), [_lacks(scene, "SCL") for scene in lacking]


def _lacks(scene: Scene, what: str) -> Refused:
    fix = "Add the file, or set `bands` or `mask` of the source."
    return Refused(scene.id, scene.day, f"No file for {what}, which the other scenes have.", code="MW-SCENE-BANDS", fix=fix)


def _source(project: Project, config: SourceConfig, bounds: Callable[[], Bounds] | None) -> Source:
    if config.kind in ("stac", "sentinelhub"):
        return _remote(project, config, bounds)
    if config.path is None:
        raise MinewardenError("MW-SOURCE-PATH", f"sources: kind {config.kind} has no path.", "Add the path of the folder.")
    if config.bands:
        shared_bands((), config.bands)
    tree = DiskTree(project.path(config.path)) if isinstance(config.path, Path) else _bucket(project, config.path, bounds is not None)
    if config.kind == "safe":
        return SafeSource(tree, bands=config.bands, mask=config.mask)
    return FolderSource(tree, bands=config.bands, mask=config.mask, scale=config.scale, offset=config.offset)


def _bucket(project: Project, url: str, online: bool) -> Tree:
    """A path in object storage; its modules are loaded only here and for a store."""
    with needing_s3(url):
        from pipeline.sources.bucket import bucket_of
        from pipeline.sources.bucket_tree import BucketTree
    return BucketTree(bucket_of(url), project.listings, online=online)


def _remote(project: Project, config: SourceConfig, bounds: Callable[[], Bounds] | None) -> Source:
    """A source in the network. Its modules are loaded only here: sources of local files can't open a connection."""
    if config.kind == "stac" and config.url is None:
        raise MinewardenError("MW-SOURCE-URL", "sources: kind stac has no url.", "Add the address of the catalogue, see docs/sources.md.")
    if config.bands:
        shared_bands((), config.bands)
    try:
        return _sentinelhub(project, config, bounds) if config.kind == "sentinelhub" else _stac(project, config, bounds)
    except ImportError as error:
        fix = f"pip install 'minewarden[{config.kind}]'"
        raise MinewardenError("MW-SOURCE-EXTRA", f"kind {config.kind} needs packages that are not installed ({error.name}).", fix) from error


def _sentinelhub(project: Project, config: SourceConfig, bounds: Callable[[], Bounds] | None) -> Source:
    from pipeline.sources.process_api import CDSE, Service
    from pipeline.sources.sentinelhub import SentinelHubSource

    service = Service((config.url or CDSE).rstrip("/"), config.collection, project.listings, config.max_processing_units)
    return SentinelHubSource(service, project.listings, since=_since(project, config), bounds=bounds, bands=config.bands, mask=config.mask)


def _stac(project: Project, config: SourceConfig, bounds: Callable[[], Bounds] | None) -> Source:
    from pipeline.sources.stac import StacSource

    assert config.url is not None
    default = None if config.scale is None and config.offset is None else (config.scale or SCALE, OFFSET if config.offset is None else config.offset)
    return StacSource(
        config.url, config.collection, project.listings, since=_since(project, config), bounds=bounds, hosts=config.hosts,
        bands=config.bands, mask=config.mask, default=default,
    )  # fmt: skip


def _since(project: Project, config: SourceConfig) -> date:
    start = project.config.monitor_from
    if config.since is not None:
        return config.since
    if start is None:
        fix = "Set monitor_from (YYYY-01), or since of the source."
        raise MinewardenError("MW-SOURCE-SINCE", f"sources: kind {config.kind} does not know how far back to ask.", fix)
    return date(int(start[:4]) - HISTORY_YEARS, 1, 1)
