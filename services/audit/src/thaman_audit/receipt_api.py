"""Receipts over HTTP, and what is answered where none can be made."""

from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Depends, Response

from thaman_audit.errors import NotSealedYet, UnknownReceipt, UnreadableCheckpoint
from thaman_audit.packs import causes_of
from thaman_audit.paging import Cursor, Limit, Page
from thaman_audit.receipts import ReceiptLine, Receipts
from thaman_kit.auth import require_store
from thaman_kit.problems import Problem, conflict, not_found

_RECEIPT: dict[int | str, dict[str, Any]] = {
    200: {"description": "The receipt, byte for byte as `verify_ledger.py` wants it (docs/guides/receipts.md)."}
}
_CAUSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "A proof pack, byte for byte as `verify_ledger.py` wants it (docs/guides/receipts.md)."}
}


def receipt_router(receipts: Receipts) -> APIRouter:
    """The endpoints; a store's own key opens them."""
    router = APIRouter(prefix="/stores/{store_id}/items/{item:path}", dependencies=[Depends(require_store)])

    @router.get("/receipts")
    def page(store_id: str, item: str, cursor: Cursor = None, limit: Limit = 50) -> Page[ReceiptLine]:
        """An item's applied prices, newest first, and whether a receipt of each can be had."""
        items, following = receipts.page(store_id, item, cursor, limit)
        return Page(items=items, next=following)

    @router.get("/receipts/{event_id}", response_class=Response, responses=_RECEIPT)
    def receipt(store_id: str, item: str, event_id: str) -> Response:
        """The receipt of an applied price: the event, and what proves that it was recorded."""
        return Response(receipts.receipt(store_id, event_id, item), media_type="application/json")

    @router.get("/receipts/{event_id}/causes", response_class=Response, responses=_CAUSES)
    def causes(store_id: str, item: str, event_id: str) -> Response:
        """An applied price with what led to it, as a proof pack: proposal, guards, approval, decision, write."""
        receipts.entry(store_id, event_id, item)
        pack = causes_of(receipts.tables, receipts.checkpoints, receipts.histories, store_id, event_id)
        return Response(b"".join(pack.lines()), media_type="application/x-ndjson")

    return router


def receipt_problems(every: timedelta) -> dict[type[Any], Any]:
    """The answers to what can go wrong; ``every`` is the time from one checkpoint to the next."""
    return {
        UnknownReceipt: lambda _: not_found(
            "receipt", "Take the event_id from the item's list of receipts, .../receipts."
        ),
        NotSealedYet: lambda error: _not_sealed_yet(error, every),
        UnreadableCheckpoint: lambda _: conflict(
            "ledger_spoiled", "The checkpoint that should prove it is none any more.", "Tell the operator."
        ),
    }


def when_due(latest: datetime | None, every: timedelta) -> str:
    """When to ask again, for people."""
    if latest is None:
        return "Ask again when the first checkpoint is sealed, GET /audit/checkpoints/latest."
    return f"Ask again after {(latest + every).isoformat(timespec='seconds')}, when the next checkpoint is due."


def _not_sealed_yet(error: NotSealedYet, every: timedelta) -> Problem:
    detail = "The price was recorded after the latest checkpoint, so nothing proves it yet."
    return conflict("not_sealed_yet", detail, when_due(error.latest, every))
