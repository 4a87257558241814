"""The merchant's and the operator's API: settings, rules, pause, keys, system settings, and who may see what."""

from typing import Any

import pytest

from thaman_kit.clock import SystemClock
from thaman_onboarding.application.rebuild import rebuild


@pytest.fixture
def store_id(service: Any, salla: Any) -> str:
    """A connected store."""
    store = str(salla.new_store(name="Oud"))
    service.connect(store)
    return store


def test_settings_with_if_match(service: Any, store_id: str) -> None:
    key, path = service.store_key(store_id), f"/stores/{store_id}/settings"
    read = service.http.get(path, headers=key)
    assert (read.headers["etag"], read.json()["settings"]["mode"]) == ('"1"', "manual")
    change = {"mode": "semi_auto", "watch_until": None, "ending": "point_95"}
    changed = service.http.patch(path, json=change, headers=key | {"If-Match": '"1"'})
    assert changed.status_code == 200, changed.text
    assert changed.json()["settings"] | change == changed.json()["settings"]
    assert changed.json()["settings_version"] == 2
    late = service.http.patch(path, json={"mode": "manual"}, headers=key | {"If-Match": '"1"'})
    assert (late.status_code, late.json()["code"]) == (412, "settings_changed")
    assert "version 2" in late.json()["detail"]
    assert service.http.patch(path, json={"mode": "manual"}, headers=key | {"If-Match": "x"}).status_code == 400
    assert service.http.patch(path, json={"mode": "manual"}, headers=key | {"If-Match": "*"}).status_code == 200


def test_wrong_settings_are_named(service: Any, store_id: str) -> None:
    answer = service.http.patch(
        f"/stores/{store_id}/settings", json={"frequency_hours": 99, "mode": "wild"}, headers=service.operator()
    )
    assert answer.status_code == 422
    assert sorted(fault["pointer"] for fault in answer.json()["errors"]) == ["/frequency_hours", "/mode"]
    unknown = service.http.patch(f"/stores/{store_id}/settings", json={"mod": 1}, headers=service.operator())
    assert unknown.json()["errors"][0]["pointer"] == "/mod"


def test_rules(service: Any, store_id: str) -> None:
    key, path = service.store_key(store_id), f"/stores/{store_id}/item-rules"
    rules = [{"product_id": str(number), "min_price": 100 * number} for number in range(1, 6)]
    assert service.http.put(path, json={"rules": rules}, headers=key).status_code == 204
    gone = {"rules": [{"product_id": "2"}, {"product_id": "3", "variant_id": "9", "locked": True}]}
    assert service.http.put(path, json=gone, headers=key).status_code == 204
    seen: list[str] = []
    page = service.http.get(f"{path}?limit=2", headers=key).json()
    seen += [rule["product_id"] for rule in page["items"]]
    while page["next"] is not None:
        page = service.http.get(f"{path}?limit=2", params={"after": page["next"], "limit": 2}, headers=key).json()
        seen += [rule["product_id"] for rule in page["items"]]
    assert seen == ["1", "3", "3", "4", "5"]
    wrong = service.http.put(path, json={"rules": [{"product_id": "1", "min_price": 9, "max_price": 8}]}, headers=key)
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/rules/0")


def test_a_rule_says_when_an_item_stops_selling(service: Any, store_id: str) -> None:
    key, path = service.store_key(store_id), f"/stores/{store_id}/item-rules"
    nothing = {"variant_id": None, "min_price": None, "max_price": None, "locked": False, "cost": None, "mode": None}
    rule = {"product_id": "1", "season_ends_on": "2026-04-01", "salvage": 700}
    own = {"product_id": "1", "season_ends_on": None, "salvage": None, "cost": 700, "mode": "manual"}
    for given in (rule, rule | {"season_ends_on": None, "salvage": 0}, own):
        assert service.http.put(path, json={"rules": [given]}, headers=key).status_code == 204
        assert service.http.get(path, headers=key).json()["items"] == [nothing | given]
    assert service.http.put(path, json={"rules": [{"product_id": "1"}]}, headers=key).status_code == 204
    assert service.http.get(path, headers=key).json()["items"] == []
    free = service.http.put(path, json={"rules": [own | {"cost": 0}]}, headers=key)
    assert (free.status_code, free.json()["errors"][0]["pointer"]) == (422, "/rules/0/cost"), "nothing costs nothing"
    wrong = service.http.put(path, json={"rules": [rule | {"season_ends_on": "summer"}]}, headers=key)
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/rules/0/season_ends_on")


def test_pause_and_resume(service: Any, store_id: str) -> None:
    key = service.store_key(store_id)
    paused = service.http.post(f"/stores/{store_id}/pause", json={"reason": "Ramadan"}, headers=key).json()
    assert (paused["state"], paused["fence"], paused["pause_reason"]) == ("paused", 1, "Ramadan")
    resumed = service.http.post(f"/stores/{store_id}/resume", headers=key).json()
    assert (resumed["state"], resumed["fence"], resumed["pause_reason"]) == ("connected", 1, None)
    assert service.http.post(f"/stores/{store_id}/pause", headers=key).json()["fence"] == 2


def test_one_store_sees_nothing_of_another(service: Any, salla: Any, store_id: str) -> None:
    other = salla.new_store()
    service.connect(other)
    key = service.store_key(store_id)
    calls = [
        ("GET", "", None),
        ("GET", "/settings", None),
        ("PATCH", "/settings", {"mode": "manual"}),
        ("GET", "/item-rules", None),
        ("PUT", "/item-rules", {"rules": [{"product_id": "1"}]}),
        ("POST", "/pause", None),
        ("POST", "/resume", None),
        ("GET", "/prices", None),
    ]
    for method, path, body in calls:
        foreign = service.http.request(method, f"/stores/{other}{path}", json=body, headers=key)
        unknown = service.http.request(method, f"/stores/999999{path}", json=body, headers=key)
        assert (foreign.status_code, foreign.json()["detail"]) == (404, unknown.json()["detail"])
        assert service.http.request(method, f"/stores/{other}{path}", json=body).status_code == 401
    assert [one["store_id"] for one in service.http.get("/stores", headers=key).json()["items"]] == [store_id]
    assert service.container.stores.get(other).fence == 0


