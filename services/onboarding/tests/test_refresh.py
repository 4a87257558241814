"""Renewing tokens: sent once at most, by one process at a time, whatever happens on the way."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from thaman_kit.clock import SystemClock
from thaman_kit.testing import wait_until
from thaman_onboarding.adapters.vault_store import StoredTokens
from thaman_onboarding.application.refresh import Tokens
from thaman_onboarding.domain.unauthorized import Action
from thaman_onboarding.errors import ClientMisconfigured, NotConnected, SallaBusy, SallaUnreachable

RENEWER = Path(__file__).with_name("renewer.py")
INVALID = "The access token is invalid"


class LaterClock(SystemClock):
    """A clock that can be put forward, as the days of an access token pass."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> Any:
        """The present moment, put forward."""
        return super().now() + self.ahead


@pytest.fixture
def store_id(service: Any, salla: Any) -> str:
    """A connected store."""
    store = str(salla.new_store())
    service.connect(store)
    return store


def tokens_of(service: Any) -> Tokens:
    """The service's tokens."""
    found = service.container.renewals
    assert isinstance(found, Tokens)
    return found


def load(service: Any, store_id: str) -> StoredTokens:
    """What the vault has."""
    stored = tokens_of(service)._vault.load(store_id)
    assert stored is not None
    return stored


