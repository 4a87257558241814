"""The HTTP API: whose ledger it is, what it shows, and that its pages fit together."""

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
from httpx import ASGITransport, AsyncClient

from thaman_audit.adapters import walking
from thaman_audit.api import build_api
from thaman_audit.bootstrap import Container, build
from thaman_audit.ledger_export import export_lines
from thaman_audit.testing import KEY, NOW, Streams, settings_for, signing_key
from thaman_audit.testing_events import authorized, observed, price_change
from thaman_audit.testing_proofs import verify
from thaman_contracts.events import onboarding
from thaman_kit.clock import ManualClock
from thaman_kit.cursors import seal
from thaman_kit.keys import NewKey

Headers = dict[str, str]
PATHS = [
    "timeline",
    "activity",
    "runs",
    "chain",
    "chain/verify",
    "chain/export",
    "prices/1/history",
    "items/1/why",
    "items/1/receipts",
    "items/1/lowest-price",
    "stops",
    "licences",
]


@pytest.fixture
async def client(container: Container) -> AsyncIterator[AsyncClient]:
    transport = ASGITransport(build_api(container))
    async with AsyncClient(transport=transport, base_url="http://audit") as client:
        yield client


@pytest.fixture
def operator(container: Container, streams: Streams) -> Headers:
    """An operator's key."""
    return issue(container, streams, "system", "operator")


@pytest.fixture
def merchant(container: Container, streams: Streams) -> Headers:
    """The key of store 77."""
    return issue(container, streams, "77", "store")


def issue(container: Container, streams: Streams, store_id: str, scope: str) -> Headers:
    """A key as onboarding announces it."""
    new = NewKey.generate(container.settings.api_key_pepper)
    streams.deliver(
        onboarding.ApiKeyIssued(
            store_id=store_id, occurred_at=NOW, key_id=new.key_id, key_hash=new.key_hash, scope=scope, label="test"
        )
    )
    return {"Authorization": f"Bearer {new.key.get_secret_value()}"}


@pytest.fixture
def story(streams: Streams) -> None:
    """Two stores with a price change each."""
    for store in ("77", "78"):
        streams.deliver(authorized(store), observed(store, ("1", 10_000), ("2", 400)))
        streams.deliver(*price_change(store, "1", 10_000, 9_900))


async def pages(client: AsyncClient, path: str, headers: Headers, **params: Any) -> list[dict[str, Any]]:
    """All items of a list, page by page."""
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        answer = await client.get(path, params=params | ({"cursor": cursor} if cursor else {}), headers=headers)
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        cursor = answer.json()["next"]
        if cursor is None:
            return found


@pytest.mark.usefixtures("story")
async def test_the_timeline_pages_through_everything_newest_first(client: AsyncClient, merchant: Headers) -> None:
    whole = await pages(client, "/stores/77/timeline", merchant)
    assert [item["seq"] for item in whole] == list(range(len(whole), 0, -1))
    assert await pages(client, "/stores/77/timeline", merchant, limit=2) == whole
    applied = next(item for item in whole if item["name"] == "PriceApplied")
    assert (applied["service"], applied["data"]["base_price"]) == ("onboarding", 9_900)


@pytest.mark.usefixtures("story")
async def test_the_timeline_is_filtered(client: AsyncClient, merchant: Headers) -> None:
    path = "/stores/77/timeline"
    by_type = await pages(client, path, merchant, type=["PriceApplied", "PriceDecided"])
    assert sorted(item["name"] for item in by_type) == ["PriceApplied", "PriceDecided"]
    of_item = await pages(client, path, merchant, item="1")
    assert sorted(item["name"] for item in of_item) == [
        "PriceApplied", "PriceDecided", "PriceProposed", "PriceWriteStarted",
    ]  # fmt: skip
    early = await pages(client, path, merchant, to="2026-11-24T09:31:30Z")
    late = await pages(client, path, merchant, **{"from": "2026-11-24T09:31:30Z"})
    assert {item["name"] for item in early} == {"ApiKeyIssued", "StoreAuthorized", "CatalogObserved"}
    assert len(early) + len(late) == len(await pages(client, path, merchant))


