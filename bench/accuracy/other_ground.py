"""Ground, weather and camera of the second made county: all that is physical; nothing here knows a law.

Reflectance = soil, green, straw and film mixed per parcel (double-logistic seasons, rain-driven), then digging and
building on top, snow, sun on the slopes, wet soil, haze, cloud, blur, shift and noise; then an SCL with its own faults.
"""

from datetime import date

import numpy as np
import scipy.fft
from scipy import ndimage
from scipy.spatial import cKDTree

SPECTRA = {  # B02 B03 B04 B08 B11 B12, surface reflectance
    "loess": (0.112, 0.160, 0.208, 0.288, 0.372, 0.332),
    "valley": (0.082, 0.113, 0.143, 0.205, 0.275, 0.240),
    "green": (0.030, 0.062, 0.036, 0.430, 0.215, 0.105),
    "grass": (0.045, 0.080, 0.062, 0.320, 0.245, 0.145),
    "wood": (0.027, 0.045, 0.032, 0.290, 0.150, 0.075),
    "straw": (0.088, 0.132, 0.178, 0.278, 0.375, 0.290),
    "film": (0.225, 0.268, 0.300, 0.365, 0.375, 0.300),
    "greenhouse": (0.235, 0.268, 0.282, 0.370, 0.305, 0.215),
    "tile": (0.095, 0.125, 0.190, 0.245, 0.290, 0.280),
    "concrete": (0.195, 0.225, 0.248, 0.282, 0.312, 0.285),
    "asphalt": (0.092, 0.108, 0.122, 0.155, 0.190, 0.180),
    "panel": (0.062, 0.060, 0.066, 0.105, 0.120, 0.105),
    "bluesteel": (0.190, 0.190, 0.165, 0.270, 0.300, 0.270),
    "gravel": (0.130, 0.155, 0.178, 0.215, 0.255, 0.235),
    "water": (0.085, 0.115, 0.120, 0.060, 0.020, 0.014),
    "burnt": (0.050, 0.056, 0.066, 0.105, 0.175, 0.165),
    "snow": (0.820, 0.830, 0.810, 0.730, 0.120, 0.100),
    "cloud": (0.640, 0.620, 0.620, 0.660, 0.470, 0.370),
    "clay": (0.078, 0.112, 0.205, 0.272, 0.335, 0.292),
    "granite": (0.168, 0.188, 0.203, 0.226, 0.252, 0.236),
    "limestone": (0.330, 0.372, 0.402, 0.440, 0.455, 0.385),
    "tuff": (0.066, 0.077, 0.088, 0.112, 0.142, 0.131),
    "subsoil": (0.132, 0.186, 0.238, 0.322, 0.408, 0.372),
}
SPECTRA = {k: np.array(v, "f4") for k, v in SPECTRA.items()}
# crop: green-up day, its rate, end day, its rate, peak green cover (low, high), straw left, film cover
SEASONS = {
    "wheat": (92, 0.09, 182, 0.18, 0.70, 0.92, 0.55, 0),
    "maize": (172, 0.11, 268, 0.11, 0.70, 0.95, 0.50, 0.5),
    "potato": (170, 0.12, 258, 0.12, 0.55, 0.80, 0.12, 0),
    "flax": (148, 0.12, 216, 0.14, 0.50, 0.75, 0.35, 0),
    "alfalfa": (105, 0.09, 295, 0.08, 0.60, 0.85, 0.30, 0),
    "millet": (188, 0.11, 264, 0.12, 0.50, 0.80, 0.35, 0),
    "fallow": (168, 0.06, 285, 0.05, 0.02, 0.30, 0.06, 0),
    "grass": (124, 0.055, 284, 0.05, 0.28, 0.62, 0.35, 0),
    "wood": (118, 0.09, 290, 0.07, 0.60, 0.90, 0.25, 0),
    "orchard": (112, 0.09, 300, 0.08, 0.35, 0.60, 0.15, 0),
}
NAMES = list(SEASONS)
CROPS, SHARE = NAMES[:7], np.array([0.17, 0.27, 0.18, 0.11, 0.09, 0.06, 0.12])
CROP, VILLAGE, ROAD, RIVER, OTHER = 0, 4, 5, 6, 1
COLOURS = np.array([[1, 1, 1, 1, 1, 1], [-0.9, -0.5, 0.5, 0.35, 0.1, -0.1], [-0.2, 0, 0.1, -0.4, 0.6, 0.8]], "f4")
OLD = -100000  # the day of things that were there before history


