"""What each process is given: a secret goes to those that read it, and to no other."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from thaman_cli.plan import CREW, ROLES, Addresses, Plan
from thaman_cli.state import Home, Secrets
from thaman_contracts.subjects import SERVICES

READ_BY_ONBOARDING = ("THAMAN_VAULT_KEYS", "THAMAN_SALLA_CLIENT_SECRET", "THAMAN_WEBHOOK_SECRET")


@pytest.fixture
def environments(tmp_path: Path) -> dict[str, dict[str, str]]:
    """The settings of each process of an installation with a crew, by its name."""
    home = Home(tmp_path / "home")
    home.prepare()
    apis = {service: f"http://127.0.0.1:{port}" for port, service in enumerate(SERVICES, start=10)}
    names = [f"{service}-{role}" for service in SERVICES for role in ROLES] + [f"optimizer-{CREW}"]
    health = {name: port for port, name in enumerate(names, start=50)}
    plan = Plan(
        home=home,
        secrets=Secrets(audit_keys=SecretStr("of the audit")),
        addresses=Addresses(apis, health, "http://127.0.0.1:90"),
        database_url="postgresql://postgres@127.0.0.1:1/thaman",
        nats_url="nats://127.0.0.1:2",
        salla_url="http://127.0.0.1:3",
        log_level="info",
        extra_env={},
        crew=True,
    )
    crew = plan.crew_worker()
    assert crew is not None
    return {spec.name: dict(spec.env) for spec in (*plan.services(), crew)}


def held(environments: dict[str, dict[str, str]], name: str) -> set[str]:
    return {process for process, env in environments.items() if name in env}


@pytest.mark.parametrize("name", READ_BY_ONBOARDING)
def test_only_onboarding_has_what_opens_tokens_and_proves_webhooks(
    environments: dict[str, dict[str, str]], name: str
) -> None:
    assert held(environments, name) == {f"onboarding-{role}" for role in ("api", "worker", "relay")}


def test_one_process_signs(environments: dict[str, dict[str, str]]) -> None:
    assert held(environments, "THAMAN_AUDIT_KEYS") == {"audit-worker"}
    assert environments["audit-worker"]["THAMAN_AUDIT_KEYS"] == "of the audit"


def test_what_this_process_was_given_goes_to_its_readers_only(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    for name in (*READ_BY_ONBOARDING, "THAMAN_AUDIT_KEYS"):
        monkeypatch.setenv(name, "given")
    environments = request.getfixturevalue("environments")
    assert held(environments, "THAMAN_VAULT_KEYS") == {f"onboarding-{role}" for role in ("api", "worker", "relay")}
    assert held(environments, "THAMAN_AUDIT_KEYS") == {"audit-worker"}
    assert environments["onboarding-api"]["THAMAN_VAULT_KEYS"] == "given"
    assert environments["audit-worker"]["THAMAN_AUDIT_KEYS"] == "given"


def test_no_password_of_another_service(environments: dict[str, dict[str, str]]) -> None:
    urls = {name: env["THAMAN_DATABASE_URL"] for name, env in environments.items()}
    for name, url in urls.items():
        assert f"//{name.partition('-')[0]}_app:" in url
    assert len(set(urls.values())) == 4
