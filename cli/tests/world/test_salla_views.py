"""The two views of Salla: the sandbox's books, and onboarding's live prices."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from thaman_cli.world import OnboardingSalla, PriceWrite, SandboxSalla
from thaman_sandbox.server import SandboxServer


@pytest.fixture
def sandbox() -> Iterator[str]:
    with SandboxServer() as server:
        yield server.url


def test_the_sandboxs_books_are_read(sandbox: str) -> None:
    with httpx.Client(base_url=sandbox, trust_env=False) as control:
        body = {"name": "متجر", "plan": "pro", "catalogue": "perfumes", "products": 5, "seed": 1}
        store = str(control.post("/_sandbox/stores", json=body).raise_for_status().json()["store_id"])
        shown = control.get(f"/_sandbox/stores/{store}/prices").json()
        view = SandboxSalla(sandbox)
        prices = view.prices([store, "1"])
        assert prices == {store: {item: price["base"] for item, price in shown.items()}}
        assert len(prices[store]) >= 5
        assert (view.writes(), view.refreshes()) == ([], [])


def test_entries_of_the_write_log_are_understood() -> None:
    row = {
        "n": 3, "store_id": 77, "product_id": 1, "variant_id": 9, "new_base": 9_900, "new_sale": None,
        "effective": True,
    }  # fmt: skip
    attempts = [
        {"grant_type": "refresh_token", "store_id": 77, "fingerprint": "f", "outcome": "rotated"},
        {"grant_type": "authorization_code", "store_id": 77, "fingerprint": "c", "outcome": "issued"},
    ]
    answers: dict[str, Any] = {
        "/_sandbox/write-log": [row, row | {"product_id": None}],
        "/_sandbox/token-ledger": {"attempts": attempts},
    }
    view = SandboxSalla("http://salla", httpx.MockTransport(lambda r: httpx.Response(200, json=answers[r.url.path])))
    assert view.writes() == [PriceWrite(3, "77", "1/9", 9_900, touches_sale=False, effective=True)]
    assert [(refresh.store_id, refresh.fingerprint) for refresh in view.refreshes()] == [("77", "f")]


def test_live_prices_are_read_page_by_page() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["Authorization"] == "Bearer key"
        page = int(request.url.params["after"] or 1)
        items = [{"key": str(page), "base_price": page * 100}]
        return httpx.Response(200, json={"items": items, "next": str(page + 1) if page < 3 else None})

    view = OnboardingSalla("http://onboarding", "key", httpx.MockTransport(answer))
    assert view.prices(["77"]) == {"77": {"1": 100, "2": 200, "3": 300}}
    assert (view.writes(), view.refreshes()) == (None, None)
