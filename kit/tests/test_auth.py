"""API keys: made well, stored as a hash only, and each opening no more than it should."""

import string
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Depends
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from thaman_contracts.envelope import Envelope
from thaman_contracts.events import onboarding
from thaman_kit.application import EventSourcedApplication
from thaman_kit.auth import (
    ApiKeys,
    NewKey,
    Principal,
    api_key_router,
    hash_key,
    is_well_formed,
    require_key,
    require_operator,
    require_store,
)
from thaman_kit.clock import ManualClock
from thaman_kit.database import Database
from thaman_kit.embedded import EmbeddedPostgres
from thaman_kit.http import create_api
from thaman_kit.migrate import migrate
from thaman_kit.settings import ServiceSettings
from thaman_kit.testing import own_database

PEPPER = SecretStr("pepper-pepper-pepper-pepper-pepper")
NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture(scope="module")
def application(postgres_server: EmbeddedPostgres) -> Iterator[EventSourcedApplication]:
    """A service with the kit's tables."""
    with own_database(postgres_server) as url:
        migrate(url, ["scheduler"])
        application = EventSourcedApplication.connect("scheduler", url)
        yield application
        application.close()


@pytest.fixture
def clock() -> ManualClock:
    """Stands at NOW."""
    return ManualClock(NOW)


@pytest.fixture
def database(application: EventSourcedApplication) -> Database:
    """An empty table of keys."""
    application.database.execute("DELETE FROM api_keys")
    return application.database


def tell(application: EventSourcedApplication, event: onboarding.ApiKeyIssued | onboarding.ApiKeyRevoked) -> None:
    """Hand an event to the projection, as a consumer would."""
    envelope = Envelope(
        event_id=f"{'0' * 32}:1", service="onboarding", type=event.event_type(), store_id=event.store_id,
        time=event.occurred_at, position=1, previous=0,
    )  # fmt: skip
    unit = application.unit_of_work()
    api_key_router.dispatch(envelope, event.model_dump_json().encode(), unit)
    unit.commit()


def issue(
    application: EventSourcedApplication, store_id: str | None, expires_at: datetime | None = None
) -> tuple[str, str]:
    """A key's id and text, for a store or (``None``) an operator."""
    new = NewKey.generate(PEPPER)
    event = onboarding.ApiKeyIssued(
        store_id=store_id or "system", occurred_at=NOW, key_id=new.key_id, key_hash=new.key_hash,
        scope="store" if store_id else "operator", label="test", expires_at=expires_at,
    )  # fmt: skip
    tell(application, event)
    tell(application, event)
    return new.key_id, new.key.get_secret_value()


def revoke(application: EventSourcedApplication, key_id: str, store_id: str = "system") -> None:
    """End a key."""
    tell(application, onboarding.ApiKeyRevoked(store_id=store_id, occurred_at=NOW, key_id=key_id))


router = APIRouter()


@router.get("/operator")
def operator(principal: Annotated[Principal, Depends(require_operator)]) -> str:
    """For operators."""
    return principal.key_id


@router.get("/stores/{store_id}/prices")
def prices(store_id: str, principal: Annotated[Principal, Depends(require_store)]) -> str:
    """For one store."""
    return store_id


@router.get("/whoami")
def whoami(principal: Annotated[Principal, Depends(require_key)]) -> str | None:
    """For anybody with a key."""
    return principal.store_id


