"""A merchant's browser on its way through Salla's consent into the dashboard, and through Salla's admin."""

import re
from urllib.parse import urlsplit

import httpx

_FORM = re.compile(r'<form method="post" action="([^"]+)">\s*<input type="hidden" name="handover" value="([^"]+)">')
_LINK = re.compile(r'href="(/sign-in/[^"]+)"')


def land(onboarding: str, store_id: str) -> str:
    """Connect a store of the local Salla as its merchant and go on to the dashboard; what its first page says."""
    with httpx.Client(headers={"Accept": "text/html", "Accept-Language": "en"}, timeout=30, trust_env=False) as browser:
        there = browser.get(f"{onboarding}/oauth/authorize").headers["location"]
        back = browser.get(f"{there}&store_id={store_id}&approve=auto").headers["location"]
        page = browser.get(back).text
        found = _FORM.search(page)
        assert found is not None, page
        address, token = found.groups()
        parts = urlsplit(onboarding)
        headers = {"Origin": f"{parts.scheme}://{parts.netloc}", "Sec-Fetch-Site": "cross-site"}
        for _ in range(15):  # each waits for the store to be heard of
            arrived = browser.post(address, data={"handover": token}, headers=headers)
            if arrived.status_code != 202:
                break
        assert arrived.status_code == 303, arrived.text
        first = browser.get(address.removesuffix("/arrive") + "/")
        assert first.status_code == 200, first.text
        return first.text


def frame(dashboard: str, sandbox: str, store_id: str) -> str:
    """Open the app inside Salla's admin and go on in a new tab; what the dashboard's first page says."""
    with httpx.Client(headers={"Accept": "text/html", "Accept-Language": "en"}, timeout=30, trust_env=False) as browser:
        token = browser.post(f"{sandbox}/_sandbox/stores/{store_id}/embedded-token").json()["token"]
        page = browser.get(f"{dashboard}/embedded", params={"token": token})
        assert page.status_code == 200, page.text
        found = _LINK.search(page.text)
        assert found is not None, page.text
        link = dashboard + found.group(1)
        entered = browser.post(link, headers={"Sec-Fetch-Site": "same-origin"})
        assert entered.status_code == 303, entered.text
        return browser.get(f"{dashboard}/").text
