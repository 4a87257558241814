"""What is on record and what proves it: the timeline, the chain, checkpoints, receipts, the ledger as a file."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import chain
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from starlette.requests import Request
from starlette.responses import Response

from thaman_dashboard.audit_ports import AppliedPrice, Records, TimelineWish
from thaman_dashboard.desk import AtDesk, Desk
from thaman_dashboard.endpoints.asking import After, Code
from thaman_dashboard.owner_ports import OwnerRefused
from thaman_dashboard.pages.amounts import RIYADH
from thaman_dashboard.pages.typed import day
from thaman_dashboard.permissions import Deed, require
from thaman_dashboard.visits import Visitor, from_our_pages
from thaman_kit.problems import not_found

ON_A_PAGE = 25
T = TypeVar("T")
LINES = "application/x-ndjson"
Day = Annotated[str, Query(max_length=10, description="A day in Riyadh, YYYY-MM-DD.")]
router = APIRouter(prefix="/audit", dependencies=[Depends(from_our_pages)], include_in_schema=False)


@router.get("")
def timeline(
    request: Request, desk: AtDesk, visit: Visitor, kind: Code = "", item: Code = "", actor: Code = "",
    since: Day = "", until: Day = "", after: After = None,
) -> Response:  # fmt: skip
    """Everything that happened, filtered, with the end of the chain that proves it."""
    audit = desk.audit
    kinds = audit.rows.kinds(visit.store_id)
    wish = TimelineWish(
        kind=kind if kind in kinds else None,
        item=item.strip() or None,
        actor=actor.strip() or None,
        since=_midnight(since),
        until=_midnight(until, days=1),
    )
    return desk.pages.show(
        request,
        "audit.html",
        visit=visit,
        lines=audit.rows.timeline(visit.store_id, wish, after, ON_A_PAGE),
        kinds=kinds,
        chosen={
            "kind": wish.kind or "",
            "item": wish.item or "",
            "actor": wish.actor or "",
            "since": since if wish.since else "",
            "until": until if wish.until else "",
            "after": after,
        },
        chain=audit.records.chain(visit.store_id),
        seal=audit.records.latest_seal(),
    )


@router.get("/checkpoints")
def checkpoints(request: Request, desk: AtDesk, visit: Visitor, after: After = None) -> Response:
    """All checkpoints, newest first, and the keys that signed them."""
    records = desk.audit.records
    return desk.pages.show(
        request,
        "audit_checkpoints.html",
        visit=visit,
        seals=records.seals(after, ON_A_PAGE),
        keys=records.keys(),
        after=after,
    )


@router.get("/receipts")
def receipts(request: Request, desk: AtDesk, visit: Visitor, item: Code = "", after: After = None) -> Response:
    """Prices of which a receipt can be had, newest first."""
    wanted = item.strip()
    page = desk.audit.rows.applied(visit.store_id, wanted or None, after, ON_A_PAGE)
    return desk.pages.show(request, "audit_receipts.html", visit=visit, prices=page, item=wanted, after=after)


@router.get("/receipts/{event_id}")
def receipt(request: Request, desk: AtDesk, visit: Visitor, event_id: str) -> Response:
    """One receipt, fit for print."""
    price = _price(desk, visit.store_id, event_id)
    found = _ours(lambda: desk.audit.records.receipt(visit.store_id, price.item_key, event_id))
    return desk.pages.show(request, "receipt.html", visit=visit, price=price, receipt=found)


@router.get("/receipts/{event_id}/file")
def receipt_file(desk: AtDesk, visit: Visitor, event_id: str) -> Response:
    """The receipt as a file, byte for byte as the audit gives it."""
    price = _price(desk, visit.store_id, event_id)
    found = _ours(lambda: desk.audit.records.receipt(visit.store_id, price.item_key, event_id))
    if found is None:
        raise not_found("receipt")
    return _file(found.file, "application/json", f"receipt-{_named(event_id)}.json")


@router.get("/receipts/{event_id}/causes")
def causes(desk: AtDesk, visit: Visitor, event_id: str) -> Response:
    """The proof pack of all that led to the price."""
    price = _price(desk, visit.store_id, event_id)
    pack = _ours(lambda: desk.audit.records.causes(visit.store_id, price.item_key, event_id))
    return _file(pack, LINES, f"causes-{_named(event_id)}.jsonl")


@router.get("/ledger")
def ledger(desk: AtDesk, visit: Visitor) -> Response:
    """The store's whole ledger as a file, sent as it is read."""
    require(visit.session.role, Deed.EXPORT)
    pieces = _pieces(desk.audit.records, visit.store_id)
    first = next(pieces)
    named = {"Content-Disposition": f'attachment; filename="ledger-{visit.store_id}.jsonl"'}
    return StreamingResponse(chain((first,), pieces), media_type=LINES, headers=named)


@router.get("/lowest-price")
def lowest_price(request: Request, desk: AtDesk, visit: Visitor, item: Code = "") -> Response:
    """The lowest shelf price of the last 30 days of one product."""
    wanted = item.strip()
    found = desk.read_models.item(visit.store_id, wanted) if wanted else None
    answer = None
    if found is not None:
        answer = _or_nothing(lambda: desk.audit.records.lowest_price(visit.store_id, found.item_key))
    return desk.pages.show(request, "audit_lowest.html", visit=visit, item=wanted, found=found, answer=answer)


@router.get("/licences")
def licences(request: Request, desk: AtDesk, visit: Visitor) -> Response:
    """Discount licences and the sale prices that were seen with and without one."""
    answer = _or_nothing(lambda: desk.audit.records.licences(visit.store_id))
    return desk.pages.show(request, "audit_licences.html", visit=visit, answer=answer)


def _pieces(records: Records, store_id: str) -> Iterator[bytes]:
    with records.ledger(store_id) as pieces:
        yield from pieces


def _price(desk: Desk, store_id: str, event_id: str) -> AppliedPrice:
    found = desk.audit.rows.applied_one(store_id, event_id)
    if found is None:
        raise not_found("receipt")
    return found


def _ours(ask: Callable[[], T]) -> T:
    """The audit's answer; what it does not know is a page that does not exist."""
    try:
        return ask()
    except OwnerRefused as error:
        if error.code != "not_found":
            raise
        raise not_found("record") from error


def _or_nothing(ask: Callable[[], T]) -> T | None:
    """The audit's answer, or ``None`` where it has nothing on record."""
    try:
        return ask()
    except OwnerRefused as error:
        if error.code != "not_found":
            raise
        return None


def _file(body: bytes, media_type: str, name: str) -> Response:
    return Response(body, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _named(event_id: str) -> str:
    """The id as a part of a file's name; our own ids lose nothing but their colon."""
    return "".join(one if one.isascii() and one.isalnum() else "-" for one in event_id)


def _midnight(text: str, days: int = 0) -> datetime | None:
    """The first instant of a Riyadh day, or of one so many ``days`` later; ``None`` where it is no day."""
    found = day(text) if text else None
    if found is None:
        return None
    return datetime(found.year, found.month, found.day, tzinfo=RIYADH) + timedelta(days=days)
