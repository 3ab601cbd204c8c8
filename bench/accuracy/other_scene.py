"""Diggings, sky and camera of the second made county: events on the ground, then one acquisition to files."""

import json
import math
from datetime import date

import numpy as np
import rasterio
import shapely
from other_ground import RIVER, SPECTRA, VILLAGE, noise, sigmoid, spread
from rasterio.features import rasterize
from rasterio.transform import from_origin
from scipy import ndimage

BANDS = ("B02", "B03", "B04", "B08", "B11", "B12")


class Event:
    """A thing that happened to the ground: the day of each 2.5 m cell, and what lies there after so many days.

    phases: (age in days, spectrum name, share of it; the rest is soil, or what was there before with over=True).
    """

    def __init__(
        self, ground, rng, x0, y0, geom, phases, days, over=False, green=None, depth=0, pond=None, cloudy=0.0, order=None, rough=1.0, fade=None
    ):
        n = ground.n
        left, low, right, top = geom.bounds
        self.r0, self.r1 = max(0, int((y0 - top) // 10) - 3), min(n, int((y0 - low) // 10) + 4)
        self.c0, self.c1 = max(0, int((left - x0) // 10) - 3), min(n, int((right - x0) // 10) + 4)
        h, w = self.r1 - self.r0, self.c1 - self.c0
        self.affine = from_origin(x0 + self.c0 * 10, y0 - self.r0 * 10, 2.5, 2.5)
        mask = rasterize([geom], out_shape=(4 * h, 4 * w), transform=self.affine).astype(bool)
        wavy = noise(rng, 4 * max(h, w), 2.6)[: 4 * h, : 4 * w]
        if order is None:  # spreads from a point near the edge
            inside = np.argwhere(mask)
            seed = inside[rng.integers(len(inside))] * 0.6 + inside.mean(0) * 0.4
            rr, cc = np.mgrid[: 4 * h, : 4 * w]
            order = np.hypot(rr - seed[0], cc - seed[1])
        else:  # outwards from a given shape
            rr, cc = np.mgrid[: 4 * h, : 4 * w]
            order = shapely.distance(order, shapely.points(*(self.affine * (cc + 0.5, rr + 0.5)))) / 2.5
        order = order + wavy * 0.16 * np.sqrt(mask.sum())
        rank = np.argsort(np.argsort(order[mask])) / max(1, mask.sum() - 1)
        self.start, self.end = days
        self.day = np.full(mask.shape, np.inf)
        self.day[mask] = np.round(days[0] + (days[1] - days[0]) * np.clip((rank - 0.06) / 0.94, 0, 1))
        cells = np.where(np.isfinite(self.day), self.day, np.nan).reshape(h, 4, w, 4).transpose(0, 2, 1, 3).reshape(h, w, 16)
        some = np.isfinite(cells).any(-1)
        self.when = np.full((h, w), float(days[1]))
        self.when[some] = np.nanmedian(cells[some], -1)
        self.fade = fade
        self.phases, self.over, self.green, self.depth, self.pond, self.cloudy = phases, over, green, depth, pond, cloudy
        tex = [noise(rng, max(h, w), b)[:h, :w] for b in (1.2, 1.6, 1.6, 2.2)]
        win = (slice(self.r0, self.r1), slice(self.c0, self.c1))
        self.win = win
        share = self.cover(10**7) + 1e-6
        local = (ground.soil[(slice(None), *win)] * share).sum((1, 2)) / share.sum()  # of the very ground that is dug
        self.soil = local[:, None, None].astype("f4") * np.ones((6, h, w), "f4")
        bright = rng.uniform(1.25, 1.4)  # about 1.1–1.25 after spoil and weather
        slope = np.array([1.03, 1.01, 0.99, 0.98, 1.0, 1.02], "f4")[:, None, None]
        own = {"loess12": self.soil * bright * slope, "soil": self.soil}
        sd = (0.085 * rough, 0.03, 0.02)
        self.mats = {k: spread(rng, own.get(k, SPECTRA.get(k)), tex[:3], sd) for _, k, _ in phases}
        self.spoil = np.clip(tex[3] - 0.4, 0, 1)[None]
        self.low = sigmoid(4 * (tex[3] * -1 - 0.9))

    def cover(self, day):
        """Share of each 10 m cell that is changed by that day."""
        h, w = self.r1 - self.r0, self.c1 - self.c0
        return (self.day <= day).reshape(h, 4, w, 4).mean((1, 3)).astype("f4")

    def paint(self, r, day, ground, wet, sun):
        """Put it onto the picture; returns its cover."""
        alpha = self.cover(day)
        if not alpha.any():
            return alpha
        age = np.maximum(day - self.when, 0)
        under, wet = r[(slice(None), *self.win)], wet[(slice(None), *self.win)]
        base = under if self.over else self.soil * wet
        m = base.copy()
        for i, (since, name, share) in enumerate(self.phases):
            if self.fade:
                share = share * np.exp(-age / self.fade)
            to = self.mats[name] * wet * share + base * (1 - share)
            k = 1.0 if i == 0 and self.over else np.clip((age - since) / 9, 0.25 if i == 0 else 0, 1)
            m = m * (1 - k) + to * k
        t = date.fromordinal(day).timetuple().tm_yday
        moist = ground.weather.moist[day - ground.weather.day0]
        if self.depth:
            m = m * (1 + 0.06 * np.exp(-age / 20) - 0.05 * np.clip(age / 400, 0, 1))
            m = m * (1 - 0.5 * self.spoil) + self.soil * 1.04 * wet * 0.5 * self.spoil
            weeds = self.spoil * np.clip(age / 300 - 0.3, 0, 1) * ground.season(t, 0.2, moist)
            m = m * (1 - weeds) + SPECTRA["grass"][:, None, None] * weeds
        if self.pond is not None:
            pool = self.low * np.clip((age - self.pond) / 20, 0, 1) * np.clip(1.6 * moist - 0.6, 0, 1)
            m = m * (1 - pool) + SPECTRA["water"][:, None, None] * pool
        if self.green:
            amp = self.green[1] * np.clip((day - self.green[0]) / 60, 0, 1)
            g = np.clip(ground.season(t, amp, moist) * (1 + 0.2 * self.spoil), 0, 0.9)
            dry = 0.3 * amp * (1 - g)
            m = m * (1 - g - dry) + SPECTRA["grass"][:, None, None] * g + SPECTRA["straw"][:, None, None] * dry
        if self.depth:  # walls towards the sun throw shadow, walls across from it are lit
            reach = min(self.depth * np.clip((day - self.start + 10) / (self.end - self.start + 10), 0.2, 1) / sun[2] / 10, 6)
            shade = alpha * (1 - ndimage.shift(alpha, (reach * sun[1], -reach * sun[0]), order=1))
            lit = alpha * (1 - ndimage.shift(alpha, (-1.2 * sun[1], 1.2 * sun[0]), order=1))
            keep = np.array([0.50, 0.44, 0.40, 0.36, 0.32, 0.30], "f4")[:, None, None]
            m = m * (1 - 0.8 * shade * (1 - keep)) * (1 + 0.10 * lit)
        r[(slice(None), *self.win)] = under * (1 - alpha) + m * alpha
        return alpha


def sun_at(day, lat=35.7, hour=10.65):
    """Elevation and azimuth of the sun (radians) at a solar hour."""
    t = date.fromordinal(day).timetuple().tm_yday
    dec = math.radians(-23.44 * math.cos(2 * math.pi * (t + 10) / 365.25))
    ha, la = math.radians((hour - 12) * 15), math.radians(lat)
    el = math.asin(math.sin(la) * math.sin(dec) + math.cos(la) * math.cos(dec) * math.cos(ha))
    az = math.atan2(-math.cos(dec) * math.sin(ha), math.sin(dec) * math.cos(la) - math.cos(dec) * math.cos(ha) * math.sin(la))
    return el, az % (2 * math.pi)


def sky(rng, weather, day):
    """(kind of sky, cloud cover) of a day: about 45 % mostly clear, more cloud on days with rain."""
    rain = weather.rain[day - weather.day0] > 2
    u = rng.random()
    if u < (0.08 if rain else 0.55):
        return "clear", rng.choice([0.0, rng.uniform(0, 0.09)])
    if u < (0.3 if rain else 0.77):
        return "scattered", rng.uniform(0.1, 0.6)
    return "overcast", rng.uniform(0.7, 1.05)


def clouds(rng, n, cover, el, az):
    """Share of light each cloud takes (6-band vector weights apart), its shadow, and thin cirrus."""
    pad = 160
    f = noise(rng, n + 2 * pad, rng.uniform(2.7, 3.4)) * 0.93 + noise(rng, n + 2 * pad, 2.0) * 0.07
    view = f[pad : pad + n, pad : pad + n]
    zero = np.zeros((n, n), "f4")
    thick, shade = zero, zero
    if cover > 0:
        thr = np.quantile(view, 1 - min(cover, 1)) - (cover >= 1) * 0.6
        full = 1 - np.exp(-np.maximum(f - thr, 0) * rng.uniform(1.5, 6))
        thick = full[pad : pad + n, pad : pad + n]
        reach = min(rng.uniform(600, 3500) / math.tan(el) / 10, pad - 1)
        dr, dc = round(math.cos(az) * reach), round(-math.sin(az) * reach)  # away from the sun
        shade = ndimage.uniform_filter(full, 3)[pad - dr : pad - dr + n, pad - dc : pad - dc + n]
    thin = zero
    if rng.random() < 0.22:
        streaks = noise(rng, n, 2.9, rng.choice([0.3, 1.0, 3.0]))
        thin = np.clip((streaks - rng.uniform(-0.8, 1.2)) * 0.13, 0, 0.32)
    return thick, shade, thin


class Camera:
    """Renders and writes one acquisition after another of a ground with its events."""

    def __init__(self, ground, events, x0, y0, seed, out, with_item):
        self.g, self.events, self.x0, self.y0, self.seed = ground, events, x0, y0, seed
        self.out, self.with_item = out, with_item
        root = np.random.default_rng([seed, 77])
        n = ground.n
        self.melt, self.puddle = noise(root, n, 1.9), noise(root, n, 2.3)
        self.restless = np.isin(ground.cover, (VILLAGE,)) * (noise(root, n, 1.5) > 0.2)
        self.risk = [e.cloudy for e in events]

    def shoot(self, k, day):
        """Acquisition number k on an ordinal day: writes the folder; returns (day, sky, clear share)."""
        rng, g = np.random.default_rng([self.seed, 1000 + k]), self.g
        n, w = g.n, g.weather
        i = day - w.day0
        el, az = sun_at(day)
        wetmap = np.clip(w.wet[i] * (1 + 0.35 * self.puddle + 0.15 * noise(rng, n, 2.4)), 0, 1)
        r, wet = g.bare_of_events(day, wetmap)
        sun = (math.sin(az), math.cos(az), math.tan(el))
        risky = self.restless & (rng.random() < 0.35)
        for e, p in zip(self.events, self.risk, strict=True):
            alpha = e.paint(r, day, g, wet, sun)
            if p and rng.random() < p:
                risky[e.win] |= (alpha > 0.45) & (noise(rng, max(alpha.shape), 1.5)[: alpha.shape[0], : alpha.shape[1]] > -1.2)
        cosi = (math.sin(el) - math.cos(el) * (sun[0] * g.p + sun[1] * g.q)) / np.sqrt(1 + g.p**2 + g.q**2)
        deep = w.snow[i] * np.exp(-0.5 * self.melt) - 0.4 - 1.6 * np.clip(cosi / math.sin(el) - 0.8, 0, 1)
        snow = np.clip(deep * 0.6, 0, 1).astype("f4")
        snow *= 1 - 0.35 * np.isin(g.cover, (VILLAGE, RIVER))
        sky_dif = np.array([0.26, 0.20, 0.15, 0.10, 0.06, 0.05], "f4")[:, None, None]
        left = rng.uniform(0.3, 0.7)  # what the terrain correction leaves
        r = r * (1 - snow) + SPECTRA["snow"][:, None, None] * snow * (0.85 + 0.15 * snow)
        r = r * ((np.clip(cosi, 0.02, 1) + sky_dif) / (math.sin(el) + sky_dif)) ** left
        kind, cover = sky(rng, w, day)
        thick, shade, thin = clouds(rng, n, cover, el, az)
        dim = np.array([0.50, 0.58, 0.64, 0.72, 0.80, 0.84], "f4")[:, None, None]
        r = r * (1 - shade * dim)
        sigma, dy, dx = rng.uniform(0.42, 0.55), rng.uniform(-0.4, 0.4), rng.uniform(-0.4, 0.4)
        for b in range(6):
            r[b] = ndimage.shift(ndimage.gaussian_filter(r[b], sigma), (dy, dx), order=3, mode="nearest")
        r = np.maximum(r, 0.004)
        row, col = np.mgrid[-1 : 1 : n * 1j, -1 : 1 : n * 1j]
        tilt = 1 + 0.45 * (rng.uniform(-1, 1) * row + rng.uniform(-1, 1) * col)
        haze = np.clip(rng.gamma(1.6, 0.16), 0, 1.3) * tilt
        blue = np.array([0.034, 0.022, 0.014, 0.007, 0.003, 0.002], "f4")[:, None, None]
        r = r * (1 - 0.05 * haze) * rng.normal(1, 0.012, (6, 1, 1)) * rng.normal(1, 0.012) + blue * (haze - 0.3)
        c = SPECTRA["cloud"][:, None, None] * rng.uniform(0.8, 1.1) * (0.75 + 0.3 * thick + 0.03 * noise(rng, n, 2.6))
        swir = np.array([1, 1, 1, 1, 0.55, 0.5], "f4")[:, None, None]
        r = r * (1 - thick) + c * thick
        r = r * (1 - thin * swir) + 0.42 * thin * swir
        r += rng.standard_normal(r.shape, dtype="f4") * (0.0025 + 0.009 * np.abs(r))
        scl = self.classify(rng, r, thick, shade, thin, snow, cosi / math.sin(el), risky)
        gap = np.zeros((n, n), bool)
        if rng.random() < 0.07:  # the edge of the swath
            gap = (col + 0.25 * row) * rng.choice([-1, 1]) > rng.uniform(-0.3, 0.7)
        self.write(rng, k, day, r, scl, gap, cover)
        return day, kind, float(np.mean((thick < 0.05) & (shade < 0.1)))

    def classify(self, rng, r, thick, shade, thin, snow, light, risky):
        """A scene classification at 20 m with faults of its own."""
        half = lambda a: a.reshape(*a.shape[:-2], a.shape[-2] // 2, 2, a.shape[-1] // 2, 2).mean((-3, -1))  # noqa: E731
        r, cl, sh, ci, sn, li = (half(a) for a in (r, thick, shade, thin, snow, light))
        m = cl.shape[0]
        shaky = noise(rng, m, 1.8) * 0.07
        ndvi = (r[3] - r[2]) / np.maximum(r[3] + r[2], 0.02)
        ndsi = (r[1] - r[4]) / np.maximum(r[1] + r[4], 0.02)
        scl = np.where(ndvi > 0.33 + shaky, 4, 5).astype("u1")
        scl[(r[3] < 0.11) & (r[3] < r[1]) & (r[4] < 0.06)] = 6
        scl[(rng.random((m, m)) < 0.01) | ((ndvi > 0.26) & (ndvi < 0.29) & (shaky > 0.08))] = 7
        scl[(li < 0.35) & (r[3] < 0.16 + shaky)] = 2
        scl[(r[3] < 0.10) & (r[1] < 0.07) & (scl != 6)] = rng.choice([2, 3])
        scl[ndimage.binary_opening(sh > rng.uniform(0.25, 0.5) + shaky)] = 3
        white = (ndsi > 0.38 + shaky) & (r[1] > 0.27)
        scl[white & (sn > 0.15)] = 11
        if rng.random() < 0.2:
            scl[white & (sn > 0.15) & (shaky > 0.02)] = rng.choice([8, 9])
        scl[(ci > 0.07 + 0.3 * shaky)] = 10
        miss = rng.uniform(0.15, 0.45)
        med, high = cl > miss + shaky, cl > miss + 0.3 + shaky
        if rng.random() < 0.6:
            med = ndimage.binary_erosion(med, iterations=rng.integers(1, 3), border_value=1)
        scl[med], scl[med & high] = 8, 9
        false = half(risky.astype("f4")) > 0.4
        scl[false & ~med] = rng.choice([8, 9])
        return scl

    def write(self, rng, k, day, r, scl, gap, cover):
        """The folder of one acquisition, contract section 4."""
        d = date.fromordinal(day)
        sat = "S2A" if k % 2 else "S2B"
        base = "N0510" if d.year < 2024 or d.month < 7 else "N0511"
        clock = f"T0340{rng.integers(21, 59)}"
        name = f"{sat}_MSIL2A_{d:%Y%m%d}{clock}_{base}_R061_T48SWE_{d:%Y%m%d}T0{rng.integers(6, 9)}1532"
        folder = self.out / "scenes" / name
        folder.mkdir(parents=True, exist_ok=True)
        dn = np.clip(np.rint((r + 0.1) * 10000), 1, 65535)
        dn[:, gap] = 0
        n, assets = self.g.n, {}
        coarse = gap.reshape(n // 2, 2, n // 2, 2).any((1, 3))
        for b, band in enumerate((*BANDS, "SCL")):
            if band == "SCL":
                a = np.where(coarse, 0, scl).astype("u1")
            elif b < 4:
                a = dn[b].astype("u2")
            else:
                a = np.rint(dn[b].reshape(n // 2, 2, n // 2, 2).mean((1, 3)))
                a = np.where(coarse, 0, a).astype("u2")
            res = 10 if b < 4 else 20
            file = f"T48SWE_{d:%Y%m%d}{clock}_{band}_{res}m.tif"
            opts = {
                "driver": "GTiff",
                "width": a.shape[1],
                "height": a.shape[0],
                "count": 1,
                "dtype": a.dtype,
                "nodata": 0,
                "crs": "EPSG:32648",
                "transform": from_origin(self.x0, self.y0, res, res),
                "compress": "deflate",
                "predictor": 2,
                "tiled": True,
                "zlevel": 4,
                "blockxsize": 256 if n <= 1024 else 512,
                "blockysize": 256 if n <= 1024 else 512,
            }
            with rasterio.open(folder / file, "w", **opts) as f:
                f.write(a, 1)
            assets[band] = {"href": f"./{file}", "type": "image/tiff; application=geotiff", "gsd": res, "roles": ["data"]}
            if band != "SCL":
                assets[band]["raster:bands"] = [{"nodata": 0, "data_type": "uint16", "spatial_resolution": res, "scale": 0.0001, "offset": -0.1}]
        if self.with_item:
            stamp = f"{d:%Y-%m-%d}T{clock[1:3]}:{clock[3:5]}:{clock[5:7]}Z"
            item = {
                "type": "Feature",
                "stac_version": "1.0.0",
                "id": name,
                "geometry": None,
                "links": [],
                "stac_extensions": ["https://stac-extensions.github.io/raster/v1.1.0/schema.json"],
                "properties": {
                    "datetime": stamp,
                    "platform": f"sentinel-2{sat[-1].lower()}",
                    "proj:epsg": 32648,
                    "s2:processing_baseline": f"{base[1:3]}.{base[3:5]}",
                    "eo:cloud_cover": round(100 * min(1.0, float(cover)), 1),
                },
                "assets": assets,
            }
            (folder / "item.json").write_text(json.dumps(item, indent=1))
