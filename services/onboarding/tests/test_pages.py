"""Pages: headers that make browsers careful, nothing secret in them, a language that is kept."""

import re
from typing import Any

import httpx
import pytest

HTML = {"Accept": "text/html"}


@pytest.mark.parametrize("language", ["ar", "en"])
def test_an_error_page(service: Any, language: str) -> None:
    page = service.http.get(
        "/oauth/callback", params={"lang": language, "code": "abc", "state": "x" * 20}, headers=HTML
    )
    assert page.status_code == 400
    assert page.headers["content-language"] == language
    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in page.text
    assert f'href="/oauth/authorize?lang={language}"' in page.text
    assert page.headers["x-request-id"] in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert "<script" not in page.text


def test_the_style_is_the_one_the_policy_allows(service: Any) -> None:
    import base64
    import hashlib

    page = service.http.get("/oauth/callback", headers=HTML)
    [style] = re.findall(r"<style>(.*?)</style>", page.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in page.headers["content-security-policy"]


def test_a_stores_name_is_text_and_nothing_else(service: Any, salla: Any) -> None:
    store_id = salla.new_store(name="<b>عود & Co</b> {{ 7*7 }}")
    with httpx.Client() as browser:
        there = browser.get(f"{service.url}/oauth/authorize?lang=en").headers["location"]
        back = browser.get(f"{there}&store_id={store_id}&approve=auto").headers["location"]
        page = browser.get(back)
    assert "<bdi>&lt;b&gt;عود &amp; Co&lt;/b&gt; {{ 7*7 }}</bdi>" in page.text
    assert '<html lang="en" dir="ltr">' in page.text, "the language chosen at the start is kept"
    assert httpx.URL(back).params["code"] not in page.text


def test_cookies_of_an_https_installation_are_strict(start_service: Any) -> None:
    service = start_service(public_url="https://thaman.example", register=False)
    answer = service.http.get("/oauth/authorize")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-thaman-login=")
    for part in ("HttpOnly", "Secure", "SameSite=lax", "Path=/", "Max-Age=600"):
        assert part in cookie
    assert answer.headers["strict-transport-security"]


def test_an_unknown_address_is_a_page_for_browsers_and_json_for_others(service: Any) -> None:
    assert "لا يوجد شيء في هذا العنوان" in service.http.get("/nowhere", headers=HTML).text
    assert service.http.get("/nowhere").json()["code"] == "not_found"