@pytest.mark.usefixtures("story")
async def test_a_price_tells_where_it_comes_from(client: AsyncClient, merchant: Headers) -> None:
    now, first = await pages(client, "/stores/77/prices/1/history", merchant, limit=1)
    assert (now["cause"], now["base_price"], now["old_base_price"], now["who"]) == ("decision", 9_900, 10_000, "policy")
    assert [step["name"] for step in now["chain"]] == [
        "PriceProposed", "PriceDecided", "PriceWriteStarted", "PriceApplied",
    ]  # fmt: skip
    assert now["chain"][0]["data"]["reason_en"] == "Matches the market"
    assert (now["run"]["status"], now["run"]["requested_by"]) == ("completed", "operator")
    assert (first["cause"], first["who"], first["chain"]) == ("first_seen", "salla", [])


async def test_variants_have_a_history_too(client: AsyncClient, streams: Streams, merchant: Headers) -> None:
    seen = observed("77", ("1", 500))
    variant = seen.items[0].model_copy(update={"variant_id": "9"})
    streams.deliver(seen.model_copy(update={"items": (variant,)}))
    (price,) = await pages(client, "/stores/77/prices/1/9/history", merchant)
    assert price["base_price"] == 500


@pytest.mark.usefixtures("story")
async def test_why_a_price_is_what_it_is(client: AsyncClient, merchant: Headers) -> None:
    path = "/stores/77/items/1/why"
    now = (await client.get(path, headers=merchant)).json()
    assert (now["price"]["how"], now["price"]["who"], now["price"]["base_price"]) == ("decision", "policy", 9_900)
    assert now["cause"]["proposal"]["reason_en"] == "Matches the market"
    assert now["cause"]["run"]["requested_by"] == "operator"
    assert any("99.00" in line for line in now["told_ar"])
    before = (await client.get(path, params={"at": "2026-11-24T12:31:30+03:00"}, headers=merchant)).json()
    assert (before["at"], before["price"]["how"]) == ("2026-11-24T09:31:30Z", "first_seen")
    assert (before["after"]["how"], before["after"]["base_price"]) == ("decision", 9_900)
    early = (await client.get(path, params={"at": "2026-01-01T00:00:00Z"}, headers=merchant)).json()
    assert (early["status"], early["price"]) == ("before_first_seen", None)


async def test_why_says_what_is_wrong_with_a_question(
    client: AsyncClient, streams: Streams, merchant: Headers, admin_url: str
) -> None:
    variant = observed("77", ("5", 500)).items[0].model_copy(update={"variant_id": "9"})
    streams.deliver(observed("77").model_copy(update={"items": (variant,)}), *price_change("77", "1", 10_000, 9_900))
    assert (await client.get("/stores/77/items/5/9/why", headers=merchant)).json()["price"]["base_price"] == 500
    product = await client.get("/stores/77/items/5/why", headers=merchant)
    assert (product.status_code, "5/9" in product.json()["next_step"]) == (404, True)
    assert (await client.get("/stores/77/items/404/why", headers=merchant)).status_code == 404
    for wrong in ("2999-01-01T00:00:00Z", "2026-11-24T09:31:30", "yesterday"):
        answer = await client.get("/stores/77/items/5/9/why", params={"at": wrong}, headers=merchant)
        assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, "at"), wrong
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(
            "UPDATE audit.ledger SET data = convert_to(replace(convert_from(data, 'UTF8'), '\"store_id\":\"77\"',"
            " '\"store_id\":\"78\"'), 'UTF8') WHERE type LIKE '%.PriceProposed.%'"
        )
    spoiled = await client.get("/stores/77/items/1/why", headers=merchant)
    assert (spoiled.status_code, spoiled.json()["code"]) == (409, "ledger_spoiled")
    told = spoiled.json()
    assert "78" not in told["detail"] + told["next_step"], "the request's id may have it, the sentences may not"


