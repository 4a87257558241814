"""The read models of stores, catalogues and orders made from published events alone.

Private, and so not known: Salla's times of its news (of an authorisation, an uninstall, a subscription, an order),
which items VAT does not apply to, which refunds are for good, and uninstalls of stores that were not connected.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from thaman_contracts.envelope import Envelope
from thaman_kit.application import EventSourcedApplication
from thaman_kit.domain import DomainEvent
from thaman_kit.restoring import Supply, Told, stored_of
from thaman_onboarding.application.folding import OwnFold
from thaman_onboarding.domain import events
from thaman_onboarding.observation.rebuild import fold_events

UNKNOWN = {
    "stores": ("version", "authorized_at", "updated_at"),
    "system_settings": ("updated_at",),
    "items": ("digest", "taxable", "write_version"),
    "orders": ("head_digest", "refunded", "observed_at", "provider_time"),
}
"""Columns, by table, that published events do not tell."""


def _at(name: str, envelope: Envelope) -> dict[str, datetime]:
    """Something has to stand there; no column that is shown is made of it."""
    return {name: envelope.time}


SUPPLY: dict[type[DomainEvent], Supply] = {
    events.StoreAuthorized: partial(_at, "authorized_at"),
    events.StoreReauthorized: partial(_at, "authorized_at"),
    events.StoreUninstalled: partial(_at, "uninstalled_at"),
    events.EntitlementChanged: partial(_at, "reported_at"),
}
"""What stands in for private fields that have no default, for :class:`thaman_kit.restoring.Restorer`."""


class PublishedFold:
    """Fills empty tables, page by page; stores and settings at the end."""

    def __init__(self, application: EventSourcedApplication) -> None:
        self._application = application
        self._fold = OwnFold(gaps=True)
        self._latest: datetime | None = None

    def fold(self, page: Sequence[Told]) -> None:
        """Take in the next events, as they are stored."""
        own = list(stored_of(page, "onboarding"))
        for event in own:
            if self._fold.take(event):
                self._latest = event.occurred_at
        self._application.execute(partial(fold_events, own))

    def finish(self) -> None:
        """Write the rows of stores, their rules, and the installation."""
        latest = self._latest
        if latest is not None:
            self._application.execute(lambda unit: self._fold.project(unit, latest))
