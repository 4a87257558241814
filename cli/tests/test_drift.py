"""``thaman drift``: which story a difference tells; and one of each, made beside a Salla over HTTP."""

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
import uvicorn

from thaman_audit.bootstrap import build
from thaman_audit.testing import settings_for
from thaman_cli.api import Api
from thaman_cli.drifting.finding import compare, still
from thaman_cli.drifting.labels import Compared, Label, label
from thaman_cli.drifting.shown import Shown, shown_by_salla
from thaman_cli.drifting.story import Fact, Stories, Story, Write, WriteEnd
from thaman_cli.errors import ApiRefused
from thaman_cli.main import main
from thaman_contracts.envelope import to_headers
from thaman_contracts.events.onboarding import InstallPath
from thaman_contracts.events.optimizer import PriceDecided, Risk
from thaman_contracts.subjects import partition_of, upstream_of
from thaman_kit.embedded.process import free_port
from thaman_kit.inbox import Delivery, Inbox
from thaman_kit.migrate import migrate
from thaman_kit.testing import wait_until
from thaman_onboarding import wiring
from thaman_onboarding.adapters.catalogue_store import CatalogueStore
from thaman_onboarding.adapters.rate_budget import RateBudget
from thaman_onboarding.adapters.store_rows import project_store
from thaman_onboarding.adapters.write_store import add_decision
from thaman_onboarding.api import build_api
from thaman_onboarding.bootstrap import Container, build_container
from thaman_onboarding.domain.settling import WritePolicy
from thaman_onboarding.domain.store import Store, StoreFacts
from thaman_onboarding.domain.unauthorized import Action
from thaman_onboarding.publication import PUBLICATION
from thaman_onboarding.settings import Settings

Captured = pytest.CaptureFixture[str]
AT = datetime(2026, 11, 1, tzinfo=UTC)
OLD, NEW, OTHER = 10_000, 9_000, 7_777
HEAD = 50


def fact(seq: int, price: int | None = None) -> Fact:
    return Fact(seq, f"{seq}:1", "Something", AT, price)


def write(end: WriteEnd, seq: int = 20, reason: str | None = None) -> Write:
    return Write(uuid4(), OLD, NEW, end, reason, fact(seq, NEW))


def story(end: WriteEnd | None = None, *, looked: int | None = 10, price: int | None = OLD, **given: Any) -> Story:
    """A look at ``price`` at place ``looked``, and perhaps a write at place 20."""
    seq, reason, own = given.get("seq", 20), given.get("reason"), given.get("own", False)
    look = None if looked is None else fact(looked, price)
    return Story(look, own, None if end is None else write(end, seq, reason), None, max(looked or 0, seq if end else 0))


APPLIED, FAILED, STALE = WriteEnd.APPLIED, WriteEnd.FAILED, WriteEnd.STALE


@pytest.mark.parametrize(
    ("salla", "replayed", "told", "expected"),
    [
        pytest.param(OLD, OLD, story(), None, id="equal"),
        pytest.param(NEW, NEW, story(WriteEnd.STARTED), None, id="equal while writing"),
        pytest.param(None, None, Story(), None, id="gone in both"),
        pytest.param(OTHER, OLD, story(), Label.HAND_EDIT, id="changed since our look"),
        pytest.param(OTHER, NEW, story(APPLIED), Label.HAND_EDIT, id="changed since our write"),
        pytest.param(OTHER, NEW, story(APPLIED, looked=21, price=NEW, own=True), Label.HAND_EDIT, id="after read-back"),
        pytest.param(OTHER, None, Story(), Label.HAND_EDIT, id="new at Salla"),
        pytest.param(None, OLD, story(), Label.HAND_EDIT, id="gone at Salla"),
        pytest.param(OLD, NEW, story(APPLIED), Label.LOST_WRITE, id="the price from before our write"),
        pytest.param(OLD, NEW, story(APPLIED, looked=21, price=NEW, own=True), Label.LOST_WRITE, id="only we saw it"),
        pytest.param(OLD, NEW, story(APPLIED, looked=30, price=NEW), Label.HAND_EDIT, id="a sweep saw it, so it held"),
        pytest.param(NEW, OLD, story(WriteEnd.STARTED), Label.IN_FLIGHT, id="a write is under way"),
        pytest.param(OTHER, OLD, story(WriteEnd.UNCERTAIN), Label.IN_FLIGHT, id="a write is uncertain"),
        pytest.param(OTHER, OLD, story(looked=HEAD + 1), Label.IN_FLIGHT, id="looked at meanwhile"),
        pytest.param(OLD, NEW, story(APPLIED, seq=HEAD + 1), Label.IN_FLIGHT, id="written meanwhile"),
        pytest.param(NEW, OLD, story(FAILED, reason="outcome_unknown"), Label.IN_FLIGHT, id="given up unclear"),
        pytest.param(NEW, OLD, story(FAILED, reason="not_shown"), Label.BUG, id="a failed write that was made"),
        pytest.param(NEW, OLD, story(STALE, reason="expired"), Label.BUG, id="a dropped write that was made"),
        pytest.param(
            NEW,
            OTHER,
            story(FAILED, reason="mismatch", looked=21, price=OTHER, own=True),
            Label.BUG,
            id="a failed write that only we looked after",
        ),
        pytest.param(
            NEW,
            OTHER,
            story(FAILED, reason="refused", looked=30, price=OTHER),
            Label.HAND_EDIT,
            id="the price of a failed write, long after a sweep saw another",
        ),
        pytest.param(
            NEW,
            OTHER,
            story(STALE, reason="expired", looked=30, price=OTHER),
            Label.HAND_EDIT,
            id="the price of a dropped write, long after",
        ),
        pytest.param(OTHER, OLD, story(FAILED, reason="refused"), Label.HAND_EDIT, id="changed after a failed write"),
        pytest.param(OTHER, 1, story(APPLIED), Label.BUG, id="no event says the replayed price"),
        pytest.param(OTHER, OLD, Story(), Label.BUG, id="no event at all"),
    ],
)
def test_each_difference_has_one_story(salla: int, replayed: int, told: Story, expected: Label | None) -> None:
    found = label(Compared("1", salla, replayed, (), told, HEAD))
    assert (None if found is None else found.label) == expected
    wrong = label(Compared("1", salla, replayed, ("base_price",), told, HEAD))
    assert wrong is not None and wrong.label is Label.BUG
    assert "base_price" in wrong.why


