"""Writing while Salla or the line misbehaves (quality.md P1 to P10): no decision has a second effect, none is lost."""

import json
from collections import Counter

import httpx
import pytest

from thaman_contracts.events.onboarding import ReauthorizationReason
from thaman_onboarding.adapters.write_store import WRITE
from thaman_onboarding.domain.catalogue import ManualEditDetected
from thaman_onboarding.domain.price_write import PriceApplied, PriceApplyFailed, PriceDecisionStale
from thaman_onboarding.domain.unauthorized import Action


def effective(sandbox, store):
    """How often each item's price was really changed by us."""
    return Counter((one["product_id"], one["variant_id"]) for one in sandbox.writes(store) if one["effective"])


async def prepared(world, sandbox, items=4, **store):
    """A swept store, some of its items, and a wanted price for each."""
    store_id = sandbox.open_store(**{"products": 40, **store})
    world.connect(store_id)
    await world.sweep(store_id)
    before = sandbox.prices(store_id)
    keys = (world.variant_keys(store_id)[:2] + world.simple_keys(store_id))[:items]
    return store_id, before, {key: before[key] + 230 for key in keys}


def decide_all(world, store_id, wanted):
    return {key: world.decide(store_id, key, base) for key, base in wanted.items()}


def assert_written_once(world, sandbox, store_id, before, wanted, ids):
    assert sandbox.prices(store_id) == before | wanted
    assert max(effective(sandbox, store_id).values()) == 1
    for decision in ids.values():
        events = world.events(decision)
        assert isinstance(events[-1], PriceApplied)
        assert [one.originator_version for one in events] == list(range(1, len(events) + 1))


@pytest.mark.parametrize(
    "fault",
    [
        {"p_cut_after_write": 1.0},
        {"p_5xx_after_write": 1.0},
        {"p_cut_after_write": 0.5, "p_cut_before_write": 0.3, "seed": 4},
        {"p_5xx": 0.4, "html_errors": True, "seed": 5},
        {"p_429": 0.3, "seed": 6},
    ],
    ids=["cut-after", "500-after", "cuts", "5xx", "429"],
)
async def test_single_writes_survive(world, sandbox, fault):
    world.behave(attempts=20)
    store_id, before, wanted = await prepared(world, sandbox)
    ids = decide_all(world, store_id, wanted)
    sandbox.faults(store_id, **fault)
    await world.run(WRITE, within=40)
    assert_written_once(world, sandbox, store_id, before, wanted, ids)


@pytest.mark.parametrize(
    "fault",
    [
        {"p_lost_bulk_item": 0.4, "seed": 3},
        {"p_cut_after_write": 0.6, "seed": 3},
        {"p_cut_before_write": 0.6, "seed": 1},
    ],
    ids=["lost-items", "cut-after", "cut-before"],
)
async def test_queued_writes_survive(world, sandbox, fault):
    world.behave(attempts=20)
    store_id, before, wanted = await prepared(world, sandbox, items=30)
    ids = decide_all(world, store_id, wanted)
    sandbox.faults(store_id, **fault)
    await world.run(WRITE, within=40)
    assert_written_once(world, sandbox, store_id, before, wanted, ids)


async def test_a_write_that_is_cut_every_time_before_it_is_made_fails_in_the_end(world, sandbox):
    store_id, before, wanted = await prepared(world, sandbox, items=1)
    (decision,) = decide_all(world, store_id, wanted).values()
    sandbox.faults(store_id, p_cut_before_write=1.0)
    await world.run(WRITE, within=40)
    assert sandbox.prices(store_id) == before
    assert world.names(decision) == ["PriceWriteStarted", "PriceApplyUncertain"] * 4 + ["PriceApplyFailed"]
    assert world.events(decision)[-1].reason == "not_shown"


async def test_a_timeout_is_uncertain_and_settled_by_reading(world, sandbox):
    store_id, _, wanted = await prepared(world, sandbox, items=1)
    ((key, decision),) = decide_all(world, store_id, wanted).items()

    def slow(request):
        if request.method == "PUT":
            world.wire.after = lambda _, response: _timeout()

    world.wire.before = slow

    def _timeout():
        world.wire.before = lambda _: None
        world.wire.after = lambda _, response: response
        raise httpx.ReadTimeout("too slow")

    await world.run(WRITE)
    assert world.names(decision) == ["PriceWriteStarted", "PriceApplyUncertain", "PriceApplied"]
    assert world.events(decision)[-1].settled_by == "read_back"
    assert effective(sandbox, store_id).total() == 1
    assert sandbox.prices(store_id)[key] == wanted[key]


