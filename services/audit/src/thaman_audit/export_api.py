"""A store's own ledger over HTTP, as the command writes it, for whoever has a key and no shell."""

from collections.abc import Iterator
from itertools import chain
from threading import BoundedSemaphore
from typing import Any

from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse

from thaman_audit.ledger_export import export_lines
from thaman_audit.ports import Opened
from thaman_kit.auth import require_store
from thaman_kit.problems import unavailable

AT_ONCE = 2
"""Exports under way in one process; each holds a connection and one moment of the database."""

RETRY_S = 60
_PIECE = 65_536
_EXPORT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "JSON Lines, byte for byte as `verify_ledger.py` wants them (docs/guides/verify.md).",
        "content": {"application/x-ndjson": {}},
    }
}


def export_router(opened: Opened) -> APIRouter:
    """The endpoint; a store's own key opens it. ``opened`` gives the ledger at one moment."""
    router = APIRouter(prefix="/stores/{store_id}", dependencies=[Depends(require_store)])
    places = BoundedSemaphore(AT_ONCE)

    @router.get("/chain/export", response_class=StreamingResponse, responses=_EXPORT)
    def export(store_id: str) -> StreamingResponse:
        """The whole chain with its head, keys and checkpoints, at one moment. It is sent as it is read, so whoever
        gets fewer entries than the first line's ``length`` has a part of it."""
        pieces = _pieces(opened, places, store_id)
        # Whatever is wrong shows in the first line, while there is still a status to say it with.
        first = next(pieces)
        named = {"Content-Disposition": f'attachment; filename="ledger-{store_id}.jsonl"'}
        return StreamingResponse(chain((first,), pieces), media_type="application/x-ndjson", headers=named)

    return router


def _pieces(opened: Opened, places: BoundedSemaphore, store_id: str) -> Iterator[bytes]:
    """The first line, then the others in pieces: a piece and a page of entries are in memory. The connection is given
    back at the end, or when the reader goes away."""
    if not places.acquire(blocking=False):
        raise unavailable(RETRY_S)
    try:
        with opened() as ledger:
            lines = export_lines(ledger, store_id)
            yield next(lines)
            piece = bytearray()
            for line in lines:
                piece += line
                if len(piece) >= _PIECE:
                    yield bytes(piece)
                    piece.clear()
            if piece:
                yield bytes(piece)
    finally:
        places.release()
