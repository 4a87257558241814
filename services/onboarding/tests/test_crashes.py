"""The API process dies at each step of connecting a store; nothing is lost unseen, nothing sent twice."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from thaman_kit.testing import wait_until


@contextmanager
def api_that_dies_at(service: Any, salla: Any, point: str) -> Iterator[str]:
    """An API process of the same installation with a faultpoint; Salla sends browsers to it meanwhile."""
    port = service.free_port()
    url = f"http://127.0.0.1:{port}"
    environment = service.process_environment(
        THAMAN_FAULTPOINT=point,
        THAMAN_HTTP_PORT=str(port),
        THAMAN_PUBLIC_URL=url,
        THAMAN_HEALTH_PORT=str(service.free_port()),
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "thaman_onboarding", "api"], env=environment, stderr=subprocess.DEVNULL
    )
    service.register_at(salla, url)
    try:
        wait_until(lambda: answers(url), within=60, what="the API process")
        yield url
        assert process.wait(20) == -9, "the process was to die at the faultpoint"
    finally:
        process.kill()
        process.wait(10)


def answers(url: str) -> bool:
    """Whether somebody listens there."""
    try:
        return httpx.get(f"{url}/livez").is_success
    except httpx.TransportError:
        return False


def dies(call: Callable[[], Any]) -> None:
    """A call whose server dies while it answers."""
    with pytest.raises(httpx.TransportError):
        call()


def come_back(browser: httpx.Client, url: str, store_id: str) -> str:
    """The way to Salla and up to the callback address."""
    there = browser.get(f"{url}/oauth/authorize").headers["location"]
    return str(browser.get(f"{there}&store_id={store_id}&approve=auto").headers["location"])


def codes_sent(salla: Any, store_id: str) -> int:
    """How often a code of this store reached Salla."""
    return len(salla.attempts(store_id, "authorization_code"))


def test_dead_after_remembering_the_login(service: Any, salla: Any) -> None:
    with api_that_dies_at(service, salla, "onboarding.authorize.remembered") as url:
        dies(lambda: httpx.get(f"{url}/oauth/authorize"))
    assert service.rows("SELECT count(*) FROM oauth_states") == [(1,)]
    service.register_at(salla, service.url)
    store_id = salla.new_store()
    service.connect(store_id)
    assert service.container.stores.get(store_id).connected


@pytest.mark.parametrize(
    ("point", "sent"), [("onboarding.callback.before_exchange", 0), ("onboarding.callback.after_exchange", 1)]
)
def test_dead_around_the_exchange(service: Any, salla: Any, point: str, sent: int) -> None:
    store_id = salla.new_store()
    with api_that_dies_at(service, salla, point) as url, httpx.Client(timeout=20) as browser:
        address = come_back(browser, url, store_id)
        dies(lambda: browser.get(address))
    query = httpx.URL(address).params
    again = service.http.get("/oauth/callback", params=query)
    assert (again.status_code, again.json()["code"]) == (409, "install_interrupted")
    service.container.app.database.execute("UPDATE installs SET started_at = now() - interval '1 hour'")
    service.container.installer.tend()
    shown = service.http.get("/system/installs?state=interrupted", headers=service.operator()).json()["items"]
    assert len(shown) == 1
    assert "connect the store again" in shown[0]["detail"]
    assert codes_sent(salla, store_id) == sent
    assert service.rows("SELECT count(*) FROM stores") == [(0,)]


@pytest.mark.parametrize("point", ["onboarding.callback.received", "onboarding.install.before_commit"])
def test_dead_with_tokens_in_hand_loses_nothing(service: Any, salla: Any, point: str) -> None:
    store_id = salla.new_store()
    with api_that_dies_at(service, salla, point) as url, httpx.Client(timeout=20) as browser:
        address = come_back(browser, url, store_id)
        dies(lambda: browser.get(address))
    service.container.app.database.execute("UPDATE installs SET started_at = now() - interval '1 hour'")
    service.container.installer.tend()
    service.container.installer.tend()
    service.work()
    assert service.container.stores.get(store_id).connected
    assert codes_sent(salla, store_id) == 1
    assert service.events(store_id) == ["store.Authorized"]


def test_dead_after_the_commit_is_connected_all_the_same(service: Any, salla: Any) -> None:
    store_id = salla.new_store()
    with api_that_dies_at(service, salla, "onboarding.install.committed") as url, httpx.Client(timeout=20) as browser:
        address = come_back(browser, url, store_id)
        dies(lambda: browser.get(address))
    page = service.http.get("/oauth/callback", params=httpx.URL(address).params)
    assert page.status_code == 200
    assert service.events(store_id) == ["store.Authorized"]
    assert service.rows("SELECT count(*) FROM jobs WHERE queue = 'observe'") == [(1,)]


def test_dead_after_a_webhook_was_durable_but_not_acknowledged(service: Any, salla: Any) -> None:
    store_id = salla.new_store()
    granted = salla.control("POST", f"/stores/{store_id}/tokens")
    with api_that_dies_at(service, salla, "onboarding.webhook.durable") as url, httpx.Client(base_url=url) as http:
        dies(lambda: service.post_webhook("app.store.authorize", store_id, granted, http))
    service.work()
    assert service.container.stores.get(store_id).connected
    assert service.rows("SELECT count(*) FROM installs WHERE store_id = %s", store_id) == [(1,)]
