"""Forgetting, seen from outside: canaries go in as a merchant's tokens, name, e-mail and phone, and as a customer's;
none is ever found again.

Looked for in every column of every table, in every message of every stream, in the logs, and in the bytes of both
servers' folders: the write-ahead log and pages that are not used any more included.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
from psycopg import sql

from tests.support.commands import Thaman
from tests.support.system import wait_until
from thaman_cli.api import Api
from thaman_cli.checking import check
from thaman_cli.salla import LocalSalla
from thaman_cli.state import Home, Running
from thaman_contracts.events.onboarding import FORGOTTEN
from thaman_kit.nats import BusSettings, connect, disconnect

_SALLA_S = "sandbox"


class Canaries:
    """Distinct random words, so that none can be found by chance."""

    def __init__(self) -> None:
        def word() -> str:
            return "c" + secrets.token_hex(9)

        self.store = f"Perfumes of {word()}"
        self.owner = {"name": word(), "email": f"{word()}@merchant.example", "mobile": f"+9665{_digits(8)}"}
        self.customer = {"first_name": word(), "email": f"{word()}@customer.example", "mobile": f"5{_digits(8)}"}
        self.licence = f"{word()}@authority.example"
        self.address = word()
        self.unreadable = word()
        self.tokens: list[str] = []

    def words(self) -> list[bytes]:
        """All that must not be found in clear."""
        private = [self.store, *self.owner.values(), *self.customer.values(), self.address, self.unreadable]
        private.append(self.licence)
        return [word.encode() for word in (*private, *self.tokens)]


def _digits(count: int) -> str:
    return "".join(str(secrets.randbelow(10)) for _ in range(count))


class Installation:
    """A running installation in ``folder``: its API, its local Salla, and both servers as an administrator."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder)
        running = self.home.running()
        assert running is not None
        self.running: Running = running
        self.api = Api.of(self.home)
        self.salla = LocalSalla(running.urls["sandbox"])

    def rows(self, query: str, *params: Any) -> list[tuple[Any, ...]]:
        """What the database says."""
        with psycopg.connect(self.running.database_url) as connection:
            return connection.execute(query.encode(), params).fetchall()


class Merchant:
    """A store on the local Salla, and webhooks about it, signed as Salla signs them."""

    def __init__(self, system: Installation, canaries: Canaries) -> None:
        self.system = system
        self.canaries = canaries
        self.store_id = ""

    async def open(self) -> None:
        owner = {f"owner_{name}": value for name, value in self.canaries.owner.items()}
        wishes = {"name": self.canaries.store, "products": 3, "auto_approve": True, **owner}
        self.store_id = str((await self.system.salla.post("/stores", wishes))["store_id"])

    async def connect(self) -> None:
        """Easy mode: the tokens come by webhook."""
        granted = await self.system.salla.post(f"/stores/{self.store_id}/tokens", {})
        self.canaries.tokens += [granted["access_token"], granted["refresh_token"]]
        grant = {"expires": 2_000_000_000, "scope": "products.read_write orders.read offline_access", **granted}
        assert await self.say("app.store.authorize", grant) == 200
        await wait_until(self.is_connected, 60, "the store")

    async def is_connected(self) -> bool:
        stores = await self.system.api.get("onboarding", "/stores", connected=True)
        return self.store_id in {one["store_id"] for one in stores["items"]}

    async def orders(self) -> None:
        """An order of a customer, one that cannot be read, and a message that cannot be read at all."""
        customer = {"id": 1, **self.canaries.customer, "location": self.canaries.address}
        lines = [{"sku": "none", "quantity": 1, "product": {"id": 1}, "notes": self.canaries.customer["email"]}]
        order = {"id": 900_001, "status": {"slug": "completed"}, "customer": customer, "items": lines}
        order["shipping"] = {"address": {"street": self.canaries.address}}
        assert await self.say("order.created", order) == 200
        assert await self.say("order.updated", {"id": self.canaries.unreadable, "customer": customer}) == 200
        assert await self.post(json.dumps({"event": "!", "who": self.canaries.owner}).encode()) == 400

    async def licence(self) -> None:
        """A discount licence whose free texts have an address in them: said, corrected and revoked."""
        said = f"ask {self.canaries.licence}"
        days = {"starts_on": "2026-01-01", "ends_on": "2026-01-31"}
        body = {"number": "7", "authority": "MC", **days, "kind": said, "document": said}
        path = f"/stores/{self.store_id}/licences"
        made = await self.system.api.send("POST", "onboarding", path, json=body)
        place = f"{path}/{made['licence_id']}"
        corrected = {"licence": body | {"number": "8"}, "reason": said}
        await self.system.api.send("PUT", "onboarding", place, json=corrected)
        await self.system.api.send("POST", "onboarding", f"{place}/revoke", json={"reason": said})

    async def say(self, event: str, data: dict[str, Any]) -> int:
        moment = datetime.now(UTC) + timedelta(hours=3)
        told = {"event": event, "merchant": int(self.store_id), "created_at": f"{moment:%Y-%m-%d %H:%M:%S}"}
        return await self.post(json.dumps({**told, "data": data}).encode())

    async def post(self, raw: bytes) -> int:
        secret = self.system.home.load_secrets().webhook_secret.get_secret_value()
        signature = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
        url = f"{self.system.running.urls['onboarding']}/webhooks/salla"
        async with httpx.AsyncClient(trust_env=False, timeout=30) as salla:
            return (await salla.post(url, content=raw, headers={"X-Salla-Signature": signature})).status_code