def sigmoid(x):
    """Logistic, safe at any size."""
    return 1 / (1 + np.exp(-np.clip(x, -40, 40)))


def noise(rng, n, beta, aniso=1.0):
    """n × n noise of power law k^-beta, mean 0 and deviation 1."""
    m = scipy.fft.next_fast_len(int(n * 1.4) + 8, real=True)
    ky, kx = scipy.fft.fftfreq(m)[:, None], scipy.fft.rfftfreq(m)[None] * aniso
    k = np.hypot(ky, kx)
    k[0, 0] = np.inf
    f = scipy.fft.irfft2(scipy.fft.rfft2(rng.standard_normal((m, m), dtype="f4")) * (k ** (-beta / 2)).astype("f4"))
    f = f[:n, :n]
    return ((f - f.mean()) / f.std()).astype("f4")


def spread(rng, mean, fields, sd=(0.07, 0.035, 0.02)):
    """A class's spectra: log-normal about its mean along three colour directions, one noise field each."""
    logs = sum(s * c[:, None, None] * f for s, c, f in zip(sd, COLOURS, fields, strict=True))
    return (np.reshape(mean, (6, *([1, 1] if np.ndim(mean) == 1 else np.shape(mean)[1:]))) * np.exp(logs)).astype("f4")


class Weather:
    """Days of rain, warmth, wet topsoil, root water against its normal, and snow; a year can be dry."""

    def __init__(self, rng, years):
        self.day0 = date(years[0] - 1, 1, 1).toordinal()
        days = date(years[-1] + 1, 12, 31).toordinal() - self.day0 + 1
        self.factor = {
            y: float(f)
            for y, f in zip(range(years[0] - 1, years[-1] + 2), rng.permutation(np.resize([0.62, 0.95, 1.1, 1.3, 0.85], len(years) + 2)), strict=True)
        }
        spin = 3650
        doy = (np.arange(-spin, days) % 365.25).astype(float)
        year = [1.0] * spin + [self.factor[date.fromordinal(self.day0 + i).year] for i in range(days)]
        season = 0.5 - 0.5 * np.cos(2 * np.pi * (doy - 25) / 365.25)
        chill = ndimage.gaussian_filter1d(rng.standard_normal(doy.size), 2) * 8
        warm = 8 - 14 * np.cos(2 * np.pi * (doy - 18) / 365.25) + chill
        wet_day = rng.random(doy.size) < 0.10 + 0.24 * season
        rain = wet_day * rng.gamma(0.8, 1.5 + 6.5 * season) * np.array(year)
        wet, root, snow, out = 0.0, 60.0, 0.0, []
        for r, t, s in zip(rain, warm, season, strict=True):
            frozen = r if t < 0.5 else 0
            snow = max(0, (snow + frozen) * 0.985 - max(0, t + 3) * 0.45 - 0.12)
            wet = min(1, wet * 0.62 + (r - frozen + 0.15 * (snow > 0) * max(t, 0)) / 7)
            root = root * (1 - 0.006 - 0.028 * s) + (r - frozen)
            out.append((r, t, wet, root, snow))
        out = np.array(out)
        lag = ndimage.uniform_filter1d(out[:, 3], 25, origin=12)
        normal = np.array([lag[:spin][np.abs(doy[:spin] - d) < 12].mean() for d in range(367)])
        self.rain, self.warm, self.wet, self.snow = (out[spin:, i] for i in (0, 1, 2, 4))
        self.moist = (lag / normal[doy.astype(int)])[spin:]


