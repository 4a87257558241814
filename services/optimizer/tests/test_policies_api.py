"""Policies over HTTP: drafting, staging, reading, and what one in shadow would have done."""

from base64 import b64encode
from typing import Any
from uuid import UUID

import pytest
from tests.support.asking import Api

from thaman_contracts.events import onboarding

PATH = "/stores/1/policies"


def draft(api: Api, **policy: Any) -> int:
    answer = api.post(PATH, json={"title": "ربيع"} | policy)
    assert answer.status_code == 201, answer.json()
    version: int = answer.json()["version"]
    return version


def stage(api: Api, version: int, stage: str, share_bp: int | None = None) -> dict[str, Any]:
    answer = api.put(f"{PATH}/{version}/stage", json={"stage": stage, "share_bp": share_bp})
    assert answer.status_code == 200, answer.json()
    shown: dict[str, Any] = answer.json()
    return shown


def test_a_policy_from_draft_to_retirement(api: Api) -> None:
    policy = {
        "title": "صيف",
        "strategy": "undercut",
        "offset_bp": 200,
        "min_margin_bp": 2_000,
        "strategies": [{"kind": "fixed", "price": 9_900, "scope": {"products": ["1", "2/7"]}, "season": "ramadan"}],
        "sleep": {"from_time": "23:00", "until_time": "07:00"},
        "date_rests": [{"name": "x", "starts_at": "2026-04-01T00:00:00+03:00", "ends_at": "2026-04-02T00:00:00+03:00"}],
    }
    assert draft(api, **policy) == 1
    shown = api.get(f"{PATH}/1").json()
    assert (shown["stage"], shown["share_bp"], shown["staged_at"]) == ("draft", None, None)
    assert shown["policy"]["strategies"][0]["scope"] == {"products": ["1", "2/7"], "brands": [], "categories": []}
    assert shown["policy"]["date_rests"][0]["starts_at"] == "2026-03-31T21:00:00Z"
    assert shown["drafted_by"].startswith("key_") and shown["title"] == "صيف"
    for one, share in (("shadow", None), ("canary", 500), ("canary", 2_000), ("live", None), ("retired", None)):
        shown = stage(api, 1, one, share)
        assert (shown["stage"], shown["share_bp"]) == (one, share)
        assert shown == stage(api, 1, one, share), "staging again changes nothing"
    final = api.put(f"{PATH}/1/stage", json={"stage": "draft"})
    assert (final.status_code, final.json()["code"]) == (409, "policy_stage_refused")
    assert "draft it again as a new policy" in final.json()["detail"]


