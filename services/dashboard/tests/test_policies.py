"""Policies from draft to live, what they would do, the calendar, licences and keys: the owners themselves answer."""

from datetime import date, timedelta
from typing import Any

import pytest
from tests.support.owners import STORE, Owned

from thaman_contracts.events.policies import PricePolicy, Season
from thaman_dashboard.owner_ports import OwnerRefused
from thaman_dashboard.pages.month import month_of, policy_marks, seasons_near
from thaman_dashboard.pages.pictures import HEIGHT, signed, spread
from thaman_dashboard.policy_form import as_typed, names_of, typed
from thaman_dashboard.views import Role
from thaman_dashboard.visits import Form

SPRING = PricePolicy.model_validate(
    {
        "title": "ربيع <i>",
        "strategy": "undercut",
        "offset_bp": 200,
        "max_step_bp": 500,
        "variants": "apart",
        "strategies": [
            {"kind": "fixed", "price": 9_950, "priority": 5, "scope": {"products": ["1"]}},
            {"kind": "undercut", "by_bp": 150, "by": -200, "against": "rank", "rank": 3, "season": "ramadan",
             "scope": {"brands": ["دار العود, الأولى", "B"], "categories": ["عطور"]},
             "starts_at": "2027-01-01T00:00:00+03:00", "ends_at": "2027-06-01T00:00:00+03:00"},
        ],
        "season_rests": [{"season": "eid_al_fitr", "days_before": 2, "days_after": 1}],
        "date_rests": [
            {"name": "جرد", "starts_at": "2026-12-05T00:00:00+03:00", "ends_at": "2026-12-07T00:00:00+03:00"},
        ],
        "sleep": {"from_time": "23:00", "until_time": "07:00"},
    }
)  # fmt: skip


def squashed(text: str) -> str:
    """Without blanks: what stands in a tag of its own is taken apart with one."""
    return "".join(text.split())


def posted(values: dict[str, str]) -> Form:
    return Form(list(values.items()))


def test_a_policy_goes_through_the_form_whole_and_what_cannot_be_is_said_at_its_field() -> None:
    form = posted(as_typed(SPRING))
    assert typed(form, names_of(form)).policy == SPRING
    for changes, wrong in (
        ({"title": ""}, {"title": "needed"}),
        ({"s0.price": ""}, {"s0.price": "needed"}),
        ({"s0.price": "x", "s1.ends_at": "2026-01-01T00:00"}, {"s0.price": "amount", "s1.ends_at": "order"}),
        ({"r0.days_before": "61"}, {"r0.days_before": "count_between"}),
        ({"max_step_bp": "50.01"}, {"max_step_bp": "share_between"}),
        ({"strategy": "fixed"}, {"title": "refused"}),
        ({"d0.ends_at": ""}, {"d0.ends_at": "when"}),
        ({"sleep.until_time": "23:00"}, {"sleep": "refused"}),
    ):
        form = posted(as_typed(SPRING) | changes)
        found = typed(form, names_of(form))
        assert {name: one.code for name, one in found.wrong.items()} == wrong, changes
        assert found.policy is None
    gone = posted(as_typed(SPRING) | {"s0.kind": "", "s1.price": "-1"})
    assert [*typed(gone, names_of(gone)).wrong] == ["s1.price"], "the second row keeps its number"


