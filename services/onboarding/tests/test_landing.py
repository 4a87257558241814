"""The way on to the dashboard after Salla's consent: for the browser that proved itself, once, and for no other."""

import re
from typing import Any

import httpx
from pydantic import SecretStr

from thaman_kit.handover import read

KEY = "handover-canary-0123456789-0123456789"
DASHBOARD = "https://prices.example"
_TOKEN = re.compile(r'name="handover" value="([^"]+)"')


def test_the_browser_that_came_back_is_handed_over_and_no_other(start_service: Any, salla: Any) -> None:
    service = start_service(dashboard_url=DASHBOARD, handover_key=KEY)
    store_id = salla.new_store(name="عطور الواحة")
    with httpx.Client(headers={"Accept": "text/html", "Accept-Language": "en"}) as browser:
        there = browser.get(f"{service.url}/oauth/authorize").headers["location"]
        back = browser.get(f"{there}&store_id={store_id}&approve=auto").headers["location"]
        page = browser.get(back)
        again, json = browser.get(back), browser.get(back, headers={"Accept": "application/json"})
    [token] = _TOKEN.findall(page.text)
    assert read(SecretStr(KEY), token, service.container.clock.now()).store_id == store_id
    assert f'<form method="post" action="{DASHBOARD}/arrive">' in page.text
    assert f"form-action {DASHBOARD};" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "strict-origin", "of the address, which has a code, nothing goes along"
    for other in (again, httpx.get(back, headers={"Accept": "text/html"})):
        assert other.status_code == 200
        assert not _TOKEN.findall(other.text), "whoever has the address alone proves nothing"
        assert "/oauth/authorize" in other.text, "but may prove themselves at Salla"
        assert "form-action 'none'" in other.headers["content-security-policy"]
    assert json.json()["status"] == "connected" and KEY not in json.text


def test_a_way_back_that_salla_began_proves_nothing_of_the_browser(start_service: Any, salla: Any) -> None:
    start_service(dashboard_url=DASHBOARD, handover_key=KEY)
    store_id = salla.new_store()
    answer = salla.control("POST", f"/stores/{store_id}/install", {"mode": "salla_callback"})
    address = next(value for value in answer.values() if isinstance(value, str) and "/oauth/callback" in value)
    page = httpx.get(address, headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "/oauth/authorize" in page.text and not _TOKEN.findall(page.text)


def test_without_a_dashboard_the_page_is_as_it_was(service: Any, salla: Any) -> None:
    store_id = salla.new_store()
    with httpx.Client(headers={"Accept": "text/html"}) as browser:
        there = browser.get(f"{service.url}/oauth/authorize").headers["location"]
        page = browser.get(browser.get(f"{there}&store_id={store_id}&approve=auto").headers["location"])
    assert page.status_code == 200
    assert "<form" not in page.text and "/oauth/authorize" not in page.text
    assert page.headers["referrer-policy"] == "no-referrer"
