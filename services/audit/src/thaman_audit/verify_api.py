"""A walk along a store's chain over HTTP: its verdict, and for who wants to know how far it is, that too."""

import json
from collections.abc import Generator, Iterator
from itertools import chain
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header
from fastapi.responses import StreamingResponse

from thaman_audit.application import Ledger, Progress
from thaman_audit.verify import Verdict
from thaman_audit.views import VerdictView
from thaman_kit.auth import require_store

LINES = "application/x-ndjson"
_VERIFY: dict[int | str, dict[str, Any]] = {
    200: {
        "description": f"The verdict. With `Accept: {LINES}` lines of JSON as the walk goes on, each with `proven` and"
        " `of`; the last line is the verdict, and without one the walk was broken off.",
        "content": {LINES: {}},
    }
}


def verify_router(ledger: Ledger) -> APIRouter:
    """The endpoint; a store's own key opens it."""
    router = APIRouter(prefix="/stores/{store_id}", dependencies=[Depends(require_store)])

    @router.get("/chain/verify", response_model=VerdictView, responses=_VERIFY)
    def verify(store_id: str, accept: Annotated[str, Header()] = "") -> Any:
        """Walk the chain and name the first place where it does not hold."""
        if LINES not in accept.lower():
            return _shown(store_id, ledger.verify(store_id))
        walking = ledger.walking(store_id)
        # An unknown store shows with the first word, while there is still a status to say it with.
        first = next(walking)
        return StreamingResponse(chain((_line(first),), _lines(store_id, walking)), media_type=LINES)

    return router


def _lines(store_id: str, walking: Generator[Progress, None, Verdict]) -> Iterator[bytes]:
    """What comes after the first word. Where the reader goes away, the walk ends, too."""
    try:
        while True:
            yield _line(next(walking))
    except StopIteration as end:
        yield _shown(store_id, end.value).model_dump_json().encode() + b"\n"
    finally:
        walking.close()


def _line(said: Progress) -> bytes:
    return json.dumps({"proven": said.proven, "of": said.of}).encode() + b"\n"


def _shown(store_id: str, verdict: Verdict) -> VerdictView:
    broken = verdict.broken
    return VerdictView(
        store_id=store_id,
        ok=verdict.ok,
        entries=verdict.entries,
        broken_at=broken.seq if broken else None,
        reason=broken.reason if broken else None,
    )
