"""Signing in by one-time link: who gets in, for how long, and what the cookie promises."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from thaman_contracts.events import onboarding
from thaman_dashboard.bootstrap import Container, build
from thaman_dashboard.testing import Streams, settings_for
from thaman_dashboard.testing_events import authorized, told
from thaman_dashboard.testing_pages import House
from thaman_dashboard.views import Role
from thaman_kit.clock import ManualClock
from thaman_kit.keys import NewKey


@pytest.fixture
def house(container: Container, streams: Streams) -> Iterator[House]:
    """The application over one store."""
    streams.deliver(authorized("77"))
    built = House(container)
    yield built
    built.owners.close()


def _key(streams: Streams, container: Container, scope: str) -> dict[str, str]:
    key = NewKey.generate(container.settings.api_key_pepper)
    store_id = "77" if scope == "store" else "system"
    streams.deliver(
        told(onboarding.ApiKeyIssued, store_id, 1, key_id=key.key_id, key_hash=key.key_hash, scope=scope, label="test")
    )
    return {"Authorization": f"Bearer {key.key.get_secret_value()}"}


def test_an_operator_makes_a_link_that_opens_one_session(house: House, streams: Streams, container: Container) -> None:
    browser = house.browser()
    operator, store = (_key(streams, container, scope) for scope in ("operator", "store"))
    body = {"store_id": "77", "role": "approver"}
    assert browser.request("POST", "/links", json=body).status_code == 401
    assert browser.request("POST", "/links", json=body, headers=store).status_code == 403
    assert browser.request("POST", "/links", json=body | {"store_id": "404"}, headers=operator).status_code == 404
    assert browser.request("POST", "/links", json=body | {"role": "god"}, headers=operator).status_code == 422
    made = browser.request("POST", "/links", json=body, headers=operator)
    assert made.status_code == 201
    path = made.json()["url"].removeprefix(container.settings.public_url)
    for _ in range(3):
        page = browser.page(path)
        assert "approver" in page.text and "متجر 77" in page.text
    assert browser.post(path, csrf=None).headers["location"] == "/"
    assert browser.get("/").status_code == 200
    other = house.browser()
    for answer in (other.get(path), other.post(path, csrf=None)):
        assert answer.status_code == 404
        assert "works once" in answer.text
    assert other.get("/").status_code == 401


def test_a_link_ends_after_a_quarter_of_an_hour(house: House, dashboard_clock: ManualClock) -> None:
    link = house.desk.sign_in.make_link("77", Role.OWNER)
    dashboard_clock.advance(timedelta(minutes=15, seconds=1))
    assert house.browser().post(f"/sign-in/{link.token}", csrf=None).status_code == 404
    assert house.browser().get(f"/sign-in/{'x' * 5_000}").status_code == 404


def test_a_session_ends_by_rest_by_age_and_by_will(house: House, dashboard_clock: ManualClock) -> None:
    idle, old, left = (house.browser("77") for _ in range(3))
    for _ in range(15):
        dashboard_clock.advance(timedelta(hours=11))
        assert old.get("/").status_code == 200
    assert idle.get("/").status_code == 401
    dashboard_clock.advance(timedelta(hours=5))
    assert old.get("/").status_code == 401, "seven days after it began"
    left = house.browser("77")
    kept = dict(left.cookies)
    gone = left.post("/sign-out")
    assert "signed out" in gone.text
    assert "session" not in dict(left.cookies)
    left.cookies.update(kept)
    assert left.get("/").status_code == 401


def test_signing_in_again_ends_the_session_before(house: House) -> None:
    browser = house.browser("77")
    before = dict(browser.cookies)
    link = house.desk.sign_in.make_link("77", Role.VIEWER)
    browser.post(f"/sign-in/{link.token}", csrf=None)
    assert dict(browser.cookies)["session"] != before["session"]
    stale = house.browser()
    stale.cookies.update(before)
    assert stale.get("/").status_code == 401
    assert browser.get("/").status_code == 200


def test_a_forgotten_store_lets_nobody_in(house: House, streams: Streams) -> None:
    browser = house.browser("77")
    link = house.desk.sign_in.make_link("77", Role.OWNER)
    moment = "2026-11-24T09:30Z"
    streams.deliver(
        told(onboarding.StoreForgotten, "77", 5, reason="requested", asked_at=moment, due_at=moment, asked_by="key_0")
    )
    assert browser.get("/").status_code in (401, 404)
    house.browser().post(f"/sign-in/{link.token}", csrf=None)
    assert house.browser().get("/").status_code == 401


def test_the_cookie_is_bound_to_host_and_https(dashboard_url: str, dashboard_clock: ManualClock) -> None:
    container = build(settings_for(dashboard_url, public_url="https://thaman.example"), dashboard_clock)
    try:
        Streams(container).deliver(authorized("77"))
        house = House(container)
        browser = house.browser()
        link = house.desk.sign_in.make_link("77", Role.OWNER)
        answer = browser.post(f"/sign-in/{link.token}", csrf=None)
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-session=")
        for part in ("HttpOnly", "Secure", "SameSite=lax", "Path=/", "Max-Age=604800"):
            assert part in cookie
        assert "Domain" not in cookie
        assert browser.get("/").headers["strict-transport-security"]
        stored = container.application.database.fetch_all("SELECT hash FROM sessions")
        secret = cookie.partition("=")[2].partition(";")[0]
        assert [len(bytes(row["hash"])) for row in stored] == [32]
        assert secret.encode() not in bytes(stored[0]["hash"])
        house.owners.close()
    finally:
        container.close()
