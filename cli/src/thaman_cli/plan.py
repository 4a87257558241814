"""Which processes an installation has, at which addresses, and with which settings."""

import importlib.util
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from thaman_cli.child import Spec
from thaman_cli.errors import BadUsage
from thaman_cli.ports import HOST, PortBook
from thaman_cli.servers import PREFERRED_NATS, PREFERRED_POSTGRES, as_role
from thaman_cli.state import Home, Secrets
from thaman_contracts.subjects import ROOMS, SERVICES

CREW = "crew"
"""The role of the optimizer's worker with a crew, where there is one."""

_API_PORTS = {"onboarding": 8101, "scheduler": 8102, "optimizer": 8103, "audit": 8104, "dashboard": 8105}
_HEALTH_PORT, _SANDBOX_PORT = 9101, 8090
PREFERRED_PORTS = (*_API_PORTS.values(), _SANDBOX_PORT, PREFERRED_POSTGRES, PREFERRED_NATS)
"""What is used when nothing else uses it."""
VAULT_KEYS = "THAMAN_VAULT_KEYS"
AUDIT_WORKER, AUDIT_KEYS = "audit-worker", "THAMAN_AUDIT_KEYS"
"""The one process that signs checkpoints, and the setting with its key."""
DASHBOARD_KEY = "THAMAN_DASHBOARD_API_KEY"
"""The setting with the operator's key that the dashboard asks the services with."""
HANDOVER_KEY = "THAMAN_HANDOVER_KEY"
"""The setting with which onboarding hands a merchant over to the dashboard."""
_MODEL_URL = "THAMAN_OPTIMIZER_CREW_URL"
_SALLA_CLIENT_ID = "THAMAN_SALLA_CLIENT_ID"
_SANDBOX_APP_ID = 513499943
_READERS: Mapping[str, str | tuple[str, ...]] = {
    VAULT_KEYS: "onboarding-",
    "THAMAN_SALLA_CLIENT_SECRET": "onboarding-",
    "THAMAN_WEBHOOK_SECRET": "onboarding-",
    AUDIT_KEYS: AUDIT_WORKER,
    DASHBOARD_KEY: "dashboard-api",
    HANDOVER_KEY: ("onboarding-api", "dashboard-api"),
    "THAMAN_OPTIMIZER_CREW_KEY": f"optimizer-{CREW}",
}
"""Secrets, and how those processes' names begin that are given them; no other is, whatever is in the environment."""


def roles_of(room: str) -> tuple[str, ...]:
    """The processes that a room has; who publishes nothing has no relay."""
    return ("api", "worker", "relay") if room in SERVICES else ("api", "worker")


PROCESSES = tuple(f"{room}-{role}" for room in ROOMS for role in roles_of(room))
"""The processes that every installation has."""


@dataclass(frozen=True)
class Addresses:
    """Where everything listens, as URLs without a slash at the end."""

    apis: Mapping[str, str]
    health: Mapping[str, int]
    sandbox: str | None

    @classmethod
    def choose(cls, ports: PortBook, *, sandbox: bool) -> "Addresses":
        """Preferred ports where they are free, others where they are not."""
        apis: dict[str, str] = {room: f"http://{HOST}:{ports.take(_API_PORTS[room])}" for room in ROOMS}
        names = (*PROCESSES, f"optimizer-{CREW}")
        health = {name: ports.take(_HEALTH_PORT + index) for index, name in enumerate(names)}
        chosen = f"http://{HOST}:{ports.take(_SANDBOX_PORT)}" if sandbox else None
        return cls(apis, health, chosen)

    def urls(self) -> dict[str, str]:
        """Everything with a name, for people and for other commands."""
        return {**self.apis, **({"sandbox": self.sandbox} if self.sandbox else {})}


