"""Undo: earlier prices are put back by new decisions, or one is told why not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from thaman_contracts.envelope import encode
from thaman_contracts.events.optimizer import UndoScope
from thaman_contracts.ids import derived_id, item_key
from thaman_kit.application import EventSourcedApplication
from thaman_kit.clock import Clock
from thaman_kit.errors import Conflict
from thaman_optimizer.domain.approval import not_priced
from thaman_optimizer.domain.facts import ItemFacts, StoreFacts
from thaman_optimizer.domain.overlay import deciding, under
from thaman_optimizer.domain.restoration import Restoration
from thaman_optimizer.domain.undo import Leave, Restore, plan
from thaman_optimizer.errors import (
    DecisionUnknown,
    ShownSomethingElse,
    StoreNotPriced,
    StoreUnknown,
    UndoRefused,
    UndoUnknown,
)
from thaman_optimizer.ports import Facts, Keep
from thaman_optimizer.undo_ports import Meant, PastDecisions, Wanted

MOST = 10_000
"""Decisions that one undo looks at."""

_LANDED = "applied"
_CAME_TO_NOTHING = frozenset(("failed", "stale"))


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """What an undo does to one item; ``item`` is ``None`` where the catalogue has none (any more)."""

    key: str
    name: str | None
    item: ItemFacts | None
    outcome: Restore | Leave


@dataclass(frozen=True, slots=True)
class Plan:
    """What an undo does. ``digest`` names exactly this: another plan has another one."""

    items: tuple[PlannedItem, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class Undone:
    """An undo that was asked for. ``decisions`` are rows for views, ``left`` what kept its price."""

    undo_id: UUID
    decisions: Sequence[dict[str, Any]]
    left: tuple[PlannedItem, ...]


class Undoing:
    """The commands about undo. Blocking; safe to call from many threads."""

    def __init__(
        self, application: EventSourcedApplication, facts: Facts, past: PastDecisions, keep: Keep, clock: Clock
    ) -> None:
        self._application = application
        self._facts = facts
        self._past = past
        self._keep = keep
        self._clock = clock

    def preview(self, store_id: str, wanted: Wanted) -> Plan:
        """What an undo would do now: also the answer to which prices a run, a policy or an offer touched.

        Raises:
            StoreUnknown, DecisionUnknown, UndoRefused
        """
        return self._plan(self._store(store_id), wanted, self._clock.now())

    def undo(
        self,
        store_id: str,
        wanted: Wanted,
        by: str,
        shown_digest: str | None = None,
        idempotency_key: str | None = None,
    ) -> Undone:
        """Put earlier prices back. The same ``idempotency_key`` is the same undo for ever, whatever else is asked.

        Raises:
            StoreUnknown, StoreNotPriced, DecisionUnknown, UndoRefused
            ShownSomethingElse: ``shown_digest`` is not the plan's as it would be carried out now.
        """
        cause = idempotency_key if idempotency_key is not None else uuid4().hex
        undo_id = derived_id("undo", store_id, cause)
        earlier = self._past.of_undo(store_id, undo_id, MOST)
        if earlier:
            return Undone(undo_id, earlier, ())
        now = self._clock.now()
        store = self._store(store_id)
        reason = not_priced(store)
        if reason is not None:
            raise StoreNotPriced(reason)
        planned = self._plan(store, wanted, now)
        if shown_digest is not None and shown_digest != planned.digest:
            raise ShownSomethingElse("prices moved since the preview: look at it again, then undo what it shows")
        self._save(undo_id, store, planned, wanted.scope, by, now)
        left = tuple(one for one in planned.items if isinstance(one.outcome, Leave))
        return Undone(undo_id, self._past.of_undo(store_id, undo_id, MOST), left)

    def look_up(self, store_id: str, undo_id: UUID) -> Undone:
        """An undo that put something back, with what became of it.

        Raises:
            UndoUnknown
        """
        rows = self._past.of_undo(store_id, undo_id, MOST)
        if not any((row["document"] or {}).get("reverts_decision_id") for row in rows):
            raise UndoUnknown(f"store {store_id} has no undo {undo_id}")
        return Undone(undo_id, rows, ())

    def _save(self, undo_id: UUID, store: StoreFacts, planned: Plan, scope: UndoScope, by: str, now: datetime) -> None:
        """All of it or nothing, so that an undo which was asked for twice is found whole."""
        made = []
        for one in planned.items:
            if isinstance(one.outcome, Restore):
                restoration = Restoration.of(undo_id, one.outcome)
                ruled = under(store, deciding(store, one.outcome.item))
                restoration.restore(undo_id, ruled, one.outcome, scope, by, now)
                made.append(restoration)
        if not made:
            return
        unit = self._application.unit_of_work()
        self._keep(unit, [], made)
        try:
            unit.commit()
        except Conflict:
            # The same undo was asked for at the same time; what that one decided holds.
            return

    def _plan(self, store: StoreFacts, wanted: Wanted, now: datetime) -> Plan:
        meant = self._meant(store.store_id, wanted, now)
        landed = [one for one in meant if one.settled_at is not None and one.state == _LANDED]
        keys = sorted({one.item_key for one in meant})
        known = {item_key(one.product_id, one.variant_id): one for one in self._items(store, keys, now)}
        names = self._facts.names(store.store_id, keys)
        since = min((one.settled_at for one in landed if one.settled_at is not None), default=now)
        changes = self._past.changes(store.store_id, since, sorted({one.item_key for one in landed}))
        ids = {one.decision_id for one in landed}
        outcomes: dict[str, Restore | Leave] = {}
        for key, done in changes.items():
            item = known.get(key)
            ruled = store if item is None else under(store, deciding(store, item))
            outcomes[key] = plan(ruled, item, done, ids, now)
        outcomes |= _not_landed(meant, outcomes)
        items = tuple(PlannedItem(key, names.get(key), known.get(key), outcomes[key]) for key in sorted(outcomes))
        return Plan(items, _digest(items))

    def _meant(self, store_id: str, wanted: Wanted, now: datetime) -> list[Meant]:
        if wanted.at is not None and wanted.at > now:
            raise UndoRefused(f"{wanted.at.isoformat()} has not come yet; name an instant that is past")
        meant = self._past.meant(store_id, wanted, now, MOST + 1)
        if len(meant) > MOST:
            raise UndoRefused(f"more than {MOST} decisions are meant; name items, or a shorter time")
        missing = set(wanted.decisions) - {one.decision_id for one in meant} if wanted.items is None else set()
        if missing:
            named = ", ".join(sorted(map(str, missing))[:20])
            raise DecisionUnknown(f"store {store_id} has no such decisions: {named}")
        if wanted.scope is UndoScope.DECISIONS:
            return meant
        return [one for one in meant if one.state not in _CAME_TO_NOTHING]

    def _items(self, store: StoreFacts, keys: Sequence[str], now: datetime) -> Sequence[ItemFacts]:
        return self._facts.items(store.store_id, now, keys).items if keys else ()

    def _store(self, store_id: str) -> StoreFacts:
        store = self._facts.store(store_id, self._clock.now())
        if store is None:
            raise StoreUnknown(f"store {store_id} is not connected here")
        return store


def _not_landed(meant: Sequence[Meant], planned: dict[str, Restore | Leave]) -> dict[str, Leave]:
    """Items of which nothing that is meant has reached Salla."""
    left: dict[str, Leave] = {}
    for one in meant:
        if one.item_key not in planned:
            in_flight = one.state not in _CAME_TO_NOTHING
            why = "write_in_flight" if in_flight else f"not_applied state={one.state}"
            before = left.get(one.item_key)
            left[one.item_key] = Leave(why, (*(before.undone if before else ()), one.decision_id))
    return left


def _digest(items: Sequence[PlannedItem]) -> str:
    rows = []
    for one in items:
        now = None if one.item is None else one.item.base_price
        then = one.outcome.base_price if isinstance(one.outcome, Restore) else one.outcome.why
        rows.append([one.key, now, then, [str(id) for id in one.outcome.undone]])
    return sha256(encode({"items": rows})).hexdigest()
