"""Webhooks: security, attempts, faults, registrations; app events and both ways of installing."""

import hashlib
import hmac
import socket
from typing import Any

import httpx
import pytest

from .conftest import CALLBACK, Hook, Sandbox, wait_for


@pytest.fixture
def store(sandbox: Sandbox, hook: Hook) -> int:
    sandbox.register(webhook_url=hook.url, webhook_secret="s3")
    return sandbox.store()


@pytest.fixture
def token(sandbox: Sandbox, store: int) -> str:
    return str(sandbox.tokens(store)["access_token"])


def edit(sandbox: Sandbox, store: int, **values: Any) -> dict[str, Any]:
    one = sandbox.simple_product(store)
    return dict(sandbox.control("PATCH", f"/stores/{store}/products/{one['id']}", values))


def test_easy_mode_sends_the_tokens(sandbox: Sandbox, hook: Hook, store: int) -> None:
    sandbox.control("POST", f"/stores/{store}/install", {"mode": "easy"})
    (installed,) = hook.wait("app.installed")
    (authorize,) = hook.wait("app.store.authorize")
    assert authorize.json["merchant"] == store
    data = authorize.json["data"]
    assert data["expires"] > 1_700_000_000 and "offline_access" in data["scope"].split()
    assert sandbox.api(data["access_token"], "GET", "/store/info").json()["data"]["id"] == store
    assert sandbox.refresh(data["refresh_token"]).status_code == 200
    assert installed.json["data"]["store_type"] == "live"
    assert len(authorize.json["created_at"]) == len("2022-12-31 12:31:25")


def test_signature_is_over_the_raw_compact_body(sandbox: Sandbox, hook: Hook, store: int, token: str) -> None:
    edit(sandbox, store, base=12_345)
    (got,) = hook.wait("product.price.updated")
    assert got.headers["x-salla-security-strategy"] == "Signature"
    assert got.headers["x-salla-signature"] == hmac.new(b"s3", got.body, hashlib.sha256).hexdigest()
    assert b'": ' not in got.body and b"\\u" not in got.body
    assert (got.json["data"]["price"], got.json["data"]["regular_price"]) == (123.45, 123.45)
    assert got.json["created_at"].endswith("GMT+0300")


@pytest.mark.parametrize(("strategy", "header"), [("token", "s3"), ("none", None)])
def test_other_strategies(
    *, sandbox: Sandbox, hook: Hook, store: int, token: str, strategy: str, header: str | None
) -> None:
    sandbox.register(webhook_url=hook.url, webhook_secret="s3", webhook_strategy=strategy)
    edit(sandbox, store, base=5_000)
    (got,) = hook.wait("product.price.updated")
    assert got.headers.get("authorization") == header
    assert "x-salla-signature" not in got.headers


def test_three_more_attempts_five_virtual_minutes_apart(sandbox: Sandbox, hook: Hook, store: int, token: str) -> None:
    hook.answers = [500, 302, 202, 200]
    edit(sandbox, store, base=5_000)
    for attempt in range(1, 5):
        hook.wait("product.price.updated", attempt)
        wait_for(lambda: len(deliveries(sandbox)[0]["results"]) == attempt, "the result is noted")  # noqa: B023
        sandbox.control("PUT", "/clock", {"advance_seconds": 299})
        assert len(hook.received) == attempt
        sandbox.control("PUT", "/clock", {"advance_seconds": 1})
    (delivery,) = deliveries(sandbox)
    assert (delivery["outcome"], delivery["results"]) == ("delivered", ["500", "302", "202", "200"])
    assert len({one.body for one in hook.received}) == 1, "the same bytes each time"


def deliveries(sandbox: Sandbox) -> list[dict[str, Any]]:
    return list(sandbox.control("GET", "/webhooks?event=product.price.updated"))


def test_after_the_last_attempt_it_is_lost(sandbox: Sandbox, hook: Hook, store: int, token: str) -> None:
    sandbox.switch(webhook_retries=1)
    hook.answers = [404]
    edit(sandbox, store, base=5_000)
    hook.wait("product.price.updated")
    wait_for(lambda: deliveries(sandbox)[0]["results"], "first result")
    sandbox.control("PUT", "/clock", {"advance_seconds": 300})
    wait_for(lambda: deliveries(sandbox)[0]["outcome"] == "lost", "given up")
    sandbox.settled()
    assert len(hook.received) == 2


def test_202_counts_only_by_switch(sandbox: Sandbox, hook: Hook, store: int, token: str) -> None:
    hook.answers = [202]
    sandbox.switch(webhook_any_2xx=True)
    edit(sandbox, store, base=5_000)
    wait_for(lambda: deliveries(sandbox) and deliveries(sandbox)[0]["outcome"] == "delivered", "accepted")


