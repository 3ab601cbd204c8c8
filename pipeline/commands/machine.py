"""Checks of `doctor` that need no county: is this computer fit, and is everything installed?"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from pipeline import months
from pipeline.commands.checks import Check, Note, guarded

MIN_DISK_GB = 5
MIN_MEMORY_GB = 2
RELEASED = date(2026, 1, 1)
"""A clock that shows an earlier day is wrong."""
_AGAIN = "Run 'make setup' again."
_CHINESE = "矿"
_FONTS = Path(__file__).parents[1]


def checks(folder: Path) -> Iterator[Check]:
    """What is installed, and what the machine has to offer in `folder`."""
    yield Check("python", sys.version_info >= (3, 11), sys.version.split()[0], "Install Python 3.11 or newer.")
    yield guarded("libraries", _versions, _AGAIN)
    yield guarded("coordinates", _projections, _AGAIN)
    yield guarded("compiler", _kernels, _AGAIN)
    yield guarded("fonts", _fonts, "Install fonts-wqy-microhei or fonts-noto-cjk.")
    yield guarded("pdf", _browser, "Install Chromium where PDFs are wanted.")
    free = shutil.disk_usage(folder if folder.is_dir() else Path.cwd()).free / 1e9
    yield Check("disk", free >= MIN_DISK_GB, f"{free:.0f} GB free in {folder}", f"Free some: a county needs {MIN_DISK_GB} GB and more.")
    yield guarded("memory", _memory, "Close other programs, or lower compute.memory_mb.")
    now = months.today()
    yield Check("clock", now >= RELEASED, f"{now} (UTC)", "Set the system's clock: it decides which months have ended.")


def _versions() -> str:
    import blosc2
    import pyogrio
    import pyproj
    import rasterio
    import shapely

    gdal = ".".join(map(str, pyogrio.__gdal_version__))
    return (
        f"GDAL {rasterio.__gdal_version__} (rasters), {gdal} (vectors), PROJ {pyproj.proj_version_str}, "
        f"GEOS {shapely.geos_version_string}, blosc2 {blosc2.__version__}"
    )


def _projections() -> str:
    """Known coordinates of one place: PROJ's database must be there, and must not want the network."""
    from pyproj import network

    from pipeline.projection import between

    if network.is_network_enabled():  # type: ignore[attr-defined]
        raise ValueError("PROJ is told to use the network (PROJ_NETWORK); results would depend on it")
    lon, lat = 105.05, 35.7
    for code, east, north in ((4544, 504_525, 3_952_257), (4523, 35_504_525, 3_952_257), (32648, 504_523, 3_950_676)):
        x, y = between("EPSG:4490", f"EPSG:{code}").transform(lon, lat)
        if abs(x - east) > 5 or abs(y - north) > 5:
            raise ValueError(f"EPSG:4490 to EPSG:{code} gives {x:.0f}, {y:.0f} instead of {east}, {north}")
    return "PROJ's data works offline (CGCS2000, its 3-degree zones, UTM)"


def _kernels() -> str | Note:
    import numba

    from pipeline.warmth import warm

    count = warm()
    if not count:
        return f"numba {numba.__version__}, all kernels compiled"
    fix = "If this is said each time, the folder of the program can't be written: set NUMBA_CACHE_DIR to one that can."
    return Note(f"numba {numba.__version__}, {count} kernels were not compiled yet; they are now", fix)


def _fonts() -> str | Note:
    """Pictures need Chinese glyphs; texts do not, whoever opens them brings the fonts."""
    shipped = [file.name for file in _FONTS.rglob("*") if file.suffix.lower() in (".ttf", ".ttc", ".otf")]
    if shipped:
        return f"{', '.join(sorted(shipped))} (part of the program)"
    lister = shutil.which("fc-list")
    found = subprocess.run([lister, f":charset={ord(_CHINESE):x}", "family"], capture_output=True, timeout=30, check=False).stdout if lister else b""
    names = sorted({line.split(",")[0] for line in found.decode("utf-8", "replace").splitlines() if line})
    if names:
        return f"Chinese: {', '.join(names[:3])}"
    return Note("no Chinese font is installed: names in pictures would be boxes", "Install fonts-wqy-microhei or fonts-noto-cjk.")


def _browser() -> str | Note:
    from pipeline.errors import MinewardenError
    from pipeline.publish.report import pdf

    try:
        return f"{pdf.find()} prints reports"
    except MinewardenError:
        return Note(
            "no Chromium, Chrome or Edge: 'report --pdf' can't print; report.html prints from any browser", "Install Chromium where PDFs are wanted."
        )


def _memory() -> str:
    import psutil

    free = psutil.virtual_memory().available / 1e9
    if free < MIN_MEMORY_GB:
        raise ValueError(f"only {free:.1f} GB are free")
    return f"{free:.0f} GB free"
