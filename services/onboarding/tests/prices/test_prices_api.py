"""The prices endpoint, and reading and writing inside the whole service with its real tokens."""

import asyncio

import pytest

from thaman_kit.routing import Router
from thaman_onboarding import consumers, wiring
from thaman_onboarding.adapters.catalogue_store import CatalogueStore


@pytest.fixture
def connected(service, salla):
    """A store connected by OAuth, with all its jobs done."""
    store_id = salla.new_store(products=70, plan="special", catalogue="perfumes")
    service.connect(store_id)
    service.work()
    run_all(service)
    return store_id


def run_all(service):
    """Run the jobs of reading and writing until none is left."""

    async def run():
        stop = asyncio.Event()
        tasks = [asyncio.create_task(runner.run(stop)) for runner in wiring.job_runners(service.container)]
        waiting = (
            "SELECT count(*) AS n FROM jobs WHERE queue IN ('observe', 'write') AND state IN ('waiting', 'running')"
        )
        async with asyncio.timeout(30):
            # What is waited for is in the database, so it is asked again and again.
            while (await asyncio.to_thread(service.container.app.database.fetch_all, waiting))[0]["n"]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        stop.set()
        await asyncio.gather(*tasks)

    asyncio.run(run())


def all_pages(service, store_id, headers, **query):
    rows, after = [], ""
    while after is not None:
        answer = service.http.get(f"/stores/{store_id}/prices", headers=headers, params=query | {"after": after})
        assert answer.status_code == 200, answer.text
        rows += answer.json()["items"]
        after = answer.json()["next"]
    return {row["key"]: row for row in rows}


def test_known_and_live_prices(service, salla, connected):
    headers = service.store_key(connected)
    prices = salla.control("GET", f"/stores/{connected}/prices")
    with_variants = {key.partition("/")[0] for key in prices if "/" in key}
    priced = {key: row["base"] for key, row in prices.items() if key not in with_variants}
    assert {key: row["base_price"] for key, row in all_pages(service, connected, headers).items()} == priced

    key = next(iter(set(priced) - {one for one in priced if "/" in one}))
    salla.control("PATCH", f"/stores/{connected}/products/{key}", {"base": 123_45})
    live = all_pages(service, connected, headers, live=True)
    assert {one: row["base_price"] for one, row in live.items()} == priced | {key: 12_345}
    assert (live[key]["known_base_price"], live[key]["last_written_price"]) == (priced[key], None)

    def of_product(product, **query):
        path, asked = f"/stores/{connected}/prices", query | {"product": product}
        return service.http.get(path, headers=headers, params=asked)

    one = of_product(key, live=True).json()
    assert ([row["base_price"] for row in one["items"]], one["next"], one["unreadable"]) == ([12_345], None, [])
    assert of_product("7", live=True).json() == {"items": [], "next": None, "unreadable": []}
    assert [of_product(key).status_code, of_product("x", live=True).status_code] == [422, 422]


def test_who_may_ask(service, salla, connected):
    other = salla.new_store()
    path = f"/stores/{connected}/prices"
    assert service.http.get(path).status_code == 401
    assert service.http.get(path, headers=service.store_key(other)).status_code == 404
    assert service.http.get(path, headers=service.operator()).status_code == 200
    assert service.http.get(path, headers=service.operator(), params={"limit": 101}).status_code == 422


@pytest.mark.parametrize("after", ["x", "0", "-1", "٣", "1000000"])
def test_a_live_page_that_is_none(service, connected, after):
    answer = service.http.get(
        f"/stores/{connected}/prices", headers=service.operator(), params={"live": True, "after": after}
    )
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("application/problem+json")


def test_a_store_that_is_not_connected_has_no_live_prices(service):
    answer = service.http.get("/stores/424242/prices", headers=service.operator(), params={"live": True})
    assert answer.status_code == 409
    assert answer.json()["code"] == "not_connected"


def test_the_worker_listens_to_decisions_and_observations():
    assert isinstance(consumers.router, Router)
    names = {event.__name__ for event, _ in consumers.router._handlers}
    assert {"PriceDecided", "ObservationDue", "TokenRefreshDue"} <= names


def test_a_revoked_token_is_renewed_by_the_vault_during_a_sweep(service, salla, connected):
    store = CatalogueStore(service.container.app.database).store(connected)
    assert store is not None and store.connected
    salla.control("PUT", "/clock", {"offset_seconds": 15 * 86_400})
    uow = service.container.app.unit_of_work()
    uow.enqueue("observe", "again", connected, {"cause": "sweep"})
    uow.commit()
    run_all(service)
    assert len(salla.attempts(connected)) == 1
    assert salla.reused() == 0
    assert service.events(connected)[-1] == "catalogue.Observed"
