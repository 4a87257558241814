"""The control API itself, and the table of switches in the README."""

from pathlib import Path

import pytest

from thaman_sandbox.switches import Switches

from .conftest import Sandbox

README = Path(__file__).parents[1] / "README.md"


def switch_rows() -> list[str]:
    return [f"| `{name}` | `{field.default}` | {field.description} |" for name, field in Switches.model_fields.items()]


def test_the_readme_lists_every_switch() -> None:
    text = README.read_text(encoding="utf-8")
    table = [line for line in text.splitlines() if line.startswith("| `") and line.count("|") == 4]
    assert [row for row in switch_rows() if row not in table] == []
    assert len(table) == len(switch_rows())


def test_many_stores_at_once(sandbox: Sandbox) -> None:
    ids = sandbox.control("POST", "/stores/bulk", {"count": 12, "products": 3, "seed": 9})["store_ids"]
    rows = sandbox.control("GET", "/stores")
    assert [row["store_id"] for row in rows] == ids and {row["products"] for row in rows} == {3}
    assert {row["prices_include_vat"] for row in rows} == {True, False}
    assert len({row["catalogue"] for row in rows}) == 5
    assert set(sandbox.control("GET", "/prices")) == {str(number) for number in ids}


def test_prices_of_items(sandbox: Sandbox) -> None:
    store = sandbox.store()
    prices = sandbox.control("GET", f"/stores/{store}/prices")
    wanted = set()
    for one in sandbox.products(store):
        wanted |= {str(one["id"]), *(f"{one['id']}/{part['id']}" for part in one["variants"])}
    assert set(prices) == wanted


def test_hand_edits(sandbox: Sandbox) -> None:
    store = sandbox.store()
    one, varied = sandbox.simple_product(store), sandbox.varied_product(store)
    path = f"/stores/{store}/products"
    edited = sandbox.control("PATCH", f"{path}/{one['id']}", {"base": 9_900, "sale": 8_800, "cost": None})
    assert (edited["base"], edited["sale"], edited["cost"]) == (9_900, 8_800, None)
    assert sandbox.control("PATCH", f"{path}/{one['id']}", {"sale": 0, "base": None})["base"] == 9_900
    part = varied["variants"][0]["id"]
    edited = sandbox.control("PATCH", f"{path}/{varied['id']}", {"variant_id": part, "base": 4_400})
    assert edited["variants"][0]["base"] == 4_400 and edited["base"] == varied["base"]
    wrong = sandbox.control("PATCH", f"{path}/{varied['id']}", {"variant_id": part, "status": "out"}, expect=422)
    assert "status" in wrong["detail"]
    assert sandbox.write_log() == [], "hand edits are no API writes"


def test_a_hand_edited_cost_may_be_zero(sandbox: Sandbox) -> None:
    store = sandbox.store()
    one = sandbox.simple_product(store)
    assert sandbox.control("PATCH", f"/stores/{store}/products/{one['id']}", {"cost": 0})["cost"] == 0


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "word"),
    [
        ("GET", "/stores/5", None, 404, "/_sandbox/stores"),
        ("POST", "/stores", {"catalogue": "weapons"}, 422, "perfumes"),
        ("POST", "/stores", {"colour": "red"}, 422, "colour"),
        ("PUT", "/switches", {"rate_limit": False}, 422, "rate_limit"),
        ("PUT", "/clock", {}, 422, "exactly one"),
        ("PUT", "/faults", {"store_id": 5}, 404, "No store 5"),
        ("PUT", "/faults", {"p_5xx": 2}, 422, "p_5xx"),
    ],
)
def test_wrong_requests_are_explained(
    *, sandbox: Sandbox, method: str, path: str, body: object, status: int, word: str
) -> None:
    answer = sandbox.http.request(method, f"/_sandbox{path}", json=body)
    assert answer.status_code == status and word in answer.text


def test_installing_needs_a_webhook_address(sandbox: Sandbox) -> None:
    store = sandbox.store()
    answer = sandbox.control("POST", f"/stores/{store}/install", {"mode": "easy"}, expect=409)
    assert "webhook_url" in answer["detail"]


def test_calls_are_counted_by_store_and_route(sandbox: Sandbox) -> None:
    store = sandbox.store()
    token = sandbox.tokens(store)["access_token"]
    for path in ("/products", "/products", "/products/1", "/store/info"):
        sandbox.api(token, "GET", path)
    sandbox.api("nonsense", "GET", "/products")
    book = sandbox.control("GET", "/calls")
    counts = {(row["store_id"], row["route"]): row["calls"] for row in book["calls"]}
    assert counts == {
        (store, "GET /products"): 2,
        (store, "GET /products/{id}"): 1,
        (store, "GET /store/info"): 1,
        (0, "GET (refused)"): 1,
    }
    assert book["total"] == 5 and sandbox.control("GET", f"/calls?store_id={store}")["total"] == 4
    sandbox.control("DELETE", "/calls")
    assert sandbox.control("GET", "/calls")["total"] == 0


def test_the_clock_can_be_frozen_moved_and_released(sandbox: Sandbox) -> None:
    frozen = sandbox.control("PUT", "/clock", {"frozen_at": "2026-01-01T00:00:00+03:00"})
    assert frozen["now"] == "2025-12-31T21:00:00Z"
    assert sandbox.control("PUT", "/clock", {"advance_seconds": 60})["now"] == "2025-12-31T21:01:00Z"
    released = sandbox.control("PUT", "/clock", {"offset_seconds": 0})
    assert released["frozen_at"] is None and released["now"] > "2026-01-01"
