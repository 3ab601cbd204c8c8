"""What did we say before, and what did people decide? One SQLite file, one writer."""

from pipeline.ledger.events import Event, Kind
from pipeline.ledger.ledger import Ledger
from pipeline.ledger.month_writer import MonthWriter
from pipeline.ledger.parts import Change, PartRecord
from pipeline.ledger.records import CaseDraft, CaseRecord, KnownCase, MonthFacts, RecordedCase, Review

__all__ = [
    "CaseDraft",
    "CaseRecord",
    "Change",
    "Event",
    "Kind",
    "KnownCase",
    "Ledger",
    "MonthFacts",
    "MonthWriter",
    "PartRecord",
    "RecordedCase",
    "Review",
]
