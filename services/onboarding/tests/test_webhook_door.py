"""Webhooks at the door: proof, replays, age, malformed ones; and what app events lead to."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import httpx
import pytest

from thaman_kit.testing import wait_until

SECRET = "webhook-secret-canary-0123456789"
CANARY = "ory_rt_" + "canary-that-must-not-be-kept"


def message(event: str, store_id: str, at: datetime | None = None, data: dict[str, Any] | None = None) -> bytes:
    """A webhook's body."""
    moment = (at or datetime.now(UTC)) + timedelta(hours=3)
    body = {"event": event, "merchant": int(store_id), "created_at": f"{moment:%Y-%m-%d %H:%M:%S}", "data": data or {}}
    return json.dumps(body).encode()


def signed(raw: bytes, secret: str = SECRET) -> dict[str, str]:
    """The headers of the signature strategy."""
    return {
        "X-Salla-Security-Strategy": "Signature",
        "X-Salla-Signature": hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest(),
    }


def post(service: Any, raw: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
    """Deliver a webhook."""
    answer = service.http.post("/webhooks/salla", content=raw, headers=signed(raw) if headers is None else headers)
    assert isinstance(answer, httpx.Response)
    return answer


def inbox(service: Any) -> list[tuple[Any, ...]]:
    """States of everything that was taken in."""
    return list(service.rows("SELECT state FROM webhook_inbox"))


@pytest.fixture
def store_id(service: Any, salla: Any) -> str:
    """A connected store; whatever Salla says of its installation is dealt with."""
    store = str(salla.new_store())
    service.connect(store)
    told = "SELECT 1 FROM webhook_inbox WHERE store_id = %s AND event = 'app.installed'"
    wait_until(lambda: bool(service.rows(told, store)), within=20, what="Salla's word of the installation")
    service.work()
    service.container.app.database.execute("DELETE FROM webhook_inbox")
    return store


@pytest.mark.parametrize(
    "forge",
    [
        lambda raw: {},
        lambda raw: {"X-Salla-Signature": "0" * 64},
        lambda raw: signed(raw, "another secret of some length"),
        lambda raw: signed(raw + b" "),
        lambda raw: {"Authorization": SECRET},
        lambda raw: {"X-Salla-Security-Strategy": "none"},
        lambda raw: {"X-Salla-Signature": "é"},
    ],
)
def test_a_forged_webhook_is_refused_and_nothing_kept(service: Any, forge: Callable[[bytes], dict[str, str]]) -> None:
    raw = message("app.uninstalled", "42")
    headers = {name: value.encode("latin-1") for name, value in forge(raw).items()}
    answer = service.http.post("/webhooks/salla", content=raw, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "webhook_forged")
    assert inbox(service) == []


def test_the_token_strategy_takes_the_plain_secret_only(start_service: Any) -> None:
    service = start_service(webhook_strategy="token")
    raw = message("app.installed", "42")
    assert post(service, raw, {"Authorization": f"Bearer {SECRET}"}).status_code == 401
    assert post(service, raw, signed(raw)).status_code == 401
    assert post(service, raw, {"Authorization": SECRET}).json() == {"status": "accepted"}


def test_a_strategy_that_proves_nothing_cannot_be_configured(start_service: Any) -> None:
    with pytest.raises(ValueError, match="webhook_strategy"):
        start_service(webhook_strategy="none")


def test_a_repeated_webhook_is_acknowledged_and_taken_once(service: Any) -> None:
    raw = message("app.installed", "42")
    assert [post(service, raw).json()["status"] for _ in range(3)] == ["accepted", "duplicate", "duplicate"]
    assert service.work() == ["webhooks"]
    assert post(service, raw).json()["status"] == "duplicate"
    assert inbox(service) == [("ignored",)]


def test_an_old_webhook_is_refused(service: Any) -> None:
    raw = message("app.uninstalled", "42", datetime.now(UTC) - timedelta(hours=25))
    answer = post(service, raw)
    assert (answer.status_code, answer.json()["code"]) == (400, "webhook_too_old")
    assert inbox(service) == []


@pytest.mark.parametrize(
    "raw",
    [
        b"not json",
        b"[]",
        b"\xff\xfe",
        b'{"event":"app.installed","merchant":1}',
        b'{"event":"app.installed","merchant":"x","data":{}}',
        b'{"event":"","merchant":1,"data":{}}',
        b'{"event":"app.installed","merchant":1,"data":{"x":NaN}}',
        b"[" * 5_000,
    ],
)
def test_a_malformed_webhook_is_refused_kept_sealed_and_shown(service: Any, raw: bytes) -> None:
    answer = post(service, raw)
    assert (answer.status_code, answer.json()["code"]) == (400, "webhook_malformed")
    [(state, body)] = service.rows("SELECT state, body FROM webhook_inbox")
    assert state == "malformed"
    assert raw not in bytes(body)
    stored = service.container.webhook_inbox.get(hashlib.sha256(raw).hexdigest())
    assert stored.body == raw
    assert service.rows("SELECT upstream, state, body FROM dead_letters") == [("salla", "parked", b"")]


def test_tokens_that_cannot_be_read_are_not_lost_and_not_shown(service: Any) -> None:
    raw = message("app.store.authorize", "42", data={"access_token": CANARY, "expires": 1})
    assert post(service, raw).status_code == 400
    assert not service.rows("SELECT 1 FROM dead_letters WHERE reason LIKE %s", f"%{CANARY}%")
    assert service.rows("SELECT state FROM webhook_inbox") == [("malformed",)]


def test_tokens_of_another_store_than_the_webhook_names_are_refused(service: Any, salla: Any, store_id: str) -> None:
    tokens = salla.control("POST", f"/stores/{salla.new_store()}/tokens")
    data = {"expires": 2_000_000_000, "scope": "products.read_write offline_access", **tokens}
    raw = message("app.store.authorize", store_id, datetime.now(UTC) + timedelta(seconds=5), data)
    assert post(service, raw).json()["status"] == "accepted"
    service.work()
    assert service.rows("SELECT state FROM installs WHERE via = 'webhook'") == [("refused",)]
    assert service.events(store_id) == ["store.Authorized"]


def test_uninstalling_takes_the_tokens_and_raises_the_fence(service: Any, salla: Any, store_id: str) -> None:
    assert post(service, message("app.uninstalled", store_id, later(5))).status_code == 200
    service.work()
    row = service.container.stores.get(store_id)
    assert (row.installed, row.connected, row.fence) == (False, False, 1)
    assert service.rows("SELECT count(*) FROM tokens") == [(0,)]
    view = service.http.get(f"/stores/{store_id}", headers=service.operator()).json()
    assert view["state"] == "uninstalled"


def test_a_late_uninstall_of_an_earlier_time_is_ignored(service: Any, store_id: str) -> None:
    post(service, message("app.uninstalled", store_id, later(-3_600)))
    service.work()
    assert service.container.stores.get(store_id).connected
    assert service.rows("SELECT count(*) FROM tokens") == [(1,)]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_authorise_and_uninstall_in_any_order(service: Any, salla: Any, order: tuple[int, ...]) -> None:
    store_id = salla.new_store()
    tokens = salla.control("POST", f"/stores/{store_id}/tokens")
    data = {"expires": 2_000_000_000, "scope": "products.read_write offline_access", **tokens}
    first = message("app.store.authorize", store_id, later(1), data)
    second = message("app.uninstalled", store_id, later(2))
    third = message("app.store.authorize", store_id, later(3), data)
    for number in order:
        assert post(service, (first, second, third)[number]).status_code == 200
        service.work()
    row = service.container.stores.get(store_id)
    assert row.connected
    assert service.rows("SELECT count(*) FROM tokens WHERE store_id = %s", store_id) == [(1,)]


@pytest.mark.parametrize(
    ("event", "data", "entitled"),
    [
        ("app.trial.started", {"end_date": "2099-07-27", "plan_name": "x"}, True),
        ("app.trial.expired", {"end_date": "2021-10-06T21:00:00.000000Z"}, False),
        ("app.subscription.started", {"end_date": "2099-01-01", "plan_name": None}, True),
        ("app.subscription.renewed", {"end_date": "2020-01-01"}, False),
        ("app.subscription.canceled", {"end_date": None}, False),
    ],
)
def test_the_subscription_decides_the_entitlement(
    service: Any, store_id: str, event: str, data: dict[str, Any], entitled: bool
) -> None:
    assert post(service, message(event, store_id, later(5), data)).status_code == 200
    service.work()
    view = service.http.get(f"/stores/{store_id}", headers=service.operator()).json()
    assert view["entitlement"]["entitled"] is entitled
    assert service.events(store_id)[-1] == "store.EntitlementChanged"


def test_an_end_that_cannot_be_read_is_given_up_and_shown(service: Any, store_id: str) -> None:
    post(service, message("app.subscription.started", store_id, later(5), {"end_date": "soon"}))
    service.work()
    [(queue, _, reason)] = service.dead()
    assert (queue, "end_date" in reason) == ("webhooks", True)


@pytest.mark.parametrize(
    "event", ["app.feedback.created", "specialoffer.created", "customer.created", "brand.new.thing"]
)
def test_other_events_are_acknowledged_and_left(service: Any, store_id: str, event: str) -> None:
    assert post(service, message(event, store_id, data={"rating": "5"})).json() == {"status": "accepted"}
    service.work()
    assert inbox(service) == [("ignored",)]


def test_bodies_with_personal_data_are_sealed_while_they_wait_and_go_afterwards(service: Any, store_id: str) -> None:
    raw = message("customer.created", store_id, data={"mobile": "+966500000000", "first_name": "canary-name"})
    post(service, raw)
    [(body,)] = service.rows("SELECT body FROM webhook_inbox")
    assert b"canary-name" not in bytes(body)
    service.work()
    assert service.rows("SELECT body, wrapped_key FROM webhook_inbox") == [(None, None)]


def test_hashes_outlive_every_replay_the_age_check_lets_through(service: Any) -> None:
    post(service, message("app.installed", "42"))
    service.work()
    service.container.app.database.execute("UPDATE webhook_inbox SET received_at = now() - interval '29 days'")
    assert service.container.webhook_inbox.forget(30) == 0
    service.container.app.database.execute("UPDATE webhook_inbox SET received_at = now() - interval '31 days'")
    assert service.container.webhook_inbox.forget(30) == 1


def test_salla_itself_is_understood(service: Any, salla: Any, store_id: str) -> None:
    salla.control("POST", f"/stores/{store_id}/subscription", {"event": "app.subscription.started"})
    wait_until(lambda: bool(inbox(service)), within=20)
    service.work()
    assert service.events(store_id)[-1] == "store.EntitlementChanged"


async def test_the_housekeeping_ends_when_told(service: Any) -> None:
    from thaman_onboarding.worker import housekeeping

    stop = asyncio.Event()
    running = asyncio.create_task(housekeeping(service.container).run(stop))
    stop.set()
    await asyncio.wait_for(running, 10)


def later(seconds: float) -> datetime:
    """A moment relative to now."""
    return datetime.now(UTC) + timedelta(seconds=seconds)
