"""What can go wrong in the audit.

::

    AuditError
    ├── UnknownStore      the ledger has no entry of this store
    ├── UnknownItem       the ledger has no price of this item
    └── BadCursor         a cursor that no page of ours gave out
"""


class AuditError(Exception):
    """The root of the audit's errors."""


class UnknownStore(AuditError):
    """The ledger has no entry of this store."""


class UnknownItem(AuditError):
    """The ledger has no price of this item."""


class BadCursor(AuditError):
    """A cursor that no page of ours gave out."""
