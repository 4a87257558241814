"""Writing prices: single, bulk, variants, actions; and the write log."""

from typing import Any

import pytest

from .conftest import Sandbox, wait_for


@pytest.fixture
def store(sandbox: Sandbox) -> int:
    return sandbox.store(products=20, plan="special")


@pytest.fixture
def token(sandbox: Sandbox, store: int) -> str:
    return str(sandbox.tokens(store)["access_token"])


def test_put_changes_the_base_price_and_answers_201(sandbox: Sandbox, store: int, token: str) -> None:
    one = sandbox.simple_product(store)
    answer = sandbox.api(token, "PUT", f"/products/{one['id']}", {"price": 96.33})
    assert answer.status_code == 201 and answer.json()["status"] == 201
    assert answer.json()["data"]["regular_price"] == {"amount": 96.33, "currency": "SAR"}
    assert sandbox.price(store, one["id"]) == {"base": 9633, "effective": 9633, "sale": None}
    (entry,) = sandbox.write_log()
    assert (entry["old_base"], entry["new_base"], entry["call"]) == (one["base"], 9633, "put")
    assert (entry["effective"], entry["answered"], entry["status"]) == (True, True, 201)
    assert entry["request_id"] == answer.headers["x-request-id"]


def test_writing_back_the_price_read_during_a_sale_lowers_the_base(sandbox: Sandbox, store: int, token: str) -> None:
    one = sandbox.simple_product(store)
    path = f"/products/{one['id']}"
    sandbox.api(token, "PUT", path, {"price": 200, "sale_price": 150})
    read = sandbox.api(token, "GET", path).json()["data"]["price"]["amount"]
    sandbox.api(token, "PUT", path, {"price": read})
    assert sandbox.price(store, one["id"])["base"] == 15_000


@pytest.mark.parametrize("nothing", [None, 0])
def test_null_and_zero_end_a_sale(sandbox: Sandbox, store: int, token: str, nothing: Any) -> None:
    path = f"/products/{sandbox.simple_product(store)['id']}"
    sandbox.api(token, "PUT", path, {"price": 200, "sale_price": 150, "sale_end": "2099-01-01"})
    shown = sandbox.api(token, "PUT", path, {"sale_price": nothing}).json()["data"]
    assert (shown["price"]["amount"], shown["sale_price"]["amount"]) == (200, 0)
    assert not shown["sale_end"]


def test_an_unchanged_price_is_logged_without_effect(sandbox: Sandbox, store: int, token: str) -> None:
    one = sandbox.simple_product(store)
    for _ in range(2):
        assert sandbox.api(token, "PUT", f"/products/{one['id']}", {"price": 123}).status_code == 201
    assert [entry["effective"] for entry in sandbox.write_log()] == [True, False]
    assert [entry["n"] for entry in sandbox.write_log(after=1)] == [2]
    sandbox.api(token, "PUT", f"/products/{one['id']}", {"quantity": 4})
    assert len(sandbox.write_log()) == 2, "no price was asked for"


def test_by_sku_and_price_only(sandbox: Sandbox, store: int, token: str) -> None:
    one = sandbox.simple_product(store)
    assert sandbox.api(token, "PUT", f"/products/sku/{one['sku']}", {"cost_price": "35"}).status_code == 201
    answer = sandbox.api(token, "POST", f"/products/sku/{one['sku']}/price", {"price": 15, "sale_price": 9})
    assert answer.status_code == 201 and answer.json()["data"]["cost_price"] == "35"
    assert sandbox.price(store, one["id"]) == {"base": 1500, "effective": 1500, "sale": None}
    missing = sandbox.api(token, "POST", f"/products/sku/{one['sku']}/price", {})
    assert missing.json()["error"]["fields"] == {"price": ["حقل price مطلوب."]}


@pytest.mark.parametrize("bad", [-1, "abc", {"amount": 5, "currency": "SAR"}, True, [], 1e14])
def test_nonsense_prices_give_422_and_change_nothing(sandbox: Sandbox, store: int, token: str, bad: Any) -> None:
    one = sandbox.simple_product(store)
    answer = sandbox.api(token, "PUT", f"/products/{one['id']}", {"price": bad})
    assert answer.status_code == 422
    assert answer.json()["error"]["message"] == "alert.invalid_fields" and "price" in answer.json()["error"]["fields"]
    assert sandbox.price(store, one["id"])["base"] == one["base"]
    (entry,) = sandbox.write_log()
    assert (entry["status"], entry["effective"]) == (422, False)


