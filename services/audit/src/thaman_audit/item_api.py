"""What is asked of one item at an instant: why its price was what it was, and what it cost at least before."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime

from thaman_audit.domain.lowest_answer import LowestPrice
from thaman_audit.domain.why import Why
from thaman_audit.lowest_price import DAYS, lowest_price
from thaman_audit.ports import Tables
from thaman_audit.why import why as why_of
from thaman_kit.auth import require_store

At = Annotated[AwareDatetime | None, Query(description="The instant asked about; by default now.")]
Days = Annotated[int, Query(ge=1, le=366, description="How many days before the instant.")]


def item_router(tables: Tables) -> APIRouter:
    """The endpoints; a store's own key opens them."""
    router = APIRouter(prefix="/stores/{store_id}", dependencies=[Depends(require_store)])

    @router.get("/items/{item:path}/why")
    def why(store_id: str, item: str, at: At = None) -> Why:
        """Why an item's price was what it was at an instant: from what was seen to the read-back, in words, too."""
        now = datetime.now(UTC)
        return why_of(tables, store_id, item, at or now, now)

    @router.get("/items/{item:path}/lowest-price")
    def lowest(store_id: str, item: str, at: At = None, days: Days = DAYS) -> LowestPrice:
        """The lowest price an item had on the shelf in the days before an instant, as it was read back or shown."""
        now = datetime.now(UTC)
        return lowest_price(tables, store_id, item, at or now, now, days)

    return router