def test_drafting_again_under_one_key_drafts_once(api: Api, world: Any) -> None:
    key = {"Idempotency-Key": "monday"}
    answers = [api.post(PATH, json={"title": "a"}, headers=key) for _ in range(2)]
    assert [(one.status_code, one.json()) for one in answers] == [(201, {"version": 1})] * 2
    assert len(world.events("policy.Drafted")) == 1
    other = api.post(PATH, json={"title": "b"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert draft(api, title="b") == 2


def test_policies_are_listed_newest_first_without_their_documents(api: Api) -> None:
    for number in range(5):
        draft(api, title=f"{number}")
    seen, cursor = [], None
    while True:
        page = api.get(PATH, params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += [(row["version"], row["title"], row["policy"]) for row in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [(number + 1, f"{number}", None) for number in reversed(range(5))]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/title"),
        ({"title": ""}, "/title"),
        ({"title": "t", "min_margin": 100}, "/min_margin"),
        ({"title": "t", "min_margin_bp": 1_000.5}, "/min_margin_bp"),
        ({"title": "t", "max_step_bp": 0}, "/max_step_bp"),
        ({"title": "t", "strategies": [{"kind": "fixed"}]}, "/strategies/0"),
        ({"title": "t", "strategies": [{"kind": "hold", "scope": {"product": ["1"]}}]}, "/strategies/0/scope/product"),
        ({"title": "t", "sleep": {"from_time": "7:00", "until_time": "08:00"}}, "/sleep/from_time"),
        ({"title": "t", "strategy": "fixed"}, ""),
        ([], ""),
    ],
)
def test_what_is_wrong_with_a_policy_is_named(body: Any, pointer: str, api: Api, world: Any) -> None:
    answer = api.post(PATH, json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert [fault.get("pointer", "") for fault in answer.json()["errors"]] == [pointer]
    assert world.events("policy.Drafted") == []


def test_what_cannot_be_kept_is_refused(api: Api) -> None:
    many = [{"kind": "hold", "scope": {"products": [f"{number:010}" for number in range(5_000)]}}] * 4
    for wrong in ({"strategies": many}, {"title": "a\0b"}):
        answer = api.post(PATH, json={"title": "t"} | wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, "policy_refused")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"stage": "canary"}, "policy_share_wrong"),
        ({"stage": "canary", "share_bp": 10_000}, "policy_share_wrong"),
        ({"stage": "live", "share_bp": 100}, "policy_share_wrong"),
        ({"stage": "canary", "share_bp": 99.5}, "invalid_request"),
        ({"stage": "canary", "share": 100}, "invalid_request"),
        ({"stage": "running"}, "invalid_request"),
        ({}, "invalid_request"),
    ],
)
def test_what_is_wrong_with_a_stage_is_said(body: dict[str, Any], code: str, api: Api) -> None:
    draft(api)
    answer = api.put(f"{PATH}/1/stage", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert api.get(f"{PATH}/1").json()["stage"] == "draft"


def test_policies_that_are_not_there(api: Api) -> None:
    for version in ("1", "2147483647"):
        for path in (f"{PATH}/{version}", f"{PATH}/{version}/shadow"):
            answer = api.get(path)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert api.put(f"{PATH}/{version}/stage", json={"stage": "live"}).status_code == 404
    for version in ("0", "-1", "x", "99999999999999999999"):
        assert api.get(f"{PATH}/{version}").status_code == 422


def test_a_store_that_was_removed_takes_no_policies(api: Api, world: Any) -> None:
    draft(api)
    world.tell(onboarding.StoreUninstalled(store_id="1", occurred_at=world.clock.now(), fence=1))
    assert api.post(PATH, json={"title": "t"}).status_code == 404
    assert api.put(f"{PATH}/1/stage", json={"stage": "live"}).status_code == 404


def cursor_of(*parts: str) -> str:
    return b64encode("\n".join(parts).encode()).decode()


@pytest.mark.parametrize(
    ("path", "cursor"),
    [
        (PATH, "x"),
        (PATH, cursor_of("policy", "x")),
        (PATH, cursor_of("policy", "-1")),
        (PATH, cursor_of("policy", "9" * 30)),
        (PATH, cursor_of("item", "1")),
        (f"{PATH}/1/shadow", cursor_of("policy", "1")),
        (f"{PATH}/1/shadow", cursor_of("item", "a\0")),
        (f"{PATH}/1/shadow", cursor_of("item")),
    ],
)
def test_cursors_of_other_lists_are_refused(path: str, cursor: str, api: Api) -> None:
    draft(api)
    answer = api.get(path, params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")


# -- Shadow --------------------------------------------------------------------------------------------------------


@pytest.fixture
def shadowed(api: Api, world: Any) -> Api:
    """Policy 1 in shadow, with what it made of five items; the live run expects something of two of them."""
    world.stock(4)
    run = world.run()
    world.container.application.database.execute(
        "UPDATE proposals SET document = document || '{\"expected_weekly_profit_change\": 700}'::jsonb"
        " WHERE item_key IN ('1', '2')"
    )
    draft(api)
    stage(api, 1, "shadow")
    moved = {"shelf_price": 10_000, "live_price": 9_700, "risk": "low"}
    world.shadowed(
        1,
        run,
        {"product_id": "1", "shadow_price": 9_700, "expected_weekly_profit_change": 900} | moved,
        {"product_id": "2", "shadow_price": 9_500, "expected_weekly_profit_change": -100, "disposition": "ask"} | moved,
        {"product_id": "3", "shadow_price": None, "disposition": "hold", "reason": "cooldown/cooldown"} | moved,
        {"product_id": "4", "shelf_price": 10_000, "disposition": "hold", "reason": "strategy/hold"},
        {"product_id": "5", "variant_id": "9", "shelf_price": 10_000, "shadow_price": 10_000},
    )
    return api


def test_shadow_prices_stand_beside_the_live_ones_with_totals(shadowed: Api, world: Any) -> None:
    page = shadowed.get(f"{PATH}/1/shadow").json()
    assert page["totals"] == {
        "compared": 5,
        "different": 2,
        "write": 2,
        "ask": 1,
        "hold": 2,
        "expected_weekly_profit_change": {"halalas": 800, "items": 2},
        "live_expected_weekly_profit_change": {"halalas": 1_400, "items": 2},
    }
    first, _, third, _, fifth = page["items"]
    assert (first["item"], first["name"], first["live_price"], first["shadow_price"]) == ("1", "عطر 1", 9_700, 9_700)
    assert (first["expected_weekly_profit_change"], first["live_expected_weekly_profit_change"]) == (900, 700)
    assert (third["shadow_price"], third["reason"], third["disposition"]) == (None, "cooldown/cooldown", "hold")
    assert (third["expected_weekly_profit_change"], third["live_expected_weekly_profit_change"]) == (None, None)
    assert (fifth["item"], fifth["name"]) == ("5/9", None)
    assert page["next"] is None


def test_shadow_prices_come_in_pages_and_totals_of_all(shadowed: Api) -> None:
    seen, cursor = [], None
    while True:
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = shadowed.get(f"{PATH}/1/shadow", params=params).json()
        assert page["totals"]["compared"] == 5
        seen += [row["item"] for row in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == ["1", "2", "3", "4", "5/9"]


def test_of_each_item_the_latest_run_counts(shadowed: Api, world: Any) -> None:
    before = shadowed.get(f"{PATH}/1/shadow").json()["totals"]
    late, early = UUID(int=2), UUID(int=1)
    now = world.clock.now()
    world.clock.set(now.replace(hour=12))
    world.shadowed(1, late, {"product_id": "1", "shelf_price": 9_700, "shadow_price": 9_400})
    world.clock.set(now.replace(hour=11))
    world.shadowed(1, early, {"product_id": "1", "shelf_price": 9_700, "shadow_price": 9_300})
    page = shadowed.get(f"{PATH}/1/shadow").json()
    assert (page["items"][0]["run_id"], page["items"][0]["shadow_price"]) == (str(late), 9_400)
    assert page["totals"] != before, "sums that were told before are made again"
    assert page["totals"]["compared"] == 5
    assert page["totals"]["expected_weekly_profit_change"] == {"halalas": -100, "items": 1}


def test_a_policy_that_was_never_in_shadow_compares_nothing(api: Api) -> None:
    draft(api)
    page = api.get(f"{PATH}/1/shadow").json()
    assert (page["items"], page["next"], page["totals"]["compared"]) == ([], None, 0)
    assert page["totals"]["expected_weekly_profit_change"] == {"halalas": None, "items": 0}


def test_another_store_s_shadow_prices_are_its_own(shadowed: Api, world: Any) -> None:
    world.connect("2")
    world.container.policies.draft("2", world.container.facts.store("1", world.clock.now()).trial.policy, "key_1")
    world.shadowed(1, UUID(int=1), {"product_id": "1", "shelf_price": 1, "shadow_price": 2}, store_id="2")
    assert shadowed.get(f"{PATH}/1/shadow").json()["totals"]["compared"] == 5
    assert world.container.views.shadow_totals("2", 1)["compared"] == 1
