"""Why an item's price was what it was at an instant: a function of the ledger's entries alone."""

from thaman_audit.domain.why.answer import Why
from thaman_audit.domain.why.chain import Found, answer
from thaman_audit.domain.why.history import History, PriceRow

__all__ = ["Found", "History", "PriceRow", "Why", "answer"]