@pytest.mark.parametrize("path", ["/keys", "/system/settings", "/system/installs"])
def test_operators_doors_are_closed_to_stores(service: Any, store_id: str, path: str) -> None:
    assert service.http.get(path, headers=service.store_key(store_id)).status_code == 403
    assert service.http.get(path).status_code == 401
    assert service.http.get(path, headers=service.operator()).status_code == 200


def test_every_route_but_the_open_ones_needs_a_key(service: Any) -> None:
    document = service.http.get("/openapi.json").json()
    opened = {
        f"{method} {path}"
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if not operation.get("security")
    }
    assert opened == {"get /oauth/authorize", "get /oauth/callback", "post /webhooks/salla", "get /health"}


def test_listing_stores_page_by_page(service: Any, salla: Any) -> None:
    stores = sorted(str(salla.new_store()) for _ in range(3))
    for store in stores:
        service.connect(store)
    key, seen, after = service.operator(), [], ""
    while True:
        page = service.http.get("/stores", params={"limit": 2, "after": after}, headers=key).json()
        seen += [one["store_id"] for one in page["items"]]
        if page["next"] is None:
            break
        after = page["next"]
    assert seen == stores
    assert service.http.get("/stores?connected=false", headers=key).json()["items"] == []


def test_keys_are_shown_once_and_can_be_revoked(service: Any, store_id: str) -> None:
    operator = service.operator()
    wish = {"scope": "store", "store_id": store_id, "label": "till"}
    made = service.http.post("/keys", json=wish, headers=operator)
    assert made.status_code == 201
    secret = made.json()["key"]
    bearer = {"Authorization": f"Bearer {secret}"}
    assert service.http.get(f"/stores/{store_id}", headers=bearer).status_code == 200
    listed = service.http.get(f"/keys?store_id={store_id}", headers=operator)
    assert [one["label"] for one in listed.json()["items"]] == ["till"]
    assert secret not in listed.text
    assert not service.rows("SELECT 1 FROM onboarding_events WHERE state LIKE %s", f"%{secret}%".encode())
    key_id = made.json()["key_id"]
    assert service.http.delete(f"/keys/{key_id}", headers=operator).status_code == 204
    assert service.http.delete(f"/keys/{key_id}", headers=operator).status_code == 204
    assert service.rows("SELECT revoked_at IS NOT NULL FROM api_keys WHERE key_id = %s", key_id) == [(True,)]
    assert service.events().count("key.Revoked") == 1
    assert service.http.delete("/keys/key_unknown", headers=operator).status_code == 404


@pytest.mark.parametrize(
    "wish",
    [
        {"scope": "store", "label": "x"},
        {"scope": "operator", "store_id": "1", "label": "x"},
        {"scope": "store", "store_id": "12345", "label": "nobody's"},
        {"scope": "king", "label": "x"},
        {"scope": "operator", "label": " "},
        {"scope": "operator", "label": "x", "admin": True},
        {"scope": "operator", "label": "x", "expires_at": "2020-01-01T00:00:00Z"},
    ],
)
def test_keys_that_make_no_sense(service: Any, wish: dict[str, Any]) -> None:
    answer = service.http.post("/keys", json=wish, headers=service.operator())
    assert answer.status_code in (404, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_emergency_stop(service: Any) -> None:
    key = service.operator()
    assert service.http.get("/system/settings", headers=key).json()["settings_version"] == 0
    stopped = service.http.patch("/system/settings", json={"stopped": True}, headers=key | {"If-Match": "0"}).json()
    assert (stopped["settings"]["stopped"], stopped["system_fence"], stopped["settings_version"]) == (True, 1, 1)
    late = service.http.patch("/system/settings", json={"stopped": False}, headers=key | {"If-Match": "0"})
    assert late.status_code == 412
    assert service.events("system")[-1] == "system.SettingsChanged"


def test_read_models_rebuilt_equal_what_they_were(service: Any, store_id: str) -> None:
    operator = service.operator()
    service.http.patch(f"/stores/{store_id}/settings", json={"mode": "full_auto"}, headers=operator)
    service.http.post(f"/stores/{store_id}/pause", headers=operator)
    rules = {"rules": [{"product_id": "1", "min_price": 5}, {"product_id": "2", "locked": True}]}
    season = {"product_id": "3", "season_ends_on": "2026-04-01", "salvage": 9}
    rules["rules"].append(season | {"cost": 7, "mode": "manual"})
    service.http.put(f"/stores/{store_id}/item-rules", json=rules, headers=operator)
    service.http.patch("/system/settings", json={"stopped": True}, headers=operator)

    def picture() -> list[Any]:
        return [
            service.rows("SELECT to_jsonb(stores) - 'updated_at' FROM stores ORDER BY store_id"),
            service.rows("SELECT to_jsonb(item_rules) FROM item_rules ORDER BY store_id, key"),
            service.rows("SELECT to_jsonb(system_settings) - 'updated_at' FROM system_settings"),
        ]

    before = picture()
    assert rebuild(service.container.app, SystemClock()) == 1
    assert picture() == before
    service.container.app.database.execute("DELETE FROM stores")
    rebuild(service.container.app, SystemClock())
    assert picture() == before


def test_health_is_open(service: Any) -> None:
    answer = service.http.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
