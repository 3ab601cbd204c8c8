"""Where compiled kernels are kept: apart for every state of their source.

numba looks at the file that a kernel stands in, not at those of the kernels it calls: after an update it would go on using parts of the
old. So the cache's folder is named by a hash of all of them.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_ROOMS = ("detect", "patches", "sources")
"""Where kernels stand."""


def _folder() -> Path:
    sources = sorted(file for room in _ROOMS for file in (_HERE / room).glob("*.py"))
    digest = hashlib.sha256(b"\0".join(file.read_bytes() for file in sources)).hexdigest()[:16]
    return _HERE / "__pycache__" / f"kernels-{digest}"


def keep_apart() -> None:
    """Name the cache's folder to numba, unless the user has named one. To be called before numba is imported."""
    os.environ.setdefault("NUMBA_CACHE_DIR", str(_folder()))


def drop_old() -> None:
    """Remove what was compiled from other sources."""
    kept = _folder()
    for folder in (_HERE / "__pycache__").glob("kernels-*"):
        if folder != kept:
            shutil.rmtree(folder, ignore_errors=True)