@pytest.mark.parametrize(("faults", "arrivals"), [({"p_duplicate": 1}, 2), ({"p_drop": 1}, 0), ({"delay_ms": 50}, 1)])
def test_faults_on_the_way(
    *, sandbox: Sandbox, hook: Hook, store: int, token: str, faults: dict[str, Any], arrivals: int
) -> None:
    sandbox.control("PUT", "/faults", {"store_id": store, "webhook": faults})
    edit(sandbox, store, base=5_000)
    sandbox.settled()
    assert hook.events() == ["product.price.updated"] * arrivals
    outcomes = {one["outcome"] for one in deliveries(sandbox)}
    assert outcomes == ({"delivered"} if arrivals else {"dropped"})


def test_reordering(sandbox: Sandbox, hook: Hook, store: int, token: str) -> None:
    faults = {"p_reorder": 0.5, "reorder_ms": 1_500}
    sandbox.control("PUT", "/faults", {"store_id": store, "seed": 4, "webhook": faults})
    wanted = [100 * number for number in range(11, 21)]
    for base in wanted:
        edit(sandbox, store, base=base)
    got = [one.json["data"]["price"] * 100 for one in hook.wait("product.price.updated", len(wanted))]
    assert sorted(got) == wanted and got != wanted


def test_own_writes_echo_only_by_switch(sandbox: Sandbox, hook: Hook, store: int, token: str) -> None:
    one = sandbox.simple_product(store)
    sandbox.api(token, "PUT", f"/products/{one['id']}", {"price": 61})
    hook.wait("product.price.updated")
    sandbox.switch(echo_webhooks=False)
    sandbox.api(token, "PUT", f"/products/{one['id']}", {"price": 62})
    edit(sandbox, store, status="hidden")
    hook.wait("product.status.updated")
    sandbox.settled()
    assert hook.events().count("product.price.updated") == 1


def test_variant_and_deprecated_events_only_by_switch(sandbox: Sandbox, hook: Hook, store: int, token: str) -> None:
    part = sandbox.varied_product(store)["variants"][0]
    sandbox.api(token, "PUT", f"/products/variants/{part['id']}", {"price": 61})
    sandbox.settled()
    assert hook.received == []
    sandbox.switch(variant_price_webhooks=True, deprecated_product_updated=True)
    sandbox.api(token, "PUT", f"/products/variants/{part['id']}", {"price": 62})
    assert hook.wait("product.price.updated")[0].json["data"]["sku"] == part["sku"]
    hook.wait("product.updated")


def test_nothing_is_sent_for_a_store_without_the_app(sandbox: Sandbox, hook: Hook, store: int) -> None:
    edit(sandbox, store, base=5_000)
    sandbox.settled()
    assert hook.received == [] and deliveries(sandbox) == []


def test_registering_by_api(sandbox: Sandbox, hook: Hook, store: int, token: str) -> None:
    sandbox.register()
    body = {"name": "prices", "event": "product.price.updated", "url": hook.url, "secret": "own"}
    body |= {"security_strategy": "signature", "headers": [{"key": "X-Mine", "value": "1"}]}  # type: ignore[dict-item]
    made = sandbox.api(token, "POST", "/webhooks/subscribe", body)
    assert (made.status_code, made.json()["data"]["type"]) == (200, "manual")
    number = made.json()["data"]["id"]
    again = sandbox.api(token, "POST", "/webhooks/subscribe", body).json()["data"]["id"]
    assert again == number, "the same address and event updates"
    edit(sandbox, store, base=5_000)
    (got,) = hook.wait("product.price.updated")
    assert got.headers["x-mine"] == "1"
    assert got.headers["x-salla-signature"] == hmac.new(b"own", got.body, hashlib.sha256).hexdigest()
    changed = sandbox.api(token, "PUT", f"/webhooks/{number}", {"security_strategy": "token", "secret": "other"})
    assert changed.json()["data"]["security"] == {"strategy": "token", "secret": "other"}
    assert [row["id"] for row in sandbox.api(token, "GET", "/webhooks").json()["data"]] == [number]
    gone = sandbox.api(token, "DELETE", f"/webhooks/unsubscribe?url={hook.url}")
    assert (gone.status_code, gone.json()["data"]["code"]) == (202, 202)
    assert sandbox.api(token, "GET", "/webhooks").json()["data"] == []


