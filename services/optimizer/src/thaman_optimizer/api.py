"""The HTTP API of a store: runs, proposals and their answers, decisions, undo, links, offers, listings and policies."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, FastAPI, Query

from thaman_kit.http import create_api
from thaman_kit.problems import Problem, conflict, not_found, unprocessable
from thaman_kit.process import run_api
from thaman_optimizer import errors
from thaman_optimizer.bootstrap import Container, build
from thaman_optimizer.listings_api import LISTING_PROBLEMS, listing_endpoints
from thaman_optimizer.parameters import Caller, Cursor, Item, Key, Limit, cursor_of, following, parts_of, place_of
from thaman_optimizer.policies_api import POLICY_PROBLEMS, policy_endpoints
from thaman_optimizer.settings import OptimizerSettings
from thaman_optimizer.settings_api import settings_endpoints
from thaman_optimizer.shapes import (
    BULK,
    ApproveBody,
    BulkApproveBody,
    BulkBody,
    BulkRejectBody,
    BulkResult,
    BulkResults,
    DecisionPage,
    DecisionQuery,
    LinkPage,
    LinksBody,
    OfferPage,
    ProposalPage,
    ProposalQuery,
    ProposalView,
    RejectBody,
    RunAccepted,
    RunPage,
    RunView,
    decision_view,
    link_views,
    offer_view,
    proposal_view,
    run_view,
)
from thaman_optimizer.undo_api import UNDO_PROBLEMS, undo_endpoints

PROBLEMS: Mapping[type[errors.OptimizerError], Callable[[Any], Problem]] = {
    errors.StoreUnknown: lambda _: not_found("store"),
    errors.RunUnknown: lambda _: not_found("run"),
    errors.ProposalUnknown: lambda _: not_found("proposal"),
    errors.ItemsUnknown: lambda error: unprocessable(
        "items_unknown", str(error), "Use ids from the store's catalogue, and wait until it has been read."
    ),
    errors.LinkRefused: lambda error: unprocessable(
        "link_refused", str(error), "Correct the address and send it again."
    ),
    errors.ProposalClosed: lambda error: conflict("proposal_closed", str(error), "Look at the proposal again."),
    errors.InputsChanged: lambda error: conflict(
        "inputs_changed", str(error), "Wait for the next run, or ask for one."
    ),
    errors.ShownSomethingElse: lambda error: conflict(
        "shown_something_else", str(error), "Reload the proposal and look at it again."
    ),
    errors.WriteInFlight: lambda error: conflict("write_in_flight", str(error), "Try again in a minute."),
    errors.StoreNotPriced: lambda error: conflict("store_not_priced", str(error), "Remove the cause and try again."),
    **LISTING_PROBLEMS,
    **POLICY_PROBLEMS,
    **UNDO_PROBLEMS,
}
"""The one table of errors and the problems they are answered with."""


def build_router(container: Container) -> APIRouter:
    """All endpoints."""
    router = APIRouter(prefix="/stores/{store_id}")
    _run_endpoints(router, container)
    _proposal_endpoints(router, container)
    _answer_endpoints(router, container)
    _bulk_endpoints(router, container)
    _market_endpoints(router, container)
    listing_endpoints(router, container)
    policy_endpoints(router, container)
    settings_endpoints(router, container)
    undo_endpoints(router, container)
    return router


def build_api(container: Container) -> FastAPI:
    """The application with everything the kit adds."""
    outside = APIRouter()

    @outside.get("/health")
    def health() -> dict[str, str]:
        """That the API answers; ``/readyz`` says whether it is fit to work."""
        return {"status": "ok"}

    return create_api(
        container.settings,
        "Thaman optimizer",
        [outside, build_router(container)],
        {"database": container.check_database},
        PROBLEMS,
        api_keys=container.api_keys,
    )


def run(settings: OptimizerSettings) -> None:
    """Serve until told to stop."""
    container = build(settings)
    try:
        run_api(build_api(container), settings)
    finally:
        container.close()


def _run_endpoints(router: APIRouter, container: Container) -> None:
    views = container.views

    @router.post("/runs", status_code=202)
    def ask_for_run(store_id: str, caller: Caller, idempotency_key: Key = None) -> RunAccepted:
        """Ask for a pricing run now; it obeys the store's mode like any other."""
        asked = container.optimizer.request_run(store_id, caller.key_id, idempotency_key)
        return RunAccepted(request_id=asked.request_id, run_id=asked.run_id)

    @router.get("/runs")
    def runs(store_id: str, caller: Caller, cursor: Cursor = None, limit: Limit = 50) -> RunPage:
        """Runs, newest first."""
        rows = views.runs(store_id, place_of(cursor), limit + 1)
        return RunPage(items=[run_view(row) for row in rows[:limit]], next=following(rows, limit, "run_id"))

    @router.get("/runs/{run_id}")
    def one_run(store_id: str, run_id: UUID, caller: Caller) -> RunView:
        """One run with its numbers and the reasons of its holds."""
        row = views.run(store_id, run_id)
        if row is None:
            raise errors.RunUnknown(str(run_id))
        return run_view(row)