@pytest.mark.usefixtures("story")
async def test_activity_and_runs_are_for_people(client: AsyncClient, merchant: Headers) -> None:
    lines = await pages(client, "/stores/77/activity", merchant, limit=3)
    assert "The price of 1 is now 99.00 SAR, read back" in [line["en"] for line in lines]
    assert any("أصبح سعر 1" in line["ar"] for line in lines)
    (run,) = await pages(client, "/stores/77/runs", merchant)
    assert (run["status"], run["statistics"]["updated"]) == ("completed", 1)


@pytest.mark.usefixtures("story")
async def test_the_chain_is_proved_and_a_forgery_named(client: AsyncClient, merchant: Headers, admin_url: str) -> None:
    head = (await client.get("/stores/77/chain", headers=merchant)).json()
    good = (await client.get("/stores/77/chain/verify", headers=merchant)).json()
    assert good == {"store_id": "77", "ok": True, "entries": head["entries"], "broken_at": None, "reason": None}
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute("UPDATE audit.ledger SET occurred_at = now() WHERE store_id = '77' AND seq = 4")
    bad = (await client.get("/stores/77/chain/verify", headers=merchant)).json()
    assert (bad["ok"], bad["entries"], bad["broken_at"]) == (False, 3, 4)


@pytest.mark.usefixtures("story")
async def test_a_walk_says_how_far_it_is_to_whoever_asks(
    client: AsyncClient, merchant: Headers, operator: Headers, admin_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "EVERY", 4)
    wanted = merchant | {"Accept": "application/x-ndjson"}
    address = "/stores/77/chain/verify"
    of = (await client.get("/stores/77/chain", headers=merchant)).json()["entries"]
    answer = await client.get(address, headers=wanted)
    assert answer.headers["content-type"] == "application/x-ndjson"
    *said, verdict = [json.loads(line) for line in answer.text.splitlines()]
    assert [one["proven"] for one in said] == [0, 4, 8, of] and {one["of"] for one in said} == {of}
    assert verdict == (await client.get(address, headers=merchant)).json()
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute("UPDATE audit.ledger SET occurred_at = now() WHERE store_id = '77' AND seq = 6")
    *said, verdict = [json.loads(line) for line in (await client.get(address, headers=wanted)).text.splitlines()]
    assert [one["proven"] for one in said] == [0, 4, 5], "it goes no further than what holds"
    assert (verdict["ok"], verdict["entries"], verdict["broken_at"]) == (False, 5, 6)
    nobody = await client.get("/stores/1/chain/verify", headers=operator | {"Accept": "application/x-ndjson"})
    assert nobody.status_code == 404, "there is still a status to say it with"


@pytest.mark.usefixtures("story")
async def test_an_operator_sees_all(client: AsyncClient, operator: Headers) -> None:
    overview = (await client.get("/overview", headers=operator)).json()
    assert (overview["chains"], overview["stores"], overview["connected"]) == (3, 2, 2)
    assert overview["entries"] == 1 + 2 * 9
    assert all(place > 0 for place in overview["progress"].values())
    stores = await pages(client, "/stores", operator, limit=1)
    assert [(store["store_id"], store["mode"]) for store in stores] == [
        ("77", "full_auto"), ("78", "full_auto"), ("system", None),
    ]  # fmt: skip


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize("path", PATHS)
async def test_another_stores_ledger_does_not_exist(client: AsyncClient, merchant: Headers, path: str) -> None:
    assert (await client.get(f"/stores/78/{path}", headers=merchant)).status_code == 404
    assert (await client.get(f"/stores/77/{path}")).status_code == 401
    assert (await client.get(f"/stores/77/{path}", headers=merchant)).status_code == 200


@pytest.mark.usefixtures("story")
async def test_a_store_takes_its_whole_ledger_away_and_proves_it_elsewhere(
    client: AsyncClient, audit_url: str, container: Container, merchant: Headers
) -> None:
    sealing = build(settings_for(audit_url, audit_keys=KEY), ManualClock(NOW))
    assert sealing.sealer is not None and sealing.sealer.seal_if_due() is not None
    sealing.close()
    taken = [await client.get("/stores/77/chain/export", headers=merchant) for _ in range(3)]
    assert len({answer.content for answer in taken}) == 1, "a place is free again when its reader is done"
    assert taken[0].headers["content-disposition"] == 'attachment; filename="ledger-77.jsonl"'
    lines = taken[0].content.splitlines(keepends=True)
    with container.moment() as ledger:
        assert lines == list(export_lines(ledger, "77"))
    verdict = verify(lines)
    assert verdict["ok"] and verdict["entries"] == len(lines) - 1 > 5
    assert (await client.get("/stores/404/chain/export", headers=merchant)).status_code == 404