def row(key: str, price: int, **more: Any) -> dict[str, Any]:
    return {"key": key, "base_price": price, "removed": False, "content": {"has_variants": False}} | more


def test_only_rows_that_stood_still_accuse_us_and_what_cannot_be_read_says_nothing() -> None:
    before = {"1": row("1", 100), "2": row("2", 200), "3": row("3", 300), "4": row("4", 400, removed=True)}
    after = before | {"2": row("2", 201)}
    replayed = before | {"1": row("1", 99), "2": row("2", 199)}
    shown = Shown({"1": 99, "2": 199}, unreadable={"3"})
    found = {one.key: label(one) for one in compare(shown, replayed, still(before, after), Stories(), HEAD)}
    assert {key: one and one.label for key, one in found.items()} == {"1": Label.BUG, "2": None, "3": None, "4": None}


async def test_a_missing_product_is_asked_for_and_a_busy_salla_is_waited_for() -> None:
    asked: list[dict[str, Any]] = []
    slept: list[float] = []

    class Door:
        async def get(self, service: str, path: str, **params: Any) -> Any:
            asked.append(params)
            if len(asked) == 2:
                raise ApiRefused(503, "salla_unavailable", "busy")
            if "product" in params:
                items = [{"key": "7/1", "base_price": 70}] if params["product"] == "7" else []
                return {"items": items, "next": None, "unreadable": []}
            page = int(params["after"])
            return {
                "items": [{"key": str(page), "base_price": page}],
                "next": "2" if page == 1 else None,
                "unreadable": ["9"] if page == 2 else [],
            }

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    shown = await shown_by_salla(Door(), "77", ["1", "7/1", "8", "9"], sleep)
    assert (shown.prices, shown.unreadable, len(slept)) == ({"1": 1, "2": 2, "7/1": 70}, {"9"}, 1)
    assert [one.get("product") or one["after"] for one in asked] == ["1", "2", "2", "7", "8"]


# -- one of each, over HTTP -----------------------------------------------------------------------------------------


@dataclass
class HeldTokens:
    """Tokens that the test hands out."""

    given: dict[str, str] = field(default_factory=dict)

    async def access_token(self, store_id: str) -> str:
        return self.given[store_id]

    async def report_unauthorized(self, store_id: str, message: str, token: str | None = None) -> Action:
        return Action.STOP


