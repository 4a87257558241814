"""The merchant's commands: allowed by the role, told to the owner, then waited for until the pages show them."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from thaman_contracts.events.settings import ItemRule
from thaman_contracts.ids import split_item_key
from thaman_dashboard.owner_ports import Answered, Owners
from thaman_dashboard.permissions import Deed, require
from thaman_dashboard.ports import OwnState, ReadModels
from thaman_dashboard.views import AnswerView, ItemView, ProposalState, ProposalView, SessionView, StoreView
from thaman_kit.clock import Clock

PATIENCE = 2.0
"""Seconds that a command waits for the read models, so that the page after it shows what it did."""

_POLL = 0.05
_CLOSED_FOR_GOOD = frozenset(("proposal_closed", "inputs_changed", "not_found"))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an answer to proposals; ``refused`` gives each refusal's code, ``shown`` whether the pages show
    it already."""

    done: int
    refused: tuple[str, ...]
    shown: bool


class Commands:
    """What a session can do. Every method takes the session first, and acts on its store and no other.

    Raises (each of them):
        NotAllowed: the role does not permit it; nothing was done.
        OwnerError: the owner refused, is away, or nobody knows.
    """

    def __init__(
        self, owners: Owners, own: OwnState, read_models: ReadModels, clock: Clock, patience: float = PATIENCE
    ) -> None:
        self._owners = owners
        self._own = own
        self._read_models = read_models
        self._clock = clock
        self._patience = patience

    def approve(self, session: SessionView, shown: Mapping[UUID, str]) -> Outcome:
        """Let proposals through; ``shown`` gives the digest that was on the screen for each."""
        require(session.role, Deed.ANSWER)
        known = self._note(session, shown, approved=True)
        told = self._owners.approve(session.store_id, {one: shown[one] for one in known}) if known else []
        return self._outcome(session, len(shown), told)

    def reject(self, session: SessionView, shown: Mapping[UUID, str], reason: str | None) -> Outcome:
        """Refuse proposals."""
        require(session.role, Deed.ANSWER)
        known = self._note(session, shown, approved=False)
        told = self._owners.reject(session.store_id, known, reason) if known else []
        return self._outcome(session, len(shown), told)

    def pause(self, session: SessionView, reason: str | None) -> bool:
        """Stop all writing of the store's prices; whether the pages show it already."""
        require(session.role, Deed.PAUSE)
        self._owners.pause(session.store_id, reason)
        return self._store_shows(session, lambda store: store.paused)

    def resume(self, session: SessionView) -> bool:
        """Allow writing again; whether the pages show it already."""
        require(session.role, Deed.RESUME)
        self._owners.resume(session.store_id)
        return self._store_shows(session, lambda store: not store.paused)

    def run_now(self, session: SessionView, key: str) -> UUID:
        """Ask for a run; ``key`` is one form's, so that sending it twice asks once."""
        require(session.role, Deed.RUN)
        run_id = self._owners.run_now(session.store_id, key)
        self._until(lambda: self._read_models.run(session.store_id, run_id) is not None)
        return run_id

    def change_settings(self, session: SessionView, changes: Mapping[str, Any], version: int) -> bool:
        """Change settings that were read as ``version``; whether the pages show it already."""
        require(session.role, Deed.SETTINGS)
        now = self._owners.change_settings(session.store_id, changes, version)
        return self._store_shows(session, lambda store: store.settings_version >= now)

    def set_limits(
        self, session: SessionView, item_key: str, *, lowest: int | None, highest: int | None, locked: bool
    ) -> bool:
        """Set an item's limits and lock, keeping the rest of its rule; whether the pages show it already."""
        require(session.role, Deed.LIMITS)
        product_id, variant_id = split_item_key(item_key)
        before = self._owners.rule(session.store_id, item_key)
        rule = (before or ItemRule(product_id=product_id, variant_id=variant_id)).model_copy(
            update={"min_price": lowest, "max_price": highest, "locked": locked}
        )
        self._owners.set_rule(session.store_id, rule)

        def is_shown(item: ItemView | None) -> bool:
            return item is not None and (item.min_price, item.max_price, item.locked) == (lowest, highest, locked)

        return self._until(lambda: is_shown(self._read_models.item(session.store_id, item_key)))

    def _note(self, session: SessionView, shown: Mapping[UUID, str], *, approved: bool) -> list[UUID]:
        """Note the answer before the owner is told of it, and give the proposals that are this store's."""
        known = [one for one in shown if self._read_models.proposal(session.store_id, one) is not None]
        for proposal_id in known:
            self._own.note_answer(
                AnswerView(
                    store_id=session.store_id,
                    proposal_id=proposal_id,
                    approved=approved,
                    shown_digest=shown[proposal_id],
                    session_hash=session.hash,
                    role=session.role,
                    at=self._clock.now(),
                )
            )
        return known

    def _outcome(self, session: SessionView, asked: int, told: Sequence[Answered]) -> Outcome:
        refused = [one.code or "refused" for one in told if one.outcome == "refused"]
        refused += ["not_found"] * (asked - len(told))
        closed = [one for one in told if one.outcome != "refused" or one.code in _CLOSED_FOR_GOOD]
        shown = self._until(
            lambda: (
                not any(_is_pending(self._read_models.proposal(session.store_id, one.proposal_id)) for one in closed)
            )
        )
        return Outcome(sum(one.outcome != "refused" for one in told), tuple(refused), shown)

    def _store_shows(self, session: SessionView, condition: Callable[[StoreView], bool]) -> bool:
        def holds() -> bool:
            store = self._read_models.store(session.store_id)
            return store is not None and condition(store)

        return self._until(holds)

    def _until(self, condition: Callable[[], bool]) -> bool:
        deadline = time.monotonic() + self._patience
        while not condition():
            if time.monotonic() >= deadline:
                return False
            time.sleep(_POLL)
        return True


def _is_pending(proposal: ProposalView | None) -> bool:
    return proposal is not None and proposal.state is ProposalState.PENDING
