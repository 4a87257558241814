"""What each process is given: a secret goes to those that read it, and to no other."""

import json
from pathlib import Path

import pytest
from pydantic import SecretStr

from thaman_cli.plan import CREW, PROCESSES, Addresses, Plan
from thaman_cli.state import Home, Secrets
from thaman_contracts.subjects import ROOMS, SERVICES

READ_BY_ONBOARDING = ("THAMAN_VAULT_KEYS", "THAMAN_SALLA_CLIENT_SECRET", "THAMAN_WEBHOOK_SECRET")


@pytest.fixture
def environments(tmp_path: Path) -> dict[str, dict[str, str]]:
    """The settings of each process of an installation with a crew, by its name."""
    home = Home(tmp_path / "home")
    home.prepare()
    apis = {service: f"http://127.0.0.1:{port}" for port, service in enumerate(ROOMS, start=10)}
    health = {name: port for port, name in enumerate((*PROCESSES, f"optimizer-{CREW}"), start=50)}
    plan = Plan(
        home=home,
        secrets=Secrets(audit_keys=SecretStr("of the audit"), dashboard_key=SecretStr("of the dashboard")),
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
    for name in (*READ_BY_ONBOARDING, "THAMAN_AUDIT_KEYS", "THAMAN_DASHBOARD_API_KEY"):
        monkeypatch.setenv(name, "given")
    environments = request.getfixturevalue("environments")
    assert held(environments, "THAMAN_VAULT_KEYS") == {f"onboarding-{role}" for role in ("api", "worker", "relay")}
    assert held(environments, "THAMAN_AUDIT_KEYS") == {"audit-worker"}
    assert held(environments, "THAMAN_DASHBOARD_API_KEY") == {"dashboard-api"}
    assert environments["onboarding-api"]["THAMAN_VAULT_KEYS"] == "given"
    assert environments["audit-worker"]["THAMAN_AUDIT_KEYS"] == "given"


def test_no_password_of_another_service(environments: dict[str, dict[str, str]]) -> None:
    urls = {name: env["THAMAN_DATABASE_URL"] for name, env in environments.items()}
    for name, url in urls.items():
        assert f"//{name.partition('-')[0]}_app:" in url
    assert len(set(urls.values())) == len(ROOMS)


def test_one_process_carries_out_what_merchants_say(environments: dict[str, dict[str, str]]) -> None:
    assert held(environments, "THAMAN_DASHBOARD_API_KEY") == {"dashboard-api"}
    told = environments["dashboard-api"]
    assert told["THAMAN_DASHBOARD_API_KEY"] == "of the dashboard"
    for service in SERVICES:
        port = environments[f"{service}-api"]["THAMAN_HTTP_PORT"]
        assert told[f"THAMAN_DASHBOARD_{service.upper()}_URL"] == f"http://127.0.0.1:{port}"
    assert "dashboard-relay" not in environments


def test_two_processes_hand_merchants_over_and_know_where_to(environments: dict[str, dict[str, str]]) -> None:
    giver, taker = environments["onboarding-api"], environments["dashboard-api"]
    assert held(environments, "THAMAN_HANDOVER_KEY") == {"onboarding-api", "dashboard-api"}
    assert giver["THAMAN_HANDOVER_KEY"] == taker["THAMAN_HANDOVER_KEY"]
    assert giver["THAMAN_DASHBOARD_URL"] == taker["THAMAN_PUBLIC_URL"]
    assert taker["THAMAN_ONBOARDING_PUBLIC_URL"] == giver["THAMAN_PUBLIC_URL"]
    assert taker["THAMAN_DASHBOARD_SALLA_URL"] == giver["THAMAN_SALLA_ACCOUNTS_URL"]


def test_secrets_of_an_earlier_release_gain_what_is_new_and_keep_what_is_old(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.prepare()
    old = json.loads(Secrets().model_dump_json())
    del old["dashboard_key"], old["handover_key"], old["role_passwords"]["dashboard"]
    home.write_private("state.json", json.dumps(old))
    first, second = home.load_secrets(), home.load_secrets()
    assert first == second and set(first.passwords()) == set(ROOMS)
    assert {name: first.passwords()[name] for name in SERVICES} == old["role_passwords"]
