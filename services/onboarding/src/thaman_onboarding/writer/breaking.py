"""What a batch of writes has in hand that a breaker looks at."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from thaman_contracts.events.onboarding import StaleReason
from thaman_contracts.events.optimizer import POLICY
from thaman_onboarding.domain.breaker import STILL_UNCLEAR, InHand, moves_of
from thaman_onboarding.domain.catalogue import KnownItem
from thaman_onboarding.domain.settling import Apply, Fail, GoStale, Start
from thaman_onboarding.writer.batch import Judged
from thaman_onboarding.writer.calls import Answered, Attempt, Mismatch, Outcome, Refused, Unknown

SHOWS = (StaleReason.MANUAL_EDIT, StaleReason.ALREADY_THERE, StaleReason.SUPERSEDED)
"""Reasons for not writing of which what Salla shows instead is taken over."""


def of_verdicts(judged: Sequence[Judged], known: Mapping[str, KnownItem]) -> InHand:
    """What is about to begin, and how writes under way ended."""
    starts = [one.pending for one in judged if isinstance(one.verdict, Start)]
    fresh = [one for one in starts if not one.state.is_open and one.decision.decided_by == POLICY]
    return InHand(
        changing=frozenset(one.key for one in fresh),
        runs=frozenset(one.decision.run_id for one in fresh),
        troubled=frozenset(one.pending.id for one in judged if isinstance(one.verdict, Fail)),
        well=frozenset(one.pending.id for one in judged if isinstance(one.verdict, Apply)),
        edited=frozenset(one.pending.key for one in judged if _shows_an_edit(one, known)),
        moves=moves_of(
            [one.seen for one in judged if one.seen is not None and _is_kept(one)],
            known,
            {one.pending.key: one.pending.decision.base_price for one in judged if isinstance(one.verdict, Apply)},
        ),
    )


def of_outcomes(
    attempts: Sequence[Attempt], outcomes: Mapping[UUID, Outcome], known: Mapping[str, KnownItem]
) -> InHand:
    """What came of calls."""
    ended = [(one.pending, outcomes[one.id]) for one in attempts]
    return InHand(
        troubled=frozenset(one.id for one, outcome in ended if _is_trouble(outcome, one.doubts)),
        well=frozenset(one.id for one, outcome in ended if isinstance(outcome, Answered)),
        edited=frozenset(
            one.key
            for one, outcome in ended
            if isinstance(outcome, Mismatch) and _is_edited(known.get(one.key), outcome.seen.item.base_price)
        ),
        moves=moves_of(
            [outcome.seen for _, outcome in ended if isinstance(outcome, Answered | Mismatch)],
            known,
            {one.key: one.decision.base_price for one, outcome in ended if isinstance(outcome, Answered)},
        ),
    )


def _is_trouble(outcome: Outcome, doubts: int) -> bool:
    match outcome:
        case Mismatch():
            return True
        case Refused():
            return not outcome.gone
        case Unknown():
            return doubts + 1 >= STILL_UNCLEAR
        case _:
            return False


def _is_kept(one: Judged) -> bool:
    """Whether what was seen is taken over as known."""
    if isinstance(one.verdict, GoStale):
        return one.verdict.stale.reason in SHOWS
    return isinstance(one.verdict, Apply)


def _shows_an_edit(one: Judged, known: Mapping[str, KnownItem]) -> bool:
    is_shown = isinstance(one.verdict, GoStale) and one.verdict.stale.reason in SHOWS and one.seen is not None
    return is_shown and one.seen is not None and _is_edited(known.get(one.pending.key), one.seen.item.base_price)


def _is_edited(known: KnownItem | None, found: int) -> bool:
    return known is not None and known.edited_by_hand(found)