async def test_a_call_that_may_still_land_keeps_the_next_price_waiting(world, sandbox):
    """The first call gave no answer and was repeated with success; landing now, it must not undo a later price."""
    world.behave(settle_grace=600)
    store_id, _, wanted = await prepared(world, sandbox, items=1)
    ((key, first),) = decide_all(world, store_id, wanted).items()

    def swallow(request):
        if request.method == "PUT":
            world.wire.before = lambda _: None
            raise httpx.ReadTimeout("no answer")

    world.wire.before = swallow
    await world.run(WRITE)
    assert world.names(first) == ["PriceWriteStarted", "PriceApplyUncertain", "PriceWriteStarted", "PriceApplied"]

    second = world.decide(store_id, key, wanted[key] + 100)
    with pytest.raises(TimeoutError):
        await world.run(WRITE, within=1.5)
    assert world.names(second) == []
    aged = "UPDATE decisions SET started_at = started_at - interval '10 minutes' WHERE decision_id = %(id)s"
    world.app.database.execute(aged, {"id": first})
    world.app.database.execute("UPDATE jobs SET run_at = now()")
    world.app.database.execute("UPDATE decisions SET next_at = now()")
    await world.run(WRITE)
    assert world.names(second) == ["PriceWriteStarted", "PriceApplied"]
    assert sandbox.prices(store_id)[key] == wanted[key] + 100


async def test_one_stores_limit_slows_no_other(world, sandbox):
    slow, _, slow_wanted = await prepared(world, sandbox, items=1)
    quick, before, wanted = await prepared(world, sandbox, items=3)
    sandbox.faults(slow, p_429=1.0)
    held = decide_all(world, slow, slow_wanted)
    ids = decide_all(world, quick, wanted)
    with pytest.raises(TimeoutError):
        await world.run(WRITE, within=2)
    assert_written_once(world, sandbox, quick, before, wanted, ids)
    assert [world.names(one) for one in held.values()] == [[]]
    sandbox.call("DELETE", "/faults")
    await world.run(WRITE, within=10)
    assert sandbox.prices(slow) | slow_wanted == sandbox.prices(slow)


async def test_a_401_that_a_new_token_cures_costs_nothing(world, sandbox):
    store_id, before, wanted = await prepared(world, sandbox)
    ids = decide_all(world, store_id, wanted)

    def renew(store):
        world.tokens.given[store] = sandbox.token(store)
        return Action.RETRY

    world.tokens.on_unauthorized = renew
    sandbox.call("POST", f"/stores/{store_id}/revoke")
    await world.run(WRITE)
    assert_written_once(world, sandbox, store_id, before, wanted, ids)
    assert len(world.tokens.reports) == 1


@pytest.mark.parametrize("when", ["before_reading", "before_writing"])
async def test_a_lost_connection_makes_decisions_stale(world, sandbox, when):
    store_id, before, wanted = await prepared(world, sandbox, items=2)
    ids = decide_all(world, store_id, wanted)

    def lose(store):
        reason = ReauthorizationReason.ACCESS_REVOKED
        world.change(store, lambda one: one.require_reauthorization(reason, "test", world.clock.now()))
        return Action.STOP

    world.tokens.on_unauthorized = lose
    if when == "before_reading":
        sandbox.call("POST", f"/stores/{store_id}/revoke")
    else:
        world.wire.before = lambda request: (
            sandbox.call("POST", f"/stores/{store_id}/revoke") if request.method == "PUT" else None
        )
    await world.run(WRITE)
    assert sandbox.prices(store_id) == before
    assert {world.events(one)[-1].reason.value for one in ids.values()} == {"not_connected"}
    assert len(world.tokens.reports) == 1


