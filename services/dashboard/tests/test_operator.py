"""The operator's pages: a way in of their own, all stores, and the stop of the whole system by onboarding itself."""

import base64
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import uvicorn
from pydantic import SecretStr

import thaman_onboarding.api
from thaman_contracts.events import onboarding
from thaman_dashboard.bootstrap import build
from thaman_dashboard.testing import NOW, settings_for
from thaman_dashboard.testing_events import Run, authorized, item, observed, system, told
from thaman_dashboard.testing_pages import Browser, House, owners_at
from thaman_kit.clock import ManualClock
from thaman_kit.embedded.databases import Databases
from thaman_kit.embedded.process import free_port
from thaman_kit.keys import NewKey
from thaman_kit.migrate import migrate
from thaman_kit.testing import ROLE_PASSWORD, own_database, role_url, template_database, wait_until
from thaman_onboarding.bootstrap import build_container
from thaman_onboarding.settings import Settings

PEPPER = SecretStr("a-pepper-for-tests-that-is-long-enough")
EVIL = '"><script>alert(1)</script>'
RUN = Run("1000", "now")
COMMANDS = ("/operator/stop", "/operator/resume", "/operator/stores/1000/links", "/operator/sign-out")


@dataclass
class Installation:
    """A dashboard over thirty stores, and the onboarding that it asks."""

    house: House
    onboarding: Any
    key: NewKey

    def link(self) -> str:
        """The path of a new link for the operator."""
        made = self.house.browser().request("POST", "/operator/links", headers=self.bearer)
        assert made.status_code == 201, made.text
        return str(made.json()["url"].removeprefix(self.house.container.settings.public_url))

    @property
    def bearer(self) -> dict[str, str]:
        """The operator's key."""
        return {"Authorization": f"Bearer {self.key.key.get_secret_value()}"}

    def operator(self) -> Browser:
        """A browser that is signed in as the operator."""
        browser = self.house.browser()
        assert browser.post(self.link(), csrf=None).status_code == 303
        browser.page("/operator")
        return browser


@pytest.fixture(scope="module")
def installation(postgres_server: Databases) -> Iterator[Installation]:
    """Onboarding over HTTP, and the dashboard."""
    services = ("dashboard", "onboarding")

    def prepare(url: str) -> None:
        migrate(url, services, dict.fromkeys(services, ROLE_PASSWORD))

    clock = ManualClock(NOW)
    template = template_database(postgres_server, "dashboard_and_onboarding", prepare)
    with own_database(postgres_server, template=template) as url:
        onboard = build_container(
            Settings(
                database_url=SecretStr(role_url(url, "onboarding")), api_key_pepper=PEPPER, salla_client_id="x",
                salla_client_secret=SecretStr("x"), webhook_secret=SecretStr("x" * 16),
                vault_keys=SecretStr("k1:" + base64.b64encode(b"k" * 32).decode()),
            ),
            clock=clock,
        )  # fmt: skip
        key, port = onboard.issue_key("operator", None, "dashboard"), free_port()
        app = thaman_onboarding.api.build_api(onboard)
        server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", port, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run)
        thread.start()
        wait_until(lambda: server.started, what="onboarding's API")
        asked = owners_at(key.key.get_secret_value(), onboarding=f"http://127.0.0.1:{port}")
        house = House(build(settings_for(role_url(url, "dashboard")), clock), asked)
        house.streams.deliver(
            told(onboarding.ApiKeyIssued, "system", 0, key_id=key.key_id, key_hash=key.key_hash, scope="operator",
                 label="d"),
            *(authorized(str(1_000 + number)) for number in range(28)),
            authorized("2000", name=EVIL), authorized("2001"),
            observed("1000", 1, item("1", 1_000)), RUN.asked(2), RUN.proposed(3, "1", 1_000, 900),
            told(onboarding.StorePaused, "2001", 5, fence=1, reason="x", paused_by="key_1"),
        )  # fmt: skip
        yield Installation(house, onboard, key)
        asked.close()
        server.should_exit = True
        thread.join(15)
        for part in (onboard, house.container):
            part.close()


