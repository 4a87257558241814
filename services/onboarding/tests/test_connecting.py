"""The three ways a store comes in, and how each of them can go wrong."""

import re
from typing import Any

import httpx

from thaman_kit.testing import wait_until


def test_by_callback(service: Any, salla: Any) -> None:
    store_id = salla.new_store(name="عطور الواحة", prices_include_vat=True)
    with httpx.Client() as browser:
        answer = browser.get(f"{service.url}/oauth/authorize")
        assert answer.status_code == 302
        location = httpx.URL(answer.headers["location"])
        assert re.fullmatch(r"[A-Za-z0-9]{32,}", location.params["state"])
        assert location.params["code_challenge_method"] == "S256"
        back = browser.get(f"{location}&store_id={store_id}&approve=auto")
        page = browser.get(back.headers["location"])
    assert page.status_code == 200, page.text
    assert "عطور الواحة" in page.text
    assert '<html lang="ar" dir="rtl">' in page.text
    row = service.container.stores.get(store_id)
    assert (row.connected, row.via, row.prices_include_vat, row.vat_bp) == (True, "callback", True, 1_500)
    assert row.settings.watch_until is not None
    assert service.events(store_id) == ["store.Authorized"]
    queued = service.rows("SELECT queue, payload FROM jobs WHERE store_id = %s", store_id)
    assert ("observe", {"cause": "install"}) in queued
    assert ("register_webhooks", {}) in queued


def test_a_store_whose_prices_exclude_vat_is_known_as_such(service: Any, salla: Any) -> None:
    store_id = salla.new_store(prices_include_vat=False)
    service.connect(store_id)
    row = service.container.stores.get(store_id)
    assert (row.prices_include_vat, row.vat_bp) == (False, 1_500)


def test_by_webhook(service: Any, salla: Any) -> None:
    store_id = salla.new_store()
    salla.control("POST", f"/stores/{store_id}/install", {"mode": "easy"})
    wait_until(lambda: bool(service.rows("SELECT 1 FROM installs WHERE store_id = %s", store_id)))
    # The tokens are safe before anything was asked of Salla, and the webhook's body was never kept.
    kept = service.rows("SELECT state, body FROM webhook_inbox WHERE event = 'app.store.authorize'")
    assert kept == [("done", None)]
    service.work()
    row = service.container.stores.get(store_id)
    assert (row.connected, row.via) == (True, "webhook")
    assert service.rows("SELECT state, access_token FROM installs") == [("done", None)]


def test_begun_in_sallas_store_with_a_foreign_state(service: Any, salla: Any) -> None:
    store_id = salla.new_store()
    answer = salla.control("POST", f"/stores/{store_id}/install", {"mode": "salla_callback"})
    address = next(value for value in answer.values() if isinstance(value, str) and "/oauth/callback" in value)
    page = httpx.get(address, headers={"Accept-Language": "en"})
    assert page.status_code == 200, page.text
    assert '<html lang="en" dir="ltr">' in page.text
    assert service.container.stores.get(store_id).via == "salla"


def test_a_reloaded_callback_shows_the_store_and_sends_no_code_again(service: Any, salla: Any) -> None:
    store_id = salla.new_store()
    with httpx.Client() as browser:
        address = come_back(browser, service, store_id)
        first, again = browser.get(address), browser.get(address)
    assert (first.status_code, again.status_code) == (200, 200)
    assert len(salla.attempts(store_id, "authorization_code")) == 1


def test_a_state_works_in_its_own_browser_only(service: Any, salla: Any) -> None:
    store_id = salla.new_store()
    with httpx.Client() as browser:
        address = come_back(browser, service, store_id)
    stranger = httpx.get(address, headers={"Accept": "application/json"})
    assert (stranger.status_code, stranger.json()["code"]) == (400, "login_expired")
    assert service.container.stores.rows.get(store_id) is None
    assert salla.attempts(store_id, "authorization_code") == []


def test_two_tabs_of_one_browser_both_work(service: Any, salla: Any) -> None:
    one, two = salla.new_store(), salla.new_store()
    with httpx.Client() as browser:
        first, second = come_back(browser, service, one), come_back(browser, service, two)
        assert browser.get(second).status_code == 200
        assert browser.get(first).status_code == 200


def test_a_login_that_took_too_long(service: Any, salla: Any) -> None:
    store_id = salla.new_store()
    with httpx.Client() as browser:
        address = come_back(browser, service, store_id)
        service.container.app.database.execute("UPDATE oauth_states SET expires_at = now() - interval '1 second'")
        page = browser.get(address, headers={"Accept": "text/html", "Accept-Language": "en"})
    assert page.status_code == 400
    assert "This attempt to connect has expired" in page.text


def test_the_merchant_says_no(service: Any, salla: Any) -> None:
    with httpx.Client() as browser:
        state = httpx.URL(browser.get(f"{service.url}/oauth/authorize").headers["location"]).params["state"]
        query = {"error": "access_denied", "error_description": "<script>no</script>", "state": state}
        page = browser.get(f"{service.url}/oauth/callback", params=query, headers={"Accept": "text/html"})
    assert page.status_code == 403
    assert "لم تتم الموافقة" in page.text
    assert "<script>" not in page.text
    assert service.rows("SELECT count(*) FROM oauth_states") == [(0,)]