def tables(database: str) -> Iterator[tuple[str, bytes]]:
    """Every table with its rows as PostgreSQL's binary copy, which holds texts, JSON and bytes as they are."""
    with psycopg.connect(database, autocommit=True) as connection:
        names = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        for name in names:
            copy = sql.SQL("COPY {} TO STDOUT (FORMAT binary)").format(sql.Identifier(*name))
            with connection.cursor().copy(copy) as rows:
                yield ".".join(name), b"".join(bytes(part) for part in rows)


async def messages(url: str) -> list[tuple[str, bytes]]:
    """Every message of every stream with its headers."""
    connection = await connect(BusSettings(servers=(url,)), "test")
    found = []
    try:
        stream = connection.jetstream()
        for info in await stream.streams_info():
            for sequence in range(max(info.state.first_seq, 1), info.state.last_seq + 1):
                message = await stream.get_msg(str(info.config.name), seq=sequence)
                told = repr((message.subject, message.headers)).encode()
                found.append((f"{info.config.name} {sequence}", told + (message.data or b"")))
    finally:
        await disconnect(connection)
    return found


def files(system: Installation) -> Iterator[tuple[str, bytes]]:
    """The servers' folders and the logs, without those of the local Salla, which is no part of Thaman."""
    # PostgreSQL's folder is elsewhere when it may not run as the user of the test.
    ((kept,),) = system.rows("SELECT current_setting('data_directory')")
    for folder in {Path(kept), system.home.data.resolve(), system.home.logs}:
        for path in folder.rglob("*"):
            # Servers remove files of theirs at any time.
            with suppress(FileNotFoundError):
                if path.is_file() and _SALLA_S not in path.name:
                    yield str(path), path.read_bytes()


async def found(system: Installation, words: list[bytes]) -> list[tuple[str, bytes]]:
    """Where any of the words stands."""
    told = await messages(system.running.nats_url)
    assert len(told) > 5, "there is something to look into"
    places = [*tables(system.running.database_url), *told, *files(system)]
    names = {place for place, _ in places}
    assert {"onboarding.tokens", "onboarding.onboarding_events", "audit.ledger"} <= names
    assert all(any(part in name for name in names) for part in ("pg_wal", "jetstream", "onboarding-worker.log"))
    return [(place, word) for place, content in places for word in words if word in content]


async def forget_a_store(thaman: Thaman) -> str:
    """A store with canaries comes, is searched for, forgotten, searched for again, and comes back as new; its id."""
    canaries, system = Canaries(), Installation(thaman.home)
    async with system.api, system.salla:
        merchant = Merchant(system, canaries)
        await _come(merchant)
        assert await found(system, canaries.words()) == []
        keys = [bytes(key) for (key,) in system.rows("SELECT wrapped_key FROM onboarding.store_keys")]
        assert await found(system, keys) != [], "the search finds what is there"
        done = thaman.json("forget", merchant.store_id, "--now", "--yes")
        assert (done["state"], set(done["held"].values())) == ("forgotten", {0})

        async def is_told() -> bool:
            name = "SELECT name FROM audit.stores WHERE store_id = %s"
            pages = "SELECT forgotten FROM dashboard.stores WHERE store_id = %s"
            names, forgotten = system.rows(name, merchant.store_id), system.rows(pages, merchant.store_id)
            return names == [(FORGOTTEN,)] and forgotten == [(True,)]

        await wait_until(is_told, 60, "the tombstone in the ledger and on the pages")
        assert await found(system, canaries.words()) == []
        left = [content for _, content in tables(system.running.database_url)]
        assert not any(key in content for key in keys for content in left)
        _holds(thaman, merchant.store_id)
        await merchant.connect()
        again = await system.api.get("onboarding", f"/stores/{merchant.store_id}")
        assert (again["state"], again["name"]) == ("connected", canaries.store)
        assert await found(system, canaries.words()) == []
        return merchant.store_id


async def _come(merchant: Merchant) -> None:
    system = merchant.system
    await merchant.open()
    await merchant.connect()
    seen = await system.api.get("onboarding", f"/stores/{merchant.store_id}")
    assert seen["name"] == merchant.canaries.store, "it went in, and whoever may see it does"
    await merchant.orders()
    await merchant.licence()

    async def is_settled() -> bool:
        dead = system.rows("SELECT count(*) FROM onboarding.jobs WHERE queue = 'webhooks' AND state = 'dead'")
        told = system.rows("SELECT count(*) FROM audit.ledger WHERE type LIKE %s", "%SalesObserved%")
        return dead == [(1,)] and told[0][0] >= 1

    await wait_until(is_settled, 60, "the orders")
    standing = await system.api.get("onboarding", f"/stores/{merchant.store_id}/forgetting")
    assert standing["held"] == {
        "keys": 1, "profiles": 1, "tokens": 1, "installs": 0, "webhooks": 1, "api_keys": 0,
    }  # fmt: skip


def _holds(thaman: Thaman, store_id: str) -> None:
    """The chain verifies, every event folds, and what is made again of the store says that it is forgotten."""
    assert thaman.json("audit", "verify")["ok"]
    # The message that could not be read at all names no store; it waits among the dead letters, sealed.
    assert [str(one) for one in check(Home(thaman.home)).violations if "dead letter" not in str(one)] == []
    store = thaman.json("replay", "--store", store_id)["state"]["store"]
    assert (store["name"], store["domain"], store["installed"]) == (FORGOTTEN, None, False)