def test_pictures_count_every_price_once() -> None:
    picture = spread([(10_000, 10_000), (10_000, 10_100), (10_000, 11_000), (10_000, 8_000), (10_000, 9_999), (0, 5)])
    assert [bar.value for _, _, bar in picture.classes] == [1, 0, 0, 1, 1, 1, 0, 0, 1]
    assert [(low, high) for low, high, _ in picture.classes][3:6] == [(-200, 0), (0, 0), (0, 200)]
    drawn = signed([100, -300, 0])
    assert (drawn.zero, [bar.side for bar in drawn.bars]) == (HEIGHT // 4, ["above", "below", "same"])
    assert all(bar.y >= 0 and bar.y + bar.height <= HEIGHT + 1 for bar in drawn.bars)


def test_the_calendar_draws_seasons_and_windows_on_their_days() -> None:
    marks = [*seasons_near(date(2027, 3, 1)), *policy_marks(SPRING, date(2027, 3, 1))]
    month = month_of(date(2027, 3, 1), marks)
    days = {
        day.on: {(mark.kind, mark.code) for mark in day.marks} for week in month.weeks for day in week if day.inside
    }
    ramadan, eid = Season.RAMADAN.value, Season.EID_AL_FITR.value
    assert days[date(2027, 3, 8)] == {("season", ramadan), ("strategy", ramadan), ("rest", eid)}
    assert days[date(2027, 3, 9)] == {("season", eid), ("rest", eid)}
    assert days[date(2027, 3, 13)] == {("rest", eid)} and days[date(2027, 3, 14)] == set()
    assert (len(days), month.weeks[0][0].on.isoweekday()) == (31, 7)
    december = month_of(date(2026, 12, 1), policy_marks(SPRING, date(2026, 12, 1)))
    assert [(mark.first, mark.last, mark.said) for mark in december.marks] == [
        (date(2026, 12, 5), date(2026, 12, 6), "جرد")
    ]


def _draft(owned: Owned, **changes: str) -> str:
    browser = owned.house.browser(STORE)
    answer = browser.post("/policies", as_typed(SPRING) | {"key": f"draft-{len(changes)}"} | changes)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def test_a_policy_is_written_tried_and_made_live(owned: Owned) -> None:
    browser = owned.house.browser(STORE)
    form = {**as_typed(SPRING), "key": "k1", "more": "s"}
    assert 'name="s2.kind"' in browser.post("/policies", form).text
    wrong = browser.post("/policies", {**as_typed(SPRING), "key": "k1", "s0.price": "?"})
    assert wrong.status_code == 422 and 'id="e-s0.price"' in wrong.text
    address = _draft(owned)
    assert _draft(owned) == address, "the same form writes one policy"
    page = browser.page(address)
    for said in (
        "ربيع <i>",
        "A fixed price, 99.50 SAR · products 1 (priority 5)",
        "It decides nothing.",
        "measured from: The rival at rank 3",
        "Prices rest in Eid al-Fitr; days before: 2, after: 1",
    ):
        assert squashed(said) in squashed(page.text), said
    tried = owned.house.asked(browser, f"{address}/what-if", {"over": "now", "days": "28"})
    assert "<i>" not in tried.html and "ربيع <i>" in tried.text
    assert "They treat 1 product differently." in tried.text
    assert "demand model's estimate" in tried.text and (9_900, "99.00") in tried.amounts
    staged = browser.post(f"{address}/stage", {"stage": "shadow"})
    assert staged.headers.get("location") == address, staged.text
    owned.run("shadowed")
    shadow = browser.page(f"{address}/shadow")
    assert (10_000, "100.00") in shadow.amounts and (9_900, "99.00") in shadow.amounts
    assert [given["aria-label"] for tag, given in shadow.tags if tag == "svg" and given.get("role") == "img"]
    bad = browser.post(f"{address}/stage", {"stage": "canary", "share": "100"})
    assert bad.status_code == 422 and 'id="e-share"' in bad.text
    for stage in ({"stage": "canary", "share": "٢٫٥"}, {"stage": "live"}):
        assert browser.post(f"{address}/stage", stage).status_code == 303
        assert "The policy was moved." in browser.page(address).text
    row = owned.optimizer.views.policies(STORE, None, 5)[0]
    assert (row["stage"], row["version"]) == ("live", int(address.rpartition("/")[2]))
    clock = owned.optimizer.clock
    clock.set(clock.now() + timedelta(minutes=1))
    history = owned.house.asked(browser, f"{address}/what-if", {"over": "history", "days": "90"})
    assert "Judged again, the same" in history.text and "90 days" in history.text
    other = _draft(owned, title="صيف", max_step_bp="4")
    told = squashed(browser.page(other).text)
    for said in ("A step of at most 4%", "is retired", "Is without: A step of at most 5%"):
        assert squashed(said) in told, said
    listed = browser.page("/policies", "ar").text
    assert "هذه هي السياسة السارية" in listed and "ما تختلف فيه عن السارية" in listed
    assert 'value="99.50"' in browser.page("/policies/new").html, "a new one begins with what is live"
    assert squashed("Prices rest: جرد") in squashed(browser.page("/calendar?month=2026-12").text)


def test_licences_are_recorded_corrected_and_revoked(owned: Owned) -> None:
    browser = owned.house.browser(STORE)
    form = {"number": "٤٤", "authority": "<b>وزارة", "starts_on": "2026-03-01", "ends_on": "2026-03-31",
            "min_discount_bp": "10", "max_discount_bp": "30", "product_ids": "1\n٢"}  # fmt: skip
    wrong = browser.post("/licences", form | {"ends_on": "2026-02-01", "authority": ""})
    assert wrong.status_code == 422 and 'id="e-authority"' in wrong.text
    assert browser.post("/licences", form).status_code == 303
    [shown] = owned.house.desk.licence_owners.licences(STORE)
    assert (shown.licence.product_ids, shown.licence.max_discount_bp) == (("1", "2"), 3_000)
    address = f"/licences/{shown.licence_id}"
    assert address in browser.page("/licences").links
    assert browser.post(address, form | {"max_discount_bp": "40"}).status_code == 422, "a reason is needed"
    assert browser.post(address, form | {"max_discount_bp": "40", "reason": "طباعة"}).status_code == 303
    assert browser.post(f"{address}/revoke", {"revoke_reason": "x", "revoked_from": "2026-03-10"}).status_code == 303
    [shown] = owned.house.desk.licence_owners.licences(STORE)
    assert (shown.licence.max_discount_bp, shown.revoked_from) == (4_000, date(2026, 3, 10))
    month = browser.page("/calendar?month=2026-03")
    assert squashed(month.text).count("Discountlicence:٤٤") == 9 + 1, "on its days, and in the list"
    assert owned.house.browser("78").get(address).status_code == 404


def test_a_merchant_makes_and_revokes_keys_of_the_store_alone(owned: Owned) -> None:
    browser = owned.house.browser(STORE)
    theirs = owned.onboarding.issue_key("operator", None, "operator's")
    made = browser.post("/keys", {"label": "<b>مخزن", "lasts": "90", "scope": "operator", "store_id": "78"})
    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    secret = next(line for line in made.text.splitlines() if 'class="secret"' in line).split(">")[2].split("<")[0]
    [key] = owned.house.desk.key_owners.keys(STORE)
    row = owned.onboarding.stores.rows.keys("", 100, STORE)
    assert [(one["scope"], one["store_id"]) for one in row] == [("store", STORE)], "whatever the form says"
    assert secret not in browser.page("/keys").html and theirs.key_id not in browser.page("/keys").html
    assert browser.post(f"/keys/{theirs.key_id}/revoke").status_code == 404
    with pytest.raises(OwnerRefused):
        owned.house.desk.key_owners.revoke_key("78", key.key_id)
    assert owned.house.browser(STORE, Role.VIEWER).get("/keys").status_code == 403
    assert browser.post(f"/keys/{key.key_id}/revoke").status_code == 303
    ended: Any = owned.onboarding.stores.rows.keys("", 100, None)
    assert {one["key_id"]: one["revoked_at"] is not None for one in ended}[key.key_id] is True
    assert {one["key_id"]: one["revoked_at"] for one in ended}[theirs.key_id] is None
