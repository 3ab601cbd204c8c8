"""minewarden (矿卫): monthly satellite monitoring for mine enforcement."""

__version__ = "0.1.0"
