"""Where scenes come from, what their reflectance is, and which content was used."""

from pipeline.sources.archive import Archive, open_sources, shared_bands
from pipeline.sources.bandfile import open_band
from pipeline.sources.folder import FolderSource
from pipeline.sources.gridfit import county_grid
from pipeline.sources.hashes import HashCache, scene_sha256
from pipeline.sources.scene import BandFile, Refused, Scene, Source

__all__ = [
    "Archive",
    "BandFile",
    "FolderSource",
    "HashCache",
    "Refused",
    "Scene",
    "Source",
    "county_grid",
    "open_band",
    "open_sources",
    "scene_sha256",
    "shared_bands",
]