def test_a_made_up_code(service: Any, salla: Any) -> None:
    answer = httpx.get(f"{service.url}/oauth/callback", params={"code": "made-up", "state": "a" * 20})
    assert (answer.status_code, answer.json()["code"]) == (400, "code_refused")
    assert service.rows("SELECT state FROM installs") == [("refused",)]


def test_nothing_at_all(service: Any) -> None:
    answer = httpx.get(f"{service.url}/oauth/callback")
    assert (answer.status_code, answer.json()["code"]) == (400, "code_refused")


def test_too_few_scopes_connect_nothing(start_service: Any, salla: Any) -> None:
    service = start_service(salla_scopes="offline_access products.read_write orders.read")
    store_id = salla.new_store()
    with httpx.Client() as browser:
        answer = browser.get(come_back(browser, service, store_id))
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    assert "those scopes" in answer.json()["detail"]
    assert service.container.stores.rows.get(store_id) is None
    assert service.rows("SELECT count(*) FROM tokens") == [(0,)]
    assert service.rows("SELECT state, access_token FROM installs") == [("refused", None)]


def test_a_wrong_client_secret_blames_no_merchant(start_service: Any, salla: Any) -> None:
    service = start_service(salla_client_secret="another-secret", register=False)
    _register_right_secret(salla, service)
    store_id = salla.new_store()
    with httpx.Client() as browser:
        answer = browser.get(come_back(browser, service, store_id))
    assert (answer.status_code, answer.json()["code"]) == (502, "client_misconfigured")


def test_an_exchange_cut_after_salla_gave_tokens_is_visible_and_not_repeated(service: Any, salla: Any) -> None:
    store_id = salla.new_store()
    salla.faults(store_id=int(store_id), token_p_cut_after=1.0)
    with httpx.Client() as browser:
        address = come_back(browser, service, store_id)
        answers = [browser.get(address).json()["code"] for _ in range(2)]
    assert answers == ["install_interrupted"] * 2
    assert len(salla.attempts(store_id, "authorization_code")) == 1
    shown = service.http.get("/system/installs?state=interrupted", headers=service.operator()).json()
    assert [one["via"] for one in shown["items"]] == ["callback"]


def test_salla_slow_after_the_tokens_leaves_the_rest_to_a_job(service: Any, salla: Any) -> None:
    store_id = salla.new_store()
    with httpx.Client(timeout=20) as browser:
        address = come_back(browser, service, store_id)
        salla.faults(store_id=int(store_id), p_5xx=1.0)
        page = browser.get(address, headers={"Accept": "text/html", "Accept-Language": "en"})
    assert page.status_code == 200
    assert "Your consent has arrived" in page.text
    salla.control("DELETE", "/faults")
    service.container.app.database.execute("UPDATE installs SET started_at = now() - interval '1 hour'")
    service.container.installer.tend()
    service.work()
    assert service.container.stores.get(store_id).connected


def test_webhooks_of_the_store_are_registered(service: Any, salla: Any) -> None:
    store_id = salla.new_store()
    service.connect(store_id)
    assert "register_webhooks" in service.work()
    assert service.dead() == []
    token = service.container.renewals.current(store_id).tokens.access
    listed = httpx.get(
        f"{salla.url}/admin/v2/webhooks?per_page=60", headers={"Authorization": f"Bearer {token}"}
    ).json()
    assert {"order.created", "product.price.updated"} <= {one["event"] for one in listed["data"]}
    assert {one["url"] for one in listed["data"]} == {f"{service.url}/webhooks/salla"}


def test_an_address_that_salla_cannot_reach_is_given_up_and_shown(service: Any, salla: Any) -> None:
    salla.switch(refuse_localhost_webhooks=True)
    service.connect(salla.new_store())
    service.work()
    [(queue, _, reason)] = service.dead()
    assert queue == "register_webhooks"
    assert "refused the webhook address" in reason


def test_connecting_again_keeps_the_settings_and_replaces_the_tokens(service: Any, salla: Any) -> None:
    store_id = salla.new_store()
    service.connect(store_id)
    service.container.stores.change_settings(store_id, {"mode": "full_auto"}, None, "test")
    before = service.container.renewals.current(store_id).tokens.access
    service.connect(store_id)
    assert service.events(store_id)[-1] == "store.Reauthorized"
    assert service.container.stores.get(store_id).settings.mode == "full_auto"
    assert service.container.renewals.current(store_id).tokens.access != before


def come_back(browser: httpx.Client, service: Any, store_id: str) -> str:
    """The callback address that Salla sends this browser to."""
    there = browser.get(f"{service.url}/oauth/authorize").headers["location"]
    return browser.get(f"{there}&store_id={store_id}&approve=auto").headers["location"]


def _register_right_secret(salla: Any, service: Any) -> None:
    settings = service.container.settings
    app = {
        "client_id": settings.salla_client_id,
        "client_secret": "the-right-secret",
        "redirect_uris": [settings.callback_url],
        "webhook_url": settings.webhook_url,
        "webhook_secret": settings.webhook_secret.get_secret_value(),
    }
    salla.control("POST", "/app", app)
