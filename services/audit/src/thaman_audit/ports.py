"""What the application needs of the world; :mod:`thaman_audit.adapters` provides it."""

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from thaman_audit.domain.rows import Rows
from thaman_audit.verify import Entry, Head
from thaman_contracts.envelope import Envelope
from thaman_kit.application import UnitOfWork


class OpenBatch(Protocol):
    """What one unit of work appends."""

    rows: Rows

    def append(self, envelope: Envelope, body: bytes) -> None:
        """One more event."""

    def note(self, unit: UnitOfWork) -> None:
        """Let the unit store kinds of rows that are new since the last call."""


class Batches(Protocol):
    """The batch of each unit of work."""

    def of(self, unit: UnitOfWork) -> OpenBatch:
        """The unit's batch, begun with its first event."""


class Tables(Protocol):
    """The ledger and its read models."""

    def select(self, query: str, **params: Any) -> list[dict[str, Any]]:
        """The rows of a named query."""

    def head(self, store_id: str) -> Head | None:
        """The end of a store's chain."""

    def chain(self, store_id: str) -> Iterator[Entry]:
        """A store's whole chain, oldest first."""

    def store_ids(self) -> Iterator[str]:
        """Every store that has a chain."""

    def progress(self) -> list[dict[str, Any]]:
        """Up to which place of each service's log the ledger has read."""

    def replace_read_models(self, pages: Iterable[Rows]) -> None:
        """Make the read models again from ``pages``."""
