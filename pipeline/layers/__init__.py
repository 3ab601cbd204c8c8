"""What is permitted, banned or owed here, on that date?"""

from pipeline.layers.load import Checked, check, load

__all__ = ["Checked", "check", "load"]
