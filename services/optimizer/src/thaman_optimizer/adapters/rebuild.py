"""Filling the read models again from nothing but events.

Run it while the service's workers stand still. The memory of pages and searches is not rebuilt: losing it
costs traffic only.
"""

from collections.abc import Iterable, Iterator

from eventsourcing.persistence import Notification

from thaman_contracts.envelope import Envelope
from thaman_kit.application import EventSourcedApplication
from thaman_kit.domain import DomainEvent
from thaman_kit.routing import Router
from thaman_optimizer.adapters.projection import project

TABLES = (
    "stores",
    "system_settings",
    "items",
    "item_rules",
    "edits",
    "orders",
    "weeks",
    "links",
    "sources",
    "looks",
    "matches",
    "offers",
    "runs",
    "assessments",
    "proposals",
    "decisions",
    "undone",
    "policies",
    "shadow_prices",
    "api_keys",
)
"""The tables that events fill."""

PAGE = 1_000


def rebuild(application: EventSourcedApplication, router: Router, upstream: Iterable[tuple[Envelope, bytes]]) -> None:
    """Empty the tables, then fold the own log and the messages of ``upstream`` (each service's in its order) again."""
    with application.database.transaction() as cursor:
        for table in TABLES:
            cursor.execute(f"DELETE FROM {table}".encode())  # noqa: S608 - a constant of this module
    for page in _own_pages(application):
        unit = application.unit_of_work()
        for event in page:
            project(unit, [event])
        unit.commit()
    for envelope, body in upstream:
        unit = application.unit_of_work()
        router.dispatch(envelope, body, unit)
        unit.commit()


def _own_pages(application: EventSourcedApplication) -> Iterator[list[DomainEvent]]:
    last = 0
    while True:
        page: list[Notification] = list(application.recorder.select_notifications(last, PAGE, inclusive_of_start=False))
        if not page:
            return
        events = [application.mapper.to_domain_event(notification) for notification in page]
        yield [event for event in events if isinstance(event, DomainEvent)]
        last = int(page[-1].id)