def test_registrations_are_checked(sandbox: Sandbox, hook: Hook, token: str) -> None:
    events = [row["event"] for row in sandbox.api(token, "GET", "/webhooks/events").json()["data"]]
    assert "product.price.updated" in events
    bad = sandbox.api(token, "POST", "/webhooks/subscribe", {"event": "moon.landed", "url": "ftp://x"})
    assert set(bad.json()["error"]["fields"]) == {"event", "url"}
    sandbox.switch(refuse_localhost_webhooks=True)
    local = sandbox.api(token, "POST", "/webhooks/subscribe", {"event": "order.created", "url": hook.url})
    assert local.status_code == 422 and "localhost" in local.json()["error"]["fields"]["url"][0]


def test_the_same_address_gets_an_event_once(sandbox: Sandbox, hook: Hook, store: int, token: str) -> None:
    body = {"event": "product.price.updated", "url": hook.url}
    sandbox.api(token, "POST", "/webhooks/subscribe", body)
    edit(sandbox, store, base=5_000)
    sandbox.settled()
    assert hook.events() == ["product.price.updated"]


def test_a_salla_initiated_install_brings_a_foreign_state(sandbox: Sandbox, store: int) -> None:
    url = sandbox.control("POST", f"/stores/{store}/install", {"mode": "salla_callback"})["url"]
    assert url.startswith(CALLBACK)
    query = httpx.URL(url).params
    assert query["state"].isalnum() and len(query["state"]) >= 8
    assert sandbox.exchange(query["code"]).json()["refresh_token"]


def test_the_callback_can_be_visited_for_you(sandbox: Sandbox, hook: Hook, store: int) -> None:
    sandbox.register(redirect_uris=[f"{sandbox.url}/robots.txt"])
    done = sandbox.control("POST", f"/stores/{store}/install", {"mode": "salla_callback", "perform": True})
    assert (done["performed"], done["status"]) == (True, 200)


def test_uninstall_and_billing_events(sandbox: Sandbox, hook: Hook, store: int, token: str) -> None:
    for event in ("app.trial.started", "app.subscription.started", "app.subscription.renewed"):
        sandbox.control("POST", f"/stores/{store}/subscription", {"event": event})
    (started,) = hook.wait("app.subscription.started")
    (renewed,) = hook.wait("app.subscription.renewed")
    assert started.json["data"]["subscription_balance"] == "null"
    assert started.json["data"]["total"] == "113.85"
    assert renewed.json["data"]["subscription_id"] == started.json["data"]["subscription_id"]
    assert renewed.json["data"]["end_date"] > started.json["data"]["end_date"]
    assert len(sandbox.api(token, "GET", "/apps/513499943/subscriptions").json()["data"]) == 1
    sandbox.control("POST", f"/stores/{store}/subscription", {"event": "app.subscription.expired"})
    assert sandbox.api(token, "GET", "/apps/513499943/subscriptions").json()["data"] == []
    assert sandbox.api(token, "GET", "/apps/1/subscriptions").status_code == 403
    sandbox.control("POST", f"/stores/{store}/uninstall")
    (gone,) = hook.wait("app.uninstalled")
    assert gone.json["data"]["refunded"] is False
    assert sandbox.control("GET", f"/stores/{store}")["installed_at"] is None


def test_app_settings_replace_and_are_told(sandbox: Sandbox, hook: Hook, store: int, token: str) -> None:
    path = "/apps/513499943/settings"
    assert sandbox.api(token, "GET", path).status_code == 404
    sandbox.api(token, "POST", path, {"mode": "auto", "floor": 10})
    sandbox.api(token, "POST", path, {"mode": "manual"})
    assert sandbox.api(token, "GET", path).json()["data"]["settings"] == {"mode": "manual", "floor": None}
    assert hook.wait("app.settings.updated", 2)[0].json["data"]["settings"]["mode"] in ("auto", "manual")
    for event in ("app.updated", "app.store.authorize", "app.feedback.created"):
        sandbox.control("POST", f"/stores/{store}/app-event", {"event": event})
        hook.wait(event)


def test_an_address_that_never_answers_is_given_up_after_the_timeout(sandbox: Sandbox, store: int, token: str) -> None:
    sandbox.switch(webhook_timeout_seconds=1, webhook_retries=0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        sandbox.register(webhook_url=f"http://127.0.0.1:{port}/", webhook_secret="s3")
        edit(sandbox, store, base=5_000)
        wait_for(lambda: deliveries(sandbox)[0]["outcome"] == "lost", "given up")
    assert deliveries(sandbox)[0]["results"][0] in ("ReadTimeout", "TimeoutError")


def test_custom_mode_tells_of_the_installation_once(sandbox: Sandbox, hook: Hook, store: int) -> None:
    for _ in range(2):
        location = httpx.URL(sandbox.authorize(store).headers["location"])
        assert sandbox.exchange(location.params["code"]).status_code == 200
    sandbox.settled()
    assert hook.events() == ["app.installed"], "and no tokens by webhook in this mode"
