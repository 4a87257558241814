"""What people ask about rivals' listings: where to look for them, a look now, answers to matches."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID, uuid4

from thaman_contracts.events.listings import ListingSource, MatchAnswer, SourceKind
from thaman_contracts.ids import derived_id
from thaman_kit.application import EventSourcedApplication, UnitOfWork
from thaman_kit.clock import Clock
from thaman_kit.errors import Conflict
from thaman_optimizer.application import check_url
from thaman_optimizer.domain.approval import not_priced
from thaman_optimizer.domain.events import ListingSourcesChanged, LookRequested, MatchesAnswered
from thaman_optimizer.domain.facts import StoreFacts
from thaman_optimizer.errors import MatchUnknown, SourceRefused, SourceUnknown, StoreNotPriced, StoreUnknown
from thaman_optimizer.listing_ports import ListingMemory
from thaman_optimizer.ports import Facts, Keep

LOOK_QUEUE = "look"


@dataclass(frozen=True, slots=True)
class LookOrder:
    """A look into a source that is to be made."""

    look_id: UUID
    store_id: str
    source_id: str

    @classmethod
    def caused_by(cls, store_id: str, source_id: str, cause: str) -> "LookOrder":
        """The look of a cause; the same cause gives the same look for ever."""
        return cls(derived_id("look", store_id, source_id, cause), store_id, source_id)

    def enqueue(self, unit: UnitOfWork) -> None:
        """Put it into the queue, once for ever."""
        unit.enqueue(LOOK_QUEUE, str(self.look_id), self.store_id, {"source_id": self.source_id})


class Listings:
    """The commands about listings. Blocking; safe to call from many threads."""

    def __init__(
        self, application: EventSourcedApplication, facts: Facts, memory: ListingMemory, keep: Keep, clock: Clock
    ) -> None:
        self._application = application
        self._facts = facts
        self._memory = memory
        self._keep = keep
        self._clock = clock

    def set_sources(self, store_id: str, sources: Sequence[ListingSource], by: str) -> None:
        """Replace the store's sources; what is new or other than before is looked into at once.

        Raises:
            StoreUnknown
            SourceRefused: two have one name, or one lacks an address or has one too many.
            LinkRefused: an address is not a plain web address.
        """
        now = self._clock.now()
        self._store(store_id)
        check_sources(sources)
        known = self._memory.sources(store_id)
        unit = self._application.unit_of_work()
        cause = uuid4()
        event = ListingSourcesChanged(
            originator_id=cause,
            originator_version=1,
            store_id=store_id,
            occurred_at=now,
            sources=tuple(sources),
            changed_by=by,
        )
        self._keep(unit, [event])
        for source in sources:
            if source.active and source not in known:
                LookOrder.caused_by(store_id, source.source_id, str(cause)).enqueue(unit)
        unit.commit()

    def request_look(self, store_id: str, source_id: str, by: str, idempotency_key: str | None = None) -> UUID:
        """Ask to look into a source now; returns the look's id. The same ``idempotency_key`` is the same look for ever.

        Raises:
            StoreUnknown, SourceUnknown, StoreNotPriced
            SourceRefused: the source is switched off.
        """
        reason = not_priced(self._store(store_id))
        if reason is not None:
            raise StoreNotPriced(reason)
        source = self._memory.source(store_id, source_id)
        if source is None:
            raise SourceUnknown(f"store {store_id} has no source {source_id!r}")
        if not source.active:
            raise SourceRefused(f"source {source_id!r} is switched off; set active to true first")
        cause = idempotency_key if idempotency_key is not None else uuid4().hex
        order = LookOrder.caused_by(store_id, source_id, f"asked {cause}")
        unit = self._application.unit_of_work()
        event = LookRequested(
            originator_id=order.look_id,
            originator_version=1,
            store_id=store_id,
            occurred_at=self._clock.now(),
            source_id=source_id,
            look_id=order.look_id,
            requested_by=by,
        )
        self._keep(unit, [event])
        order.enqueue(unit)
        with suppress(Conflict):  # asked for before under this key: the same answer is the right one
            unit.commit()
        return order.look_id

    def answer(self, store_id: str, ids: Sequence[UUID], *, confirmed: bool, by: str) -> list[MatchAnswer]:
        """Say of matches whether they are the store's products; the last word on each holds. Returns what was said.

        Raises:
            StoreUnknown
            MatchUnknown: one of ``ids`` is none of the store's; nothing was changed.
        """
        self._store(store_id)
        found = self._memory.questions(store_id, ids)
        missing = sorted({str(one) for one in ids} - {str(one.match_id) for one in found})
        if missing:
            raise MatchUnknown(f"store {store_id} has no match {', '.join(missing[:20])}")
        answers = [one.model_copy(update={"confirmed": confirmed}) for one in found]
        if answers:
            unit = self._application.unit_of_work()
            event = MatchesAnswered(
                originator_id=uuid4(),
                originator_version=1,
                store_id=store_id,
                occurred_at=self._clock.now(),
                answers=tuple(answers),
                answered_by=by,
            )
            self._keep(unit, [event])
            unit.commit()
        return answers

    def meant(self, store_id: str, kind: str | None, source_id: str | None, least_bp: int, limit: int) -> list[UUID]:
        """The matches without an answer that a bulk answer means; oldest first."""
        return self._memory.meant(store_id, kind, source_id, least_bp, limit)

    def _store(self, store_id: str) -> StoreFacts:
        store = self._facts.store(store_id, self._clock.now())
        if store is None:
            raise StoreUnknown(f"store {store_id} is not connected here")
        return store


def check_sources(sources: Sequence[ListingSource]) -> None:
    """Whether sources can be kept and looked into.

    Raises:
        SourceRefused, LinkRefused
    """
    names = [source.source_id for source in sources]
    for name in names:
        if names.count(name) > 1:
            raise SourceRefused(f"two sources are called {name!r}; give each a name of its own")
    for source in sources:
        if source.kind is SourceKind.SEARCH:
            if source.url is not None:
                raise SourceRefused(
                    f"source {source.source_id!r} searches the web and so has no address; leave url out"
                )
        elif source.url is None:
            raise SourceRefused(f"source {source.source_id!r} needs a url: the feed's, or one of the competitor's site")
        else:
            check_url(source.url)
