"""What did we say before, and what did people decide? One SQLite file, one writer."""

from pipeline.ledger.events import Event, Kind
from pipeline.ledger.ledger import Ledger, MonthWriter
from pipeline.ledger.records import CaseDraft, CaseRecord, MonthFacts, RecordedCase, Review

__all__ = ["CaseDraft", "CaseRecord", "Event", "Kind", "Ledger", "MonthFacts", "MonthWriter", "RecordedCase", "Review"]