def works(salla: Any, token: str) -> bool:
    """Whether Salla accepts the token."""
    return httpx.get(f"{salla.url}/oauth2/user/info", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def start_renewer(service: Any, store_id: str, **more: str) -> "subprocess.Popen[str]":
    """A process that will renew on command."""
    process = subprocess.Popen(
        [sys.executable, str(RENEWER), store_id],
        env=service.process_environment(**more),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_two_processes_renew_under_delay_and_salla_sees_one(service: Any, salla: Any, store_id: str) -> None:
    salla.faults(store_id=int(store_id), token_delay_ms=500)
    racers = [start_renewer(service, store_id) for _ in range(2)]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    ends = [racer.communicate(timeout=30)[0].strip() for racer in racers]
    assert ends == ["2", "2"]
    assert [one["outcome"] for one in salla.attempts(store_id)] == ["rotated"]
    assert works(salla, load(service, store_id).tokens.access)


def test_many_threads_renew_and_salla_sees_one(service: Any, salla: Any, store_id: str) -> None:
    salla.faults(store_id=int(store_id), token_delay_ms=200)
    tokens, version = tokens_of(service), load(service, store_id).version
    with ThreadPoolExecutor(6) as pool:
        versions = {one.version for one in pool.map(lambda _: tokens.renew(store_id, version), range(6))}
    assert versions == {version + 1}
    assert len(salla.attempts(store_id)) == 1


async def test_many_coroutines_share_one_token(service: Any, salla: Any, store_id: str) -> None:
    import asyncio

    got = await asyncio.gather(*(service.container.tokens.access_token(store_id) for _ in range(20)))
    assert set(got) == {load(service, store_id).tokens.access}


def test_an_expiring_token_is_renewed_before_use(start_service: Any, salla: Any) -> None:
    clock = LaterClock()
    service = start_service(clock=clock)
    store_id = salla.new_store()
    service.connect(store_id)
    before = tokens_of(service).current(store_id)
    clock.ahead = timedelta(days=14) - timedelta(minutes=5)
    after = tokens_of(service).current(store_id)
    assert (after.version, after.tokens.access != before.tokens.access) == (before.version + 1, True)
    assert len(salla.attempts(store_id)) == 1


@pytest.mark.parametrize("field", ["expires_in", "expires", "both", "timestamp"])
def test_every_way_of_telling_the_expiry(service: Any, salla: Any, field: str) -> None:
    salla.switch(token_expiry_field=field)
    store_id = salla.new_store()
    service.connect(store_id)
    left = load(service, store_id).tokens.expires_at - service.container.clock.now()
    assert timedelta(days=13, hours=23) < left <= timedelta(days=14, seconds=5)


def test_an_answer_cut_after_salla_acted_ends_in_reconnecting_and_no_loop(
    service: Any, salla: Any, store_id: str
) -> None:
    salla.faults(store_id=int(store_id), token_p_cut_after=1.0)
    version = load(service, store_id).version
    for _ in range(3):
        with pytest.raises(NotConnected):
            tokens_of(service).renew(store_id, version)
    assert service.container.stores.get(store_id).needs_reauthorization == "refresh_ambiguous"
    assert len(salla.attempts(store_id)) == 1
    assert salla.reused() == 0


def test_an_ambiguous_refresh_goes_on_with_an_access_token_that_still_works(start_service: Any, salla: Any) -> None:
    clock = LaterClock()
    service = start_service(clock=clock)
    store_id = salla.new_store()
    service.connect(store_id)
    salla.switch(old_access_revoked_on_refresh=False)
    salla.faults(store_id=int(store_id), token_p_cut_after=1.0)
    stored = load(service, store_id)
    kept = tokens_of(service).renew(store_id, stored.version)
    assert kept.tokens.access == stored.tokens.access
    view = service.http.get(f"/stores/{store_id}", headers=service.operator()).json()
    assert (view["state"], view["reconnect"]["needed"], view["reconnect"]["reason"]) == (
        "connected",
        True,
        "refresh_ambiguous",
    )
    clock.ahead = timedelta(days=14)
    with pytest.raises(NotConnected):
        tokens_of(service).current(store_id)
    assert len(salla.attempts(store_id)) == 1


def test_server_errors_count_as_ambiguous(service: Any, salla: Any, store_id: str) -> None:
    salla.faults(store_id=int(store_id), token_p_5xx=1.0)
    stored = load(service, store_id)
    kept = tokens_of(service).renew(store_id, stored.version)
    assert kept.refresh_blocked
    assert not tokens_of(service).renew_if_due(store_id, 10.0**9)
    assert len(salla.attempts(store_id)) <= 1


@pytest.mark.parametrize("point", ["onboarding.refresh.started", "onboarding.refresh.answered"])
def test_a_process_killed_in_the_middle(start_service: Any, salla: Any, point: str) -> None:
    service = start_service(salla_timeout_seconds=0.4)
    store_id = salla.new_store()
    service.connect(store_id)
    process = start_renewer(service, store_id, THAMAN_FAULTPOINT=point)
    process.communicate("go\n", timeout=30)
    assert process.returncode == -9
    sent = len(salla.attempts(store_id))
    assert sent == (0 if point.endswith("started") else 1)
    stored = load(service, store_id)
    outcomes: list[object] = []

    def settled() -> bool:
        try:
            outcomes.append(tokens_of(service).renew(store_id, stored.version).tokens.access)
        except SallaBusy:
            return False
        except NotConnected as error:
            outcomes.append(error)
        return True

    wait_until(settled, what="the unfinished refresh")
    row = service.container.stores.get(store_id)
    if sent:
        assert (row.connected, row.needs_reauthorization) == (False, "refresh_ambiguous")
    else:
        assert (row.connected, row.refresh_blocked, outcomes) == (True, True, [stored.tokens.access])
    assert len(salla.attempts(store_id)) == sent
    assert salla.reused() == 0


def test_a_process_killed_after_saving_has_lost_nothing(service: Any, salla: Any, store_id: str) -> None:
    process = start_renewer(service, store_id, THAMAN_FAULTPOINT="onboarding.refresh.saved")
    process.communicate("go\n", timeout=30)
    assert process.returncode == -9
    stored = tokens_of(service).current(store_id)
    assert (stored.version, stored.refresh_age, stored.refresh_blocked) == (2, None, False)
    assert works(salla, stored.tokens.access)
    assert len(salla.attempts(store_id)) == 1


def test_a_refused_refresh_token_is_final(service: Any, salla: Any, store_id: str) -> None:
    salla.control("POST", f"/stores/{store_id}/revoke")
    assert tokens_of(service).report_unauthorized(store_id, INVALID) is Action.STOP
    assert service.container.stores.get(store_id).needs_reauthorization == "refresh_rejected"
    assert tokens_of(service).report_unauthorized(store_id, INVALID) is Action.STOP
    assert len(salla.attempts(store_id)) == 1


def test_salla_not_there_leaves_the_refresh_token_unused(start_service: Any, salla: Any, store_id: str) -> None:
    away = start_service(salla_accounts_url="http://127.0.0.1:9", register=False)
    stored = load(away, store_id)
    with pytest.raises(SallaUnreachable):
        tokens_of(away).renew(store_id, stored.version)
    assert load(away, store_id).refresh_age is None
    assert not load(away, store_id).refresh_blocked


def test_our_own_wrong_secret_marks_no_merchant(start_service: Any, salla: Any, service: Any, store_id: str) -> None:
    wrong = start_service(salla_client_secret="wrong", register=False)
    with pytest.raises(ClientMisconfigured):
        tokens_of(wrong).renew(store_id, load(wrong, store_id).version)
    assert service.container.stores.get(store_id).connected
    assert tokens_of(service).renew(store_id, load(service, store_id).version).version == 2


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("The User is not exists.", "user_gone"),
        ("عفوا لا يمكنك تسجيل الدخول, حسابك غير مفعل", "user_gone"),
        ("The access token should have access to one of those scopes: products.read_write", "scope_missing"),
    ],
)
def test_a_401_that_no_refresh_can_cure(service: Any, salla: Any, store_id: str, message: str, reason: str) -> None:
    assert tokens_of(service).report_unauthorized(store_id, message) is Action.STOP
    assert service.container.stores.get(store_id).needs_reauthorization == reason
    assert salla.attempts(store_id) == []