def _proposal_endpoints(router: APIRouter, container: Container) -> None:
    views = container.views

    @router.get("/proposals")
    def proposals(store_id: str, caller: Caller, wanted: Annotated[ProposalQuery, Query()]) -> ProposalPage:
        """Proposals and holds, newest first."""
        rows = views.proposals(
            store_id,
            place_of(wanted.cursor),
            wanted.limit + 1,
            states=wanted.state,
            risk=wanted.risk.value if wanted.risk else None,
            run_id=wanted.run_id,
            item_key=wanted.item,
        )
        shown = [proposal_view(row) for row in rows[: wanted.limit]]
        return ProposalPage(items=shown, next=following(rows, wanted.limit, "proposal_id"))

    @router.get("/proposals/{proposal_id}")
    def proposal(store_id: str, proposal_id: UUID, caller: Caller) -> ProposalView:
        """One proposal with everything that led to it."""
        return _shown(container, store_id, proposal_id)

    @router.get("/decisions")
    def decisions(store_id: str, caller: Caller, wanted: Annotated[DecisionQuery, Query()]) -> DecisionPage:
        """Decided prices and what became of them, newest first."""
        place = place_of(wanted.cursor)
        rows = views.decisions(store_id, place, wanted.limit + 1, states=wanted.state, item_key=wanted.item)
        shown = [decision_view(row) for row in rows[: wanted.limit]]
        return DecisionPage(items=shown, next=following(rows, wanted.limit, "decision_id"))


def _answer_endpoints(router: APIRouter, container: Container) -> None:
    optimizer = container.optimizer

    @router.post("/proposals/{proposal_id}/approve")
    def approve(store_id: str, proposal_id: UUID, caller: Caller, body: ApproveBody | None = None) -> ProposalView:
        """Let the proposal through, if what it was computed from is still so."""
        optimizer.approve(store_id, proposal_id, caller.key_id, body.shown_digest if body else None)
        return _shown(container, store_id, proposal_id)

    @router.post("/proposals/{proposal_id}/reject")
    def reject(store_id: str, proposal_id: UUID, caller: Caller, body: RejectBody | None = None) -> ProposalView:
        """Refuse the proposal; that costs nothing."""
        optimizer.reject(store_id, proposal_id, caller.key_id, body.reason if body else None)
        return _shown(container, store_id, proposal_id)


def _bulk_endpoints(router: APIRouter, container: Container) -> None:
    optimizer = container.optimizer

    @router.post("/proposals/approve")
    def approve_many(store_id: str, caller: Caller, body: BulkApproveBody) -> BulkResults:
        """Let many proposals through; each is judged for itself."""
        ids, more = _meant(container, store_id, body)
        digests = body.shown_digests
        results = [
            _result(one, "approved", partial(optimizer.approve, store_id, one, caller.key_id, digests.get(one)))
            for one in ids
        ]
        return BulkResults(items=results, more=more)

    @router.post("/proposals/reject")
    def reject_many(store_id: str, caller: Caller, body: BulkRejectBody) -> BulkResults:
        """Refuse many proposals."""
        ids, more = _meant(container, store_id, body)
        results = [
            _result(one, "rejected", partial(optimizer.reject, store_id, one, caller.key_id, body.reason))
            for one in ids
        ]
        return BulkResults(items=results, more=more)


def _market_endpoints(router: APIRouter, container: Container) -> None:
    views = container.views

    @router.get("/competitor-links")
    def links(store_id: str, caller: Caller, item: Item = None) -> LinkPage:
        """Where rivals sell the store's items, or one of them."""
        return LinkPage(items=link_views(views.links(store_id, item)))

    @router.put("/competitor-links")
    def set_links(store_id: str, caller: Caller, body: LinksBody, item: Item = None) -> LinkPage:
        """Replace the links of the items named; others keep theirs. Answers with all links, or those of ``item``."""
        container.optimizer.set_links(store_id, [one.contract() for one in body.items], caller.key_id)
        return LinkPage(items=link_views(views.links(store_id, item)))

    @router.get("/offers")
    def offers(
        store_id: str,
        caller: Caller,
        item: Item = None,
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> OfferPage:
        """The latest reading of each competitor's page, by item."""
        place = parts_of(cursor)
        rows = views.offers(store_id, place, limit + 1, item)
        after = cursor_of(rows[limit - 1]["item_key"], rows[limit - 1]["url"]) if len(rows) > limit else None
        return OfferPage(items=[offer_view(row) for row in rows[:limit]], next=after)


def _shown(container: Container, store_id: str, proposal_id: UUID) -> ProposalView:
    row = container.views.proposal(store_id, proposal_id)
    if row is None:
        raise errors.ProposalUnknown(str(proposal_id))
    return proposal_view(row)


def _meant(container: Container, store_id: str, body: BulkBody) -> tuple[list[UUID], bool]:
    """The proposals that a bulk answer means, and whether there are more than one call answers."""
    if body.ids is not None:
        return list(dict.fromkeys(body.ids)), False
    risk = body.risk.value if body.risk else None
    ids = container.views.pending_ids(store_id, risk, body.run_id, BULK + 1)
    return ids[:BULK], len(ids) > BULK


def _result(proposal_id: UUID, done: Any, answer: Callable[[], None]) -> BulkResult:
    try:
        answer()
    except (errors.ProposalError, errors.ProposalUnknown) as error:
        problem = PROBLEMS[type(error)](error)
        return BulkResult(proposal_id=proposal_id, outcome="refused", code=problem.code, detail=problem.detail)
    return BulkResult(proposal_id=proposal_id, outcome=done)
