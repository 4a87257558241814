"""Parts 6 and 8: licences on the calendar, what a person hears of, and the store's own keys."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.browser.installation import Installation
from tests.browser.looking import DESK, PHONE
from tests.browser.person import Come, Person
from thaman_dashboard.pages.amounts import RIYADH
from thaman_kit.language import Language
from thaman_kit.testing import wait_until

LABEL = "Bookkeeping"


def test_a_licence_is_recorded_seen_on_the_calendar_and_revoked(world: Installation, come: Come) -> None:
    """Recorded in Arabic on a phone, in either digits, and marked on its days; revoked in English at a desk."""
    number = "LIC-1"
    owner = come("ar", PHONE).enter(world.writing)
    owner.open("/policies")
    owner.follow("policies.licences")
    form = owner.page.locator('form[action="/licences"]')
    first = datetime.now(RIYADH).date().replace(day=1) + timedelta(days=40)
    last = first + timedelta(days=2)
    fields = {"number": number, "authority": "وزارة التجارة", "starts_on": str(last), "ends_on": str(first)}
    discounts = {"min_discount_bp": "١٠", "max_discount_bp": "30"}
    for name, text in (fields | discounts).items():
        form.locator(f'[name="{name}"]').fill(text)
    owner.press("licences.record", form)
    assert owner.page.locator(".error").count() >= 1, "its end is before its beginning"
    assert number not in _licences(world)
    form.locator('[name="starts_on"]').fill(str(first))
    form.locator('[name="ends_on"]').fill(str(last))
    owner.press("licences.record", form)
    told = _licences(world)[number]
    assert (told["min_discount_bp"], told["max_discount_bp"]) == (1_000, 3_000)

    assert _marked(owner, number, first.strftime("%Y-%m")) == 3
    owner = come("en", DESK).enter(world.writing)
    owner.open("/licences")
    owner.submit(owner.page.locator("main tbody a").filter(has_text=number))
    form = owner.page.locator('form[action$="/revoke"]')
    form.locator('[name="revoked_from"]').fill(str(first))
    owner.press("licences.revoke", form)
    assert owner.page.locator("#e-revoke_reason").count() == 1, "why is on record, too"
    form.locator('[name="revoke_reason"]').fill("Printed twice")
    owner.press("licences.revoke", form)
    assert _licences(world)[number]["revoked_from"] == str(first)
    assert owner.sees(owner.speech.word("licence_state", "revoked"))
    assert _marked(owner, number, first.strftime("%Y-%m")) == 0


@pytest.mark.parametrize(("language", "width", "role"), [("ar", PHONE, "approver"), ("en", DESK, "viewer")])
def test_a_person_chooses_what_they_hear_of_and_has_read_it(
    world: Installation, come: Come, language: Language, width: int, role: str
) -> None:
    """The bell counts what is new until it was read; what is not chosen is not listed. Each for themselves."""
    person = come(language, width).enter(world.asking, role)
    assert person.page.locator("a.bell .count").count() == 1
    person.submit(person.page.locator("a.bell"))
    lines = person.page.locator("#listed ~ ul li")
    assert lines.count() > 0 and person.page.locator("li.new").count() == lines.count()
    person.press("notifications.read")
    assert person.page.locator("li.new, a.bell .count").count() == 0 and lines.count() > 0
    waiting = person.page.locator('input[name="kinds"][value="approvals"]')
    assert waiting.is_checked()
    waiting.uncheck()
    person.press("notifications.save")
    word = person.speech.word("notification", "approvals")
    assert word not in lines.locator("strong").all_inner_texts()
    waiting.check()
    person.press("notifications.save")
    assert word in lines.locator("strong").all_inner_texts()


def test_a_key_is_made_opens_this_store_alone_and_is_revoked(world: Installation, come: Come) -> None:
    """Made in Arabic on a phone, where its secret is shown once, and revoked in English at a desk."""
    owner = come("ar", PHONE).enter(world.asking)
    owner.open("/keys")
    form = owner.page.locator('form[action="/keys"]')
    owner.press("keys.make", form)
    assert owner.page.locator("#e-label").count() == 1, "a key has a name"
    form.locator('input[name="label"]').fill(LABEL)
    owner.press("keys.make", form)
    secret = owner.page.locator("code.secret").inner_text()
    owner.open("/keys")
    assert secret not in owner.page.content()
    for service in ("onboarding", "optimizer", "audit"):
        assert _asked(world, service, world.asking, secret) == 200, service
        assert _asked(world, service, world.writing, secret) in (403, 404), service
    owner = come("en", DESK).enter(world.asking)
    owner.open("/keys")
    row = owner.page.locator("main tbody tr").filter(has_text=LABEL)
    row.locator("summary").click()
    owner.submit(row.get_by_role("button"))
    owner.page.get_by_role("status").first.wait_for()
    assert owner.speech.word("key_state", "revoked") in row.inner_text()
    for service in ("onboarding", "optimizer", "audit"):
        wait_until(lambda: _asked(world, service, world.asking, secret) == 401, 30, "the key's end")  # noqa: B023


def _licences(world: Installation) -> dict[str, dict[str, Any]]:
    found = world.items("onboarding", f"/stores/{world.writing}/licences")
    return {one["number"]: one for one in found}


def _marked(owner: Person, number: str, month: str) -> int:
    """How many days of a month the licence stands on."""
    owner.open(f"/calendar?month={month}")
    return owner.page.locator("table.month .mark-licence").filter(has_text=number).count()


_PATHS = {"onboarding": "/stores/{}/prices", "optimizer": "/stores/{}/runs", "audit": "/stores/{}/chain"}


def _asked(world: Installation, service: str, store: str, key: str) -> int:
    url = f"{world.urls[service]}{_PATHS[service].format(store)}"
    return httpx.get(url, headers={"Authorization": f"Bearer {key}"}, trust_env=False).status_code
