"""What people ask of the optimizer: a run now, links to rivals, answers to proposals."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from thaman_contracts.events.optimizer import CompetitorLinks
from thaman_contracts.ids import derived_id, item_key, run_id
from thaman_kit.application import EventSourcedApplication, UnitOfWork
from thaman_kit.clock import Clock
from thaman_kit.errors import Conflict
from thaman_kit.redaction import redact_text
from thaman_optimizer.domain.addresses import is_web_address
from thaman_optimizer.domain.approval import changed_input, not_priced
from thaman_optimizer.domain.events import CompetitorLinksChanged, RunRequested
from thaman_optimizer.domain.facts import StoreFacts
from thaman_optimizer.domain.overlay import deciding, under
from thaman_optimizer.domain.proposal import Lapse, Proposal, lapse
from thaman_optimizer.errors import (
    InputsChanged,
    ItemsUnknown,
    LinkRefused,
    ProposalUnknown,
    StoreNotPriced,
    StoreUnknown,
    WriteInFlight,
)
from thaman_optimizer.ports import Facts, Keep, MarketMemory

EXPIRIES_PER_SAVE = 200


@dataclass(frozen=True, slots=True)
class Requested:
    """A run was asked for; ``run_id`` is the id it will have once the scheduler lets it start."""

    request_id: str
    run_id: UUID


class Optimizer:
    """The commands of the optimizer. Blocking; safe to call from many threads."""

    def __init__(
        self,
        application: EventSourcedApplication,
        facts: Facts,
        market: MarketMemory,
        keep: Keep,
        clock: Clock,
    ) -> None:
        self._application = application
        self._facts = facts
        self._market = market
        self._keep = keep
        self._clock = clock

    def request_run(self, store_id: str, by: str, idempotency_key: str | None = None) -> Requested:
        """Ask for a run now. The same ``idempotency_key`` is the same request for ever.

        Raises:
            StoreUnknown, StoreNotPriced
        """
        now = self._clock.now()
        self._require_priced(store_id, now)
        cause = idempotency_key if idempotency_key is not None else uuid4().hex
        request = derived_id("run-request", store_id, cause)
        unit = self._application.unit_of_work()
        event = RunRequested(
            originator_id=request,
            originator_version=1,
            store_id=store_id,
            occurred_at=now,
            request_id=str(request),
            requested_by=by,
        )
        self._keep(unit, [event])
        with suppress(Conflict):  # asked for before under this key: the same answer is the right one
            unit.commit()
        return Requested(str(request), run_id(store_id, str(request)))

    def set_links(self, store_id: str, items: Sequence[CompetitorLinks], by: str) -> None:
        """Replace the links of the named items.

        Raises:
            StoreUnknown, ItemsUnknown
            LinkRefused: an address is not a plain web address.
        """
        now = self._clock.now()
        self._store(store_id, now)
        for link in (link for item in items for link in item.links):
            check_url(link.url)
        missing = sorted({item.key for item in items} - self._facts.known_items(store_id, [item.key for item in items]))
        if missing:
            raise ItemsUnknown(f"not in the store's catalogue as last read: {', '.join(missing[:20])}")
        unit = self._application.unit_of_work()
        event = CompetitorLinksChanged(
            originator_id=uuid4(),
            originator_version=1,
            store_id=store_id,
            occurred_at=now,
            items=tuple(items),
            changed_by=by,
        )
        self._keep(unit, [event])
        unit.commit()

    def approve(self, store_id: str, proposal_id: UUID, by: str, shown_digest: str | None = None) -> None:
        """Let a proposal through, if the world it was computed from still is.

        Raises:
            StoreUnknown, StoreNotPriced, ProposalUnknown, ProposalClosed, ShownSomethingElse, WriteInFlight
            InputsChanged: the proposal has been expired instead.
        """
        changed = self._application.execute(
            lambda unit: self._approve(unit, store_id, proposal_id, by=by, shown_digest=shown_digest)
        )
        if changed is not None:
            raise InputsChanged(f"proposal {proposal_id} lapsed because {changed}; the next run makes a new one")

    def reject(self, store_id: str, proposal_id: UUID, by: str, reason: str | None = None) -> None:
        """Refuse a proposal.

        Raises:
            StoreUnknown, ProposalUnknown, ProposalClosed
        """

        def work(unit: UnitOfWork) -> None:
            proposal = self._proposal(unit, store_id, proposal_id)
            # Kept for ever, so without ways to reach a person.
            proposal.reject(by, reason and redact_text(reason), self._clock.now())
            self._keep(unit, [], [proposal])

        self._application.execute(work)

    def expire_due(self) -> int:
        """Expire the proposals whose time is over; returns how many. Any number of replicas may do it at once."""
        expired = 0
        while True:
            now = self._clock.now()
            due = self._market.expired(now, EXPIRIES_PER_SAVE)
            if not due:
                return expired
            done = self._expire(due, now)
            expired += done
            if done == 0:
                return expired  # others are at it

    def _expire(self, due: Sequence[Lapse], now: datetime) -> int:
        try:
            self._save_expiry(due, now)
        except Conflict:
            if len(due) == 1:
                return 0
            return sum(self._expire([one], now) for one in due)
        return len(due)

    def _save_expiry(self, due: Sequence[Lapse], now: datetime) -> None:
        unit = self._application.unit_of_work()
        self._keep(unit, [lapse(one, "time", now) for one in due])
        unit.commit()

    def _approve(
        self, unit: UnitOfWork, store_id: str, proposal_id: UUID, *, by: str, shown_digest: str | None
    ) -> str | None:
        now = self._clock.now()
        store = self._require_priced(store_id, now)
        proposal = self._proposal(unit, store_id, proposal_id)
        proposed = proposal.waiting(now)
        key = item_key(proposed.product_id, proposed.variant_id)
        items = self._facts.items(store_id, now, [key]).items
        if items and items[0].in_flight:
            raise WriteInFlight("an earlier price of this item is still being written; answer again once it is settled")
        store = under(store, deciding(store, items[0]) if items else store.policy)
        changed = changed_input(proposed, store, items[0] if items else None)
        if changed is None:
            proposal.approve(by, shown_digest, store, now)
        else:
            proposal.expire("inputs_changed", now)
        self._keep(unit, [], [proposal])
        return changed

    def _store(self, store_id: str, now: datetime) -> StoreFacts:
        store = self._facts.store(store_id, now)
        if store is None:
            raise StoreUnknown(f"store {store_id} is not connected here")
        return store

    def _require_priced(self, store_id: str, now: datetime) -> StoreFacts:
        store = self._store(store_id, now)
        reason = not_priced(store)
        if reason is not None:
            raise StoreNotPriced(reason)
        return store

    def _proposal(self, unit: UnitOfWork, store_id: str, proposal_id: UUID) -> Proposal:
        proposal = unit.find(Proposal, proposal_id)
        if proposal is None or proposal.store_id != store_id:
            raise ProposalUnknown(f"store {store_id} has no proposal {proposal_id}")
        return proposal


def check_url(url: str) -> None:
    """Whether an address may be kept as a competitor's page; where it leads is checked at every reading.

    Raises:
        LinkRefused: not a plain http(s) address with a host and without credentials.
    """
    if not is_web_address(url):
        raise LinkRefused(
            f"{url[:200]!r} is not a plain http or https address; copy it from the browser's address line"
        )