async def test_a_403_stops_all_calls_for_the_store_until_the_block_is_over(world, sandbox):
    store_id, before, wanted = await prepared(world, sandbox, items=2)
    ids = decide_all(world, store_id, wanted)
    calls = []

    def refuse(request, response):
        calls.append(request.method)
        return httpx.Response(403, json={"status": 403, "success": False, "error": {"code": "error", "message": "no"}})

    world.wire.after = refuse
    world.wire.before = lambda request: None
    with pytest.raises(TimeoutError):
        await world.run(WRITE, within=3)
    assert calls == ["GET"]
    assert world.catalogue.store(store_id).is_blocked
    world.wire.after = lambda _, response: response
    world.app.database.execute("UPDATE call_blocks SET blocked_until = now()")
    world.app.database.execute("UPDATE jobs SET run_at = now() WHERE state = 'waiting'")
    await world.run(WRITE)
    assert_written_once(world, sandbox, store_id, before, wanted, ids)
    assert world.catalogue.store(store_id).blocked_seconds is None


async def test_a_403_on_the_write_itself_is_no_effect_and_no_hammering(world, sandbox):
    store_id, before, wanted = await prepared(world, sandbox, items=3)
    ids = decide_all(world, store_id, wanted)
    refused = []

    def refuse(request, response):
        if request.method == "GET":
            return response
        refused.append(request.url.path)
        return httpx.Response(403, text="<html>blocked</html>")

    real = world.wire.handle_async_request

    async def guarded(request):
        if request.method == "PUT":
            return refuse(request, httpx.Response(200))
        return await real(request)

    world.wire.handle_async_request = guarded
    with pytest.raises(TimeoutError):
        await world.run(WRITE, within=3)
    assert len(refused) == 1
    world.wire.handle_async_request = real
    world.app.database.execute("UPDATE call_blocks SET blocked_until = now()")
    world.app.database.execute("UPDATE jobs SET run_at = now() WHERE state = 'waiting'")
    await world.run(WRITE)
    assert_written_once(world, sandbox, store_id, before, wanted, ids)


async def test_a_422_is_final(world, sandbox):
    store_id, _, wanted = await prepared(world, sandbox, items=1)
    (decision,) = decide_all(world, store_id, wanted).values()
    body = {"status": 422, "success": False, "error": {"code": "error", "fields": {"price": ["السعر غير صالح"]}}}

    async def refuse(request):
        return httpx.Response(422, json=body) if request.method == "PUT" else await real(request)

    real = world.wire.handle_async_request
    world.wire.handle_async_request = refuse
    await world.run(WRITE)
    assert world.names(decision) == ["PriceWriteStarted", "PriceApplyFailed"]
    failed = world.events(decision)[-1]
    assert isinstance(failed, PriceApplyFailed)
    assert failed.reason == "refused" and "السعر غير صالح" in failed.detail


async def test_one_refused_item_does_not_fail_a_whole_queued_call(world, sandbox):
    store_id, before, wanted = await prepared(world, sandbox, items=20, catalogue="perfumes")
    sandbox.switches(bulk_maximum_items=5)
    ids = decide_all(world, store_id, wanted)
    await world.run(WRITE, within=40)
    assert_written_once(world, sandbox, store_id, before, wanted, ids)


async def test_an_answer_with_another_price_is_checked_by_reading(world, sandbox):
    store_id, _, wanted = await prepared(world, sandbox, items=1)
    (decision,) = decide_all(world, store_id, wanted).values()

    def lie(request, response):
        if request.method != "PUT":
            return response
        body = json.loads(response.content)
        body["data"]["price"] = body["data"]["regular_price"] = {"amount": 3.5, "currency": "SAR"}
        return httpx.Response(201, json=body)

    world.wire.after = lie
    await world.run(WRITE)
    assert world.names(decision) == ["PriceWriteStarted", "PriceApplied"]
    assert world.events(decision)[-1].settled_by == "read_back"


async def test_a_price_that_salla_makes_another_is_a_failure_and_a_hand_edit(world, sandbox):
    store_id, _, wanted = await prepared(world, sandbox, items=1)
    ((key, decision),) = decide_all(world, store_id, wanted).items()

    def rounds(request, response):
        if request.method != "PUT":
            return response
        sandbox.edit(store_id, key, base=wanted[key] + 7)
        body = json.loads(response.content)
        for name in ("price", "regular_price"):
            body["data"][name] = {"amount": (wanted[key] + 7) / 100, "currency": "SAR"}
        return httpx.Response(201, json=body)

    world.wire.after = rounds
    await world.run(WRITE)
    assert world.names(decision) == ["PriceWriteStarted", "PriceApplyFailed"]
    assert world.events(decision)[-1].reason == "mismatch"
    edits = [one for one in world.events() if isinstance(one, ManualEditDetected)]
    assert [(one.found_base_price, one.found_by) for one in edits] == [(wanted[key] + 7, "read_back")]


