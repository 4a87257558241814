"""For tests of ``check_world``: more events in a world that is in order, and the one violation that they make."""

from datetime import timedelta
from typing import Any

from thaman_audit.testing import NOW
from thaman_audit.testing_events import price_change
from thaman_cli.world import PriceWrite
from thaman_contracts.events import EventData, optimizer
from thaman_contracts.ids import decision_id, proposal_id, run_id

STORE, ITEM = "77", "1"
RUN = run_id(STORE, "r1")
DECISION = decision_id(proposal_id(RUN, ITEM))
LATER = NOW + timedelta(hours=1)


def second_change(new: int = 9_800, **decision: Any) -> list[EventData]:
    """Another run an hour later; ``decision`` changes what was decided."""
    events = price_change(STORE, ITEM, 9_900, new, cause="r2", minutes=60)
    return [
        event.model_copy(update=decision) if isinstance(event, optimizer.PriceDecided) else event for event in events
    ]


def add(installation: Any, *events: EventData, shown: int | None = None) -> None:
    """Store and spread more events; Salla shows ``shown`` and logged the write."""
    installation.store(*events)
    installation.spread()
    if shown is not None:
        number = len(installation.salla.write_log) + 1
        installation.salla.shown[STORE][ITEM] = shown
        installation.salla.write_log.append(PriceWrite(number, STORE, ITEM, shown, touches_sale=False, effective=True))


def violation(installation: Any, rule: str) -> str:
    """The one violation there is, which must be of this rule."""
    (found,) = installation.check().violations
    assert found.rule == rule
    return str(found)
