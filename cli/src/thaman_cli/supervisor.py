"""Runs one installation: servers, migrations, streams, the local Salla, and every service's processes.

Start order is data servers, migrations, streams, local Salla, services; stop order is the reverse. Whatever way this
process ends, nothing it started stays behind (``guard.py``).
"""

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import httpx

from thaman_cli.child import Child, Spec
from thaman_cli.errors import StartFailed
from thaman_cli.guarding import Guard
from thaman_cli.plan import AUDIT_KEYS, AUDIT_WORKER, VAULT_KEYS, Addresses, Plan
from thaman_cli.ports import PortBook
from thaman_cli.servers import Servers
from thaman_cli.setup import create_streams, ensure_operator_keys, run_migrations
from thaman_cli.state import Home, Running, RunningProcess, Secrets

Progress = Callable[[str], AbstractContextManager[None]]
_GUARD_SECONDS = 30.0
_TRIES_BEFORE_GIVING_UP = 4


def same_url(_kind: str, url: str) -> str:
    """The services see the servers as they are."""
    return url


@dataclass(frozen=True)
class Options:
    """How to run. ``via`` may put something between services and ``database``, ``nats`` or ``salla`` (fault tests);
    ``crew`` starts the optimizer's worker with a crew, on the local model or the ``own_model`` of the environment."""

    sandbox: bool = True
    durable: bool = True
    log_level: str = "info"
    ready_seconds: float = 120.0
    extra_env: Mapping[str, str] = field(default_factory=dict)
    via: Callable[[str, str], str] = same_url
    crew: bool = False
    own_model: bool = False