async def test_a_hand_edit_between_decision_and_write_wins(world, sandbox):
    store_id, before, wanted = await prepared(world, sandbox, items=2)
    ids = decide_all(world, store_id, wanted)
    edited, free = wanted
    sandbox.edit(store_id, edited, base=before[edited] + 999)
    await world.run(WRITE)
    stale = world.events(ids[edited])[-1]
    assert isinstance(stale, PriceDecisionStale)
    assert (stale.reason.value, stale.found_base_price) == ("manual_edit", before[edited] + 999)
    assert sandbox.prices(store_id) == before | {edited: before[edited] + 999, free: wanted[free]}
    edits = [one for one in world.events() if isinstance(one, ManualEditDetected)]
    assert [(one.found_base_price, one.found_by) for one in edits] == [(before[edited] + 999, "before_write")]
    await world.sweep(store_id)
    assert len([one for one in world.events() if isinstance(one, ManualEditDetected)]) == 1


async def test_a_sale_price_is_never_sent(world, sandbox):
    store_id, _, wanted = await prepared(world, sandbox, items=12)
    decide_all(world, store_id, wanted)
    sales = {one["id"]: (one["sale"], one["sale_start"], one["sale_end"]) for one in sandbox.products(store_id)}
    bodies = []
    world.wire.before = lambda request: bodies.append(request.content) if request.method in ("PUT", "POST") else None
    await world.run(WRITE)
    assert bodies and not [body for body in bodies if b"sale" in body]
    assert any(sale for sale, _, _ in sales.values())
    assert sales == {one["id"]: (one["sale"], one["sale_start"], one["sale_end"]) for one in sandbox.products(store_id)}


@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_a_refused_connection_leaves_nothing_in_doubt(world, sandbox, method):
    store_id, before, wanted = await prepared(world, sandbox, items=2)
    ids = decide_all(world, store_id, wanted)
    refusals = []

    def refuse(request):
        if request.method == method and len(refusals) < 2:
            refusals.append(request)
            raise httpx.ConnectError("refused")

    world.wire.before = refuse
    await world.run(WRITE, within=30)
    assert len(refusals) == 2
    assert_written_once(world, sandbox, store_id, before, wanted, ids)
    assert not [name for one in ids.values() for name in world.names(one) if name == "PriceApplyUncertain"]


async def test_an_uncertain_write_of_an_uninstalled_store_is_said_to_be_unknown(world, sandbox):
    store_id, _, wanted = await prepared(world, sandbox, items=1)
    (decision,) = decide_all(world, store_id, wanted).values()

    def cut(request, response):
        if request.method == "PUT":
            now = world.clock.now()
            world.change(store_id, lambda one: one.uninstall(now, now))
            world.tokens.given.clear()
            raise httpx.ReadTimeout("too slow")
        return response

    world.wire.after = cut
    await world.run(WRITE)
    assert world.names(decision) == ["PriceWriteStarted", "PriceApplyUncertain", "PriceApplyFailed"]
    assert world.events(decision)[-1].reason == "outcome_unknown"


async def test_an_uncertain_write_waits_for_a_reconnection_and_is_then_settled(world, sandbox):
    store_id, _, wanted = await prepared(world, sandbox, items=1)
    (decision,) = decide_all(world, store_id, wanted).values()

    def cut(request, response):
        if request.method == "PUT":
            raise httpx.ReadTimeout("too slow")
        return response

    def revoke(request):
        if request.method == "PUT":
            reason = ReauthorizationReason.ACCESS_REVOKED
            world.change(store_id, lambda one: one.require_reauthorization(reason, "test", world.clock.now()))

    world.wire.before, world.wire.after = revoke, cut
    with pytest.raises(TimeoutError):
        await world.run(WRITE, within=2)
    assert world.names(decision) == ["PriceWriteStarted", "PriceApplyUncertain"]
    world.change(
        store_id,
        lambda one: one.authorize(one.facts, one.via, one.next_authorization(world.clock.now()), world.clock.now()),
    )
    world.app.database.execute("UPDATE jobs SET run_at = now() WHERE state = 'waiting'")
    world.app.database.execute("UPDATE decisions SET next_at = now() WHERE settled_at IS NULL")
    await world.run(WRITE)
    assert world.names(decision)[-1] == "PriceApplied"
