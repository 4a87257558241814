"""Rotation, reuse, expiry and the ledger."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thaman_sandbox.config import AppConfig, SandboxConfig
from thaman_sandbox.control.requests import NewStore
from thaman_sandbox.errors import OAuthError, TokenInvalid
from thaman_sandbox.stores import open_store
from thaman_sandbox.tokens import Issued, issue, ledger, new_attempt, new_grant, refresh, use_access
from thaman_sandbox.world import World, build_world

from .conftest import Sandbox

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def fresh_world() -> tuple[World, Issued]:
    world = build_world(SandboxConfig(app=AppConfig(client_id="a", client_secret="b")))
    world.clock.set(frozen_at=NOON)
    store = open_store(world, NewStore(products=0))
    return world, issue(world, new_grant(world, store.id, "orders.read offline_access", "code"))


def try_refresh(world: World, token: str) -> Issued | None:
    try:
        return refresh(world, token, new_attempt(world, "refresh_token"))
    except OAuthError as refusal:
        assert (refusal.code, refusal.status) == ("invalid_grant", 401)
        return None


def works(world: World, token: str) -> bool:
    try:
        use_access(world, token)
    except TokenInvalid:
        return False
    return True


@given(st.lists(st.integers(min_value=0, max_value=6), max_size=12))
def test_only_the_newest_refresh_token_works_and_reuse_ends_the_chain(picks: list[int]) -> None:
    """Whatever order tokens are tried in: a chain lives until an old token is shown, then never again."""
    world, first = fresh_world()
    chain, alive = [first], True
    for pick in picks:
        chosen = chain[pick % len(chain)]
        newest = chosen is chain[-1]
        got = try_refresh(world, str(chosen.refresh_token))
        assert (got is not None) == (alive and newest)
        alive = alive and newest
        if got is not None:
            assert got.refresh_token not in {one.refresh_token for one in chain}
            chain.append(got)
    for one in chain:
        assert works(world, one.access_token) == (alive and one is chain[-1])
    book = ledger(world)
    assert book["rotations"] == len(chain) - 1
    reuses = book["reused_refresh_tokens"]
    assert isinstance(reuses, int) and (reuses > 0) == (not alive)


@given(st.integers(min_value=0, max_value=40 * 86_400))
def test_lifetimes_follow_the_virtual_clock(seconds: int) -> None:
    world, issued = fresh_world()
    world.clock.advance(seconds)
    assert works(world, issued.access_token) == (seconds < 14 * 86_400)
    assert (try_refresh(world, str(issued.refresh_token)) is not None) == (seconds < 30 * 86_400)


def test_the_old_access_token_may_survive_by_switch() -> None:
    world, issued = fresh_world()
    world.switches.old_access_revoked_on_refresh = False
    assert try_refresh(world, str(issued.refresh_token)) is not None
    assert works(world, issued.access_token)


@pytest.mark.parametrize("status", [401, 400])
def test_reuse_answers_in_oauths_own_shape(sandbox: Sandbox, status: int) -> None:
    sandbox.switch(refresh_reuse_status=status)
    tokens = sandbox.tokens(sandbox.store())
    fresh = sandbox.refresh(tokens["refresh_token"]).json()
    again = sandbox.refresh(tokens["refresh_token"])
    assert again.status_code == status
    assert set(again.json()) == {"error", "error_description"} and again.json()["error"] == "invalid_grant"
    assert sandbox.api(fresh["access_token"], "GET", "/products").status_code == 401
    assert sandbox.refresh(fresh["refresh_token"]).status_code == status


def test_parallel_refreshes_of_one_token_end_the_grant(sandbox: Sandbox) -> None:
    tokens = sandbox.tokens(sandbox.store())
    sandbox.control("PUT", "/faults", {"token_delay_ms": 50})
    with ThreadPoolExecutor(2) as both:
        answers = list(both.map(sandbox.refresh, [tokens["refresh_token"]] * 2))
    assert sorted(one.status_code for one in answers) == [200, 401]
    book = sandbox.control("GET", "/token-ledger")
    assert (book["refreshes"], book["rotations"], book["reused_refresh_tokens"]) == (2, 1, 1)


def test_a_cut_refresh_has_used_up_the_token(sandbox: Sandbox) -> None:
    store = sandbox.store()
    tokens = sandbox.tokens(store)
    sandbox.control("PUT", "/faults", {"store_id": store, "token_p_cut_after": 1})
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        sandbox.refresh(tokens["refresh_token"])
    sandbox.control("DELETE", "/faults")
    attempt = sandbox.control("GET", "/token-ledger")["attempts"][-1]
    assert (attempt["outcome"], attempt["answered"]) == ("rotated", False)
    assert sandbox.refresh(tokens["refresh_token"]).status_code == 401


def test_the_ledger_holds_no_token_in_clear(sandbox: Sandbox) -> None:
    tokens = sandbox.tokens(sandbox.store())
    sandbox.api(tokens["access_token"], "GET", "/products")
    text = sandbox.http.get("/_sandbox/token-ledger").text
    assert tokens["access_token"] not in text and tokens["refresh_token"] not in text
    access = next(one for one in sandbox.control("GET", "/token-ledger")["tokens"] if one["kind"] == "access")
    assert (access["uses"], len(access["used_at"]), access["status"]) == (1, 1, "active")


def test_uninstall_and_revoke_kill_every_token(sandbox: Sandbox) -> None:
    for ending in ("uninstall", "revoke"):
        store = sandbox.store()
        tokens = sandbox.tokens(store)
        assert sandbox.control("POST", f"/stores/{store}/{ending}")["grants_ended"] == 1
        answer = sandbox.api(tokens["access_token"], "GET", "/products")
        assert answer.json()["error"] == {"code": "Unauthorized", "message": "The access token is invalid"}
        assert sandbox.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert sandbox.control("GET", "/token-ledger")["reused_refresh_tokens"] == 0
