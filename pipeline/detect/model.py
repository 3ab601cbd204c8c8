"""What a year's baseline knows of the whole county."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.detect.state import Baseline


@dataclass(frozen=True, slots=True)
class Model:
    """What a year's baseline knows of the whole county."""

    bands: tuple[str, ...]
    sample: Baseline
    """Baseline of the sample, as one row of cells."""
    least: NDArray[np.float32]
    """(n_bands,), 1e-4: least spread of a cell."""
    white: NDArray[np.float32]
    """(n_bands, n_bands): whitens standardised residuals."""
    soil: NDArray[np.float32]
    """(3, n_bands), 1e-4: 10th, 50th and 90th percentile of the barest looks of ground that bears plants in season."""

    @property
    def red(self) -> int:
        return self.bands.index("B04")

    @property
    def nir(self) -> int:
        return self.bands.index("B08")

    def index(self, band: str) -> int:
        """Index of a band, −1 where it is missing."""
        return self.bands.index(band) if band in self.bands else -1