def test_an_operators_key_makes_a_link_that_opens_one_session(installation: Installation) -> None:
    house = installation.house
    assert house.browser().request("POST", "/operator/links").status_code == 401
    path, browser = installation.link(), house.browser()
    for _ in range(2):
        assert "for no store" in browser.page(path).text, "looking does not spend it"
    assert browser.post(path, csrf=None, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert browser.post(path, csrf=None).headers["location"] == "/operator"
    assert browser.get("/operator").status_code == 200
    assert house.browser().post(path, csrf=None).status_code == 404
    late = installation.link()
    clock = house.container.clock
    assert isinstance(clock, ManualClock)
    clock.advance(timedelta(minutes=15))
    assert house.browser().get(late).status_code == 404
    clock.advance(timedelta(hours=2))
    signed_out = browser.get("/operator")
    assert signed_out.status_code == 401 and "sign in as the operator" in signed_out.text


def test_an_operators_session_and_a_merchants_are_nothing_to_each_other(installation: Installation) -> None:
    house = installation.house
    operator, merchant = installation.operator(), house.browser("1000")
    assert operator.get("/").status_code == 401
    assert merchant.get("/operator").status_code == 401
    swapped = house.browser()
    swapped.cookies.set("session", operator.cookies["operator"])
    swapped.cookies.set("operator", merchant.cookies["session"])
    assert (swapped.get("/").status_code, swapped.get("/operator").status_code) == (401, 401)
    for path in COMMANDS:
        assert merchant.post(path, {"role": "owner"}).status_code == 401, path
        assert operator.post(path, {"role": "owner"}, csrf="forged").status_code == 403, path
        assert operator.post(path, {"role": "owner"}, headers={"Sec-Fetch-Site": "same-site"}).status_code == 403, path
    for path in ("/pause", "/people/invitations", "/settings"):
        assert operator.post(path, csrf="x").status_code == 401, path
    assert "/people" in merchant.page("/").links


def test_all_stores_are_found_and_told_apart(installation: Installation) -> None:
    operator = installation.operator()
    page = operator.page("/operator")
    assert page.text.count("Connected") == 25 and not page.unlabelled
    assert "30 stores are known" in page.text and "1 of them are stopped" in page.text
    found = operator.page("/operator?search=2001")
    assert "Stopped" in found.text and "متجر 1000" not in found.text
    assert "No store fits" in operator.page("/operator?search=nothing-like-it%25").text
    assert operator.get("/operator?search=%00").status_code == 200
    assert operator.get("/operator?after=forged").status_code == 422
    [after] = [given["value"] for tag, given in page.tags if tag == "input" and given.get("name") == "after"]
    rest = operator.page(f"/operator?after={after}")
    assert EVIL in rest.text and "<script>alert" not in rest.html
    row = operator.page("/operator?search=1000").text
    assert "Asked for" in row and " 1 0 " in row, "its run, one that waits and none that is unclear"
    arabic = operator.page("/operator", language="ar")
    assert "كل المتاجر" in arabic.text and not re.search(r"\b[A-Za-z]{4,}\b", arabic.text.replace("English", ""))


def test_the_whole_system_is_stopped_by_onboarding_and_it_is_on_record_who_asked(installation: Installation) -> None:
    operator, house = installation.operator(), installation.house
    assert operator.post("/operator/stop").headers["location"] == "/operator"
    assert installation.onboarding.system.get().settings.stopped is True
    said = operator.page("/operator").text
    assert "All pricing is stopped" in said and "may need a moment" in said, "onboarding's word was not heard yet"
    house.streams.deliver(system(8, stopped=True, fence=1))
    assert "Allow writing again" in operator.page("/operator").text
    assert operator.post("/operator/resume").status_code == 303
    assert installation.onboarding.system.get().settings.stopped is False
    house.streams.deliver(system(9, stopped=False, fence=2))
    log = operator.page("/operator/log").text
    assert log.index("Writing allowed again") < log.index("All pricing stopped") < log.index("An operator signed in")
    assert installation.key.key_id in log
    away = House(house.container)
    browser = away.browser()
    browser.cookies.update(dict(operator.cookies))
    browser.page("/operator")
    assert browser.post("/operator/stop").status_code == 503
    assert operator.page("/operator/log").text.count("All pricing stopped") == 2, "what was asked, not what came of it"
    away.http.close()


def test_a_link_to_a_store_is_shown_once_and_is_on_record(installation: Installation) -> None:
    operator = installation.operator()
    made = operator.post("/operator/stores/1000/links", {"role": "viewer"})
    found = re.search(r'value="http[^"]*?(/sign-in/[^"]+)"', made.text)
    assert made.status_code == 201 and found is not None
    merchant = installation.house.browser()
    assert merchant.post(found.group(1), csrf=None).status_code == 303
    assert "متجر 1000" in merchant.page("/").text
    log = operator.page("/operator/log")
    assert "A sign-in link to a store · 1000 · viewer" in log.text
    assert found.group(1).rpartition("/")[2] not in log.html
    assert operator.post("/operator/stores/404/links", {"role": "viewer"}).status_code == 404
    assert operator.post("/operator/stores/1000/links", {"role": "god"}).status_code == 422


def test_with_its_key_a_session_ends(installation: Installation) -> None:
    key = NewKey.generate(PEPPER)
    issued = told(onboarding.ApiKeyIssued, "system", 20, key_id=key.key_id, key_hash=key.key_hash, scope="operator",
                  label="leaves")  # fmt: skip
    installation.house.streams.deliver(issued)
    leaving = Installation(installation.house, installation.onboarding, key)
    browser, unspent = leaving.operator(), leaving.link()
    staying = installation.operator()
    installation.house.streams.deliver(told(onboarding.ApiKeyRevoked, "system", 21, key_id=key.key_id))
    assert (browser.get("/operator").status_code, staying.get("/operator").status_code) == (401, 200)
    assert browser.get(unspent).status_code == 404
    assert staying.post("/operator/sign-out").status_code == 200
    assert staying.get("/operator").status_code == 401
