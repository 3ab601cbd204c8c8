"""The land before anything happens to it: relief, fields, villages, woods, soil and what grows wild."""

import numpy as np
from scipy import ndimage as ndi
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from third.frame import Arr, Frame, smooth
from third.materials import ASPHALT, DRY, GREEN, ROCK, ROOF, TOPSOIL, WATER


def ramp(x: Arr, a: float, b: float) -> Arr:
    """From 0 at a to 1 at b, without corners."""
    t = np.clip((x - a) / (b - a), 0, 1)
    return t * t * (3 - 2 * t)


def join_equal(key: Arr) -> Arr:
    """Labels (flat) of the connected cells that share a key."""
    idx = np.arange(key.size).reshape(key.shape)
    a = np.r_[idx[:, :-1][key[:, :-1] == key[:, 1:]], idx[:-1][key[:-1] == key[1:]]]
    b = np.r_[idx[:, 1:][key[:, :-1] == key[:, 1:]], idx[1:][key[:-1] == key[1:]]]
    return connected_components(coo_array((np.ones(a.size, "i1"), (a, b)), shape=(key.size, key.size)), False)[1]


class Ground:
    """Hills between gullies with one flat valley; slopes decide what is farmed. Distances are in metres."""

    def __init__(self, frame: Frame) -> None:
        self.rng, self.n = frame.rng, frame.n
        self.yy, self.xx = np.mgrid[0 : self.n, 0 : self.n].astype("f4")
        self._relief()
        self._fields()
        self._villages()
        self._kinds()
        self._soil()
        self._plants()
        self._hard()

    def _relief(self) -> None:
        """Heights round a winding stream, with a road beside it."""
        rng, n = self.rng, self.n
        s = np.arange(n)
        mid = n * rng.uniform(0.35, 0.65) + sum(
            a * np.sin(s / n * 2 * np.pi * f + rng.uniform(0, 6)) for a, f in ((n * 0.09, 0.7), (n * 0.03, 2.3), (n * 0.01, 6))
        )
        flip = rng.random() < 0.5
        stream = np.c_[mid, s] if flip else np.c_[s, mid]  # (col, row)
        road = stream + (np.array([1, 0]) if flip else np.array([0, 1])) * (9 + 4 * np.sin(s / 31))[:, None] * rng.choice([-1, 1])
        cells = np.c_[self.xx.ravel(), self.yy.ravel()]
        self.d_stream, self.d_road = (cKDTree(v).query(cells)[0].reshape(n, n).astype("f4") * 10 for v in (stream, road))
        d = self.d_stream
        ridge = lambda w: 1 - np.abs(smooth(rng, n, w)) / 1.6  # noqa: E731
        z = 1640 + 0.02 * d + ramp(d, 70, 520) * (130 * ridge(150) + 50 * ridge(55) + 9 * smooth(rng, n, 24)) + 0.03 * d
        self.z = ndi.gaussian_filter(z, 1.2)
        zy, zx = np.gradient(self.z, 10)
        nz = 1 / np.sqrt(zx**2 + zy**2 + 1)
        self.normal = np.stack([-zx * nz, zy * nz, nz]).astype("f4")  # east, north, up
        self.slope = np.degrees(np.arccos(np.clip(ndi.gaussian_filter(nz, 1), 0, 1)))
        self.wetness = np.clip(1 + 0.15 * smooth(rng, n, 40) + 0.25 * self.normal[1] - 0.1 * (nz < 0.9), 0.5, 1.4).astype("f4")

    def _fields(self) -> None:
        """Strips that follow the contours, as terraces do, parted among farmers."""
        rng, n = self.rng, self.n
        wob = smooth(rng, n, 30) * 4
        self._rugged = self.slope + 2.5 * smooth(rng, n, 25)
        farmed = (self._rugged < 17.5) & (self.d_stream > 35)
        sites = rng.uniform(0, n, (int(n * n / 150), 2))
        farmer = cKDTree(sites).query(np.c_[(self.xx + wob).ravel(), (self.yy + np.roll(wob, 17, 0)).ravel()])[1].reshape(n, n)
        level = np.floor((self.z + 2 * smooth(rng, n, 30)) / 7.5).astype(int)
        key = np.where(farmed, farmer * 4096 + level + 1, 0)
        lab = join_equal(key)
        lab = np.where((key.ravel() > 0) & (np.bincount(lab)[lab] >= 6), lab, -1)
        self.field = np.unique(lab, return_inverse=True)[1].reshape(n, n) - 1  # -1: not a field
        self.fields = self.field.max() + 1
        at = self.field.ravel() + 1
        ci, cj = ((np.bincount(at, v.ravel())[1:] / np.bincount(at)[1:]).astype(int).clip(0, n - 1) for v in (self.yy, self.xx))
        self._planted = smooth(rng, n, 70)[ci, cj] + 0.25 * rng.standard_normal(self.fields) > 1.35

    def _villages(self) -> None:
        """Villages stand by the road, well apart."""
        rng, n, xx, yy = self.rng, self.n, self.xx, self.yy
        ok = (self.d_road > 40) & (self.d_road < 220) & (self.slope < 12) & (np.minimum.reduce([xx, yy, n - xx, n - yy]) > 25)
        centres: list[Arr] = []
        for c in rng.permutation(np.argwhere(ok)):
            if all(np.hypot(*(c - o)) > n * 0.17 for o in centres):
                centres.append(c)
            if len(centres) == max(2, round(4 * n / 400)):
                break
        away = np.min([np.hypot(yy - c[0], xx - c[1]) for c in centres], 0)
        self.village = (away + 2 * smooth(rng, n, 12) < rng.uniform(10, 15)) & (self.d_stream > 30)
        self.d_village = ndi.distance_transform_edt(~self.village) * 10

    def _kinds(self) -> None:
        """Wood, bare scarp, orchard, arable and grass."""
        rng, n = self.rng, self.n
        self.wood = (smooth(rng, n, 45) + 0.9 * self.normal[1] > 1.25) & ~self.village & (self.field < 0)
        self.scarp = (self._rugged > 25.5) & (smooth(rng, n, 9) > 0.7) & ~self.wood
        self.scarp |= (self.d_stream < 60) & (self._rugged > 20)
        self.field[self.village] = -1
        self.orchard = (self.field >= 0) & self._planted[self.field]
        self.farm = (self.field >= 0) & ~self.orchard
        self.grass = (self.field < 0) & ~self.village & ~self.wood & ~self.scarp & (self.d_stream > 30) & (self.d_road > 15)
        self.tree = self.wood | self.orchard

    def _soil(self) -> None:
        """Brightness and tint vary by parent material and by field; scarps show the paler subsoil."""
        rng, n = self.rng, self.n
        b, t = smooth(rng, n, 60) * 0.07 + smooth(rng, n, 6) * 0.02, smooth(rng, n, 80) * 0.025
        b[self.field >= 0] += (rng.standard_normal(self.fields) * 0.05)[self.field[self.field >= 0]]
        tilt = np.linspace(-1, 1, 6, dtype="f4")[:, None, None]
        soil = TOPSOIL[:, None, None] * (1 + b) * (1 + t * tilt)
        self.soil = np.where(self.scarp, soil * 1.16, soil).astype("f4")

    def _plants(self) -> None:
        """Spectra of green and dry cover, and how much cover natural ground can carry: dry sunny slopes are thin."""
        rng, n = self.rng, self.n
        kind = np.where(self.farm, 0, np.where(self.tree, 2, 1))
        green, dry = (np.choose(kind[None], [s[k][:, None, None] for k in ("crop", "grass", "tree")]) for s in (GREEN, DRY))
        self.green = green * (1 + 0.06 * smooth(rng, n, 10))
        self.dry = dry * (1 + 0.08 * smooth(rng, n, 14))
        cap = np.clip(0.52 + 0.5 * self.normal[1] - 0.012 * (self.slope - 15) + 0.1 * smooth(rng, n, 18), 0.14, 0.88)
        self.cap = np.where(self.scarp, 0.12, np.where(self.wood, 0.85, np.where(self.orchard, 0.55, cap))).astype("f4")
        self.uneven = np.clip(1 + 0.09 * smooth(rng, n, 5) + 0.08 * smooth(rng, n, 20), 0.6, 1.3).astype("f4")
        edge = (self.field >= 0) & (ndi.maximum_filter(self.field, 3) != ndi.minimum_filter(self.field, 3))
        self.riser = np.where(edge, np.clip(0.05 + 0.014 * self.slope, 0, 0.35), 0).astype("f4")  # grass between terraces

    def _hard(self) -> None:
        """Surfaces that never change: roofs and yards, road, stream."""
        rng, n = self.rng, self.n
        yard = cKDTree(rng.uniform(0, n, (n * n // 5, 2))).query(np.c_[self.yy.ravel(), self.xx.ravel()])[1].reshape(n, n)
        pick = rng.integers(0, len(ROOF) + 3, yard.max() + 1)[yard]
        roofs = np.stack(ROOF + [TOPSOIL * 1.12] * 3)[pick].transpose(2, 0, 1)
        hard, share = np.where(self.village, roofs, 0), np.zeros((n, n), "f4")
        share[self.village] = np.clip(0.62 + 0.15 * smooth(rng, n, 3), 0.3, 0.9)[self.village]
        for dist, half, s in ((self.d_road, 9, ASPHALT), (self.d_stream, 14, ROCK["gravel"] * 0.85 * 0.6 + WATER * 0.4)):
            w = np.clip((half - dist) / 10 + 0.5, 0, 1)
            w = np.where(w > share, w, 0)
            hard, share = np.where(w > 0, s[:, None, None], hard), np.where(w > 0, w, share)
        self.hard, self.hard_share = hard.astype("f4"), share.astype("f4")

    # -- asking -----------------------------------------------------------------------------------------------------
    @property
    def open(self) -> Arr:
        """Arable and grass."""
        return (self.farm | self.grass) & ~self.scarp

    def mean_slope(self, cells: int) -> Arr:
        """Slope over a square of that many cells."""
        return ndi.uniform_filter(self.slope, cells)

    def diggable(self, margin: int, steepest: float) -> Arr:
        """Arable and grass, some cells from the next scarp and not too steep."""
        return (self.farm | self.grass) & ~ndi.binary_dilation(self.scarp, iterations=margin) & (self.mean_slope(7) < steepest)

    def greenness(self) -> Arr:
        """Cover the surroundings reach in summer (for patches that must stand out from green ground)."""
        g = np.where(self.farm, 0.65, self.cap)
        return ndi.uniform_filter(np.where(self.scarp | self.village, 0, g).astype("f4"), 25)
