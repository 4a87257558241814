"""The HTTP API of sources of listings and of matches."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query

from thaman_kit.problems import Problem, not_found, unprocessable
from thaman_optimizer import errors
from thaman_optimizer.bootstrap import Container
from thaman_optimizer.listings_shapes import (
    MOST_ANSWERS,
    BulkMatchBody,
    BulkMatchResult,
    LookAccepted,
    MatchPage,
    MatchQuery,
    MatchView,
    SourceList,
    SourcesBody,
    match_view,
    source_view,
)
from thaman_optimizer.parameters import Caller, Key, following, place_of

SourceName = Annotated[str, Path(max_length=40)]

LISTING_PROBLEMS: Mapping[type[errors.OptimizerError], Callable[[Any], Problem]] = {
    errors.SourceUnknown: lambda _: not_found("source", "GET /stores/{store_id}/sources lists those there are."),
    errors.MatchUnknown: lambda _: not_found("match", "GET /stores/{store_id}/matches lists those there are."),
    errors.SourceRefused: lambda error: unprocessable(
        "source_refused", str(error), "Correct the source and send all of them again."
    ),
}


def listing_endpoints(router: APIRouter, container: Container) -> None:
    """Add what is asked about listings to a store's endpoints."""
    _sources(router, container)
    _matches(router, container)
    _answers(router, container)


def _sources(router: APIRouter, container: Container) -> None:
    views = container.views

    @router.get("/sources")
    def sources(store_id: str, caller: Caller) -> SourceList:
        """Where rivals' listings are looked for, and how the last look went."""
        return SourceList(items=[source_view(row) for row in views.sources(store_id)])

    @router.put("/sources")
    def set_sources(store_id: str, caller: Caller, body: SourcesBody) -> SourceList:
        """Replace all sources; new ones are looked into at once, each of them daily."""
        container.listings.set_sources(store_id, [source.contract() for source in body.items], caller.key_id)
        return SourceList(items=[source_view(row) for row in views.sources(store_id)])

    @router.post("/sources/{source_id}/look", status_code=202)
    def look(store_id: str, source_id: SourceName, caller: Caller, idempotency_key: Key = None) -> LookAccepted:
        """Look into a source now."""
        return LookAccepted(
            look_id=container.listings.request_look(store_id, source_id, caller.key_id, idempotency_key)
        )


def _matches(router: APIRouter, container: Container) -> None:
    views = container.views

    @router.get("/matches")
    def matches(store_id: str, caller: Caller, wanted: Annotated[MatchQuery, Query()]) -> MatchPage:
        """Listings that may be the store's products, newest first."""
        rows = views.matches(
            store_id,
            place_of(wanted.cursor),
            wanted.limit + 1,
            states=wanted.state,
            kinds=wanted.kind,
            source_id=wanted.source_id,
            item_key=wanted.item,
        )
        shown = [match_view(row) for row in rows[: wanted.limit]]
        return MatchPage(items=shown, next=following(rows, wanted.limit, "match_id"))

    @router.get("/matches/{match_id}")
    def match(store_id: str, match_id: UUID, caller: Caller) -> MatchView:
        """One match."""
        return _shown(container, store_id, match_id)


def _answers(router: APIRouter, container: Container) -> None:
    @router.post("/matches/{match_id}/confirm")
    def confirm(store_id: str, match_id: UUID, caller: Caller) -> MatchView:
        """The listing is the product: its price counts from the next run on."""
        container.listings.answer(store_id, [match_id], confirmed=True, by=caller.key_id)
        return _shown(container, store_id, match_id)

    @router.post("/matches/{match_id}/reject")
    def reject(store_id: str, match_id: UUID, caller: Caller) -> MatchView:
        """The listing is another thing: its price counts no more, whatever later looks make of it."""
        container.listings.answer(store_id, [match_id], confirmed=False, by=caller.key_id)
        return _shown(container, store_id, match_id)

    @router.post("/matches/confirm")
    def confirm_many(store_id: str, caller: Caller, body: BulkMatchBody) -> BulkMatchResult:
        """Confirm many matches; all of them or none."""
        return _answer(container, store_id, body, by=caller.key_id, confirmed=True)

    @router.post("/matches/reject")
    def reject_many(store_id: str, caller: Caller, body: BulkMatchBody) -> BulkMatchResult:
        """Reject many matches; all of them or none."""
        return _answer(container, store_id, body, by=caller.key_id, confirmed=False)


def _answer(container: Container, store_id: str, body: BulkMatchBody, *, by: str, confirmed: bool) -> BulkMatchResult:
    more = False
    if body.ids is not None:
        ids = list(dict.fromkeys(body.ids))
    else:
        ids = container.listings.meant(store_id, body.kind, body.source_id, body.least_confidence_bp, MOST_ANSWERS + 1)
        ids, more = ids[:MOST_ANSWERS], len(ids) > MOST_ANSWERS
    answered = container.listings.answer(store_id, ids, confirmed=confirmed, by=by)
    return BulkMatchResult(match_ids=[one.match_id for one in answered], more=more)


def _shown(container: Container, store_id: str, match_id: UUID) -> MatchView:
    row = container.views.match(store_id, match_id)
    if row is None:
        raise errors.MatchUnknown(f"store {store_id} has no match {match_id}")
    return match_view(row)
