"""Things that change the ground: where and when each cell is changed (days at sub-cells) and what it then looks like."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from shapely.geometry import MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from crops import CALENDAR, cover, date_of, rise, vary
from ground import Ground, roofs
from shapes import STEP, SUB, by_cell, sub_mask, window

Array = np.ndarray
NEVER = 2**30  # the day of sub-cells that stay as they are
OLD = 15_000  # January 2011: bare since long before the first scene


class Look(Protocol):
    """What a changed cell looks like: reflectance (6, h, w), how bare (0–1) and how much it hides the old ground."""

    def at(self, day: int) -> tuple[Array, float, float]: ...


@dataclass
class Part:
    """One feature of truth.geojson."""

    kind: str
    code: str | None
    what: str
    geometry: BaseGeometry
    start: int = 0
    end: int = 0
    also: tuple[str, ...] = ()
    name: str = ""
    right_id: str | None = None
    legacy_id: str | None = None


@dataclass
class Item:
    """A thing on the ground, made of one or more parts of truth."""

    row: int
    col: int
    days: Array  # (4h, 4w) day on which a sub-cell is changed
    look: Look
    parts: list[Part]
    cloud_like: float = 0.0  # how often the scene classification calls it a cloud
    ordered: Array = field(init=False)

    def __post_init__(self) -> None:
        self.ordered = np.sort(by_cell(self.days), axis=2)

    @property
    def shape(self) -> tuple[int, int]:
        return self.ordered.shape[0], self.ordered.shape[1]

    def cover(self, day: int) -> Array:
        """Share of every cell changed by the end of a day."""
        return (self.ordered <= day).mean(axis=2, dtype="f4")

    def slices(self) -> tuple[slice, slice]:
        return slice(self.row, self.row + self.shape[0]), slice(self.col, self.col + self.shape[1])


class Canvas:
    """The window of cells of a geometry, and days drawn on its sub-cells."""

    def __init__(self, ground: Ground, geometry: BaseGeometry):
        self.ground = ground
        self.row, self.col, self.height, self.width = window(geometry, ground.transform, ground.n)
        self.days = np.full((self.height * SUB, self.width * SUB), NEVER, dtype="i4")

    def mask(self, geometry: BaseGeometry) -> Array:
        return sub_mask(geometry, self.ground.transform, self.row, self.col, self.height, self.width)

    def fill(self, geometry: BaseGeometry, day: int) -> None:
        """Everything at once."""
        self.days[self.mask(geometry)] = day

    def grow(
        self,
        rng: np.random.Generator,
        geometry: BaseGeometry,
        start: int,
        end: int,
        seed: Point,
        heading: tuple[float, float] | None = None,
    ) -> None:
        """Dig outwards from `seed` (or in a front along `heading`), at an even pace with some disorder."""
        inside = self.mask(geometry)
        rows, cols = np.nonzero(inside)
        if not rows.size:
            return
        t = self.ground.transform
        x = t.c + (self.col + (cols + 0.5) / SUB) * STEP - seed.x
        y = t.f - (self.row + (rows + 0.5) / SUB) * STEP - seed.y
        order = np.hypot(x, y) if heading is None else x * heading[0] + y * heading[1]
        order = order + 0.22 * np.std(order) * _ripple(rng, x, y)
        rank = np.empty(rows.size)
        rank[np.argsort(order, kind="stable")] = np.linspace(0, 1, rows.size)
        self.days[rows, cols] = start + np.round(rank ** rng.uniform(0.8, 1.25) * (end - start)).astype("i4")

    def soil(self) -> Array:
        """The bare ground's own reflectance in the window (6, h, w)."""
        g, s = self.ground, (slice(self.row, self.row + self.height), slice(self.col, self.col + self.width))
        return g.soil[g.unit[s]].transpose(2, 0, 1) * g.texture[s]

    def item(self, look: Look, parts: list[Part], cloud_like: float = 0.0) -> Item:
        """Close the canvas; each part gets the days of its own sub-cells."""
        for part in parts:
            days = self.days[self.mask(part.geometry) & (self.days < NEVER)]
            if days.size and not part.start:
                part.start, part.end = int(days.min()), int(days.max())
        return Item(self.row, self.col, self.days, look, parts, cloud_like)


def _ripple(rng: np.random.Generator, x: Array, y: Array) -> Array:
    """A few random waves: benches and corners that are dug out of turn."""
    total = np.zeros_like(x)
    for _ in range(4):
        kx, ky = rng.normal(0, 1 / 18, 2)
        total += np.sin(kx * x + ky * y + rng.uniform(0, 6.3))
    return total / 1.4


def first_days(canvas: Canvas) -> Array:
    """The first day of every cell (h, w)."""
    return by_cell(canvas.days).min(axis=2)


class PitLook:
    """Fresh face, floor and spoil of one material; a little brighter while just dug, weeds when old."""

    def __init__(self, rng: np.random.Generator, canvas: Canvas, material: str, weeds: float = 0.0, strength: float = 1.0):
        soil, size = canvas.soil(), (canvas.height, canvas.width)
        base = _material(rng, material, soil)
        base = soil + (base - soil) * strength
        spoil = 0.45 * base + 0.55 * soil * rng.uniform(1.05, 1.25)
        rows, cols = np.mgrid[: size[0], : size[1]]
        way = rng.normal(size=2)
        along = (way[0] * (rows - size[0] / 2) + way[1] * (cols - size[1] / 2)) / max(size) + rng.normal(0, 0.12, size)
        heap = (along > np.quantile(along, rng.uniform(0.6, 0.8)))[None]
        face = np.where(rng.random(size) < 0.3, rng.uniform(1.05, 1.18), rng.uniform(0.93, 1.0))[None]
        rough = rng.normal(1, 0.07, size)[None]
        self.spectrum = (np.where(heap, spoil, base * face) * rough).astype("f4")
        self.since, self.weeds = first_days(canvas), weeds
        self.grass = canvas.ground.palette["grass"][:, None, None]

    def at(self, day: int) -> tuple[Array, float, float]:
        age = np.clip(day - self.since, 0, 4000)
        look = self.spectrum * (1 + 0.06 * np.exp(-age / 20)).astype("f4")
        green = self.weeds * float(_summer(day))
        return look * (1 - green) + self.grass * green, 1 - green, 1.0