class Supervisor:
    """One installation's processes. Use it from the main thread's event loop, inside ``Home.lock``."""

    def __init__(
        self, home: Home, options: Options | None = None, progress: Progress = lambda _: nullcontext()
    ) -> None:
        self.home = home
        self.options = options or Options()
        self.children: dict[str, Child] = {}
        self._progress = progress
        self._guard: Guard | None = None
        self._servers: Servers | None = None
        self._running: Running | None = None
        self._plan: Plan | None = None
        self._watch: asyncio.Task[None] | None = None
        self._ports: PortBook | None = None
        self._held = ExitStack()

    @property
    def has_started(self) -> bool:
        """Whether anything was started that has to be stopped."""
        return self._guard is not None

    @property
    def servers(self) -> Servers:
        """PostgreSQL and NATS."""
        assert self._servers is not None, "not started"
        return self._servers

    @property
    def running(self) -> Running:
        """Addresses and processes."""
        assert self._running is not None, "not started"
        return self._running

    async def start(self) -> None:
        """Start everything and wait until every part says that it is ready."""
        self.home.prepare()
        self._held.enter_context(self.home.lock())
        if not await asyncio.to_thread(self.home.wait_for_guard, _GUARD_SECONDS):
            raise StartFailed(
                "An earlier run of this folder has not ended yet",
                "its guard is still ending processes",
                "Wait a moment and start again.",
            )
        self._guard = Guard.start(self.home.folder / "guard.lock")
        self._ports = ports = PortBook()
        self._servers = Servers.make(self.home, ports, self._guard, durable=self.options.durable)
        self._plan = plan = await self._prepare(
            self.home.load_secrets(), Addresses.choose(ports, sandbox=self.options.sandbox)
        )
        if (sandbox := plan.sandbox()) is not None:
            with self._progress("local Salla and competitor shops"):
                await self._launch([sandbox])
        with self._progress("onboarding, scheduler, optimizer, audit, dashboard"):
            await self._launch(plan.services())
        if (crew := plan.crew_worker()) is not None:
            # By itself: loading it takes as long as everything else together.
            with self._progress("a crew of agents"):
                await self._launch([crew])

    async def reload_secrets(self) -> None:
        """Read the secrets again and restart the processes that have others now, one after the other."""
        if self._plan is None:
            return
        self._plan = replace(self._plan, secrets=self.home.load_secrets())
        for spec in self._plan.services():
            child = self.children[spec.name]
            if _is_rotated(child.spec, spec):
                await child.stop()
                child.spec = spec
                await child.start()
                await self.wait_ready([spec.name])
        self.running.reloads += 1
        self._save_running()

    async def stop(self) -> None:
        """Stop everything in order; also after a start that failed half-way."""
        services = [child for name, child in self.children.items() if name != "sandbox"]
        await asyncio.gather(*(child.stop() for child in services))
        if (sandbox := self.children.get("sandbox")) is not None:
            await sandbox.stop()
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait([self._watch])
        if self._servers is not None:
            await self._servers.stop()
        if self._guard is not None:
            await asyncio.to_thread(self._guard.close)
            self.home.clear_running()  # only ours: without a guard the folder is another supervisor's
        if self._ports is not None:
            self._ports.close()
        self._held.close()

    async def wait_ready(self, names: list[str] | None = None) -> None:
        """Wait until the named processes (default: all) say that they are ready.

        Raises:
            StartFailed: one keeps ending, or is not ready in time; its last log lines are told.
        """
        waiting = [self.children[name] for name in names or list(self.children)]
        began = {child.spec.name: child.restarts for child in waiting}
        until = time.monotonic() + self.options.ready_seconds
        async with httpx.AsyncClient(trust_env=False) as client:
            while waiting:
                answers = await asyncio.gather(*(child.is_ready(client) for child in waiting))
                waiting = [child for child, ready in zip(waiting, answers, strict=True) if not ready]
                for child in waiting:
                    if child.restarts - began[child.spec.name] >= _TRIES_BEFORE_GIVING_UP:
                        raise _failed(child, f"it ended {_TRIES_BEFORE_GIVING_UP} times, last with {child.last_exit}")
                if waiting and time.monotonic() > until:
                    raise _failed(waiting[0], f"not ready after {self.options.ready_seconds:g} s")
                await asyncio.sleep(0.1)

    async def _prepare(self, secrets: Secrets, addresses: Addresses) -> Plan:
        servers = self.servers
        with self._progress("PostgreSQL"):
            await servers.start_postgres()
        with self._progress("NATS"):
            await servers.start_nats()
        via = self.options.via
        plan = Plan(
            home=self.home,
            secrets=secrets,
            addresses=addresses,
            database_url=via("database", servers.admin_url),
            nats_url=via("nats", servers.nats_url),
            salla_url=via("salla", addresses.sandbox) if addresses.sandbox else None,
            log_level=self.options.log_level,
            extra_env=self.options.extra_env,
            crew=self.options.crew,
            own_model=self.options.own_model,
        )
        self._watch = asyncio.create_task(servers.watch(), name="watch-servers")
        with self._progress("migrations, streams and keys"):
            await asyncio.to_thread(run_migrations, servers.admin_url, secrets.passwords())
            await create_streams(servers.nats_url)
            onboarding_url = plan.role_url("onboarding", direct=servers.admin_url)
            await asyncio.to_thread(ensure_operator_keys, onboarding_url, self.home, secrets)
        self._running = Running(
            pid=os.getpid(),
            started_at=datetime.now(UTC).isoformat(),
            database_url=servers.admin_url,
            nats_url=servers.nats_url,
            urls=addresses.urls(),
        )
        return plan

    async def _launch(self, specs: list[Spec]) -> None:
        assert self._guard is not None
        for spec in specs:
            log = self.home.fresh_log(spec.name)
            self.children[spec.name] = Child(spec, log, self._guard, self._save_running)
        await asyncio.gather(*(self.children[spec.name].start() for spec in specs))
        await self.wait_ready([spec.name for spec in specs])

    def _save_running(self) -> None:
        if self._running is None:
            return
        self._running.processes = [
            RunningProcess(
                name=name, pid=child.pid, ready_url=child.spec.ready_url, log=str(child.log), restarts=child.restarts
            )
            for name, child in self.children.items()
        ]
        self.home.save_running(self._running)


def _is_rotated(before: Spec, after: Spec) -> bool:
    """Whether a process has another key now."""
    reads = AUDIT_KEYS if after.name == AUDIT_WORKER else VAULT_KEYS if after.name.startswith("onboarding-") else None
    return reads is not None and before.env.get(reads) != after.env.get(reads)


def _failed(child: Child, why: str) -> StartFailed:
    return StartFailed(
        f"{child.spec.name} did not become ready",
        f"{why}; its log ends:\n{child.last_lines()}",
        f"Read {child.log}, and run `thaman doctor`.",
    )
