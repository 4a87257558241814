"""Rate limits and faults."""

import time

import httpx
import pytest

from .conftest import Sandbox

CUT = (httpx.RemoteProtocolError, httpx.ReadError)


def test_the_plans_budget_then_one_call_a_second_then_a_new_minute(sandbox: Sandbox) -> None:
    sandbox.switch(basic_plan_per_minute=3)
    sandbox.control("PUT", "/clock", {"frozen_at": "2026-06-01T12:00:00Z"})
    token = sandbox.tokens(sandbox.store(plan="basic"))["access_token"]

    def call() -> httpx.Response:
        return sandbox.api(token, "GET", "/store/info")

    answers = [call() for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert [one.headers["x-ratelimit-remaining"] for one in answers] == ["2", "1", "0", "0"]
    assert answers[0].headers["x-ratelimit-limit"] == "3"
    assert answers[0].headers["x-ratelimit-reset"] == "1780315260"
    assert answers[3].headers["retry-after"] == "1" and "retry-after" not in answers[2].headers
    sandbox.control("PUT", "/clock", {"advance_seconds": 1})
    assert [call().status_code, call().status_code] == [200, 429]
    sandbox.control("PUT", "/clock", {"advance_seconds": 60})
    assert [call().status_code for _ in range(4)] == [200, 200, 200, 429]
    assert sandbox.control("GET", "/calls")["refused_429"] == 3
    sandbox.switch(rate_limits=False)
    assert "x-ratelimit-limit" not in call().headers


@pytest.mark.parametrize(("plan", "limit"), [("plus", "120"), ("pro", "360"), ("special", "720")])
def test_limits_by_plan(sandbox: Sandbox, plan: str, limit: str) -> None:
    token = sandbox.tokens(sandbox.store(plan=plan))["access_token"]
    assert sandbox.api(token, "GET", "/store/info").headers["x-ratelimit-limit"] == limit


def test_a_cut_after_the_write_leaves_it_done_and_unanswered(sandbox: Sandbox) -> None:
    store = sandbox.store()
    token, one = sandbox.tokens(store)["access_token"], sandbox.simple_product(store)
    sandbox.control("PUT", "/faults", {"p_cut_after_write": 1})
    with pytest.raises(CUT):
        sandbox.api(token, "PUT", f"/products/{one['id']}", {"price": 71})
    assert sandbox.api(token, "GET", f"/products/{one['id']}").json()["data"]["price"]["amount"] == 71
    (entry,) = sandbox.write_log()
    assert (entry["effective"], entry["answered"]) == (True, False)


def test_a_cut_before_the_write_leaves_nothing_done(sandbox: Sandbox) -> None:
    store = sandbox.store()
    token, one = sandbox.tokens(store)["access_token"], sandbox.simple_product(store)
    sandbox.control("PUT", "/faults", {"store_id": store, "p_cut_before_write": 1})
    with pytest.raises(CUT):
        sandbox.api(token, "PUT", f"/products/{one['id']}", {"price": 71})
    with pytest.raises(CUT):
        body = {"products": [{"id": one["id"], "price": 72}]}
        sandbox.api(token, "POST", "/products/prices/bulkPrice", body)
    assert sandbox.price(store, one["id"])["base"] == one["base"]
    assert [(row["effective"], row["answered"], row["pending"]) for row in sandbox.write_log()] == [(False,) * 3] * 2
    sandbox.control("DELETE", "/faults")
    assert sandbox.api(token, "PUT", f"/products/{one['id']}", {"price": 71}).status_code == 201


def test_a_500_can_hide_a_done_write(sandbox: Sandbox) -> None:
    store = sandbox.store()
    token, one = sandbox.tokens(store)["access_token"], sandbox.simple_product(store)
    sandbox.control("PUT", "/faults", {"p_5xx_after_write": 1})
    assert sandbox.api(token, "PUT", f"/products/{one['id']}", {"price": 71}).status_code == 500
    (entry,) = sandbox.write_log()
    assert (entry["effective"], entry["answered"], entry["status"]) == (True, True, 500)


@pytest.mark.parametrize("html", [False, True])
def test_errors_with_and_without_json(sandbox: Sandbox, html: bool) -> None:
    token = sandbox.tokens(sandbox.store())["access_token"]
    kind = "text/html; charset=UTF-8" if html else "application/json"
    sandbox.control("PUT", "/faults", {"p_429": 1, "html_errors": html})
    busy = sandbox.api(token, "GET", "/products")
    assert (busy.status_code, busy.headers["retry-after"], busy.headers["content-type"]) == (429, "1", kind)
    sandbox.control("PUT", "/faults", {"p_5xx": 1, "html_errors": html})
    down = sandbox.api(token, "GET", "/products")
    assert (down.status_code, down.headers["content-type"]) == (503 if html else 500, kind)


def test_latency_and_a_plan_for_one_store_only(sandbox: Sandbox) -> None:
    slow, quick = sandbox.store(), sandbox.store()
    sandbox.control("PUT", "/faults", {"store_id": slow, "latency_ms": 300})
    taken = []
    for store in (slow, quick):
        token = sandbox.tokens(store)["access_token"]
        start = time.perf_counter()
        assert sandbox.api(token, "GET", "/store/info").status_code == 200
        taken.append(time.perf_counter() - start)
    assert taken[0] >= 0.3
    assert taken[1] < taken[0]


def test_the_same_seed_gives_the_same_faults(sandbox: Sandbox) -> None:
    token = sandbox.tokens(sandbox.store())["access_token"]
    runs = []
    for _ in range(2):
        sandbox.control("PUT", "/faults", {"p_5xx": 0.5, "seed": 7})
        runs.append([sandbox.api(token, "GET", "/store/info").status_code for _ in range(12)])
    assert runs[0] == runs[1] and set(runs[0]) == {200, 500}


def test_lost_bulk_items_by_fault(sandbox: Sandbox) -> None:
    store = sandbox.store()
    token, one = sandbox.tokens(store)["access_token"], sandbox.simple_product(store)
    sandbox.control("PUT", "/faults", {"p_lost_bulk_item": 1})
    sandbox.api(token, "POST", "/products/prices/bulkPrice", {"products": [{"id": one["id"], "price": 3}]})
    sandbox.settled()
    assert sandbox.write_log()[0]["bulk_lost"] is True
    assert sandbox.price(store, one["id"])["base"] == one["base"]


def test_token_endpoint_errors(sandbox: Sandbox) -> None:
    tokens = sandbox.tokens(sandbox.store())
    sandbox.control("PUT", "/faults", {"token_p_5xx": 1})
    assert sandbox.refresh(tokens["refresh_token"]).status_code == 500
    sandbox.control("DELETE", "/faults")
    assert sandbox.refresh(tokens["refresh_token"]).status_code == 200, "a 5xx before any work uses nothing up"
