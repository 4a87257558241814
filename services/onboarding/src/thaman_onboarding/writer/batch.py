"""A store's decisions that are taken up together, with all that is needed to judge them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from thaman_contracts.events.onboarding import StaleReason
from thaman_contracts.events.settings import ItemRule
from thaman_onboarding.adapters.catalogue_store import StoreView
from thaman_onboarding.domain.catalogue import KnownItem, SeenItem
from thaman_onboarding.domain.last_moment import Circumstances, Stale, stale_before_reading
from thaman_onboarding.domain.settling import Fail, GoStale, OpenDecision, Verdict, Wait, WritePolicy, judge
from thaman_onboarding.writer.reading import Reading

UNREADABLE_SECONDS = 86_400.0
"""An open write whose product cannot be read for so long is given up; its outcome stays unknown and is said so."""

_NOT_CONNECTED = Stale(StaleReason.NOT_CONNECTED, "the store has to be connected again")


@dataclass(frozen=True, slots=True)
class Judged:
    """A decision, what is done with it, the item as Salla shows it (``None``: not read, or gone), and the call."""

    pending: OpenDecision
    verdict: Verdict
    seen: SeenItem | None = None
    call: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """Decisions of one store and their circumstances; ``products`` is how many products the store has."""

    store: StoreView
    pending: tuple[OpenDecision, ...]
    known: Mapping[str, KnownItem]
    rules: Mapping[str, ItemRule]
    products: int

    def circumstances(self, pending: OpenDecision) -> Circumstances:
        """The world as it concerns one decision."""
        store = self.store
        return Circumstances(
            now=store.now,
            connected=store.connected,
            paused=store.paused,
            stopped=store.stopped,
            entitled=store.entitled,
            fence=store.fence,
            settings=store.settings,
            basis=store.basis,
            item=self.known.get(pending.key),
            rule=self.rules.get(pending.key),
            written_today=pending.written_today,
            superseded=pending.superseded,
        )

    def without_reading(self, policy: WritePolicy) -> tuple[list[Judged], list[OpenDecision]]:
        """What can be judged by what we know ourselves, and the decisions for which Salla has to be read."""
        judged: list[Judged] = []
        rest: list[OpenDecision] = []
        for one in self.pending:
            verdict = self._before(one, policy)
            if verdict is None:
                rest.append(one)
            else:
                judged.append(Judged(one, verdict))
        return judged, rest

    def _before(self, pending: OpenDecision, policy: WritePolicy) -> Verdict | None:
        if not pending.state.is_open:
            stale = stale_before_reading(pending.decision, self.circumstances(pending))
            return None if stale is None else GoStale(stale)
        if self.store.connected:
            return None
        if not pending.in_flight:
            return GoStale(_NOT_CONNECTED)
        if self.store.installed:
            return Wait(policy.disconnected_wait)
        return Fail("outcome_unknown", "the app was uninstalled before Salla could be read")

    def judge(self, pending: OpenDecision, reading: Reading, policy: WritePolicy) -> Judged:
        """The verdict by what Salla shows."""
        if not reading.is_readable(pending.key):
            return Judged(pending, self._unreadable(pending, policy))
        verdict = judge(pending, self.circumstances(pending), reading.base_price(pending.key), policy)
        return Judged(pending, verdict, reading.items.get(pending.key))

    def _unreadable(self, pending: OpenDecision, policy: WritePolicy) -> Verdict:
        if pending.state.is_open and pending.age > UNREADABLE_SECONDS:
            return Fail("outcome_unknown", "Salla's answers about the product could not be read for a day")
        return Wait(policy.poll_cap)


def ready_of(pending: Sequence[OpenDecision]) -> list[OpenDecision]:
    """The decisions to look at now: those whose time has come, and of each item nothing beside an open write."""
    busy = {one.key for one in pending if one.state.is_open}
    return [one for one in pending if one.wait <= 0 and (one.state.is_open or one.key not in busy)]
