"""The approval queue, one proposal with its evidence, and the answers."""

from collections import Counter
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from thaman_dashboard.application import Outcome
from thaman_dashboard.desk import AtDesk
from thaman_dashboard.endpoints.asking import After, Code, Search, known_code
from thaman_dashboard.pages.notices import Notice
from thaman_dashboard.views import ProposalState
from thaman_dashboard.visits import Form, Posted, SureVisitor, Visitor, from_our_pages
from thaman_kit.problems import Fault, invalid_request, not_found

ON_A_PAGE = 25
MOST_AT_ONCE = 100
LONGEST_REASON = 500
LONGEST_DIGEST = 64
router = APIRouter(prefix="/approvals", dependencies=[Depends(from_our_pages)], include_in_schema=False)


@router.get("")
def queue(
    request: Request, desk: AtDesk, visit: Visitor, search: Search = "", risk: Code = "", after: After = None
) -> Response:
    """What waits for an answer, soonest to lapse first."""
    wanted = known_code("risk", risk)
    page = desk.read_models.proposals(
        visit.store_id,
        state=ProposalState.PENDING,
        risk=wanted,
        search=search.strip() or None,
        after=after,
        limit=ON_A_PAGE,
    )
    return desk.pages.show(
        request, "approvals.html", visit=visit, proposals=page, search=search.strip(), risk=wanted or "", after=after
    )


@router.post("")
def answer(desk: AtDesk, visit: SureVisitor, form: Posted) -> Response:
    """Answer the proposals that the pressed button means: one, those chosen, or all that were shown."""
    approved, ids = _meant(form)
    if not ids:
        return desk.pages.move("/approvals", Notice("none_chosen"))
    shown = {one: form.one(f"digest.{one}")[:LONGEST_DIGEST] for one in ids}
    if approved:
        outcome = desk.commands.approve(visit.session, shown)
    else:
        outcome = desk.commands.reject(visit.session, shown, form.one("reason")[:LONGEST_REASON] or None)
    return desk.pages.move("/approvals", _notice("approved" if approved else "rejected", outcome))


@router.get("/{proposal_id}")
def proposal(request: Request, desk: AtDesk, visit: Visitor, proposal_id: UUID) -> Response:
    """One proposal with everything that led to it."""
    found = desk.read_models.proposal(visit.store_id, proposal_id)
    if found is None:
        raise not_found("proposal")
    return desk.pages.show(
        request,
        "proposal.html",
        visit=visit,
        proposal=found,
        item=desk.read_models.item(visit.store_id, found.item_key),
        offers=desk.read_models.offers(visit.store_id, found.item_key),
        answers=desk.own.answers(visit.store_id, proposal_id),
        decision=desk.read_models.decision_of(visit.store_id, proposal_id),
    )


def _meant(form: Form) -> tuple[bool, list[UUID]]:
    """Whether it is a yes, and to which proposals."""
    for button, approved in (("approve", True), ("reject", False)):
        pressed = form.one(button)
        if pressed == "chosen":
            return approved, _ids(form.all("chosen"))
        if pressed == "shown":
            return approved, _ids(form.all("shown"))
        if pressed:
            return approved, _ids([pressed])
    return True, []


def _ids(texts: list[str]) -> list[UUID]:
    if len(texts) > MOST_AT_ONCE:
        raise invalid_request([Fault(f"are more than {MOST_AT_ONCE}", "too_many", parameter="chosen")])
    try:
        return list(dict.fromkeys(UUID(text) for text in texts))
    except ValueError as error:
        raise invalid_request([Fault("is no proposal's id", "bad_id", parameter="chosen")]) from error


def _notice(code: str, outcome: Outcome) -> Notice:
    return Notice(code, outcome.done, Counter(outcome.refused), late=not outcome.shown)
