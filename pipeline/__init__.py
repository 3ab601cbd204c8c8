"""minewarden (矿卫): monthly satellite monitoring for mine enforcement."""

from pipeline.kernels import keep_apart

__version__ = "0.1.0"

keep_apart()
