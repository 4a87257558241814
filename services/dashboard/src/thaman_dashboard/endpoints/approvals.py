"""The approval queue, one proposal with its evidence, and the answers: previewed, kept, taken back."""

from collections import Counter
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from thaman_dashboard.answer_views import QueueFilter, QueueOrder
from thaman_dashboard.answering import Outcome
from thaman_dashboard.desk import AtDesk
from thaman_dashboard.domain.weighing import sums_of
from thaman_dashboard.endpoints.asking import After, Code, Name, Search, known_code
from thaman_dashboard.pages.notices import Notice
from thaman_dashboard.permissions import Deed, require
from thaman_dashboard.visits import Form, Posted, SureVisitor, Visit, Visitor, from_our_pages
from thaman_kit.problems import Fault, invalid_request, not_found

ON_A_PAGE = 25
MOST_AT_ONCE = 100
LONGEST_REASON = 500
LONGEST_DIGEST = 64
LONGEST_FILTER = 200
REFUSALS_TOLD = timedelta(days=1)
FILTERS = ("search", "risk", "brand", "category", "order")
router = APIRouter(prefix="/approvals", dependencies=[Depends(from_our_pages)], include_in_schema=False)


@router.get("")
def queue(
    request: Request,
    desk: AtDesk,
    visit: Visitor,
    search: Search = "",
    risk: Code = "",
    brand: Name = "",
    category: Name = "",
    order: Code = "",
    after: After = None,
) -> Response:
    """What waits for an answer: soonest to lapse first, or the largest change."""
    chosen = {
        "search": search.strip(),
        "risk": known_code("risk", risk) or "",
        "brand": brand.strip(),
        "category": category.strip(),
        "order": order if order in list(QueueOrder) else "",
    }
    wanted = QueueFilter(*(chosen[name] or None for name in ("search", "risk", "brand", "category")))
    parts, by = desk.approvals, QueueOrder(chosen["order"] or QueueOrder.EXPIRY)
    return desk.pages.show(
        request,
        "approvals.html",
        visit=visit,
        proposals=parts.queue.waiting(visit.store_id, wanted, order=by, after=after, limit=ON_A_PAGE),
        shape=parts.queue.shape(visit.store_id, wanted),
        chosen=chosen,
        after=after,
        back="?" + urlencode({name: value for name, value in chosen.items() if value}),
        **_on_the_way(desk, visit),
    )


@router.post("")
def answer(desk: AtDesk, visit: SureVisitor, form: Posted) -> Response:
    """Answer the proposals that the pressed button means: one, those chosen, or all that were shown."""
    approved, ids = _meant(form)
    if not ids:
        return desk.pages.move(_back(form), Notice("none_chosen"))
    shown = {one: form.one(f"digest.{one}")[:LONGEST_DIGEST] for one in ids}
    reason = None if approved else form.one("reason")[:LONGEST_REASON] or None
    outcome = desk.approvals.answering.answer(visit.session, shown, approved=approved, reason=reason)
    return desk.pages.move(_back(form), _notice(outcome, approved=approved))


@router.post("/preview")
def preview(request: Request, desk: AtDesk, visit: SureVisitor, form: Posted) -> Response:
    """What the pressed button would do to many proposals, with sums, before anything is done."""
    require(visit.session.role, Deed.ANSWER)
    approved, ids = _meant(form)
    rows = desk.approvals.queue.these(visit.store_id, ids) if ids else ()
    digests = {one: form.one(f"digest.{one}") for one in ids}
    # What was not on the screen as it is now is not answered along with the rest.
    same = tuple(row for row in rows if row.proposal.document.input_digest == digests[row.proposal.proposal_id])
    if not same:
        return desk.pages.move(_back(form), Notice("none_chosen" if not ids else "answering_all_gone"))
    return desk.pages.show(
        request,
        "approvals_preview.html",
        visit=visit,
        rows=same,
        approved=approved,
        sums=sums_of(row.proposal.document for row in same),
        gone=len(ids) - len(same),
        chosen={name: form.one(f"back.{name}")[:LONGEST_FILTER] for name in FILTERS},
        back=_back(form).removeprefix("/approvals"),
    )


@router.post("/take-back")
def take_back(desk: AtDesk, visit: SureVisitor, form: Posted) -> Response:
    """Withdraw answers that their owner does not know of yet."""
    require(visit.session.role, Deed.ANSWER)
    [batch] = _ids([form.one("batch")])
    withdrawn = desk.approvals.answering.take_back(visit.session, batch)
    notice = Notice("answering_taken_back", withdrawn) if withdrawn else Notice("answering_too_late")
    return desk.pages.move(_back(form), notice)


@router.post("/seen")
def mark_seen(desk: AtDesk, visit: SureVisitor, form: Posted) -> Response:
    """The refusals that came later were read."""
    desk.approvals.answering.mark_seen(visit.session)
    return desk.pages.move(_back(form))


@router.get("/{proposal_id}")
def proposal(request: Request, desk: AtDesk, visit: Visitor, proposal_id: UUID) -> Response:
    """One proposal with everything that led to it."""
    found = desk.read_models.proposal(visit.store_id, proposal_id)
    if found is None:
        raise not_found("proposal")
    answers, way = desk.approvals.answers.given(visit.store_id, proposal_id), _on_the_way(desk, visit)
    return desk.pages.show(
        request,
        "proposal.html",
        visit=visit,
        proposal=found,
        item=desk.read_models.item(visit.store_id, found.item_key),
        offers=desk.read_models.offers(visit.store_id, found.item_key),
        answers=answers,
        is_answered=any(one.state in ("waiting", "sending", "done") for one in answers),
        decision=desk.read_models.decision_of(visit.store_id, proposal_id),
        chosen={},
        own_batches=[one for one in way["open_batches"] if one.batch in {answer.batch for answer in answers}],
        refusals=way["refusals"],
    )


def _on_the_way(desk: AtDesk, visit: Visit) -> dict[str, Any]:
    """What the owner was not told yet, and what it refused since the page was left."""
    since = desk.clock.now() - REFUSALS_TOLD
    return {
        "open_batches": desk.approvals.answers.open(visit.store_id),
        "refusals": desk.approvals.answers.refused(visit.store_id, since),
    }


def _back(form: Form) -> str:
    """The queue as it was filtered."""
    kept = {name: form.one(f"back.{name}")[:LONGEST_FILTER] for name in FILTERS}
    query = urlencode({name: value for name, value in kept.items() if value})
    return f"/approvals?{query}" if query else "/approvals"


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


def _notice(outcome: Outcome, *, approved: bool) -> Notice:
    if outcome.waits:
        code = "answering_kept_yes" if approved else "answering_kept_no"
    else:
        code = "approved" if approved else "rejected"
    return Notice(code, outcome.done, Counter(outcome.refused), late=not outcome.shown)
