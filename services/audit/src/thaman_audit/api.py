"""The HTTP API: timelines, prices with their causes, runs, and the chain's proof."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Query
from pydantic import AwareDatetime

from thaman_audit import queries
from thaman_audit.bootstrap import Container, build
from thaman_audit.domain.stops import Stop
from thaman_audit.errors import (
    ArchiveMissing,
    FutureInstant,
    PricedByVariants,
    SpoiledLedger,
    UnknownCheckpoint,
    UnknownItem,
    UnknownStore,
)
from thaman_audit.export_api import export_router
from thaman_audit.item_api import item_router
from thaman_audit.licence_api import licence_router
from thaman_audit.paging import Cursor, Limit, Page
from thaman_audit.proof_api import proof_router
from thaman_audit.receipt_api import receipt_problems, receipt_router
from thaman_audit.settings import AuditSettings
from thaman_audit.stops import stops as stops_of
from thaman_audit.verify_api import verify_router
from thaman_audit.views import (
    ActivityView,
    EntryView,
    HeadView,
    OverviewView,
    PriceView,
    RunView,
    StoreView,
)
from thaman_kit.auth import require_operator, require_store
from thaman_kit.errors import BadCursor
from thaman_kit.http import create_api
from thaman_kit.problems import Fault, conflict, invalid_request, not_found
from thaman_kit.process import run_api

From = Annotated[AwareDatetime | None, Query(alias="from", description="Not before this instant.")]
To = Annotated[AwareDatetime | None, Query(description="Before this instant.")]
Item = Annotated[str | None, Query(description="Item key: product, or product/variant.")]
Types = Annotated[list[str] | None, Query(description="Event names, e.g. PriceApplied; may be repeated.")]


def _wanted(type: Types = None, from_: From = None, to: To = None, item: Item = None) -> queries.Wanted:
    return queries.Wanted(types=type, after=from_, before=to, item=item)


def store_router(container: Container) -> APIRouter:
    """What a store's own key opens, too."""
    router = APIRouter(prefix="/stores/{store_id}", dependencies=[Depends(require_store)])
    tables = container.tables

    @router.get("/timeline")
    def timeline(
        store_id: str, wanted: Annotated[queries.Wanted, Depends(_wanted)], cursor: Cursor = None, limit: Limit = 50
    ) -> Page[EntryView]:
        """The store's entries, newest first."""
        items, following = queries.timeline(tables, store_id, wanted, cursor, limit)
        return Page(items=items, next=following)

    @router.get("/activity")
    def activity(store_id: str, cursor: Cursor = None, limit: Limit = 50) -> Page[ActivityView]:
        """What happened, in words, newest first."""
        items, following = queries.activity(tables, store_id, cursor, limit)
        return Page(items=items, next=following)

    @router.get("/prices/{item:path}/history")
    def price_history(store_id: str, item: str, cursor: Cursor = None, limit: Limit = 50) -> Page[PriceView]:
        """An item's prices with the cause of each, newest first."""
        items, following = queries.price_history(tables, store_id, item, cursor, limit)
        return Page(items=items, next=following)

    @router.get("/runs")
    def runs(store_id: str, cursor: Cursor = None, limit: Limit = 50) -> Page[RunView]:
        """The store's pricing runs, latest first."""
        items, following = queries.runs(tables, store_id, cursor, limit)
        return Page(items=items, next=following)

    @router.get("/stops")
    def stops(store_id: str) -> list[Stop]:
        """Every stop of the store, its items or the installation, latest first: what was under way when it came, and
        what began in spite of it, which should be nothing."""
        return stops_of(tables, store_id)

    @router.get("/chain")
    def chain(store_id: str) -> HeadView:
        """The end of the store's chain."""
        return queries.head(tables, store_id)

    return router


def operator_router(container: Container) -> APIRouter:
    """What needs an operator's key, and the open health page."""
    router = APIRouter()

    @router.get("/overview", dependencies=[Depends(require_operator)])
    def overview() -> OverviewView:
        """The whole ledger in a few numbers."""
        return queries.overview(container.tables)

    @router.get("/stores", dependencies=[Depends(require_operator)])
    def stores(cursor: Cursor = None, limit: Limit = 50) -> Page[StoreView]:
        """All stores with the ends of their chains, by id."""
        items, following = queries.stores(container.tables, cursor, limit)
        return Page(items=items, next=following)

    @router.get("/health")
    def health() -> dict[str, str]:
        """That the API answers; ``/readyz`` says whether it is fit to work."""
        return {"status": "ok"}

    return router


def build_api(container: Container) -> FastAPI:
    """The application with everything the kit adds."""
    errors: dict[type[Any], Any] = {
        UnknownStore: lambda _: not_found("store"),
        UnknownItem: lambda _: not_found("item", "Check the item's key: product, or product/variant."),
        PricedByVariants: lambda error: not_found(
            "item", f"The product is priced through its variants; ask about one of {', '.join(error.variants)}."
        ),
        FutureInstant: lambda _: invalid_request(
            [Fault("lies in the future; ask for an instant that has passed", "future", parameter="at")]
        ),
        # Without the error's words, which may name another store.
        SpoiledLedger: lambda _: conflict(
            "ledger_spoiled", "The ledger contradicts itself here, so nothing is said from it.", "Tell the operator."
        ),
        ArchiveMissing: lambda error: conflict(
            "archive_needed",
            f"What was asked for rests in {error.file}, which cannot be read here.",
            "Tell the operator.",
        ),
        UnknownCheckpoint: lambda _: not_found("checkpoint", "The audit's worker seals one within the hour."),
        BadCursor: lambda _: invalid_request(
            [Fault("is not a cursor that a page gave out", "bad_cursor", parameter="cursor")]
        ),
    } | receipt_problems(timedelta(seconds=container.settings.audit_checkpoint_seconds))
    return create_api(
        container.settings,
        "Thaman audit",
        [
            store_router(container),
            verify_router(container.ledger),
            export_router(container.moment),
            item_router(container.tables),
            licence_router(container.tables),
            receipt_router(container.receipts),
            operator_router(container),
            proof_router(container.checkpoints),
        ],
        {"database": container.check_database},
        errors,
        api_keys=container.api_keys,
    )


def run(settings: AuditSettings) -> None:
    """Serve until told to stop."""
    container = build(settings)
    try:
        run_api(build_api(container), settings)
    finally:
        container.close()
