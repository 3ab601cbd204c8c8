"""The plan for people: a section of the report, sheets of the ledger, and the yearly assessment."""
