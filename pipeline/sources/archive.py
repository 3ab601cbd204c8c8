"""All scenes of a county, from all its sources, and the bands that can be used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.config import Project, SourceConfig
from pipeline.errors import MinewardenError
from pipeline.sources.folder import FolderSource
from pipeline.sources.naming import BANDS, NEEDED
from pipeline.sources.passes import once_each, told_apart
from pipeline.sources.safe import SafeSource
from pipeline.sources.scene import Refused, Scene, Source

RARE = 0.1
"""A band that fewer scenes than this share lack is kept, and those scenes are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """What there is to work with."""

    scenes: tuple[Scene, ...]
    """Oldest first; all have every band of `bands`."""
    refused: tuple[Refused, ...]
    bands: tuple[str, ...]


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


def open_sources(project: Project) -> Archive:
    """All scenes of the project's sources, each pass once, cut to the bands that they share.

    Raises MinewardenError `MW-SOURCE-…` where a source is missing or empty, or nothing in it can be used.
    """
    scenes: list[Scene] = []
    refused: list[Refused] = []
    for config in project.config.sources:
        found, left = _source(project, config).scenes()
        masked, unmasked = _without_mask(found) if config.mask is None else (found, [])
        scenes += masked
        refused += [*left, *unmasked]
    if len(project.config.sources) > 1:
        scenes, twice = once_each(scenes)
        refused += twice
    scenes = told_apart(scenes)
    if not scenes:
        first = refused[0]
        raise MinewardenError("MW-SOURCE-UNUSABLE", f"None of {len(refused)} scenes can be used, e.g. {first.id}: {first.reason}", "Mend the scenes.")
    forced = [b for config in project.config.sources for b in config.bands or ()]
    bands = shared_bands(scenes, forced)
    kept = []
    for scene in scenes:
        missing = [b for b in bands if b not in scene.bands]
        if missing:
            refused.append(_lacks(scene, ", ".join(missing)))
        else:
            kept.append(scene)
    return Archive(scenes=tuple(kept), refused=tuple(sorted(refused, key=lambda r: r.id)), bands=bands)


def _without_mask(scenes: Sequence[Scene]) -> tuple[Sequence[Scene], list[Refused]]:
    """Where nearly all scenes of a source have an SCL, those without one are left out: their clouds would pass for ground."""
    lacking = [scene for scene in scenes if scene.scl is None]
    if len(lacking) >= RARE * len(scenes):
        return scenes, []
    return [scene for scene in scenes if scene.scl is not None], [_lacks(scene, "SCL") for scene in lacking]


def _lacks(scene: Scene, what: str) -> Refused:
    fix = "Add the file, or set `bands` or `mask` of the source."
    return Refused(scene.id, scene.day, f"No file for {what}, which the other scenes have.", code="MW-SCENE-BANDS", fix=fix)


def _source(project: Project, config: SourceConfig) -> Source:
    if config.kind not in ("folder", "safe"):
        raise MinewardenError("MW-SOURCE-KIND", f"sources: kind {config.kind} is not available yet.", "Use kind: folder or safe.")
    if config.path is None:
        raise MinewardenError("MW-SOURCE-PATH", f"sources: kind {config.kind} has no path.", "Add the path of the folder.")
    if config.bands:
        shared_bands((), config.bands)
    if config.kind == "safe":
        return SafeSource(project.path(config.path), bands=config.bands, mask=config.mask)
    return FolderSource(project.path(config.path), bands=config.bands, mask=config.mask, scale=config.scale, offset=config.offset)