@pytest.mark.usefixtures("story")
async def test_a_receipt_can_be_had_once_the_price_is_sealed(
    client: AsyncClient, audit_url: str, merchant: Headers
) -> None:
    (line,) = await pages(client, "/stores/77/items/1/receipts", merchant)
    path = f"/stores/77/items/1/receipts/{line['event_id']}"
    assert (line["base_price"], line["checkpoint"]) == (9_900, None)
    assert (await client.get(f"{path}/causes", headers=merchant)).status_code == 409
    early = (await client.get(path, headers=merchant)).json()
    assert (early["status"], early["code"]) == (409, "not_sealed_yet") and "first checkpoint" in early["next_step"]
    sealing = build(settings_for(audit_url, audit_keys=KEY), ManualClock(NOW))
    assert sealing.sealer is not None and sealing.sealer.seal_if_due() is not None
    sealing.close()
    answer = await client.get(path, headers=merchant)
    assert answer.headers["content-type"] == "application/json" and verify([answer.content])["ok"]
    assert (await pages(client, "/stores/77/items/1/receipts", merchant))[0]["checkpoint"] == 1
    led_to = await client.get(f"{path}/causes", headers=merchant)
    assert led_to.headers["content-type"] == "application/x-ndjson"
    assert verify(led_to.content.splitlines(keepends=True))["entries"] == 4
    for other in ("/stores/77/items/2/receipts/", "/stores/78/items/1/receipts/"):
        for part in ("", "/causes"):
            assert (await client.get(other + line["event_id"] + part, headers=merchant)).status_code == 404
    assert (await client.get("/stores/77/items/404/receipts", headers=merchant)).status_code == 404
    assert await pages(client, "/stores/77/items/2/receipts", merchant) == [], "seen, and never written"


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize(
    "spoil",
    ["UPDATE audit.audit_events SET state = 'x'", "UPDATE audit.checkpoint_histories SET root = sha256('x')"],
)
async def test_what_no_longer_is_what_was_sealed_proves_nothing(
    client: AsyncClient, audit_url: str, admin_url: str, merchant: Headers, spoil: str
) -> None:
    sealing = build(settings_for(audit_url, audit_keys=KEY), ManualClock(NOW))
    assert sealing.sealer is not None and sealing.sealer.seal_if_due() is not None
    sealing.close()
    (line,) = await pages(client, "/stores/77/items/1/receipts", merchant)
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(spoil.encode())
    refused = await client.get(f"/stores/77/items/1/receipts/{line['event_id']}", headers=merchant)
    assert (refused.status_code, refused.json()["code"]) == (409, "ledger_spoiled")


@pytest.mark.usefixtures("story")
async def test_when_the_next_checkpoint_is_due_is_said(
    client: AsyncClient, streams: Streams, audit_url: str, merchant: Headers
) -> None:
    sealing = build(settings_for(audit_url, audit_keys=KEY), ManualClock(NOW))
    assert sealing.sealer is not None and sealing.sealer.seal_if_due() is not None
    sealing.close()
    streams.deliver(*price_change("77", "1", 9_900, 9_800, cause="later"))
    newest = (await pages(client, "/stores/77/items/1/receipts", merchant, limit=1))[0]
    early = (await client.get(f"/stores/77/items/1/receipts/{newest['event_id']}", headers=merchant)).json()
    assert early["code"] == "not_sealed_yet" and "2026-11-24T10:30:00+00:00" in early["next_step"]


