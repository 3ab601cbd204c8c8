"""The way from one coordinate system to another."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pyproj import Transformer


@lru_cache(maxsize=256)
def between(source: Any, target: Any) -> Transformer:
    """From one CRS to another (whatever pyproj knows a CRS by), x before y on both sides.

    Making one takes a look into PROJ's database, up to a tenth of a second; it may be used by many threads. Raises CRSError where a
    CRS is not known, ProjError where PROJ knows no way.
    """
    return Transformer.from_crs(source, target, always_xy=True)