def _material(rng: np.random.Generator, name: str, soil: Array) -> Array:
    """Reflectance of what is dug: loess and clay relative to the soil they lie under, rock by itself."""
    jitter = rng.normal(1, 0.02, 6)
    if name in ("loess", "clay"):
        tint = (0.95, 0.99, 1.03, 1.04, 1.01, 0.96) if name == "loess" else (0.95, 1.0, 1.06, 1.02, 0.97, 0.78)
        bright = rng.uniform(1.25, 1.5) if name == "loess" else rng.uniform(1.3, 1.6)
        return soil * (bright * np.array(tint) * jitter)[:, None, None]
    return np.broadcast_to((vary(rng, name, 0.06) * jitter)[:, None, None], soil.shape)


def _summer(day: int) -> Array:
    doy = date_of(day).timetuple().tm_yday
    return rise(doy, 140, 12) * (1 - rise(doy, 280, 12))


class BuiltLook:
    """Bare, levelled ground first; `lag` days later what is built on it (houses, tarmac, panels, plastic, water)."""

    def __init__(
        self,
        canvas: Canvas,
        final: Array,
        lag: float,
        share: Array | float = 1.0,
        inside: float = 0.0,
        levelled: float = 1.08,
    ):
        self.soil = (canvas.soil() * levelled).astype("f4")
        self.final, self.lag, self.share, self.inside = final, lag, share, inside
        self.since, self.crop = first_days(canvas), canvas.ground.palette["crop"][:, None, None]

    def at(self, day: int) -> tuple[Array, float, float]:
        built = np.clip((day - self.since - self.lag) / 12, 0, 1) * self.share
        doy = date_of(day).timetuple().tm_yday
        # crops under plastic: greenest in winter and spring, aired and shaded in high summer
        green = self.inside * (0.5 + 0.5 * np.cos((doy - 60) / 365 * 2 * np.pi))
        final = self.final * (1 - green) + self.crop * green
        look = self.soil * (1 - built) + final * built
        return look.astype("f4"), float(1 - 0.9 * np.mean(built)), 1.0


class FieldLook:
    """Soil that is worked once and then grows `crop` (levelled terraces, first ploughing, planted grass)."""

    def __init__(self, canvas: Canvas, crop: int, sown: int, bright: float, peak: float, dates: float = 0.0):
        self.soil, self.palette = canvas.soil(), canvas.ground.palette
        self.crop, self.sown, self.bright, self.peak, self.shift = crop, sown, bright, peak, dates

    def at(self, day: int) -> tuple[Array, float, float]:
        if day < self.sown:
            return self.soil * np.float32(self.bright), 1.0, 1.0
        doy = date_of(day).timetuple().tm_yday - self.shift
        green, dry, film, soil = (float(v) for v in cover(self.crop, doy, self.peak, 30.0, 0.1, 500.0))
        bright = soil * (1 + (self.bright - 1) * 0.5)
        bare = max(0.0, 1 - green - dry - film)
        plant = self.palette["grass" if self.crop >= len(CALENDAR) - 3 else "crop"]
        look = plant * green + self.palette["straw"] * dry + self.palette["film"] * film
        return look[:, None, None] + self.soil * np.float32(bare * bright), bare, 1.0


class BurnLook:
    """Char and ash that wind, rain and the plough take away within weeks."""

    def __init__(self, rng: np.random.Generator, canvas: Canvas):
        patchy = np.clip(rng.normal(0.72, 0.2, (1, canvas.height, canvas.width)), 0.1, 1)
        self.spectrum = (vary(rng, "char")[:, None, None] * patchy + canvas.soil() * (1 - patchy)).astype("f4")
        self.start, self.pace = int(canvas.days.min()), rng.uniform(20, 40)

    def at(self, day: int) -> tuple[Array, float, float]:
        return self.spectrum, 0.6, float(np.exp(-max(day - self.start, 0) / self.pace))


class SlideLook(PitLook):
    """A landslide's scar: raw loess of much the same colour as the soil."""

    def __init__(self, rng: np.random.Generator, canvas: Canvas):
        super().__init__(rng, canvas, "loess", strength=rng.uniform(0.2, 0.5))


def flat(rng: np.random.Generator, canvas: Canvas, name: str, rough: float = 0.05) -> Array:
    """One material over the window, with cell-to-cell differences."""
    return vary(rng, name)[:, None, None] * rng.normal(1, rough, (1, canvas.height, canvas.width))


def house_plots(rng: np.random.Generator, canvas: Canvas) -> Array:
    """Roofs and yards of new houses."""
    return roofs(rng, canvas.height, canvas.width)


def polygons(geometry: BaseGeometry, least: float) -> list[Polygon]:
    """The polygons of a geometry that have at least `least` m²."""
    found = list(geometry.geoms) if hasattr(geometry, "geoms") else [geometry]
    return [p for p in found if isinstance(p, Polygon) and p.area >= least]


def joined(geometry: BaseGeometry, least: float) -> Polygon | MultiPolygon:
    """A geometry without its crumbs."""
    found = polygons(geometry, least)
    return found[0] if len(found) == 1 else MultiPolygon(found)
