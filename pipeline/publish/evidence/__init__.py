"""Evidence pictures: a sheet for each case that shows its ground before and after, in court if need be."""

from pipeline.publish.evidence.album import make
from pipeline.publish.evidence.studio import Photographer

__all__ = ["Photographer", "make"]
