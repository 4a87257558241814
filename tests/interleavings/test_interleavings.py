"""Stops, approvals, writes, hand edits and undos in any order, with messages and calls in any delay.

Both sides are the services' own domain code: what decides, what undoes, and the writer's table. Only what lies between
them is simulated: the bus (in order, late), Salla (calls land late or get lost), and people. After each step the map's
invariants hold, and once people stop and everything has arrived, both sides agree with Salla.

Each seed is one history of :data:`STEPS` steps. ``make test`` plays some dozens, ``make faults`` thousands.
"""

import os
import random
from collections import Counter
from collections.abc import Callable
from itertools import pairwise

import pytest
from tests.interleavings.pricing_side import PricingSide
from tests.interleavings.writing_side import POLICY, WritingSide
from tests.support.facts import NOW

from thaman_contracts.events import onboarding
from thaman_onboarding.domain.price_write import PriceWrite
from thaman_optimizer.domain.proposal import Proposal
from thaman_optimizer.domain.restoration import Restoration
from thaman_optimizer.domain.undo import Restore

STEPS = 120
SHORT = 80
LONG = int(os.environ.get("THAMAN_INTERLEAVINGS", "3000"))
LONG_SEEDS_BEGIN = 10_000

_ENDS = (onboarding.PriceApplied, onboarding.PriceApplyFailed, onboarding.PriceDecisionStale)


