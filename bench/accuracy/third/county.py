"""The county as it fills up: its land, the ground already spoken for, the items, the registers and the truth."""

import numpy as np
from scipy import ndimage as ndi
from shapely.geometry import Polygon

from third.crops import Rotation
from third.frame import Area, Arr, Frame, K, Place, iso
from third.ground import Ground
from third.items import Item, Part
from third.weather import Weather

LAYERS = ("mining_rights", "legacy_patches", "redline", "farmland", "great_wall", "approvals")


class County(Frame):
    """Land, and room for what happens on it. All draws come from one generator, so the order of the calls matters."""

    def __init__(self, seed: int, size: int, years: list[int], months: int) -> None:
        super().__init__(seed, size, years, months)
        self.ground = g = Ground(self)
        self.rotation = Rotation(self, g.fields)
        self.weather = Weather(self)
        self.items: list[Item] = []
        self.features: list[dict] = []  # the truth, in order
        self.layers: dict[str, list[dict]] = {k: [] for k in LAYERS}
        self.skipped: list[str] = []
        self.owned = np.zeros((self.fine_n, self.fine_n), bool)  # sub-cells some item has taken
        self.taken = g.village | (g.d_road < 15) | (g.d_stream < 25)  # cells that are spoken for
        self.banned = np.zeros((size, size), bool)  # cells in a redline or near the wall
        self._outline()

    def _outline(self) -> None:
        """The county's border, a little inside the frame."""
        n = self.n
        top, right, bottom, left = (self.rng.uniform(6, 13, 3) for _ in range(4))
        go, back = (0.1, 0.5, 0.9), (0.9, 0.5, 0.1)
        pts = [(n * f, v) for f, v in zip(go, top, strict=True)] + [(n - v, n * f) for f, v in zip(go, right, strict=True)]
        pts += [(n * f, n - v) for f, v in zip(back, bottom, strict=True)] + [(v, n * f) for f, v in zip(back, left, strict=True)]
        self.aoi = Polygon([(self.x0 + 10 * c, self.y0 - 10 * r) for c, r in pts])
        self.d_border = ndi.distance_transform_edt(np.pad(self.mask(self.aoi), 1))[1:-1, 1:-1] * 10  # metres

    def soil(self, p: Place) -> Arr:
        """Topsoil of a place."""
        i, j = self.cell(p)
        return self.ground.soil[:, i, j]

    # -- time and room ----------------------------------------------------------------------------------------------
    def when(self, dur: float, after: float = 25, tail: float = 50) -> float:
        """A first day in the monitored year that leaves time to be done and, for `tail` days, to be seen."""
        return float(self.rng.uniform(self.watch_day + after, max(self.last_day - tail - dur, self.watch_day + after + 5)))

    def spot(self, radius: float, ok: Arr, why: str, banned: bool = False) -> Place | None:
        """A random place with nothing else within `radius`, on the wanted ground; on banned ground only if asked."""
        d = ndi.distance_transform_edt(~(self.taken if banned else self.taken | self.banned)) * 10
        for r in (1.0, 0.8):
            c = np.argwhere(ok & (d > radius * r) & (self.d_border > radius - 20))
            if len(c):
                i, j = c[self.rng.integers(len(c))]
                return self.x0 + (j + 0.5) * 10, self.y0 - (i + 0.5) * 10
        self.skipped.append(why)
        return None

    def free_field(self, lo: float, hi: float) -> Arr | None:
        """A whole field of that area (m²) that nothing touches, as cells."""
        g = self.ground
        size = np.bincount(g.field[g.farm], minlength=g.fields) * 100
        touched = np.zeros(g.fields, bool)
        touched[np.unique(g.field[(self.taken | (self.d_border < 30)) & (g.field >= 0)])] = True
        c = np.flatnonzero((size > lo) & (size < hi) & ~touched & ~self.rotation.newly_fallow)
        if not len(c):
            self.skipped.append("field")
            return None
        return g.field == self.rng.choice(c)

    def reserve(self, geom: Area) -> None:
        """Keep other items off."""
        self.taken[self.mask(geom, all_touched=True)] = True

    def ban(self, layer: str, geom: Area, **properties: str) -> None:
        """Put a zone where nobody may mine on a layer."""
        self.layers[layer].append({"geom": geom, **properties})
        self.banned[self.mask(geom, all_touched=True)] = True

    def note(self, what: str, done: bool) -> None:
        """Remember for the summary what found no room."""
        if not done:
            self.skipped.append(what)

    # -- items ------------------------------------------------------------------------------------------------------
    def add(self, parts: list[Part], features: list[dict]) -> None:
        """Lay an item on the ground. Its parts count for `features` by their place in that list."""
        base = len(self.features)
        for k, f in enumerate(features):
            mine = [q for q in parts if q.feature == k]
            day = np.concatenate([q.day for q in mine])
            f.setdefault("start", iso(day.min()))
            f.setdefault("end", iso(day.max()))
            f["sub"] = np.concatenate([q.sub for q in mine])
            self.features.append(f)
        for q in parts:
            q.feature = q.feature + base if q.feature >= 0 else -1
            self.owned.ravel()[q.sub] = True
        self.items.append(Item(parts, max(float(q.day.max()) for q in parts)))

    def sub_cells(self, mask: Arr) -> Arr:
        """Flat indices of the sub-cells of chosen cells."""
        i, j = np.nonzero(np.repeat(np.repeat(mask, K, 0), K, 1))
        return i * self.fine_n + j