@dataclass(frozen=True)
class Plan:
    """Builds the processes of one installation; the three URLs are what services see of their surroundings."""

    home: Home
    secrets: Secrets
    addresses: Addresses
    database_url: str
    nats_url: str
    salla_url: str | None
    log_level: str
    extra_env: Mapping[str, str]
    crew: bool = False
    own_model: bool = False

    def sandbox(self) -> Spec | None:
        """The local Salla, which knows our app from the start."""
        if self.addresses.sandbox is None:
            return None
        onboarding = self.addresses.apis["onboarding"]
        app = {
            "app_id": _SANDBOX_APP_ID,
            "client_id": self.secrets.salla_client_id,
            "client_secret": self.secrets.salla_client_secret.get_secret_value(),
            "redirect_uris": [f"{onboarding}/oauth/callback"],
            "webhook_url": f"{onboarding}/webhooks/salla",
            "webhook_secret": self.secrets.webhook_secret.get_secret_value(),
            "webhook_strategy": "signature",
        }
        app_file = self.home.write_private("sandbox-app.json", json.dumps(app))
        port = self.addresses.sandbox.rpartition(":")[2]
        command = [sys.executable, "-m", "thaman_sandbox", "--host", HOST, "--port", port]
        command += ["--state", str(self.home.data / "sandbox.sqlite"), "--app-config", str(app_file)]
        return Spec("sandbox", command, self._base_env(), f"{self.addresses.sandbox}/_sandbox/stores")

    def services(self) -> list[Spec]:
        """Every service's processes, and the dashboard's."""
        return [self._service(room, role) for room in ROOMS for role in roles_of(room)]

    def crew_worker(self) -> Spec | None:
        """The optimizer's worker with a crew, where there shall be one."""
        return self._service("optimizer", CREW) if self.crew else None

    def role_url(self, service: str, *, direct: str | None = None) -> str:
        """The database as the service's own role (through the services' path, or ``direct``)."""
        password = self.secrets.role_passwords[service].get_secret_value()
        return as_role(direct or self.database_url, f"{service}_app", password)

    def service_env(self, service: str) -> dict[str, str]:
        """The settings that all processes of a service share."""
        api = self.addresses.apis[service]
        env = self._base_env() | {
            "THAMAN_DATABASE_URL": self.role_url(service),
            "THAMAN_NATS_URL": self.nats_url,
            "THAMAN_HTTP_HOST": HOST,
            "THAMAN_HTTP_PORT": api.rpartition(":")[2],
            "THAMAN_HEALTH_HOST": HOST,
            "THAMAN_LOG_LEVEL": self.log_level,
            "THAMAN_LOG_FORMAT": "json",
            "THAMAN_API_KEY_PEPPER": self.secrets.api_key_pepper.get_secret_value(),
        }
        if service == "dashboard":
            env |= self._dashboard_env()
        if self.crew:
            env |= self._crew_env()
        if self.salla_url is not None:
            env |= self._salla_env() | {"THAMAN_PUBLIC_URL": api}
        env.setdefault("THAMAN_PUBLIC_URL", api)
        env.setdefault(VAULT_KEYS, self.secrets.vault_keys.get_secret_value())
        env.setdefault(HANDOVER_KEY, self.secrets.handover_key.get_secret_value())
        if service == "onboarding":
            env.setdefault("THAMAN_DASHBOARD_URL", self.addresses.apis["dashboard"])
        return env

    def _service(self, service: str, role: str) -> Spec:
        name = f"{service}-{role}"
        health = self.addresses.health[name]
        env = self.service_env(service) | {"THAMAN_HEALTH_PORT": str(health), **self.extra_env}
        env.setdefault(AUDIT_KEYS, self.secrets.audit_keys.get_secret_value())
        env = {key: value for key, value in env.items() if name.startswith(_READERS.get(key, ""))}
        ready = f"{self.addresses.apis[service]}/readyz" if role == "api" else f"http://{HOST}:{health}/readyz"
        return Spec(name, [sys.executable, "-m", f"thaman_{service}", role], env, ready)

    def _base_env(self) -> dict[str, str]:
        return {**os.environ, "PYTHONUNBUFFERED": "1"}

    def _dashboard_env(self) -> dict[str, str]:
        """Where the dashboard's commands go, and the key they go with."""
        key = self.secrets.dashboard_key
        owners = {f"THAMAN_DASHBOARD_{service.upper()}_URL": self.addresses.apis[service] for service in SERVICES}
        if self.salla_url is not None:
            owners |= {
                "THAMAN_DASHBOARD_SALLA_URL": self.salla_url,
                "THAMAN_DASHBOARD_SALLA_APP_ID": str(_SANDBOX_APP_ID),
                "THAMAN_DASHBOARD_FRAME_ORIGINS": self.salla_url,
            }
        onboarding = self.addresses.apis["onboarding"]
        public = onboarding if self.salla_url is not None else os.environ.get("THAMAN_PUBLIC_URL", onboarding)
        owners["THAMAN_ONBOARDING_PUBLIC_URL"] = public
        return owners | ({DASHBOARD_KEY: key.get_secret_value()} if key is not None else {})

    def _crew_env(self) -> dict[str, str]:
        """A crew talks to the local Salla's model, or to the one that the environment names."""
        if self.own_model:
            return {}
        assert self.addresses.sandbox is not None, "without a model of its own there is the local Salla's"
        return {
            _MODEL_URL: f"{self.addresses.sandbox}/v1",
            "THAMAN_OPTIMIZER_CREW_MODEL": "sandbox",
            "THAMAN_OPTIMIZER_CREW_INPUT_PRICE": "0",
            "THAMAN_OPTIMIZER_CREW_OUTPUT_PRICE": "0",
        }

    def _salla_env(self) -> dict[str, str]:
        if self.salla_url is None:
            return {}
        return {
            "THAMAN_SALLA_ACCOUNTS_URL": self.salla_url,
            "THAMAN_SALLA_API_URL": f"{self.salla_url}/admin/v2",
            "THAMAN_SALLA_CLIENT_ID": self.secrets.salla_client_id,
            "THAMAN_SALLA_CLIENT_SECRET": self.secrets.salla_client_secret.get_secret_value(),
            "THAMAN_WEBHOOK_STRATEGY": "signature",
            "THAMAN_WEBHOOK_SECRET": self.secrets.webhook_secret.get_secret_value(),
            # The local Salla's app is subscribed as a whole, as in the partner portal; asking again would send twice.
            "THAMAN_REGISTER_WEBHOOKS": "false",
            # The competitor shops are on this machine, all on one host, and can take it.
            "THAMAN_OPTIMIZER_ALLOW_LOOPBACK": "true",
            "THAMAN_OPTIMIZER_HOST_PAUSE_SECONDS": "0.01",
        }


def can_crew() -> bool:
    """Whether the optimizer's extra ``crew`` is installed."""
    return importlib.util.find_spec("crewai") is not None


def has_model() -> bool:
    """Whether the environment names a model for a crew."""
    return bool(os.environ.get(_MODEL_URL))


def require_crew(*, local_model: bool) -> None:
    """That a crew can be started here.

    Raises:
        BadUsage: CrewAI is not installed, or there is no model that it could ask.
    """
    if not can_crew():
        raise BadUsage(
            "There can be no crew", "the optimizer's extra `crew` is not installed", "Install it, or use --no-crew."
        )
    if not (local_model or has_model()):
        raise BadUsage(
            "There can be no crew",
            "no model is named, and the local one belongs to the local Salla",
            f"Set {_MODEL_URL} and what belongs to it (docs/guides/advice.md), or use --sandbox.",
        )


def has_real_salla() -> bool:
    """Whether the environment names an app at the real Salla."""
    return bool(os.environ.get(_SALLA_CLIENT_ID))