@dataclass
class Shop:
    """A store at the sandbox, onboarding beside it, and an audit that is told what onboarding recorded."""

    url: str
    salla: httpx.Client
    container: Container
    tokens: HeldTokens
    audit: Any
    store: str = ""
    taken: int = 0

    def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.salla.request(method, f"/_sandbox{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def open(self) -> None:
        self.control("POST", "/app", {"client_id": "thaman", "client_secret": "not-a-real-secret"})
        self.store = str(self.control("POST", "/stores", {"products": 14, "catalogue": "perfumes"})["store_id"])
        self.tokens.given[self.store] = self.control("POST", f"/stores/{self.store}/tokens")["access_token"]
        store, now = Store.new(self.store), datetime.now(UTC)
        facts = StoreFacts(self.store, "Oud", None, "pro", "live", "SAR", True, 1500, ("products.read_write",))
        store.authorize(facts, InstallPath.CALLBACK, now.replace(microsecond=0), now)
        store.change_settings({"min_margin_bp": 0}, None, "test", now)
        uow = self.container.app.unit_of_work()
        uow.add(store)
        project_store(uow, store, now)
        uow.enqueue("observe", "first", self.store, {"cause": "sweep"})
        uow.commit()
        self.work(lambda: not self.rows("SELECT 1 FROM jobs WHERE state IN ('waiting', 'running')"))

    def rows(self, sql: str, *params: Any) -> list[dict[str, Any]]:
        return self.container.app.database.fetch_all(sql, params)

    def work(self, done: Callable[[], bool]) -> None:
        """Run reader and writer until something is so."""
        patient = WritePolicy(first_backoff=60)
        settings = self.container.settings
        parts = wiring.Parts(
            self.container.app, self.container.clock, self.tokens, settings.salla_api_url, 3.0, policy=patient
        )

        async def run() -> None:
            stop, runners = asyncio.Event(), []
            for make in (wiring.observing, wiring.writing):
                api = wiring.salla_api(parts, RateBudget())
                runners.append(make(parts, api))
                runners[-1].api = api
            tasks = [asyncio.create_task(one.run(stop)) for one in runners]
            async with asyncio.timeout(60):
                while not await asyncio.to_thread(done):  # noqa: ASYNC110 - what is waited for is in the database
                    await asyncio.sleep(0.02)
            stop.set()
            await asyncio.gather(*tasks)

        asyncio.run(run())

    def decide(self, key: str, base: int) -> UUID:
        """A decision of a policy arrives."""
        store = CatalogueStore(self.container.app.database).store(self.store)
        assert store is not None
        now = datetime.now(UTC)
        values: dict[str, Any] = {
            "store_id": self.store, "occurred_at": now, "proposal_id": uuid4(), "run_id": uuid4(), "product_id": key,
            "decision_id": uuid4(), "currency": "SAR", "expected_base_price": self.known()[key], "base_price": base,
            "shelf_price": store.basis.shelf(base), "floor": 1, "ceiling": 10**9, "max_step_bp": 5000,
            "changes_per_day": 24, "prices_include_vat": True, "vat_bp": 1500, "fence": store.fence,
            "settings_version": store.settings_version, "risk": Risk.LOW, "decided_by": "policy",
            "expires_at": now + timedelta(hours=1),
        }  # fmt: skip
        decision = PriceDecided.model_validate(values)
        uow = self.container.app.unit_of_work()
        add_decision(uow, decision)
        uow.commit()
        return decision.decision_id

    def is_in(self, decision: UUID, state: str) -> bool:
        return self.rows("SELECT state FROM decisions WHERE decision_id = %s", decision) == [{"state": state}]

    def known(self) -> dict[str, int]:
        """Base prices of the simple products, as onboarding knows them."""
        rows = self.rows(
            "SELECT key, base_price FROM items WHERE variant_id IS NULL AND NOT (content ->> 'has_variants')::boolean"
        )
        return {one["key"]: one["base_price"] for one in rows}

    def edit(self, key: str, base: int) -> None:
        """Somebody changes a base price at Salla."""
        self.control("PATCH", f"/stores/{self.store}/products/{key}", {"base": base})

    def tell_the_audit(self) -> None:
        """Let the ledger take in what onboarding recorded, by the real inbox."""
        partition = partition_of(self.store)
        inbox = Inbox(self.audit.application, self.audit.router, "onboarding", partition)
        previous = self.audit.application.position(upstream_of("onboarding", partition))
        deliveries = []
        application = self.container.app
        for one in application.recorder.select_notifications(self.taken, 10_000, inclusive_of_start=False):
            message = PUBLICATION.message_of(application.mapper.to_domain_event(one), one.id, previous)
            self.taken = one.id
            if message is None or message.envelope.store_id != self.store:
                continue
            previous, name = one.id, message.envelope.event_name
            subject = f"evt.onboarding.{partition}.store.{self.store}.{name}"
            deliveries.append(Delivery(subject, to_headers(message.envelope), message.body))
        assert all(verdict.is_settled for verdict in inbox.take(deliveries))


@pytest.fixture
def shop(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    migrate(database_url, ["onboarding", "audit"])
    monkeypatch.setenv("THAMAN_DATABASE_URL", database_url)
    with ExitStack() as stack:
        sandbox = stack.enter_context(a_sandbox(tmp_path / "sandbox.log"))
        port = free_port()
        settings = Settings.model_validate(
            {
                "database_url": database_url, "api_key_pepper": "pepper-of-a-test-0123456789-0123456789", "public_url": "http://x",
                "salla_accounts_url": sandbox, "salla_api_url": f"{sandbox}/admin/v2", "salla_client_id": "thaman",
                "salla_client_secret": "not-a-real-secret", "webhook_secret": "not-a-real-secret-either",
                "vault_keys": "k1:a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=", "http_port": port,
            }
        )  # fmt: skip
        tokens = HeldTokens()
        container = replace(build_container(settings), tokens=tokens)  # type: ignore[arg-type]
        key = container.issue_key("operator", None, "test").key.get_secret_value()  # type: ignore[arg-type]
        stack.enter_context(serving(container, port))
        audit = build(settings_for(database_url))
        stack.callback(audit.close)
        salla = stack.enter_context(httpx.Client(base_url=sandbox, timeout=20, trust_env=False))
        made = Shop(f"http://127.0.0.1:{port}", salla, container, tokens, audit)
        monkeypatch.setattr(Api, "of", lambda home: Api({"onboarding": made.url}, key))
        made.open()
        yield made


@contextmanager
def a_sandbox(log: Path) -> Iterator[str]:
    port = free_port()
    with log.open("wb") as out:
        command = [sys.executable, "-m", "thaman_sandbox", "--port", str(port)]
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        url = f"http://127.0.0.1:{port}"
        try:
            wait_until(lambda: answers(f"{url}/_sandbox/health"), within=120, what="the sandbox")
            yield url
        finally:
            process.terminate()
            process.wait(10)


def answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).is_success
    except httpx.HTTPError:
        return False


@contextmanager
def serving(container: Container, port: int) -> Iterator[None]:
    config = uvicorn.Config(build_api(container), host="127.0.0.1", port=port, log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started, what="the API")
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(15)


def ask(capsys: Captured, *arguments: str) -> tuple[int, str]:
    capsys.readouterr()
    with pytest.raises(SystemExit) as caught:
        main(["drift", *arguments])
    assert isinstance(caught.value.code, int)
    return caught.value.code, capsys.readouterr().out


def test_one_of_each_is_made_and_told_apart(shop: Shop, database_url: str, capsys: Captured) -> None:
    before = shop.known()
    edited, lost, flying, broken, written, quiet, *_ = sorted(before)
    decisions = [shop.decide(key, before[key] - 100) for key in (lost, written)]
    shop.work(lambda: all(shop.is_in(one, "applied") for one in decisions))
    shop.tell_the_audit()
    code, out = ask(capsys, shop.store)
    items = len(shop.rows("SELECT 1 FROM items WHERE NOT removed"))
    assert (code, f"{items} items compared, 0 differ" in out) == (0, True)

    shop.edit(edited, before[edited] + 555)
    shop.edit(lost, before[lost])
    shop.control("PUT", "/faults", {"store_id": int(shop.store), "p_cut_after_write": 1.0})
    unclear = shop.decide(flying, before[flying] - 100)
    shop.work(lambda: shop.is_in(unclear, "uncertain"))
    shop.control("DELETE", "/faults")
    shop.tell_the_audit()
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute("UPDATE onboarding.items SET base_price = base_price + 1 WHERE key = %s", (broken,))

    code, out = ask(capsys, shop.store, "--json")
    told = json.loads(out)
    found = {one["item"]: one for one in told["differences"]}
    assert code == 13
    assert {key: one["label"] for key, one in found.items()} == {
        edited: "hand_edit", lost: "lost_write", flying: "in_flight", broken: "bug",
    }  # fmt: skip
    assert told["by_label"] == {"hand_edit": 1, "lost_write": 1, "in_flight": 1, "bug": 1}
    shown = {key: (one["salla"], one["ledger"]) for key, one in found.items()}
    assert shown == {
        edited: (before[edited] + 555, before[edited]),
        lost: (before[lost], before[lost] - 100),
        flying: (before[flying] - 100, before[flying]),
        broken: (before[broken], before[broken]),
    }
    assert found[broken]["model_differs"] == ["base_price"]
    stored = {
        f"{one['originator_id']}:{one['originator_version']}" for one in shop.rows("SELECT * FROM onboarding_events")
    }
    evidence = [fact for one in found.values() for fact in one["evidence"]]
    assert {fact["event_id"] for fact in evidence} <= stored
    assert [fact["event"] for fact in found[flying]["evidence"]] == ["CatalogObserved", "PriceApplyUncertain"]
    assert quiet not in found and written not in found

    shop.edit(edited, before[edited])
    shop.edit(lost, before[lost] - 100)
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute("UPDATE onboarding.items SET base_price = base_price - 1 WHERE key = %s", (broken,))
    code, out = ask(capsys, shop.store)
    assert (code, "1 differ" in out, f"{flying} in flight: Salla shows" in out) == (0, True, True)
    assert f"event {unclear}:2" in out
    code, out = ask(capsys, "424242", "--json")
    assert (code, json.loads(out)["exit_code"]) == (2, 2)
