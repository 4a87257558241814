"""Rows of sources, looks into them, and matches."""

from collections.abc import Callable, Mapping
from typing import Any

from thaman_kit.domain import DomainEvent
from thaman_optimizer.adapters.policy_rows import Rows
from thaman_optimizer.domain import events


def _sources(event: events.ListingSourcesChanged) -> Rows:
    store = {"store_id": event.store_id}
    rows: Rows = [("clear_sources", store)]
    rows += [("add_source", store | source.model_dump(mode="json")) for source in event.sources]
    return [*rows, ("forget_sources", store | {"kept": [source.source_id for source in event.sources]})]


def _requested(event: events.LookRequested) -> Rows:
    return []  # the look itself is what is shown


def _matched(event: events.ListingsMatched) -> Rows:
    given = {
        "store_id": event.store_id,
        "source_id": event.source_id,
        "matcher_version": event.matcher_version,
        "found_at": event.occurred_at,
    }
    return [
        ("match_found", given | match.model_dump(mode="json") | {"item_key": match.key, "why": list(match.why)})
        for match in event.matches
    ]


def _looked(event: events.SourceLooked) -> Rows:
    names = ("look_id", "store_id", "source_id", "listings", "skipped", "matched", "requests", "detail", "began_at")
    row = {name: getattr(event, name) for name in names}
    told = {"outcome": event.outcome.value, "problems": list(event.problems), "ended_at": event.occurred_at}
    return [("looked", row | told)]


def _answered(event: events.MatchesAnswered) -> Rows:
    return [
        (
            "match_answered",
            {
                "match_id": answer.match_id,
                "state": "confirmed" if answer.confirmed else "rejected",
                "at": event.occurred_at,
                "by": event.answered_by,
                "title": answer.title,
            },
        )
        for answer in event.answers
    ]


LISTING_ROWS: Mapping[type[DomainEvent], Callable[[Any], Rows]] = {
    events.ListingSourcesChanged: _sources,
    events.LookRequested: _requested,
    events.ListingsMatched: _matched,
    events.SourceLooked: _looked,
    events.MatchesAnswered: _answered,
}
"""The statements, by query name, that each event about listings makes."""
