"""ledger.xlsx (台账): the month as offices keep it."""
