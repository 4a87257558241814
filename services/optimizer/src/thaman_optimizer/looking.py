"""A look into a source of listings: what rivals offer, and which of it are the store's own products."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from thaman_contracts.events.listings import ListingMatch, ListingSource, LookOutcome
from thaman_contracts.ids import derived_id
from thaman_kit import metrics
from thaman_kit.application import EventSourcedApplication
from thaman_kit.clock import Clock
from thaman_kit.domain import DomainEvent
from thaman_kit.errors import Conflict
from thaman_kit.jobs import Job
from thaman_optimizer.application import check_url
from thaman_optimizer.domain.approval import not_priced
from thaman_optimizer.domain.events import ListingsMatched, SourceLooked
from thaman_optimizer.domain.listings import LONGEST_TEXT, Listing, OwnItem, is_own, match_listings, own_address
from thaman_optimizer.domain.matching import Matcher
from thaman_optimizer.domain.plain_text import harmless
from thaman_optimizer.errors import LinkRefused
from thaman_optimizer.listing_ports import ListingMemory, Look, Looker, Wanted
from thaman_optimizer.listings import LookOrder
from thaman_optimizer.ports import Facts, Keep

LOOKS = metrics.counter("optimizer_looks", "Looks into sources of competitors' listings, by outcome.", ["outcome"])

MATCHES_AN_EVENT = 200
MOST_PROBLEMS = 20


@dataclass(frozen=True, slots=True)
class Scene:
    """What a look works on. ``address`` is the store's own on the web; ``refusal`` says why nothing is looked for."""

    order: LookOrder
    source: ListingSource
    own: Sequence[OwnItem]
    address: str | None
    began_at: datetime
    refusal: str | None


class Looking:
    """Does the jobs of the look queue."""

    def __init__(
        self,
        application: EventSourcedApplication,
        facts: Facts,
        memory: ListingMemory,
        looker: Looker,
        matcher: Callable[[], Matcher],
        *,
        keep: Keep,
        clock: Clock,
        every: timedelta,
        searches: int,
    ) -> None:
        self._application = application
        self._facts = facts
        self._memory = memory
        self._looker = looker
        self._matcher = matcher
        self._keep = keep
        self._clock = clock
        self._every = every
        self._searches = searches

    async def handle(self, job: Job) -> None:
        """Do one look. One that was interrupted is done again; one that has ended is not."""
        scene = await asyncio.to_thread(self._set, job)
        if scene is None:
            return
        look = await self._look(scene)
        LOOKS.labels(look.outcome.value).inc()
        await asyncio.to_thread(self._record, scene, look, job)

    def enqueue_due(self) -> int:
        """Put a look into the queue for each source whose time has come; returns how many. Any number of replicas may
        do it at once."""
        now = self._clock.now()
        slot = str(int(now.timestamp() // self._every.total_seconds()))
        due = self._memory.due(now - self._every)
        unit = self._application.unit_of_work()
        for store_id, source_id in due:
            LookOrder.caused_by(store_id, source_id, f"due {slot}").enqueue(unit)
        unit.commit()
        return len(due)

    def _set(self, job: Job) -> Scene | None:
        """Load what is needed; ``None`` when there is nothing to do (any more)."""
        order = LookOrder(UUID(job.key), job.store_id, job.payload["source_id"])
        now = self._clock.now()
        store = self._facts.store(order.store_id, now)
        source = self._memory.source(order.store_id, order.source_id)
        if store is None or source is None or not source.active or self._memory.has_ended(order.look_id):
            return None
        own = self._memory.own_items(order.store_id, order.source_id)
        address = own_address(self._memory.domain(order.store_id))
        return Scene(order, source, own, address, now, not_priced(store))

    async def _look(self, scene: Scene) -> Look:
        if scene.refusal is not None:
            return Look(LookOutcome.FAILED, detail=scene.refusal)
        if not scene.own:
            return Look(LookOutcome.FAILED, detail="the store's catalogue has nothing to compare listings with yet")
        known = await asyncio.to_thread(self._memory.pages, scene.order.store_id, scene.order.source_id)
        wanted = [_wanted(item, scene.address) for item in scene.own[: self._searches]]
        return await self._looker.look(scene.source, wanted, known)

    def _record(self, scene: Scene, look: Look, job: Job) -> None:
        """Match what was found and store all of it at once."""
        order = scene.order
        look = _sifted(look, scene.address)
        known = self._memory.known_matches(order.store_id)
        matcher = self._matcher()
        told = match_listings(order.store_id, scene.own, look.listings, known, matcher)
        now = self._clock.now()
        unit = self._application.unit_of_work()
        self._keep(unit, list(_events(scene, look, told, matcher.trees.version, now)))
        self._memory.remember(unit, order.store_id, order.source_id, look, now)
        unit.complete(job)
        try:
            unit.commit()
        except Conflict:
            # Another worker made this look, too, and told it first; what it told holds.
            job.completed = False


def _wanted(item: OwnItem, address: str | None) -> Wanted:
    product = item.product
    return Wanted(item.item_key, product.title, product.brand, product.gtin, product.model, address)


def _sifted(look: Look, own: str | None) -> Look:
    """Without the store's own pages, addresses that no link may have, and second listings of one address."""
    kept: dict[str, Listing] = {}
    problems = list(look.problems)
    refused = 0
    for listing in look.listings:
        try:
            check_url(listing.url)
        except LinkRefused as error:
            refused += 1
            problems.append(str(error)[:200])
            continue
        if harmless(listing.title, LONGEST_TEXT) and not is_own(listing.url, own):
            kept.setdefault(listing.url, listing)
    return replace(
        look, listings=tuple(kept.values()), skipped=look.skipped + refused, problems=tuple(problems[:MOST_PROBLEMS])
    )


def _events(
    scene: Scene, look: Look, told: Sequence[ListingMatch], matcher: str, now: datetime
) -> Iterator[DomainEvent]:
    order = scene.order
    origin = derived_id("look-told", str(order.look_id))
    pages = [told[first : first + MATCHES_AN_EVENT] for first in range(0, len(told), MATCHES_AN_EVENT)]
    for number, matches in enumerate(pages, 1):
        yield ListingsMatched(
            originator_id=origin,
            originator_version=number,
            store_id=order.store_id,
            occurred_at=now,
            look_id=order.look_id,
            source_id=order.source_id,
            matcher_version=matcher,
            matches=tuple(matches),
        )
    yield SourceLooked(
        originator_id=origin,
        originator_version=len(pages) + 1,
        store_id=order.store_id,
        occurred_at=now,
        look_id=order.look_id,
        source_id=order.source_id,
        outcome=look.outcome,
        listings=len(look.listings),
        skipped=look.skipped,
        matched=len(told),
        requests=look.requests,
        problems=tuple(problem[:200] for problem in look.problems[:MOST_PROBLEMS]),
        detail=look.detail,
        began_at=scene.began_at,
    )
