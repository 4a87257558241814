"""Onboarding on real parts: PostgreSQL, a local Salla in a process of its own, and the API behind a real port."""

import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import psycopg
import pytest
import uvicorn

from thaman_kit.clock import Clock, SystemClock
from thaman_kit.embedded import EmbeddedPostgres
from thaman_kit.embedded.process import free_port
from thaman_kit.jobs import GiveUp, Job, JobQueue, RetryLater
from thaman_kit.migrate import migrate
from thaman_kit.testing import ROLE_PASSWORD, own_database, postgres_server, role_url, template_database, wait_until  # noqa: F401
from thaman_onboarding.api import build_api
from thaman_onboarding.application.renewal import Renewal
from thaman_onboarding.bootstrap import Container, build_container
from thaman_onboarding.settings import Settings

CLIENT_ID = "thaman-test-client"
CLIENT_SECRET = "client-secret-canary-0123456789"
WEBHOOK_SECRET = "webhook-secret-canary-0123456789"
PEPPER = "pepper-canary-0123456789-0123456789"
VAULT_KEY = "k1:" + base64.b64encode(b"k" * 32).decode()


@dataclass
class Salla:
    """The local Salla with its control API."""

    url: str
    http: httpx.Client

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """One control call; its JSON."""
        response = self.http.request(method, f"{self.url}/_sandbox{path}", json=body)
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text}"
        return response.json() if response.content else None

    def new_store(self, **wishes: Any) -> str:
        """A store on Salla; its id."""
        wishes = {"products": 3, "auto_approve": True, **wishes}
        return str(self.control("POST", "/stores", wishes)["store_id"])

    def faults(self, **plan: Any) -> None:
        """Faults for one store, or for all."""
        self.control("PUT", "/faults", plan)

    def switch(self, **switches: Any) -> None:
        """Change switches."""
        self.control("PUT", "/switches", switches)

    def attempts(self, store_id: str, grant: str = "refresh_token") -> list[dict[str, Any]]:
        """What the token endpoint saw of a store."""
        ledger = self.control("GET", "/token-ledger")
        return [
            one for one in ledger["attempts"] if str(one.get("store_id")) == store_id and one["grant_type"] == grant
        ]

    def reused(self) -> int:
        """How often a used refresh token was sent again."""
        return int(self.control("GET", "/token-ledger")["reused_refresh_tokens"])


@pytest.fixture(scope="session")
def salla_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Salla]:
    """One local Salla for the session."""
    port = free_port()
    log = (tmp_path_factory.mktemp("sandbox") / "sandbox.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "thaman_sandbox", "--port", str(port)], stdout=log, stderr=subprocess.STDOUT
    )
    url = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(timeout=20.0) as http:
            wait_until(lambda: _answers(http, f"{url}/_sandbox/health"), within=30, what="the sandbox")
            yield Salla(url, http)
    finally:
        process.terminate()
        process.wait(10)
        log.close()


@pytest.fixture
def salla(salla_server: Salla) -> Iterator[Salla]:
    """The local Salla without faults and with its usual switches."""
    before = salla_server.control("GET", "/switches")
    yield salla_server
    salla_server.control("DELETE", "/faults")
    salla_server.control("PUT", "/switches", before)
    salla_server.control("PUT", "/clock", {"offset_seconds": 0})


@pytest.fixture
def database(postgres_server: EmbeddedPostgres) -> Iterator[str]:  # noqa: F811
    """A migrated database of this test alone; the address of its administrator."""
    template = template_database(postgres_server, "onboarding_template", _migrate)
    with own_database(postgres_server, template=template) as url:
        yield url


