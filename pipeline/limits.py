"""What a set of scenes, or of layers, can't tell: said in run.json, so that nobody takes silence for knowledge."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from pipeline.sources.colours import guide
from pipeline.sources.scene import Scene

SWIR = ("B11", "B12")


def without_rights(off: Collection[str]) -> list[str]:
    """A warning where there is no register of rights. off: standard layers that are not given."""
    told = "No mining_rights: every dig counts as outside of all rights, the lawful ones too. Give layers.mining_rights, or import the register."
    return [told] if "mining_rights" in off else []


def cannot_tell(bands: tuple[str, ...], scenes: Iterable[Scene]) -> list[str]:
    """A warning for each thing that these bands, and these scenes' masks, leave open."""
    said = []
    lacking = [band for band in SWIR if band not in bands]
    if len(lacking) == len(SWIR):
        said.append("The scenes have no B11 and no B12: snow, ponds, roofs and fallow fields are told from digging less surely.")
    elif lacking:
        said.append(f"The scenes have no {lacking[0]}: rock, clay and roofs are told apart less surely.")
    unmasked = [scene for scene in scenes if scene.scl is None]
    by_colour = [scene for scene in unmasked if scene.masked and guide(scene.bands)]
    if by_colour:
        said.append(f"{len(by_colour)} scene(s) have no SCL: clouds are told by their colour; thin veils and shadows are not.")
    if len(unmasked) > len(by_colour):
        said.append(f"{len(unmasked) - len(by_colour)} scene(s) have no cloud mask: every look counts as clear.")
    return said
