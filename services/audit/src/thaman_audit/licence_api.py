"""Discount licences of a store, and the sale prices that were seen with and without one."""

from datetime import UTC, datetime

from fastapi import APIRouter, Depends

from thaman_audit.domain.licence_answer import LicenceLedger
from thaman_audit.item_api import At
from thaman_audit.licences import licence_ledger
from thaman_audit.ports import Tables
from thaman_kit.auth import require_store


def licence_router(tables: Tables) -> APIRouter:
    """The endpoint; a store's own key opens it."""
    router = APIRouter(prefix="/stores/{store_id}", dependencies=[Depends(require_store)])

    @router.get("/licences")
    def licences(store_id: str, at: At = None) -> LicenceLedger:
        """Every licence as it was known at an instant with the sale prices under it, and those that none covers."""
        now = datetime.now(UTC)
        return licence_ledger(tables, store_id, at or now, now)

    return router
