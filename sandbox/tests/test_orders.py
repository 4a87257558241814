"""Orders: placed, moved on, listed, sold in the past."""

from typing import Any

import pytest

from .conftest import Hook, Sandbox


@pytest.fixture
def store(sandbox: Sandbox, hook: Hook) -> int:
    sandbox.register(webhook_url=hook.url, webhook_secret="s3")
    return sandbox.store(products=15)


@pytest.fixture
def token(sandbox: Sandbox, store: int) -> str:
    return str(sandbox.tokens(store)["access_token"])


def order(sandbox: Sandbox, store: int, **line: Any) -> dict[str, Any]:
    body = {"lines": [line], "status": "under_review"}
    return dict(sandbox.control("POST", f"/stores/{store}/orders", body))


def test_an_order_is_told_with_its_product_id(sandbox: Sandbox, hook: Hook, store: int, token: str) -> None:
    one = sandbox.simple_product(store)
    sandbox.control(
        "PATCH", f"/stores/{store}/products/{one['id']}", {"base": 11_500, "quantity": 9, "unlimited": False}
    )
    placed = order(sandbox, store, product_id=one["id"], quantity=2)
    (created,) = hook.wait("order.created")
    data = created.json["data"]
    item = data["items"][0]
    assert (item["product"]["id"], item["quantity"], item["sku"]) == (one["id"], 2, one["sku"])
    assert data["amounts"]["total"]["amount"] == 230 and data["amounts"]["tax"]["amount"]["amount"] == 30
    assert data["date"]["timezone"] == "Asia/Riyadh" and data["id"] == placed["id"]
    after = sandbox.control("GET", f"/stores/{store}/products/{one['id']}")
    assert (after["quantity"], after["sold_quantity"]) == (7, 2)


def test_a_variants_stock_is_taken(sandbox: Sandbox, hook: Hook, store: int, token: str) -> None:
    one = sandbox.varied_product(store)
    part = one["variants"][0]
    edit = {"variant_id": part["id"], "quantity": 5}
    sandbox.control("PATCH", f"/stores/{store}/products/{one['id']}", edit)
    order(sandbox, store, product_id=one["id"], variant_id=part["id"], quantity=3)
    left = sandbox.control("GET", f"/stores/{store}/products/{one['id']}")["variants"][0]["stock"]
    assert left == 2
    (created,) = hook.wait("order.created")
    assert created.json["data"]["items"][0]["sku"] == part["sku"]


def test_low_stock_is_told_once(sandbox: Sandbox, hook: Hook, store: int, token: str) -> None:
    rows = [row for row in sandbox.products(store) if row["notify_quantity"] and not row["variants"]]
    one = rows[0]
    sandbox.control("PATCH", f"/stores/{store}/products/{one['id']}", {"quantity": 6, "unlimited": False})
    for _ in range(2):
        order(sandbox, store, product_id=one["id"], quantity=1)
    sandbox.settled()
    assert hook.events().count("product.quantity.low") == 1


@pytest.mark.parametrize(
    ("status", "event"), [("canceled", "order.cancelled"), ("restored", "order.refunded"), ("delivered", None)]
)
def test_moving_on(*, sandbox: Sandbox, hook: Hook, store: int, token: str, status: str, event: str | None) -> None:
    one = sandbox.simple_product(store)
    placed = order(sandbox, store, product_id=one["id"])
    sandbox.control("POST", f"/stores/{store}/orders/{placed['id']}/status", {"status": status})
    (moved,) = hook.wait("order.status.updated")
    inner = moved.json["data"]["order"]
    assert inner["items"][0]["product_id"] == one["id"] and inner["status"]["slug"] == status
    sandbox.settled()
    told = set(hook.events()) - {"order.created", "order.updated", "order.status.updated"}
    assert told == ({event} if event else set())
    steps = sandbox.api(token, "GET", f"/orders/{placed['id']}/histories").json()["data"]
    assert len(steps) == 2


def test_listing_hides_product_ids(sandbox: Sandbox, store: int, token: str) -> None:
    one = sandbox.simple_product(store)
    placed = order(sandbox, store, product_id=one["id"], quantity=3, price=1_000)
    (row,) = sandbox.api(token, "GET", "/orders").json()["data"]
    assert row["items"] == [{"name": one["name_ar"], "quantity": 3, "thumbnail": ""}]
    assert (row["status"]["slug"], row["status"]["id"], row["total"]["amount"]) == ("under_review", 566146469, 30)
    details = sandbox.api(token, "GET", f"/orders/{placed['id']}").json()["data"]
    assert "items" not in details
    (item,) = sandbox.api(token, "GET", f"/orders/items?order_id={placed['id']}").json()["data"]
    assert item["sku"] == one["sku"] and "product" not in item
    sandbox.switch(order_items_product_id=True)
    (item,) = sandbox.api(token, "GET", f"/orders/items?order_id={placed['id']}").json()["data"]
    assert item["product"]["id"] == one["id"]
    assert sandbox.api(token, "GET", "/orders/items").status_code == 422
    assert sandbox.api(token, "GET", "/orders?expanded=true").status_code == 422
    assert sandbox.api(token, "GET", "/orders/1").status_code == 404


def test_past_sales_can_be_made_and_filtered(sandbox: Sandbox, hook: Hook, store: int, token: str) -> None:
    sandbox.switch(rate_limits=False)
    made = sandbox.control("POST", f"/stores/{store}/simulate-sales", {"days": 20, "seed": 3, "orders_per_day": 4})
    total = sandbox.api(token, "GET", "/orders").json()["pagination"]["total"]
    assert total == made["orders"] > 30
    assert made["pieces"] == sum(row["sold_quantity"] for row in sandbox.products(store))
    assert hook.received == []
    today = sandbox.control("GET", "/clock")["now"][:10]
    recent = sandbox.api(token, "GET", f"/orders?from_date={today}").json()["pagination"]["total"]
    canceled = sandbox.api(token, "GET", "/orders?status[]=525144736&per_page=60").json()["data"]
    assert recent < total and canceled and {row["status"]["slug"] for row in canceled} == {"canceled"}
    dates = [row["date"]["date"] for row in sandbox.api(token, "GET", "/orders?sort_by=created_at-asc").json()["data"]]
    assert dates == sorted(dates)
    assert sandbox.api(token, "GET", "/orders?from_date=yesterday").status_code == 422
    slugs = {row["slug"]: row["id"] for row in sandbox.api(token, "GET", "/orders/statuses").json()["data"]}
    assert len(slugs) == 10 and slugs["completed"] == 1298199463


def test_wrong_orders_are_refused_with_a_reason(sandbox: Sandbox, store: int) -> None:
    path = f"/stores/{store}/orders"
    wrong = sandbox.control("POST", path, {"lines": [{"product_id": 1}]}, expect=404)
    assert wrong["error"] == "UnknownProduct" and str(store) in wrong["detail"]
    one = sandbox.simple_product(store)
    body = {"lines": [{"product_id": one["id"]}], "status": "dreaming"}
    assert "payment_pending" in sandbox.control("POST", path, body, expect=422)["detail"]
    assert sandbox.control("POST", path, {"lines": []}, expect=422)["error"] == "ControlRefused"