def test_a_401_of_an_invalid_token_renews_once_and_old_reports_do_not_again(
    service: Any, salla: Any, store_id: str
) -> None:
    old = load(service, store_id).tokens.access
    assert tokens_of(service).report_unauthorized(store_id, INVALID, old) is Action.RETRY
    assert tokens_of(service).report_unauthorized(store_id, INVALID, old) is Action.RETRY
    assert tokens_of(service).report_unauthorized(store_id, INVALID) is Action.RETRY
    assert len(salla.attempts(store_id)) == 1
    fresh = load(service, store_id).tokens.access
    assert tokens_of(service).report_unauthorized(store_id, INVALID, fresh) is Action.STOP
    assert service.container.stores.get(store_id).needs_reauthorization == "access_revoked"


def test_a_new_authorisation_during_a_refresh_wins(service: Any, salla: Any, store_id: str) -> None:
    salla.faults(store_id=int(store_id), token_delay_ms=700)
    stored = load(service, store_id)
    with ThreadPoolExecutor(1) as pool:
        refresh = pool.submit(tokens_of(service).renew, store_id, stored.version)
        wait_until(lambda: load(service, store_id).refresh_age is not None)
        service.connect(store_id)
        refresh.result(20)
    final = load(service, store_id)
    assert (final.obtained_by, final.refresh_age, final.refresh_blocked) == ("callback", None, False)


def test_the_sweep_renews_what_expires_soon_only(service: Any, salla: Any, store_id: str) -> None:
    queue = "INSERT INTO jobs (queue, key, store_id, payload, run_at) VALUES ('refresh', %s, %s, '{}', now())"
    service.container.app.database.execute(queue, ("one", store_id))
    assert service.work().count("refresh") == 1
    assert salla.attempts(store_id) == []
    service.container.system.change({"token_refresh_before_hours": 240}, None, "test")
    service.container.app.database.execute("UPDATE tokens SET expires_at = now() + interval '9 days'")
    service.container.app.database.execute(queue, ("two", store_id))
    service.work()
    assert len(salla.attempts(store_id)) == 1


def test_a_store_nobody_connected(service: Any) -> None:
    with pytest.raises(NotConnected):
        tokens_of(service).current("999")
    assert tokens_of(service).report_unauthorized("999", INVALID) is Action.STOP
    assert not tokens_of(service).renew_if_due("999", 10.0)
