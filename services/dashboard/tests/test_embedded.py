"""The ways in from elsewhere: from onboarding's page by a signed hand-over, and from Salla's admin by Salla's token."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr

from thaman_contracts.events import onboarding
from thaman_dashboard.settings import DashboardSettings
from thaman_dashboard.testing_events import authorized, told
from thaman_dashboard.testing_pages import Browser, House, standing_house
from thaman_dashboard.views import Role
from thaman_kit.clock import ManualClock
from thaman_kit.embedded.databases import Databases
from thaman_kit.errors import SettingsError
from thaman_kit.handover import sign
from thaman_sandbox.config import AppConfig, SandboxConfig
from thaman_sandbox.server import SandboxServer

KEY = SecretStr("a-key-of-the-handover-for-tests-0123456789")
ONBOARDING = "http://onboarding.example"
SALLA = "https://s.salla.sa"
APP = 513499943


class Salla:
    """Salla as far as it knows whose a token is."""

    def __init__(self, url: str) -> None:
        self.url = url

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """One call to the sandbox's control."""
        answer = httpx.request(method, f"{self.url}/_sandbox{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def store(self) -> str:
        """A store at Salla."""
        return str(self.control("POST", "/stores", {"products": 0})["store_id"])

    def token(self, store_id: str) -> str:
        """A token as Salla appends it to the page's address."""
        return str(self.control("POST", f"/stores/{store_id}/embedded-token")["token"])


@pytest.fixture(scope="module")
def salla() -> Iterator[Salla]:
    """A local Salla that knows the app."""
    app = AppConfig(client_id="c", client_secret="s", app_id=APP)
    with SandboxServer(SandboxConfig(app=app)) as server:
        yield Salla(server.url)


@pytest.fixture(scope="module")
def house(postgres_server: Databases, salla: Salla) -> Iterator[House]:
    """The application, with both ways in."""
    with standing_house(
        postgres_server, handover_key=KEY, onboarding_public_url=ONBOARDING, dashboard_salla_app_id=str(APP),
        dashboard_salla_url=salla.url,
    ) as standing:  # fmt: skip
        yield standing


def _arrive(browser: Browser, token: str, origin: str | None = ONBOARDING) -> httpx.Response:
    headers = {"Sec-Fetch-Site": "cross-site"} | ({"Origin": origin} if origin else {})
    return browser.post("/arrive", {"handover": token}, csrf=None, headers=headers)


def test_a_merchant_arrives_once_in_the_browser_that_came_from_onboarding(house: House) -> None:
    house.streams.deliver(authorized("77"))
    token = sign(KEY, "77", house.container.clock.now())
    browser = house.browser()
    for origin in (None, "null", "https://evil.example", SALLA):
        assert _arrive(house.browser(), token, origin).status_code == 403, origin
    assert _arrive(browser, token).headers["location"] == "/"
    assert "/people" in browser.page("/").links, "an owner"
    for spent in (token, sign(SecretStr("x" * 40), "77", house.container.clock.now()), "", f"{token}x"):
        again = _arrive(house.browser(), spent)
        assert again.status_code == 404 and "does not work any more" in again.text
    linked = house.browser("77")
    linked.post("/sessions/me", {"name": "أحمد", "contact": ""})
    assert "أحمد" in browser.page("/sessions").text, "the person whom an owner's link means"


def test_a_store_that_was_not_heard_of_yet_is_waited_for(house: House) -> None:
    token = sign(KEY, "78", house.container.clock.now())
    browser = house.browser()
    waits = _arrive(browser, token)
    assert waits.status_code == 202 and "on its way" in waits.text and token in waits.text
    house.streams.deliver(authorized("78"))
    assert _arrive(browser, token, house.container.settings.public_url).status_code == 303, "its own button"
    assert "متجر 78" in browser.page("/").text


def test_a_handover_that_has_expired_or_that_nobody_expects_opens_nothing(house: House) -> None:
    token = sign(KEY, "77", house.container.clock.now() - timedelta(minutes=10))
    assert _arrive(house.browser(), token).status_code == 404
    settings = house.container.settings.model_copy(update={"handover_key": None})
    closed = House(_with(house, settings), house.http)
    assert _arrive(closed.browser(), sign(KEY, "77", house.container.clock.now())).status_code == 404


def _with(house: House, settings: DashboardSettings) -> Any:
    from dataclasses import replace

    return replace(house.container, settings=settings)


def test_salla_frames_one_page_that_leads_out_of_the_frame(house: House, salla: Salla) -> None:
    store_id = salla.store()
    house.streams.deliver(authorized(store_id))
    frame = house.browser()
    page = frame.get(f"/embedded?token={salla.token(store_id)}&theme=light")
    assert page.status_code == 200 and f"متجر {store_id}" in page.text
    headers = page.headers
    assert f"frame-ancestors {SALLA}" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert "x-frame-options" not in headers
    assert headers["referrer-policy"] == "no-referrer", "the address has a token in it"
    assert "session" not in frame.cookies, "no session lives in a frame"
    for path in ("/", "/sign-in/x", "/operator", "/arrive"):
        other = frame.get(path).headers
        assert "frame-ancestors 'none'" in other["content-security-policy"], path
        assert other["x-frame-options"] == "DENY", path
    [link] = [one for one in _links(frame, store_id, salla) if one.startswith("/sign-in/")]
    browser = house.browser()
    assert "viewer" in browser.page(link).text
    browser.post(link, csrf=None)
    assert browser.post("/pause").status_code == 403, "Salla does not say what its users are in the store"
    assert house.browser().get(link).status_code == 404


def _links(frame: Browser, store_id: str, salla: Salla) -> set[str]:
    return frame.page(f"/embedded?token={salla.token(store_id)}").links


def _enter(house: House, store_id: str, salla: Salla) -> Browser:
    browser = house.browser()
    [link] = [one for one in _links(browser, store_id, salla) if one.startswith("/sign-in/")]
    assert browser.post(link, csrf=None).status_code == 303
    return browser


def test_a_user_of_salla_is_one_person_whom_an_owner_raises_and_removes(house: House, salla: Salla) -> None:
    store_id = salla.store()
    house.streams.deliver(authorized(store_id))
    owner, guest = house.browser(store_id), _enter(house, store_id, salla)
    [member] = [one for one in house.container.people.members(store_id, house.container.clock.now()) if one.from_salla]
    assert "From Salla" in owner.page("/people").text
    owner.post(f"/people/{member.person_id}/role", {"role": "approver"})
    assert "approver" in _enter(house, store_id, salla).page("/sessions").text, "the same person, as what they are now"
    waiting = next(one for one in _links(house.browser(), store_id, salla) if one.startswith("/sign-in/"))
    owner.post(f"/people/{member.person_id}/remove")
    assert guest.get("/").status_code == 401
    assert house.browser().post(waiting, csrf=None).status_code == 404, "a link of before lets nobody in"
    page = house.browser().page(f"/embedded?token={salla.token(store_id)}")
    assert "no access to this store" in page.text and not any("/sign-in/" in link for link in page.links)
    assert _people_of(house, store_id) == {owner_of(house, store_id)}


def _people_of(house: House, store_id: str) -> set[UUID]:
    return {one.person_id for one in house.container.people.members(store_id, house.container.clock.now())}


def owner_of(house: House, store_id: str) -> UUID:
    """The store's one owner."""
    members = house.container.people.members(store_id, house.container.clock.now())
    return next(one.person_id for one in members if one.role is Role.OWNER)


def test_what_salla_does_not_vouch_for_shows_nothing(house: House, salla: Salla) -> None:
    unknown, known = salla.store(), salla.store()
    house.streams.deliver(authorized(known))
    page = house.browser().page(f"/embedded?token={salla.token(unknown)}")
    assert "not connected" in page.text and f"{ONBOARDING}/oauth/authorize?lang=en" in page.links
    moment = "2026-11-24T09:30Z"
    old = salla.token(known)
    for token in ("", "em_tok_other", "x" * 3_000):
        refused = house.browser().get(f"/embedded?token={token}")
        assert refused.status_code == 401 and "has expired" in refused.text, token
        assert "frame-ancestors https" in refused.headers["content-security-policy"]
    clock = house.container.clock
    assert isinstance(clock, ManualClock)
    before = clock.now()
    clock.advance(timedelta(days=3_650))
    assert house.browser().get(f"/embedded?token={old}").status_code == 401, "Salla's own time is checked, too"
    clock.set(before)
    settings = house.container.settings.model_copy(update={"dashboard_salla_url": "http://127.0.0.1:9"})
    silent = House(_with(house, settings), house.http).browser().get(f"/embedded?token={old}")
    assert silent.status_code == 503 and "Salla does not answer" in silent.text
    closed = house.container.settings.model_copy(update={"dashboard_salla_app_id": None})
    assert House(_with(house, closed), house.http).browser().get(f"/embedded?token={old}").status_code == 404
    house.streams.deliver(
        told(onboarding.StoreForgotten, known, 5, reason="requested", asked_at=moment, due_at=moment, asked_by="key_0")
    )
    assert "not connected" in house.browser().page(f"/embedded?token={old}").text


def test_wrong_settings_of_the_ways_in_are_named(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    given = house.container.settings
    monkeypatch.setenv("THAMAN_DATABASE_URL", given.database_url.get_secret_value())
    monkeypatch.setenv("THAMAN_API_KEY_PEPPER", given.api_key_pepper.get_secret_value())
    for name in ("HANDOVER_KEY", "ONBOARDING_PUBLIC_URL", "DASHBOARD_SALLA_APP_ID"):
        monkeypatch.setenv(f"THAMAN_{name}", "")
    unset = DashboardSettings.load()
    assert (unset.handover_key, unset.onboarding_public_url, unset.dashboard_salla_app_id) == (None, None, None)
    for name, value in (
        ("HANDOVER_KEY", "short"), ("DASHBOARD_SALLA_APP_ID", "x"), ("DASHBOARD_FRAME_ORIGINS", "*"),
        ("DASHBOARD_FRAME_ORIGINS", "https://s.salla.sa; script-src *"), ("DASHBOARD_EMBEDDED_ROLE", "god"),
    ):  # fmt: skip
        with monkeypatch.context() as patch, pytest.raises(SettingsError, match=name):
            patch.setenv(f"THAMAN_{name}", value)
            DashboardSettings.load()