@pytest.fixture
async def client(database: Database, clock: ManualClock) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an API that remembers no key."""
    settings = ServiceSettings.load(database_url="postgresql://a:b@c/d", api_key_pepper=PEPPER)
    app = create_api(settings, "Demo", [router], api_keys=ApiKeys(database, PEPPER, clock=clock, cache_seconds=0.0))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://demo") as client:
        yield client


async def status(client: httpx.AsyncClient, path: str, key: str | None) -> int:
    """What a request with the key answers."""
    response = await client.get(path, headers={"Authorization": f"Bearer {key}"} if key is not None else {})
    if response.status_code >= 400:
        assert response.headers["content-type"] == "application/problem+json"
        assert key is None or key not in response.text
    if response.status_code == 401:
        assert response.headers["www-authenticate"].startswith("Bearer")
    return response.status_code


async def test_who_may_do_what(client: httpx.AsyncClient, application: EventSourcedApplication) -> None:
    _, operator_key = issue(application, None)
    _, store_key = issue(application, "42")
    unknown = NewKey.generate(PEPPER).key.get_secret_value()
    expected = {
        "/operator": (200, 403, 401, 401, 401),
        "/stores/42/prices": (200, 200, 401, 401, 401),
        "/stores/43/prices": (200, 404, 401, 401, 401),
        "/whoami": (200, 200, 401, 401, 401),
    }
    for path, statuses in expected.items():
        keys = (operator_key, store_key, unknown, "nonsense", None)
        assert tuple([await status(client, path, key) for key in keys]) == statuses, path


async def test_a_foreign_store_looks_like_a_missing_one(
    client: httpx.AsyncClient, application: EventSourcedApplication
) -> None:
    _, key = issue(application, "42")
    response = await client.get("/stores/43/prices", headers={"Authorization": f"Bearer {key}"})
    assert response.json()["detail"] == "There is no such store."
    for scheme in ("Basic", "Token"):
        response = await client.get("/whoami", headers={"Authorization": f"{scheme} {key}"})
        assert response.status_code == 401


async def test_expired_and_revoked_keys_end(
    client: httpx.AsyncClient, application: EventSourcedApplication, clock: ManualClock
) -> None:
    _, passing = issue(application, "42", NOW + timedelta(hours=1))
    revoked_id, revoked = issue(application, "42")
    assert [await status(client, "/whoami", key) for key in (passing, revoked)] == [200, 200]
    revoke(application, revoked_id, "42")
    assert [await status(client, "/whoami", key) for key in (passing, revoked)] == [200, 401]
    clock.advance(timedelta(hours=1))
    assert await status(client, "/whoami", passing) == 401


def test_a_remembered_key_is_asked_for_again_after_a_while(
    database: Database, application: EventSourcedApplication, clock: ManualClock
) -> None:
    key_id, key = issue(application, None, NOW + timedelta(days=1))
    remembering = ApiKeys(database, PEPPER, clock=clock, cache_seconds=3600)
    forgetting = ApiKeys(database, PEPPER, clock=clock, cache_seconds=0)
    assert remembering.verify(key) == forgetting.verify(key) == Principal(key_id, "operator", None)
    revoke(application, key_id)
    assert remembering.verify(key).key_id == key_id
    with pytest.raises(Exception, match="401"):
        forgetting.verify(key)
    clock.advance(timedelta(days=2))
    with pytest.raises(Exception, match="401"):
        remembering.verify(key)


def test_only_the_hash_is_stored(database: Database, application: EventSourcedApplication) -> None:
    _, key = issue(application, "42")
    (row,) = database.fetch_all("SELECT * FROM api_keys")
    assert row["key_hash"] == hash_key(key, PEPPER)
    assert key.split("_")[2] not in str(row)
    assert hash_key(key, "another pepper") != row["key_hash"]


def test_the_shape_of_a_key() -> None:
    new = NewKey.generate(PEPPER)
    key = new.key.get_secret_value()
    prefix, live, body, checksum = key.split("_")
    assert (prefix, live, len(body), len(checksum)) == ("thk", "live", 43, 6)
    assert is_well_formed(key)
    assert key not in repr(new)
    assert len({NewKey.generate(PEPPER).key.get_secret_value() for _ in range(100)}) == 100


@given(place=st.integers(0, 58), letter=st.sampled_from(string.ascii_letters + string.digits + "_-ä"))
def test_a_mistyped_key_is_noticed_without_the_database(place: int, letter: str) -> None:
    key = NewKey.generate(PEPPER).key.get_secret_value()
    typed = key[:place] + letter + key[place + 1 :]
    assert is_well_formed(typed) is (typed == key)


@given(st.text() | st.text().map(lambda text: f"thk_live_{text}"))
def test_noise_is_no_key(text: str) -> None:
    assert not is_well_formed(text)