@dataclass
class Service:
    """Onboarding: container, API on a port, and a hand that does its jobs."""

    container: Container
    url: str
    admin_database: str
    http: httpx.Client
    environment: dict[str, str] = field(default_factory=dict)

    def work(self) -> list[str]:
        """Do all due jobs of the queues that are tested here; their queues in order."""
        done: list[str] = []
        while batch := [job for queue in self._handlers() for job in self._claim(queue)]:
            done.extend(self._do(job) for job in batch)
        return done

    def free_port(self) -> int:
        """A port that is free now."""
        return free_port()

    def register_at(self, salla: Salla, url: str) -> None:
        """Tell Salla that the app is reached at ``url`` from now on."""
        _register(salla, self.container.settings.model_copy(update={"public_url": url}))

    def post_webhook(self, event: str, store_id: str, data: dict[str, Any], http: httpx.Client | None = None) -> None:
        """Deliver a signed webhook of this moment (of the service's clock), to this service or to another process of
        the installation."""
        moment = self.container.clock.now() + timedelta(hours=3)
        body = {"event": event, "merchant": int(store_id), "created_at": f"{moment:%Y-%m-%d %H:%M:%S}", "data": data}
        raw = json.dumps(body).encode()
        signature = hmac.new(WEBHOOK_SECRET.encode(), raw, hashlib.sha256).hexdigest()
        answer = (http or self.http).post("/webhooks/salla", content=raw, headers={"X-Salla-Signature": signature})
        assert answer.status_code == 200, answer.text

    def process_environment(self, **more: str) -> dict[str, str]:
        """The environment of a process of the same installation."""
        keep = {name: value for name, value in os.environ.items() if not name.startswith("THAMAN_")}
        return keep | self.environment | more

    def rows(self, sql: str, *params: Any) -> list[tuple[Any, ...]]:
        """Rows as the administrator sees them."""
        with psycopg.connect(self.admin_database, autocommit=True, options="-c search_path=onboarding") as connection:
            return connection.execute(sql.encode(), params).fetchall()

    def events(self, store_id: str | None = None) -> list[str]:
        """Topics of the stored events in order."""
        rows = self.rows("SELECT topic, state FROM onboarding_events ORDER BY notification_id")
        return [topic for topic, state in rows if store_id is None or f'"store_id":"{store_id}"'.encode() in state]

    def operator(self) -> dict[str, str]:
        """Headers of a new operator key."""
        return _bearer(self.container.issue_key("operator", None, "test"))

    def store_key(self, store_id: str) -> dict[str, str]:
        """Headers of a new key of a store."""
        return _bearer(self.container.issue_key("store", store_id, "test"))

    def connect(self, store_id: str) -> None:
        """Connect a store as a browser would, by OAuth."""
        with httpx.Client() as browser:
            answer = browser.get(f"{self.url}/oauth/authorize")
            back = browser.get(f"{answer.headers['location']}&store_id={store_id}&approve=auto")
            page = browser.get(back.headers["location"])
            assert page.status_code == 200, page.text

    def dead(self) -> list[tuple[Any, ...]]:
        """Jobs that were given up."""
        return self.rows("SELECT queue, key, last_error FROM jobs WHERE state = 'dead'")

    def _handlers(self) -> dict[str, Callable[[Job], None]]:
        parts = self.container
        return {
            "install": parts.installer.run_job,
            "register_webhooks": parts.registration.run_job,
            "refresh": Renewal(parts.renewals, parts.stores.rows).run_job,
            "webhooks": parts.webhook_processor.run_job,
        }

    def _claim(self, queue: str) -> list[Job]:
        return JobQueue(self.container.app.database).claim(queue, 10, 60.0)

    def _do(self, job: Job) -> str:
        queue = JobQueue(self.container.app.database)
        try:
            self._handlers()[job.queue](job)
            if not job.completed:
                queue.complete(job)
        except RetryLater as error:
            queue.retry(job, error.delay, str(error), forgive=error.forgive)
        except GiveUp as error:
            queue.bury(job, str(error))
        return job.queue


StartService = Callable[..., Service]


@pytest.fixture
def start_service(database: str, salla: Salla) -> Iterator[StartService]:
    """Starts the service with settings of one's own; the local Salla then knows it as its app."""
    stops: list[Callable[[], None]] = []

    def start(clock: Clock | None = None, *, register: bool = True, **changes: Any) -> Service:
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        values: dict[str, Any] = {
            "database_url": role_url(database, "onboarding"),
            "api_key_pepper": PEPPER,
            "salla_accounts_url": salla.url,
            "salla_api_url": f"{salla.url}/admin/v2",
            "salla_client_id": CLIENT_ID,
            "salla_client_secret": CLIENT_SECRET,
            "webhook_secret": WEBHOOK_SECRET,
            "vault_keys": VAULT_KEY,
            "public_url": url,
            "http_port": port,
            "salla_timeout_seconds": 3.0,
            **changes,
        }
        container = build_container(Settings(**values), clock=clock or SystemClock())
        stop = _serve(container, port)
        stops.append(stop)
        if register:
            _register(salla, container.settings)
        http = httpx.Client(base_url=url, timeout=20.0)
        stops.append(http.close)
        environment = {f"THAMAN_{name.upper()}": str(value) for name, value in values.items()}
        return Service(container, url, database, http, environment)

    yield start
    for stop in reversed(stops):
        stop()


@pytest.fixture
def service(start_service: StartService) -> Service:
    """The service with the usual settings."""
    return start_service()


def _serve(container: Container, port: int) -> Callable[[], None]:
    config = uvicorn.Config(build_api(container), host="127.0.0.1", port=port, log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="onboarding-api")
    thread.start()
    wait_until(lambda: server.started, what="the API")

    def stop() -> None:
        server.should_exit = True
        thread.join(15)
        assert not thread.is_alive()

    return stop


def _register(salla: Salla, settings: Settings) -> None:
    salla.control(
        "POST",
        "/app",
        {
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "redirect_uris": [settings.callback_url],
            "webhook_url": settings.webhook_url,
            "webhook_secret": WEBHOOK_SECRET,
            "webhook_strategy": settings.webhook_strategy,
        },
    )


def _migrate(url: str) -> None:
    migrate(url, ["onboarding"], {"onboarding": ROLE_PASSWORD})


def _bearer(made: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {made.key.get_secret_value()}"}


def _answers(http: httpx.Client, url: str) -> bool:
    try:
        return http.get(url).is_success
    except httpx.HTTPError:
        time.sleep(0.05)
        return False
