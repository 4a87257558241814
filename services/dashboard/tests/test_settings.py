"""The settings: every one on the page, read as people type them, and what a change would do before it is saved."""

import pytest
from tests.support.owners import STORE, Owned

from thaman_contracts.events.breaker import BreakerLimits
from thaman_contracts.events.settings import StoreSettings
from thaman_dashboard.settings_fields import FIELDS
from thaman_dashboard.settings_form import as_typed, typed
from thaman_dashboard.testing_pages import Markup
from thaman_dashboard.views import Role
from thaman_dashboard.visits import Form

NOW = StoreSettings()


def fields_of(page: Markup) -> dict[str, str]:
    """A form as a browser would send it: what is typed, and the buttons that are chosen."""
    inputs = [given for tag, given in page.tags if tag == "input" and given.get("name") not in (None, "csrf")]
    return {
        str(given["name"]): given.get("value") or ""
        for given in inputs
        if given.get("type") != "radio" or "checked" in given
    }


def test_every_setting_has_a_field_and_the_shown_form_changes_nothing(owned: Owned) -> None:
    own = {field.setting for field in FIELDS if not field.of_breaker}
    assert own == StoreSettings.model_fields.keys() - {"breaker"}
    assert {field.setting for field in FIELDS if field.of_breaker} == BreakerLimits.model_fields.keys()
    shown = fields_of(owned.house.browser(STORE).page("/settings"))
    assert {field.name for field in FIELDS} <= shown.keys()
    assert typed(Form(list(shown.items())), NOW).changes == {}
    viewer = owned.house.browser(STORE, Role.VIEWER).page("/settings")
    assert "Prices end" in viewer.text and not [1 for _, given in viewer.tags if given.get("name") == "mode"]


def test_settings_are_read_as_typed_and_what_cannot_be_is_said_at_its_field() -> None:
    form = Form(
        [("margin", "١٢٫٥"), ("fee", "2.75%"), ("cooldown", "٩٠"), ("watch", "2026-12-24T20:15"), ("week", "20"),
         ("breaker_edits", ""), ("breaker_enabled", "no"), ("strategy", "undercut")]
    )  # fmt: skip
    read = typed(form, NOW)
    assert read.wrong == {}
    assert read.changes.pop("breaker") == BreakerLimits(enabled=False, edits=None).model_dump(mode="json")
    assert read.changes == {
        "min_margin_bp": 1_250, "fee_bp": 275, "cooldown_minutes": 90, "watch_until": "2026-12-24T17:15:00Z",
        "strategy": "undercut",
    }  # fmt: skip
    back = StoreSettings.model_validate_json(StoreSettings(watch_until=read.changes["watch_until"]).model_dump_json())
    assert as_typed(next(one for one in FIELDS if one.name == "watch"), back) == "2026-12-24T20:15"
    for name, text, code in (
        ("step", "0", "share_between"), ("step", "50.01", "share_between"), ("frequency", "25", "count_between"),
        ("frequency", "1.5", "count_between"), ("frequency", "", "count_between"), ("strategy", "fixed", "choice"),
        ("watch", "soon", "when"), ("watch", "20260-01-01T00:00", "when"), ("margin", "100", "whole_price"),
        ("breaker_jump_bp", "", "share_between"),
    ):  # fmt: skip
        assert {one: wrong.code for one, wrong in typed(Form([(name, text)]), NOW).wrong.items()} == {name: code}
    markup = typed(Form([("margin", "140"), ("basis", "markup")]), NOW)
    assert (markup.wrong, markup.changes["min_margin_bp"]) == ({}, 14_000)


def test_what_a_change_would_do_is_shown_by_the_engines_own_floors_before_it_is_saved(owned: Owned) -> None:
    browser, before = owned.house.browser(STORE), owned.onboarding.stores.get(STORE).settings
    form = fields_of(browser.page("/settings")) | {"margin": "15", "fee": "5"}
    page = owned.house.asked(browser, "/settings", form | {"deed": "preview"})
    # 17,000 halalas of cost x 1.15 VAT / (1 - 0.15 - 0.05), rounded up; before: / (1 - 0.10).
    assert "1 present price would stand below its floor." in page.text
    assert {(24_438, "244.38"), (21_723, "217.23"), (20_000, "200.00")} <= set(page.amounts)
    assert "/products/2" in page.links and "<b>" not in page.html
    assert fields_of(page)["margin"] == "15", "what was typed is still there to be saved"
    assert (fields_of(page)["fee"], fields_of(page)["version"]) == ("5", form["version"])
    same = browser.post("/settings", fields_of(browser.page("/settings")) | {"deed": "preview"})
    assert same.status_code == 200 and "Nothing differs from what is in force." in same.text, "nobody is asked"
    assert owned.onboarding.stores.get(STORE).settings == before, "nothing is saved"
    wrong = browser.post("/settings", form | {"deed": "preview", "step": "x"})
    assert wrong.status_code == 422 and 'id="e-step"' in wrong.text and "from 0.01 to 50" in wrong.text
    assert browser.post("/settings", form | {"deed": "save"}).status_code == 303
    saved = owned.onboarding.stores.get(STORE)
    assert (saved.settings.min_margin_bp, saved.settings.fee_bp, saved.settings_version) == (1_500, 500, 2)


def test_the_effect_is_unknown_where_the_optimizer_is_away(owned: Owned, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(owned.house.http._addresses, "optimizer", "http://127.0.0.1:9")  # type: ignore[index]
    browser = owned.house.browser(STORE)
    page = owned.house.asked(browser, "/settings", {"margin": "17", "deed": "preview", "version": "1"})
    assert "What it would do cannot be said now" in page.text
    assert fields_of(page)["margin"] == "17" and "Save" in page.text, "it stops nobody from saving"
