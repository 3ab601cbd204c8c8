"""report.html: the month for people, in one file that needs no network and prints well."""

from pipeline.publish.report.given import ReportInput
from pipeline.publish.report.page import NAME, render, write

__all__ = ["NAME", "ReportInput", "render", "write"]