@pytest.mark.usefixtures("story")
async def test_the_lowest_price_of_the_days_before_an_instant(client: AsyncClient, merchant: Headers) -> None:
    path, at = "/stores/77/items/1/lowest-price", "2026-11-25T00:00:00Z"
    told = (await client.get(path, params={"at": at}, headers=merchant)).json()
    assert (told["price"], told["days"], told["proven_by"]["name"]) == (9_900, 30, "PriceApplied")
    assert (told["is_whole"], told["known_from"]) == (False, "2026-11-24T09:31:00Z")
    early = (await client.get(path, params={"at": "2026-11-24T09:32:02Z", "days": 1}, headers=merchant)).json()
    assert (early["price"], early["until"]) == (10_000, None), "what begins at the instant does not count"
    for wrong in ({"days": 0}, {"days": 367}, {"at": "2999-01-01T00:00:00Z"}):
        assert (await client.get(path, params=wrong, headers=merchant)).status_code == 422, wrong
    assert (await client.get("/stores/77/items/404/lowest-price", headers=merchant)).status_code == 404


async def test_wrong_questions_get_clear_answers(client: AsyncClient, merchant: Headers, operator: Headers) -> None:
    for path in ("/overview", "/stores"):
        assert (await client.get(path, headers=merchant)).status_code == 403
    for path, cursor in (("timeline", "x"), ("timeline", "WzFd="), ("runs", "WyJhIiwiYiJd"), ("runs", "é")):
        answer = await client.get(f"/stores/77/{path}", params={"cursor": cursor + "~"}, headers=merchant)
        assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, "cursor"), cursor
    broken = await client.get("/stores/77/runs", params={"cursor": "WyJhIiwiYiJd"}, headers=merchant)
    assert broken.status_code == 422
    foreign = (seal("entries", "a", "b"), seal("entries", -1), seal("entries", 2**63), seal("runs", 1))
    for path, cursor in (*(("/stores/77/timeline", one) for one in foreign), ("/stores", seal("stores", "\0"))):
        answer = await client.get(path, params={"cursor": cursor}, headers=operator)
        assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, "cursor"), cursor
    assert (await client.get("/stores/77/prices/404/history", headers=merchant)).status_code == 404
    assert (await client.get("/stores/99/chain", headers=operator)).status_code == 404
    assert (await client.get("/health")).json() == {"status": "ok"}


async def test_a_published_head_is_for_every_key_and_for_nobody_without(
    client: AsyncClient, operator: Headers, merchant: Headers
) -> None:
    for path in ("/audit/keys", "/audit/checkpoints", "/audit/checkpoints/latest"):
        assert (await client.get(path)).status_code == 401
    for headers in (operator, merchant):
        assert (await client.get("/audit/checkpoints/latest", headers=headers)).status_code == 404
        assert (await client.get("/audit/checkpoints", headers=headers)).json() == {"items": [], "next": None}
        assert (await client.get("/audit/keys", headers=headers)).json() == {"items": [], "next": None}


@pytest.mark.usefixtures("story")
async def test_checkpoints_and_keys_are_shown_so_that_others_can_verify(
    client: AsyncClient, audit_url: str, merchant: Headers
) -> None:
    sealing = build(settings_for(audit_url, audit_keys=KEY))
    assert sealing.sealer is not None
    sealed = [sealing.sealer.seal(sealing.checkpoints.latest()) for _ in range(3)]
    sealing.close()
    shown = await pages(client, "/audit/checkpoints", merchant, limit=2)
    assert [item["number"] for item in shown] == [3, 2, 1]
    latest = (await client.get("/audit/checkpoints/latest", headers=merchant)).json()
    assert latest == shown[0]
    assert sealed[-1] is not None and latest["digest"] == sealed[-1].statement.digest().hex()
    assert [item["previous_digest"] for item in shown[:2]] == [item["digest"] for item in shown[1:]]
    (key,) = await pages(client, "/audit/keys", merchant)
    assert (key["key_id"], key["first_number"], key["last_number"]) == (latest["key_id"], 1, 3)
    assert base64.b64decode(key["public_key"]) == signing_key().public_key
    assert (await client.get("/audit/checkpoints", params={"cursor": "x"}, headers=merchant)).status_code == 422