class Ground:
    """What lies there before anybody digs: relief, parcels with a crop each year, villages, river, roads."""

    def __init__(self, rng, n, years, weather):
        self.n, self.years, self.weather = n, years, weather
        self.rng = rng
        yy, xx = np.mgrid[:n, :n].astype("f4")
        line = ndimage.gaussian_filter1d(noise(rng, n, 3.2)[n // 2], 7)
        river = n * rng.uniform(0.35, 0.65) + (line - line.mean()) * n * 0.06  # row of the river at each column
        self.off = np.abs(yy - river[None]) * 10
        gully = np.exp(-np.abs(noise(rng, n, 3.1)) / 0.10)
        z = (noise(rng, n, 3.3) * 55 + 30) * np.clip((self.off - 60) / 500, 0.03, 1) - 22 * gully
        self.z = ndimage.gaussian_filter(z + np.minimum(self.off, 900) * 0.07, 1.1)
        gy, gx = np.gradient(self.z, 10)
        self.p, self.q = gx, -gy  # eastward, northward
        steep = np.hypot(gx, gy)
        scale = 0.21 / np.median(steep)
        self.z, self.p, self.q, steep = self.z * scale, self.p * scale, self.q * scale, steep * scale
        self.lines = {"river": river, "road": river + rng.choice([-1, 1]) * (9 + 3 * np.abs(noise(rng, n, 3)[0]))}
        count = int(n * n / 62)
        warp = noise(rng, n, 3.0) * 2.5
        seeds = rng.uniform(0, n - 1, (count, 2))
        si = seeds.astype(int)
        tree = cKDTree(np.c_[seeds, 1.2 * self.z[si[:, 0], si[:, 1]]])
        self.parcel = tree.query(np.c_[(yy + warp).ravel(), (xx - warp).ravel(), 1.2 * self.z.ravel()])[1]
        self.parcel = self.parcel.reshape(n, n).astype("i4")
        self.mean = lambda a: np.bincount(self.parcel.ravel(), a.ravel(), count) / np.maximum(1, np.bincount(self.parcel.ravel(), minlength=count))
        self._cover(rng, count, steep)
        self._calendar(rng, count)
        per = lambda: rng.standard_normal(count).astype("f4")[self.parcel] * 0.75 + noise(rng, n, 1.4) * 0.6  # noqa: E731
        low = np.clip(1 - self.off / 350, 0, 1) * 0.8
        soil = SPECTRA["loess"][:, None, None] * (1 - low) + SPECTRA["valley"][:, None, None] * low
        soil = soil * (1 + 0.10 * (self.cover == OTHER) * (gully > 0.5))
        self.soil = spread(rng, soil, (per(), per(), per()), (0.075, 0.04, 0.02))
        kind = self.code[0][self.parcel]
        veg = np.where(kind == NAMES.index("grass"), SPECTRA["grass"][:, None, None], SPECTRA["green"][:, None, None])
        veg = np.where(kind >= NAMES.index("wood"), SPECTRA["wood"][:, None, None], veg)
        self.veg = spread(rng, veg, (per(), per(), per()), (0.08, 0.06, 0.04))
        self.straw = spread(rng, SPECTRA["straw"], (per(), per(), per()), (0.08, 0.05, 0.03))
        face = self.q * -0.9 + self.p * 0.2  # north slopes are greener
        self.vigour = np.clip(1 + 0.5 * face * (self.cover == OTHER) + 0.13 * noise(rng, n, 1.8), 0.3, 1.5)
        self._built(rng)

    def _cover(self, rng, count, steep):
        n, s = self.n, self.mean(steep)
        use = self.mean(noise(rng, n, 2.6)) * 0.6 + rng.standard_normal(count) * 0.35
        code = np.full(count, -1)
        code[(s > 0.31) | (use > 1.0)] = NAMES.index("grass")
        code[(use < -1.15) & (s > 0.12)] = NAMES.index("wood")
        code[(np.abs(use - 0.55) < 0.06) & (s < 0.25)] = NAMES.index("orchard")
        self.fixed = code
        self.cover = np.where(code < 0, CROP, OTHER)[self.parcel].astype("u1")
        yy, xx = np.mgrid[:n, :n]
        self.villages = []
        for _ in range(max(1, round(3 * (n / 400) ** 2))):
            c = rng.uniform(0.12, 0.88) * n
            r = self.lines["road"][int(c)] + rng.choice([-1, 1]) * rng.uniform(9, 16)
            rad = rng.uniform(9, 15)
            self.villages.append((float(r), float(c), float(rad)))
            edge = np.hypot((yy - r) * 1.5, xx - c) + noise(rng, n, 2.2) * 2.5
            self.cover[(edge < rad)] = VILLAGE
        self.cover[np.abs(yy - self.lines["road"][None]) < 0.75] = ROAD
        self.cover[self.off < 22 + 10 * noise(rng, n, 2.6)] = RIVER

    def _calendar(self, rng, count):
        """Crop of each parcel and year, from the year before to the year after, and its days."""
        seq = range(self.years[0] - 1, self.years[-1] + 2)
        tables, code = [], []
        last = np.full(count, -1)
        for y in seq:
            c = rng.choice(7, count, p=SHARE)
            again = rng.random(count)
            c = np.where((last == 4) & (again < 0.75), 4, c)  # alfalfa stays
            c = np.where((last == c) & (c != 4) & (again < 0.5), rng.choice(7, count, p=SHARE), c)
            last = c = np.where(self.fixed >= 0, self.fixed, c)
            tables.append(self._days(rng, c, y))
            code.append(c)
        self.code, self.tables, self.first = code, tables, seq[0]

    def _days(self, rng, c, year):
        s = np.array([SEASONS[k] for k in NAMES])[c].T
        late = rng.normal(0, 5) + 16 * (1 - self.weather.factor[year])
        who = rng.normal(0, 5, c.size)
        sos, eos = s[0] + late + who, s[2] + late * 0.5 + who * 0.6 + rng.normal(0, 4, c.size)
        amp = rng.uniform(s[4], s[5])
        fallow, hay = c == 6, c == 4
        cut = np.where(fallow & (rng.random(c.size) < 0.6), rng.uniform(185, 235, c.size), np.inf)
        cut = np.where(hay, rng.uniform(158, 178, c.size), cut)
        cut2 = np.where(hay, rng.uniform(212, 240, c.size), np.inf)
        autumn = (rng.random(c.size) < 0.6) & (c < 4) | (fallow & (rng.random(c.size) < 0.8))
        plough = np.where(autumn, eos + rng.uniform(8, 35, c.size), np.inf)
        till = np.where(c < 7, np.minimum(sos - 20, rng.uniform(80, 118, c.size)), -np.inf)
        film = s[7] * rng.uniform(0.6, 1.3, c.size) * (rng.random(c.size) < 0.85)
        return {
            "sos": sos,
            "k1": s[1] * rng.uniform(0.8, 1.2, c.size),
            "eos": eos,
            "k2": s[3],
            "amp": amp,
            "straw": s[6] * rng.uniform(0.5, 1.2, c.size),
            "cut": cut,
            "cut2": cut2,
            "plough": plough,
            "till": till,
            "film": film,
            "on": rng.uniform(88, 108, c.size),
            "off": sos + 5,
            "code": c,
        }

    def reuse(self, parcel, year, crop, rng):
        """Sow another crop on a parcel from a year on (or fallow in that year)."""
        for i, y in enumerate(range(self.first, self.first + len(self.tables))):
            if y >= year and (crop != "fallow" or y == year):
                one = self._days(rng, np.array([NAMES.index(crop)]), y)
                self.code[i][parcel] = NAMES.index(crop)
                for k, v in one.items():
                    self.tables[i][k][parcel] = v[0]
                if crop == "fallow":  # a long bare one: the hard case
                    self.tables[i]["amp"][parcel] = rng.uniform(0.02, 0.2)
                    self.tables[i]["cut"][parcel] = rng.uniform(175, 215)

    def _built(self, rng):
        """Villages, roads and river: fixed spectra, trees among them."""
        n = self.n
        w = rng.dirichlet((0.8, 0.9, 0.9, 0.2), n * n).T.reshape(4, n, n).astype("f4")
        parts = ("tile", "concrete", "loess", "bluesteel")
        village = sum(SPECTRA[k][:, None, None] * w[i] for i, k in enumerate(parts))
        rock = [noise(rng, n, 1.0) for _ in range(3)]
        road = SPECTRA["asphalt"][:, None, None] * 0.7 + self.soil * 0.3
        fixed = np.where(self.cover == VILLAGE, village, road)
        fixed = np.where(self.cover == RIVER, SPECTRA["gravel"][:, None, None], fixed)
        self.built = spread(rng, fixed, rock, (0.08, 0.03, 0.02))
        self.is_built = np.isin(self.cover, (VILLAGE, ROAD, RIVER))
        self.trees = np.where(self.cover == VILLAGE, rng.beta(1.2, 3, (n, n)), 0.05).astype("f4")
        self.channel = np.clip(1.3 - self.off / 18, 0, 1) * (self.cover == RIVER)

    def season(self, t, amp=1.0, moist=1.0):
        """Green cover of wild growth on day of year t."""
        return amp * (sigmoid(0.06 * (t - 128)) - sigmoid(0.05 * (t - 284))) * np.clip(0.5 + 0.5 * moist, 0.4, 1.3)

    def bare_of_events(self, day, wetmap):
        """Reflectance of the untouched land on an ordinal day, wetmap 0..1: 6 × n × n, and the wet factor."""
        d = date.fromordinal(day)
        t, i = d.timetuple().tm_yday, d.year - self.first
        a, b, nxt = self.tables[i], self.tables[i - 1], self.tables[min(i + 1, len(self.tables) - 1)]
        moist = self.weather.moist[day - self.weather.day0]
        curve = np.maximum(sigmoid(a["k1"] * (t - a["sos"])) - sigmoid(a["k2"] * (t - a["eos"])), 0)
        wild = a["code"] >= 6
        answer = np.where(wild, np.clip(0.5 + 0.5 * moist, 0.45, 1.35), np.clip(0.75 + 0.25 * moist, 0.7, 1.1))
        full = a["amp"] * answer
        g = full * curve
        for key in ("cut", "cut2"):
            after = np.clip(t - a[key], -1, 400)
            g = g * np.where(after >= 0, 1 - 0.9 * np.exp(-np.maximum(after, 0) / np.where(a["code"] == 6, 45, 16)), 1)
        g = np.maximum(g, np.where((a["code"] == 0) & (t < a["sos"] + 15), 0.14, 0))
        g = np.maximum(g, np.where((nxt["code"] == 0), 0.27 * sigmoid(0.13 * (t - 290)) * (1 - 0.5 * sigmoid(0.08 * (t - 336))), 0))
        perennial = (a["code"] == 4) | (a["code"] >= 7)
        straw = np.where(t > a["eos"] - 25, a["straw"] * sigmoid(0.2 * (t - a["eos"])) * (t < a["plough"]), 0)
        straw = np.where(t < a["till"], b["straw"] * 0.8 * np.isinf(b["plough"]), straw)
        straw = np.where(perennial, a["straw"] * (1 - 0.8 * np.clip(g / full, 0, 1)), straw)
        film = a["film"] * sigmoid(0.8 * (t - a["on"])) * (1 - 0.85 * sigmoid(0.12 * (t - a["off"])))
        fresh = sum(np.where(t >= k, np.exp(-np.clip(t - k, 0, 400) / 14), 0) for k in (a["till"], a["plough"]))
        wet = 1 - np.array([0.19, 0.20, 0.20, 0.21, 0.26, 0.30], "f4")[:, None, None] * wetmap
        gp = np.clip(g[self.parcel] * self.vigour, 0, 0.96)
        sp, fp = (np.minimum(v[self.parcel], 1 - gp) for v in (straw, film * (1 - 0.6 * g)))
        sp = np.minimum(sp, 1 - gp - fp * (1 - gp))
        dark = (1 - 0.09 * np.minimum(fresh, 1))[self.parcel]
        rest = np.clip(1 - gp - sp - fp * (1 - gp), 0, 1)
        soil = self.soil * (dark * rest).astype("f4") * wet
        r = soil + self.veg * gp.astype("f4") + self.straw * sp.astype("f4")
        r += SPECTRA["film"][:, None, None] * (fp * (1 - gp)).astype("f4")
        leaf = self.trees * self.season(t)
        built = self.built * (1 - leaf) * wet + SPECTRA["wood"][:, None, None] * leaf
        flow = self.channel * np.clip(moist - 0.25, 0.1, 1) * (0.5 + 0.5 * np.sin(np.pi * t / 365))
        built = built * (1 - flow) + SPECTRA["water"][:, None, None] * flow
        return np.where(self.is_built, built, r).astype("f4"), wet