def test_a_body_that_is_no_json_object_gives_400(sandbox: Sandbox, store: int, token: str) -> None:
    path = f"/admin/v2/products/{sandbox.simple_product(store)['id']}"
    for raw in (b"{", b"[]", b'{"price":NaN}'):
        answer = sandbox.http.put(path, content=raw, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 400


def test_validation_switches(sandbox: Sandbox, store: int, token: str) -> None:
    path = f"/products/{sandbox.simple_product(store)['id']}"
    assert sandbox.api(token, "PUT", path, {"price": 100, "sale_price": 120}).status_code == 201
    assert sandbox.api(token, "PUT", path, {"price": 0, "sale_price": None}).status_code == 201
    sandbox.switch(sale_at_or_above_base_accepted=False, zero_price_accepted=False)
    refused = sandbox.api(token, "PUT", path, {"price": 100, "sale_price": 100})
    assert refused.status_code == 422 and "sale_price" in refused.json()["error"]["fields"]
    assert sandbox.api(token, "PUT", path, {"price": 0}).status_code == 422
    bad = sandbox.api(token, "PUT", path, {"gtin": "12", "sale_end": "soon", "status": "open"})
    assert set(bad.json()["error"]["fields"]) == {"gtin", "sale_end", "status"}


def test_a_taken_sku_is_refused_and_a_new_one_found(sandbox: Sandbox, store: int, token: str) -> None:
    first, second = sandbox.products(store)[:2]
    path = f"/products/{second['id']}"
    assert sandbox.api(token, "PUT", path, {"sku": first["sku"]}).status_code == 422
    assert sandbox.api(token, "PUT", path, {"sku": "NEW-1"}).status_code == 201
    assert sandbox.api(token, "GET", "/products/sku/NEW-1").json()["data"]["id"] == second["id"]
    assert sandbox.api(token, "GET", f"/products/sku/{second['sku']}").status_code == 404


def test_variants_are_priced_apart(sandbox: Sandbox, store: int, token: str) -> None:
    one = sandbox.varied_product(store)
    first, second = one["variants"][:2]
    before = sandbox.price(store, f"{one['id']}/{second['id']}")
    answer = sandbox.api(token, "PUT", f"/products/variants/{first['id']}", {"price": 111.5, "sale_price": None})
    assert answer.status_code == 201 and answer.json()["data"]["price"]["amount"] == 111.5
    assert answer.json()["data"]["regular_price"]["amount"] == 0, "0 means not set"
    assert sandbox.price(store, f"{one['id']}/{first['id']}")["base"] == 11_150
    assert sandbox.price(store, f"{one['id']}/{second['id']}") == before
    assert sandbox.write_log()[0]["variant_id"] == first["id"]
    sale = sandbox.api(token, "PUT", f"/products/variants/{first['id']}", {"sale_price": 99}).json()["data"]
    assert (sale["price"]["amount"], sale["regular_price"]["amount"], sale["has_special_price"]) == (99, 111.5, True)
    rows = sandbox.api(token, "GET", f"/products/{one['id']}/variants").json()
    assert [row["id"] for row in rows["data"]] == [row["id"] for row in one["variants"]]
    empty = sandbox.api(token, "PUT", f"/products/variants/{first['id']}", {})
    assert (empty.status_code, empty.json()["error"]["code"]) == (422, "validation_failed")
    assert sandbox.api(token, "GET", "/products/variants/1").status_code == 404


@pytest.mark.parametrize("touches", [False, True])
def test_a_products_price_touches_variants_only_by_switch(
    sandbox: Sandbox, store: int, token: str, touches: bool
) -> None:
    sandbox.switch(product_price_touches_variants=touches)
    one = sandbox.varied_product(store)
    sandbox.api(token, "PUT", f"/products/{one['id']}", {"price": 777})
    bases = {sandbox.price(store, f"{one['id']}/{part['id']}")["base"] for part in one["variants"]}
    assert (bases == {77_700}) == touches


def test_bulk_is_queued_and_applied_in_order(sandbox: Sandbox, store: int, token: str) -> None:
    one, two = sandbox.products(store)[:2]
    sandbox.switch(bulk_delay_ms=60_000, bulk_delay_clock="virtual")
    first = {"products": [{"id": one["id"], "price": 500, "sale_price": 600, "sale_end": "2099-07-30"}]}
    answer = sandbox.api(token, "POST", "/products/prices/bulkPrice", first)
    assert answer.status_code == 201 and "queued" in answer.json()["data"]["message"]
    sandbox.switch(bulk_delay_ms=0)
    second = {"products": [{"id": one["id"], "price": 510}, {"id": two["id"], "price": 20}, {"id": 5, "price": 1}]}
    sandbox.api(token, "POST", "/products/prices/bulkPrice", second)
    assert sandbox.price(store, one["id"])["base"] == one["base"]
    assert [entry["pending"] for entry in sandbox.write_log()] == [True] * 4
    sandbox.control("PUT", "/clock", {"advance_seconds": 61})
    sandbox.settled()
    assert sandbox.price(store, one["id"]) == {"base": 51_000, "effective": 60_000, "sale": 60_000}
    log = sandbox.write_log()
    assert [entry["effective"] for entry in log] == [True, True, True, False]
    assert [entry["old_base"] for entry in log[:2]] == [one["base"], 50_000]


def test_bulk_items_can_get_lost(sandbox: Sandbox, store: int, token: str) -> None:
    sandbox.switch(bulk_lose_every=2, bulk_delay_ms=10)
    rows = sandbox.products(store)[:4]
    body = {"products": [{"id": row["id"], "price": 333} for row in rows]}
    assert sandbox.api(token, "POST", "/products/prices/bulkPrice", body).status_code == 201
    wait_for(lambda: not any(entry["pending"] for entry in sandbox.write_log()), "bulk applied")
    log = sandbox.write_log()
    assert [entry["bulk_lost"] for entry in log] == [False, True, False, True]
    assert [entry["effective"] for entry in log] == [True, False, True, False]
    assert sandbox.price(store, rows[1]["id"])["base"] == rows[1]["base"]


def test_bulk_names_the_wrong_fields(sandbox: Sandbox, store: int, token: str) -> None:
    good = sandbox.products(store)[0]
    answer = sandbox.api(
        token, "POST", "/products/prices/bulkPrice", {"products": [{}, {"id": good["id"], "price": -2}]}
    )
    assert set(answer.json()["error"]["fields"]) == {"products.0.id", "products.0.price", "products.1.price"}
    assert answer.json()["error"]["fields"]["products.0.price"] == ["حقل products.0.price مطلوب."]
    assert sandbox.api(token, "POST", "/products/prices/bulkPrice", {"products": []}).status_code == 422
    sandbox.settled()
    assert sandbox.price(store, good["id"])["base"] == good["base"]


def test_pricing_actions(sandbox: Sandbox, store: int, token: str) -> None:
    one, other = sandbox.varied_product(store), sandbox.simple_product(store)
    value = {"column": "price", "formula": "price - (price * amount /100 )", "amount": 50}

    def act(ids: list[int], **more: Any) -> Any:
        operation = {"action_name": "pricing", "value": value | more}
        return sandbox.api(token, "POST", "/products/actions", {"operations": [operation], "filters": {"ids": ids}})

    answer = act([one["id"]], apply_on="product_and_variants")
    assert answer.status_code == 200 and answer.json()["data"][0]["status"] == "in_progress"
    assert sandbox.price(store, one["id"])["base"] == one["base"] // 2, "one product: at once"
    part = one["variants"][0]
    assert sandbox.price(store, f"{one['id']}/{part['id']}")["base"] == part["base"] // 2
    act([one["id"], other["id"]], formula="amount", amount=42)
    sandbox.settled()
    assert {sandbox.price(store, row["id"])["base"] for row in (one, other)} == {4200}
    bad = act([one["id"]], formula="price ** 2", column="name")
    assert set(bad.json()["error"]["fields"]) == {"operations.0.value.formula", "operations.0.value.column"}
