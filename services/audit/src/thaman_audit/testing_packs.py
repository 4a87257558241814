"""For tests of receipts and packs: a store whose record is full of what a pack must not show."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from thaman_audit.bootstrap import Container, build
from thaman_audit.packs import Pack, pack_of
from thaman_audit.testing import KEY, NOW, Streams, settings_for
from thaman_audit.testing_events import authorized, observed, price_change
from thaman_contracts.events import EventData, onboarding, optimizer
from thaman_contracts.events.settings import StoreSettings
from thaman_contracts.ids import proposal_id, run_id
from thaman_kit.clock import ManualClock

STORE, OTHER = "77", "88"
ITEM, VARIANT, SIBLING = "4001", "4001/5", "9777123"
DAY = timedelta(days=1)
SECRETS = {
    "the store's name": "CANARY-NAME",
    "the store's domain": "canary-domain.example",
    "a setting": "61313",
    "an order": "CANARY-ORDER",
    "another product": "9777123",
    "another product's price": "515151",
    "another date": "828282",
    "another store": "939393",
    "who holds a key": "CANARY-LABEL",
    "what was rejected elsewhere": "CANARY-REASON",
}
"""What must occur nowhere in a pack of :data:`ITEM` on the second day."""


def story(url: str, filler: int = 0) -> Container:
    """Two stores over three days, sealed after the third; then a price that nothing proves yet."""
    clock = ManualClock(NOW + 3 * DAY)
    container = build(settings_for(url, audit_keys=KEY), clock)
    streams = Streams(container)
    settings = StoreSettings(ceiling_over_baseline_bp=61_313)
    streams.deliver(
        authorized(STORE, name=SECRETS["the store's name"], domain=SECRETS["the store's domain"], settings=settings),
        authorized(OTHER),
        _key(), _order(), *(observed(STORE, ("3000", 1_000 + number)) for number in range(filler)),
        *price_change(STORE, ITEM, 10_000, 828_282, cause="first day", minutes=_minutes(0, 1)),
    )  # fmt: skip
    streams.deliver(*_second_day())
    streams.deliver(*price_change(STORE, ITEM, 9_700, 828_282, cause="third day", minutes=_minutes(2, 5)))
    assert container.sealer is not None and container.sealer.seal_if_due() is not None
    clock.advance(timedelta(minutes=5))
    streams.deliver(*price_change(STORE, ITEM, 828_282, 9_600, cause="not sealed", minutes=_minutes(3, 1)))
    return container


def _minutes(days: int, minutes: int) -> int:
    return days * 24 * 60 + minutes


def _second_day() -> list[EventData]:
    at = partial(_minutes, 1)
    return [
        observed(STORE, (ITEM, 10_000), minutes=at(1)),
        observed(STORE, (ITEM, 10_000), (SIBLING, 515_151), minutes=at(2)),
        *price_change(STORE, ITEM, 10_000, 9_900, cause="second day", minutes=at(3)),
        *price_change(STORE, SIBLING, 515_151, 515_151, cause="sibling", minutes=at(4)),
        *price_change(OTHER, ITEM, 939_393, 939_393, cause="other store", minutes=at(5)),
        _held(at(6)),
        _rejected(at(7)),
        *price_change(STORE, ITEM, 9_900, 9_700, cause="second day, later", minutes=at(8)),
    ]


def _of(item: str, minutes: int, cause: str) -> dict[str, Any]:
    run = run_id(STORE, cause)
    at = NOW + timedelta(minutes=minutes)
    proposal = proposal_id(run, item)
    return {"store_id": STORE, "occurred_at": at, "run_id": run, "proposal_id": proposal, "product_id": item}


def _held(minutes: int) -> optimizer.PriceHeld:
    """An event about the item alone whose trail names another one."""
    step = optimizer.GuardStep(guard="group", outcome="hold", detail=f"sibling_held item={SIBLING} by=no_cost")
    said: dict[str, Any] = {"engine_version": "1", "input_digest": "d", "reason_ar": "ثابت", "reason_en": "Stays"}
    return optimizer.PriceHeld(**_of(ITEM, minutes, "held"), **said, reason="group/sibling_held", trail=(step,))


def _rejected(minutes: int) -> optimizer.PriceRejected:
    reason = SECRETS["what was rejected elsewhere"]
    return optimizer.PriceRejected(**_of(SIBLING, minutes, "no"), rejected_by="owner", reason=reason)


def _key() -> onboarding.ApiKeyIssued:
    label = SECRETS["who holds a key"]
    return onboarding.ApiKeyIssued(
        store_id=STORE, occurred_at=NOW, key_id="k", key_hash="h", scope="store", label=label
    )


def _order() -> onboarding.SalesObserved:
    return onboarding.SalesObserved(
        store_id=STORE, occurred_at=NOW + DAY + timedelta(minutes=2), order_id=SECRETS["an order"],
        state=onboarding.OrderState.COUNTED, placed_at=NOW, source=onboarding.ObservationSource.WEBHOOK,
        lines=(onboarding.OrderLine(product_id=ITEM, quantity=1),),
    )  # fmt: skip


@dataclass(frozen=True)
class SecondDay:
    """The pack that the tests look at."""

    container: Container

    def pack(self, *items: str) -> Pack:
        """The second day of the item, or of others."""
        of, begin = self.container, NOW + DAY
        return pack_of(of.tables, of.checkpoints, of.histories, STORE, items or (ITEM,), begin, begin + DAY)

    def lines(self, *items: str) -> list[bytes]:
        """Its lines."""
        return list(self.pack(*items).lines())
