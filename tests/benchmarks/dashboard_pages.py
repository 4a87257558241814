"""What is asked of the dashboard: every GET route of its router with ids of the store, and what forms show by POST.

A route that this does not know fails the benchmark, so that no new page is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tests.benchmarks.dashboard_events import BRANDS, CATEGORIES, STORE
from tests.benchmarks.errors import BenchError
from thaman_dashboard.testing_routes import Entry
from thaman_kit.database import Database

KNOWN = 40
"""Ids of each kind that the requests go through."""

PAGES: Mapping[str, tuple[str, ...]] = {
    "/": ("/",),
    "/approvals": (
        "/approvals", "/approvals?order=change", "/approvals?risk=high", "/approvals?brand={brand}",
        "/approvals?search={item}", "/approvals?category={category}",
    ),
    "/approvals/{proposal_id}": ("/approvals/{pending}", "/approvals/{decided}"),
    "/people": ("/people",),
    "/sessions": ("/sessions",),
    "/operator": ("/operator", "/operator?search={item}"),
    "/operator/log": ("/operator/log",),
    "/products": (
        "/products", "/products?order=margin", "/products?order=margin_desc", "/products?order=price_desc",
        "/products?search={item}", "/products?cost=no", "/products?locked=yes", "/products?waiting=yes",
        "/products?market=below", "/products?market=at&order=margin", "/products?brand={brand}",
        "/products?category={category}&order=price", "/products?risk=high", "/products?status=hidden",
    ),
    "/products/{item_key:path}": ("/products/{item}",),
    "/products/{item_key:path}/links": ("/products/{item}/links",),
    "/products/{item_key:path}/undo": ("/products/{undo_item}/undo?decision={undo_decision}",),
    "/products/{item_key:path}/why": ("/products/{item}/why", "/products/{item}/why?at=2026-10-01T12:00"),
    "/products/matches": ("/products/matches", "/products/matches?item={item}"),
    "/products/sheet": ("/products/sheet",),
    "/products/sheet/{sheet_id}": ("/products/sheet/{sheet_id}",),
    "/products/sheet/products.{kind}": ("/products/sheet/products.csv", "/products/sheet/products.xlsx"),
    "/activity": (
        "/activity", "/activity?kind=PriceApplied", "/activity?item={item}", "/activity?kind=OptimizationCompleted",
    ),
    "/policies": ("/policies",),
    "/policies/new": ("/policies/new", "/policies/new?from=2"),
    "/policies/{version}": ("/policies/1", "/policies/2"),
    "/policies/{version}/shadow": ("/policies/2/shadow",),
    "/policies/{version}/what-if/{what_if_id}": (
        "/policies/2/what-if/{what_if_id}", "/policies/2/what-if/{history_id}",
    ),
    "/calendar": ("/calendar", "/calendar?month=2026-03"),
    "/keys": ("/keys",),
    "/licences": ("/licences",),
    "/licences/{licence_id}": ("/licences/{licence_id}",),
    "/notifications": ("/notifications",),
    "/settings": ("/settings",),
    "/settings/preview/{preview_id}": ("/settings/preview/{preview_id}",),
    "/audit": (
        "/audit", "/audit?kind=PriceDecided", "/audit?item={item}", "/audit?actor=key_1", "/audit?actor=policy",
        "/audit?since=2026-09-01&until=2026-09-30", "/audit?kind=PriceApplied&since=2026-09-01&until=2026-09-02",
        "/audit?actor=nobody", "/audit?kind=ManualEditDetected&item={item}",
    ),
    "/audit/verify": ("/audit/verify",),
    "/audit/verify/{walk_id}": ("/audit/verify/{walk_id}",),
    "/audit/checkpoints": ("/audit/checkpoints",),
    "/audit/receipts": ("/audit/receipts", "/audit/receipts?item={item}"),
    "/audit/receipts/{event_id}": ("/audit/receipts/{event_id}",),
    "/audit/receipts/{event_id}/file": ("/audit/receipts/{event_id}/file",),
    "/audit/receipts/{event_id}/causes": ("/audit/receipts/{event_id}/causes",),
    "/audit/lowest-price": ("/audit/lowest-price?item={item}",),
    "/audit/licences": ("/audit/licences",),
    "/analytics": ("/analytics",),
    "/analytics/market": (
        "/analytics/market", "/analytics/market?position=below&by=brand", "/analytics/market?position=at",
    ),
    "/analytics/index": ("/analytics/index",),
    "/analytics/rivals": ("/analytics/rivals", "/analytics/rivals?days=30"),
    "/undo": (
        "/undo", "/undo?scope=run&run={undo_run}", "/undo?scope=as_of&at=2026-11-24T12:31",
        "/undo?scope=policy&version=1",
    ),
    "/undo/{undo_id}": ("/undo/{undo_id}",),
    "/runs": ("/runs",),
    "/runs/{run_id}": ("/runs/{run_id}", "/runs/{last_run}"),
    "/runs/{run_id}/held": ("/runs/{last_run}/held?reason=result/already_right",),
    "/runs/{run_id}/hand-over.json": ("/runs/{last_run}/hand-over.json",),
    "/health": ("/health",),
    "/manifest.webmanifest": ("/manifest.webmanifest",),
    "/sw.js": ("/sw.js",),
    "/offline": ("/offline",),
    "/sign-in/{token}": ("/sign-in/{sign_in}",),
    "/invitations/{token}": ("/invitations/{invitation}",),
    "/operator/sign-in/{token}": ("/operator/sign-in/{operator_sign_in}",),
    "/static/{name}": ("{stylesheet}",),
}  # fmt: skip

LEFT_OUT = {
    "/audit/ledger": "the whole ledger as a file; `--audit` measures exports",
    "/live": "its answer does not end; it is measured by itself",
    "/embedded": "asks Salla who its reader is",
}


@dataclass(frozen=True)
class Wanted:
    """One page: its route, its address as a pattern, and addresses to ask for in turn."""

    route: str
    pattern: str
    addresses: tuple[str, ...]


def wanted(entries: list[Entry], known: Mapping[str, list[str]]) -> list[Wanted]:
    """All pages.

    Raises:
        BenchError: there is a route that is not known here, or one of these is gone.
    """
    routes = {one.path for one in entries if one.method == "GET"}
    if routes != PAGES.keys() | LEFT_OUT.keys():
        raise BenchError(f"the routes are others than known: {sorted(routes ^ (PAGES.keys() | LEFT_OUT.keys()))}")
    return [
        Wanted(route, pattern, tuple(dict.fromkeys(_at(pattern, known, number) for number in range(KNOWN))))
        for route, patterns in PAGES.items()
        for pattern in patterns
    ]


def _at(pattern: str, known: Mapping[str, list[str]], number: int) -> str:
    return pattern.format_map({name: values[number % len(values)] for name, values in known.items()})


def known_of(database: Database) -> dict[str, list[str]]:
    """Ids of the store's things, as the dashboard's tables have them."""

    def some(query: str, **params: Any) -> list[str]:
        rows = database.fetch_all(query, {"store": STORE, "most": KNOWN} | params)
        if not rows:
            raise BenchError(f"there is nothing to ask for: {query}")
        return [str(row["id"]) for row in rows]

    items = some("SELECT item_key AS id FROM items WHERE store_id = %(store)s ORDER BY md5(item_key) LIMIT %(most)s")
    undo = database.fetch_all(
        "SELECT item_key, decision_id, run_id FROM decisions WHERE store_id = %(store)s AND state = 'applied'"
        " AND run_id = ANY (%(real)s) ORDER BY decision_id LIMIT %(most)s",
        {"store": STORE, "most": KNOWN, "real": _last_runs(database)},
    )
    if not undo:
        raise BenchError("no price of the real runs was written")
    return {
        "item": items,
        "brand": list(BRANDS),
        "category": list(CATEGORIES),
        "pending": some(
            "SELECT proposal_id AS id FROM proposals WHERE store_id = %(store)s AND state = 'pending' LIMIT %(most)s"
        ),
        "decided": some(
            "SELECT proposal_id AS id FROM proposals WHERE store_id = %(store)s AND state = 'decided' LIMIT %(most)s"
        ),
        "run_id": some("SELECT run_id AS id FROM runs WHERE store_id = %(store)s ORDER BY at LIMIT %(most)s"),
        "last_run": [str(_last_runs(database)[0])],
        "event_id": some(
            "SELECT event_id AS id FROM prices WHERE store_id = %(store)s AND cause = 'applied'"
            " ORDER BY at LIMIT %(most)s"
        ),
        "undo_item": [row["item_key"] for row in undo],
        "undo_decision": [str(row["decision_id"]) for row in undo],
        "undo_run": [str(undo[0]["run_id"])],
    }


def _last_runs(database: Database) -> list[UUID]:
    """The real runs, latest first."""
    rows = database.fetch_all(
        "SELECT run_id FROM runs WHERE store_id = %(store)s ORDER BY at DESC LIMIT 2", {"store": STORE}
    )
    return [row["run_id"] for row in rows]
