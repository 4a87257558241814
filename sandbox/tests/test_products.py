"""Reading products, and the conventions of the Merchant API."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from .conftest import Sandbox


@pytest.fixture
def store(sandbox: Sandbox) -> int:
    return sandbox.store(products=70, plan="special")


@pytest.fixture
def token(sandbox: Sandbox, store: int) -> str:
    return str(sandbox.tokens(store)["access_token"])


def test_pages_cover_everything_once(sandbox: Sandbox, token: str) -> None:
    seen: list[int] = []
    page, pages = 1, 1
    while page <= pages:
        body = sandbox.api(token, "GET", f"/products?per_page=100&page={page}").json()
        pagination = body["pagination"]
        assert (pagination["perPage"], pagination["currentPage"], pagination["total"]) == (60, page, 70)
        assert pagination["count"] == len(body["data"])
        pages, page = pagination["totalPages"], page + 1
        seen += [one["id"] for one in body["data"]]
    assert len(seen) == len(set(seen)) == 70 and pages == 2


def test_page_size_and_empty_links_follow_the_switches(sandbox: Sandbox, token: str) -> None:
    first = sandbox.api(token, "GET", "/products").json()["pagination"]
    assert first["perPage"] == 15 and set(first["links"]) == {"next"}
    only = "/products?keyword=no-such-thing"
    assert sandbox.api(token, "GET", only).json()["pagination"]["links"] == {}
    sandbox.switch(empty_links="array", per_page_over_limit="refuse")
    assert sandbox.api(token, "GET", only).json()["pagination"]["links"] == []
    refused = sandbox.api(token, "GET", "/products?per_page=61")
    assert refused.status_code == 422 and "per_page" in refused.json()["error"]["fields"]


def test_filters(sandbox: Sandbox, store: int, token: str) -> None:
    one = sandbox.products(store)[3]
    assert [row["id"] for row in sandbox.api(token, "GET", f"/products?keyword={one['sku']}").json()["data"]] == [
        one["id"]
    ]
    sandbox.control("PATCH", f"/stores/{store}/products/{one['id']}", {"status": "hidden"})
    hidden = sandbox.api(token, "GET", "/products?status=hidden&per_page=60").json()["data"]
    assert one["id"] in {row["id"] for row in hidden} and {row["status"] for row in hidden} == {"hidden"}
    category = sandbox.api(token, "GET", f"/products/{one['id']}").json()["data"]["categories"][0]["id"]
    same = sandbox.api(token, "GET", f"/products?category={category}&per_page=60").json()["data"]
    assert {row["categories"][0]["id"] for row in same} == {category}


def test_the_light_form_has_neither_cost_nor_variants(sandbox: Sandbox, token: str) -> None:
    rows = sandbox.api(token, "GET", "/products?format=light&per_page=60").json()["data"]
    assert not {"cost_price", "skus", "updated_at"} & set(rows[0])
    assert isinstance(rows[0]["brand"]["id"], str) and any(row["has_options"] for row in rows)


def test_one_product_by_id_and_by_sku(sandbox: Sandbox, store: int, token: str) -> None:
    one = sandbox.simple_product(store)
    by_id = sandbox.api(token, "GET", f"/products/{one['id']}").json()["data"]
    assert by_id == sandbox.api(token, "GET", f"/products/sku/{one['sku']}").json()["data"]
    assert by_id["name"] == one["name_ar"]
    english = sandbox.api(token, "GET", f"/products/{one['id']}", headers={"Accept-Language": "en"}).json()["data"]
    assert english["name"] == one["name_en"]


def test_a_variants_sku_resolves_only_by_switch(sandbox: Sandbox, store: int, token: str) -> None:
    varied = sandbox.varied_product(store)
    path = f"/products/sku/{varied['variants'][0]['sku']}"
    assert sandbox.api(token, "GET", path).status_code == 404
    sandbox.switch(variant_sku_resolves=True)
    assert sandbox.api(token, "GET", path).json()["data"]["id"] == varied["id"]


def types_of(rows: list[dict[str, Any]], key: str) -> set[str]:
    return {type(row[key]).__name__ if key in row else "missing" for row in rows}


def test_types_vary_between_products_but_not_in_time(sandbox: Sandbox, token: str) -> None:
    rows = sandbox.api(token, "GET", "/products?per_page=60").json()["data"]
    assert types_of(rows, "quantity") == {"int", "str", "NoneType"}
    assert types_of(rows, "brand") == {"dict", "NoneType", "missing"}
    assert {"dict", "NoneType", "str"} <= types_of(rows, "sale_end")
    assert types_of([{"tag": row["tags"][0]} for row in rows], "tag") == {"int", "dict"}
    assert types_of(rows, "cost_price") == {"str", "NoneType"}
    assert types_of([sku for row in rows for sku in row["skus"]], "sale_price") == {"dict", "NoneType"}
    assert rows == sandbox.api(token, "GET", "/products?per_page=60").json()["data"]
    sandbox.switch(type_variance=False)
    rows = sandbox.api(token, "GET", "/products?per_page=60").json()["data"]
    assert types_of(rows, "quantity") == {"int", "NoneType"} and types_of(rows, "brand") == {"dict"}


def test_prices_with_and_without_a_running_sale(sandbox: Sandbox, store: int, token: str) -> None:
    one = sandbox.simple_product(store)
    path = f"/stores/{store}/products/{one['id']}"
    now = datetime.fromisoformat(sandbox.control("GET", "/clock")["now"])
    today = now.astimezone(ZoneInfo("Asia/Riyadh")).date().isoformat()
    sandbox.control("PATCH", path, {"base": 15_900, "sale": 7_900, "sale_start": None, "sale_end": today})
    running = sandbox.api(token, "GET", f"/products/{one['id']}").json()["data"]
    prices = [running[key]["amount"] for key in ("price", "sale_price", "regular_price")]
    assert prices == [79, 79, 159]
    sandbox.control("PUT", "/clock", {"advance_seconds": 2 * 86_400})
    over = sandbox.api(token, "GET", f"/products/{one['id']}").json()["data"]
    assert [over[key]["amount"] for key in ("price", "sale_price", "regular_price")] == [159, 79, 159]


@pytest.mark.parametrize("inclusive", [True, False])
def test_vat(sandbox: Sandbox, inclusive: bool) -> None:
    store = sandbox.store(prices_include_vat=inclusive)
    token = sandbox.tokens(store)["access_token"]
    one = sandbox.simple_product(store)
    sandbox.control("PATCH", f"/stores/{store}/products/{one['id']}", {"base": 29_900})
    shown = sandbox.api(token, "GET", f"/products/{one['id']}").json()["data"]
    got = [shown[key]["amount"] for key in ("price", "pre_tax_price", "tax", "taxed_price")]
    assert got == ([299, 260, 39, 299] if inclusive else [299, 299, 44.85, 343.85])
    rows = sandbox.api(token, "GET", "/settings?entity=products").json()["data"]
    value = {row["slug"]: row["value"] for row in rows}["products.product_price_included_tax"]
    assert value is inclusive
    assert sandbox.api(token, "GET", "/taxes").json()["data"][0]["tax"] == 15


def test_404_and_405(sandbox: Sandbox, token: str) -> None:
    gone = sandbox.api(token, "GET", "/products/1")
    assert gone.status_code == 404 and gone.json()["error"]["code"] == 404
    assert gone.json()["success"] is False
    sandbox.switch(not_found_form="arabic")
    assert sandbox.api(token, "GET", "/products/1").json()["error"]["code"] == "error"
    assert sandbox.api(token, "GET", "/nowhere").status_code == 404
    assert sandbox.api(token, "DELETE", "/products/1").status_code == 405


def message(sandbox: Sandbox, token: str, method: str, path: str) -> tuple[int, str]:
    answer = sandbox.api(token, method, path, {} if method == "PUT" else None)
    assert answer.json()["error"]["code"] == "Unauthorized"
    return answer.status_code, answer.json()["error"]["message"]


def test_the_401_family_differs_only_in_its_message(sandbox: Sandbox, store: int, token: str) -> None:
    assert message(sandbox, "nonsense", "GET", "/products") == (401, "The access token is invalid")
    back = sandbox.authorize(store, scope="products.read offline_access").headers["location"].partition("code=")[2]
    reader = sandbox.exchange(back.partition("&")[0]).json()["access_token"]
    assert sandbox.api(reader, "GET", "/products").status_code == 200
    wanted = "The access token should have access to one of those scopes: "
    assert message(sandbox, reader, "PUT", "/products/1") == (401, f"{wanted}products.read_write")
    assert message(sandbox, reader, "GET", "/orders") == (401, f"{wanted}orders.read,orders.read_write")
    sandbox.control("PATCH", f"/stores/{store}", {"user_status": "deleted"})
    assert message(sandbox, token, "GET", "/products") == (401, "The User is not exists.")
    sandbox.control("PATCH", f"/stores/{store}", {"user_status": "inactive"})
    assert message(sandbox, token, "GET", "/products")[1].startswith("عفوا")
    sandbox.control("PATCH", f"/stores/{store}", {"user_status": "active"})
    sandbox.control("PUT", "/clock", {"advance_seconds": 1_209_601})
    assert message(sandbox, token, "GET", "/products") == (401, "The access token is invalid")


def test_only_trusted_addresses_if_any_are_named(sandbox: Sandbox, token: str) -> None:
    sandbox.register(trusted_ips=["203.0.113.7"])
    assert sandbox.api(token, "GET", "/products").status_code == 403


def test_the_store_tells_about_itself(sandbox: Sandbox, store: int, token: str) -> None:
    info = sandbox.api(token, "GET", "/store/info").json()["data"]
    assert (info["id"], info["plan"], info["type"], info["currency"]) == (store, "special", "live", "SAR")
    slug = "products.product_price_included_tax"
    assert sandbox.api(token, "GET", f"/settings/fields/{slug}").json()["data"]["value"] is True
    assert sandbox.api(token, "GET", "/settings").status_code == 422
    offer = {"id": 1, "name": "3 for 2", "status": "active"}
    sandbox.control("PATCH", f"/stores/{store}", {"special_offers": [offer]})
    assert sandbox.api(token, "GET", "/specialoffers").json()["data"] == [offer]


def test_a_setting_can_be_written_with_the_right_scope(sandbox: Sandbox, store: int) -> None:
    scope = "store-settings.read_write"
    back = sandbox.authorize(store, scope=scope).headers["location"].partition("code=")[2].partition("&")[0]
    token = sandbox.exchange(back).json()["access_token"]
    path = "/settings/fields/products.product_price_included_tax"
    assert sandbox.api(token, "PUT", path, {"value": False}).status_code == 201
    assert sandbox.control("GET", f"/stores/{store}")["prices_include_vat"] is False
    assert sandbox.api(token, "PUT", path, {"value": "maybe"}).status_code == 422