class History:
    """One item of one store: people, services and Salla take turns as the dice say."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.pricing = PricingSide(NOW)
        self.writing = WritingSide(NOW, self.pricing.store.settings)
        self.undone = 0
        self.steps: dict[Callable[[], None], int] = {
            self.run: 8,
            self.approve: 8,
            self.undo: 14,
            self.pause: 2,
            self.lock: 1,
            self.edit_by_hand: 1,
            self.change_cost: 1,
            self.sweep: 4,
            self.onboarding_is_heard: 20,
            self.decision_arrives: 12,
            self.writer_looks: 20,
            self.answer_is_lost: 6,
            self.call_lands: 12,
            self.time_passes: 6,
        }

    def play(self) -> None:
        """All steps, and what has to hold after each; then everything arrives."""
        for step in self.dice.choices(list(self.steps), list(self.steps.values()), k=STEPS):
            step()
            self.check()
        self.come_to_rest()

    def run(self) -> None:
        self.pricing.run(self.dice.randint(8_500, 11_500))

    def approve(self) -> None:
        self.pricing.approve(self.dice.randrange(4))

    def undo(self) -> None:
        outcome = self.pricing.undo(self.dice.randint(1, 3))
        if isinstance(outcome, Restore):
            self.undone += 1
            by_id = {one.decision.decision_id: one for one in self.pricing.decisions}
            changes = [by_id[id] for id in outcome.undone]
            assert changes[-1].decision.base_price == self.pricing.item.base_price, "what was changed since stays"
            assert outcome.base_price == changes[0].old_base_price
            for earlier, later in pairwise(changes):
                assert later.old_base_price == earlier.decision.base_price, "nobody was in between"
            assert outcome.shelf_price >= outcome.limits.floor

    def pause(self) -> None:
        self.writing.pause(self.dice.random() < 0.2)

    def lock(self) -> None:
        self.writing.lock(self.dice.random() < 0.2)

    def edit_by_hand(self) -> None:
        self.writing.edit(self.dice.randint(8_500, 11_500))

    def change_cost(self) -> None:
        self.writing.cost = self.dice.choice((5_000, 6_500, 7_300))

    def sweep(self) -> None:
        self.writing.sweep()

    def onboarding_is_heard(self) -> None:
        count = self.dice.randint(1, 6)
        for told in self.writing.outbox[:count]:
            self.pricing.hear(told)
        del self.writing.outbox[:count]

    def decision_arrives(self) -> None:
        if self.pricing.outbox:
            self.writing.take(self.pricing.outbox.pop(0))

    def writer_looks(self) -> None:
        ids = list(self.writing.open)
        if ids:
            self.writing.look(self.dice.choice(ids))

    def answer_is_lost(self) -> None:
        ids = list(self.writing.open)
        if ids:
            self.writing.doubt(self.dice.choice(ids))

    def call_lands(self) -> None:
        self.writing.land(self.dice.randrange(4), lost=self.dice.random() < 0.2)

    def time_passes(self) -> None:
        self._pass(self.dice.choice((1.0, 10.0, 50.0, 400.0)))

    def check(self) -> None:
        """What holds after every step."""
        begun = {decision.decision_id: decision for decision, _, _ in self.writing.began}
        for decision, world, found in self.writing.began:
            assert not world.paused and decision.fence >= world.fence, "no write begins after a stop"
            assert world.rule is not None and not world.rule.locked
            assert found == decision.expected_base_price, "nobody else's price is overwritten"
            assert decision.shelf_price >= decision.floor > 0
            assert world.item is not None and world.item.item.cost is not None
        for change in self.writing.changes:
            if change.call is not None:
                decision = change.call.decision
                assert begun[decision.decision_id].base_price == change.new, "only what was begun reaches Salla"
                assert decision.fence >= change.call.fence, "what lands after a stop was on its way before"
        for earlier, later in pairwise(change.call for change in self.writing.changes):
            if earlier is not None and later is not None and earlier.decision != later.decision:
                assert earlier.sent_at <= later.sent_at, "an earlier decision's price took the place of a later one's"
        ours = Counter(change.call.decision.decision_id for change in self.writing.changes if change.call)
        by_hand = sum(change.call is None for change in self.writing.changes)
        assert sum(count - 1 for count in ours.values()) <= by_hand, "written twice, though nobody moved it away"

    def come_to_rest(self) -> None:
        """People stop, everything arrives: both sides know Salla's price, nothing is open, every history folds."""
        pricing, writing = self.pricing, self.writing
        for _ in range(200):
            if not (pricing.outbox or writing.open or writing.outbox):
                break
            self._all_goes_well()
            self.check()
        assert not (pricing.outbox or writing.open)
        writing.sweep()
        self._hear_all()
        assert pricing.is_quiet()
        assert pricing.item.base_price == writing.price == writing.known.base_price
        for one in pricing.decisions:
            assert one.restores is None or one.decision.base_price == one.restores
        self._check_histories()

    def _check_histories(self) -> None:
        for id, events in self.writing.histories.items():
            assert sum(isinstance(one, _ENDS) for one in events) <= 1, "one decision has one outcome"
            write = PriceWrite.fold(id, iter(events))
            assert write is not None and write.state is self.writing.writes[id].state
        for id, events in self.pricing.histories.items():
            kind = Restoration if events[0].topic.startswith("undo") else Proposal
            assert kind.fold(id, iter(events)) is not None

    def _all_goes_well(self) -> None:
        while self.pricing.outbox:
            self.decision_arrives()
        for _ in range(2):
            for id in list(self.writing.open):
                self.writing.look(id)
            self.writing.land(0, lost=False)
        self._pass(POLICY.settle_grace + 1)
        self._hear_all()

    def _hear_all(self) -> None:
        while self.writing.outbox:
            self.onboarding_is_heard()

    def _pass(self, seconds: float) -> None:
        self.writing.pass_time(seconds)
        self.pricing.now = self.writing.now


def play(seeds: range) -> Counter[str]:
    """Play a history for each seed; what happened in them."""
    seen: Counter[str] = Counter()
    for seed in seeds:
        history = History(seed)
        try:
            history.play()
        except AssertionError as error:
            error.add_note(f"the history of seed {seed}")
            raise
        seen["undone"] += history.undone
        seen["decided"] += len(history.pricing.decisions)
        seen["reached Salla"] += len(history.pricing.applied)
        seen["by hand"] += sum(change.call is None for change in history.writing.changes)
        seen.update(f"ended {one.state}" for one in history.pricing.decisions)
    return seen


def test_dozens_of_interleavings_keep_every_promise() -> None:
    seen = play(range(SHORT))
    # The dice really bring about what is to be tested.
    assert min(seen["undone"], seen["reached Salla"], seen["by hand"], seen["ended stale"]) > SHORT / 3, seen


@pytest.mark.faults
@pytest.mark.timeout(3_600)
def test_thousands_of_interleavings_keep_every_promise() -> None:
    print(dict(play(range(LONG_SEEDS_BEGIN, LONG_SEEDS_BEGIN + LONG))))
