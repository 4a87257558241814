"""The Nomad jobs parse with HashiCorp's own parser and say what the house rules and the services' settings ask."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.support.deployment import required_settings, settings_of

from thaman_contracts.subjects import SERVICES
from thaman_kit.testing_node import run_node

ROOT = Path(__file__).parents[2]
ROLES = ("api", "worker", "relay")
pytestmark = pytest.mark.npm


@pytest.fixture(scope="module")
def jobs() -> dict[str, Any]:
    """Every job by file name."""
    files = sorted(str(path) for path in (ROOT / "deploy/nomad").glob("*.nomad.hcl"))
    documents = json.loads(run_node(ROOT / "tests/npm", "hcl_to_json.mjs", *files))
    return {
        name.removesuffix(".nomad.hcl"): next(iter(document["job"].values()))[0] for name, document in documents.items()
    }


def groups_of(job: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """A job's groups by name."""
    return {name: group[0] for name, group in job["group"].items()}


def test_there_is_a_job_for_each_part(jobs: dict[str, Any]) -> None:
    assert set(jobs) == {*SERVICES, "nats", "postgres"}
    for service in SERVICES:
        assert set(groups_of(jobs[service])) == set(ROLES)


def test_discovery_is_nomads_own(jobs: dict[str, Any]) -> None:
    for name, job in jobs.items():
        for group in groups_of(job).values():
            for service in group["service"]:
                assert service["provider"] == "nomad", name
                assert service["check"], name
                assert service["port"] in group["network"][0]["port"], name


@pytest.mark.parametrize("service", SERVICES)
def test_roll_out_restart_and_limits_are_said(jobs: dict[str, Any], service: str) -> None:
    update = jobs[service]["update"][0]
    assert update["auto_revert"] is True and update["canary"] >= 1
    for role, group in groups_of(jobs[service]).items():
        assert group["restart"][0]["mode"] == "delay"
        task = group["task"][role][0]
        assert task["config"][0]["args"] == ["-m", f"thaman_{service}", role]
        assert task["config"][0]["image"] == "${var.image}"
        assert task["config"][0]["readonly_rootfs"] is True
        assert task["kill_timeout"] == "30s"
        assert task["resources"][0]["memory"] > 0


@pytest.mark.parametrize("service", SERVICES)
def test_migration_runs_before_the_service(jobs: dict[str, Any], service: str) -> None:
    task = groups_of(jobs[service])["api"]["task"]["migrate"][0]
    assert task["lifecycle"] == [{"hook": "prestart", "sidecar": False}]
    assert task["config"][0]["args"] == ["migrate"]
    assert f"THAMAN_{service.upper()}_DB_PASSWORD=" in task["template"][0]["data"]


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("role", ROLES)
def test_the_environment_is_what_the_settings_know(jobs: dict[str, Any], service: str, role: str) -> None:
    task = groups_of(jobs[service])[role]["task"][role][0]
    templated = {name for template in task["template"] for name in re.findall(r"(THAMAN_\w+)=", template["data"])}
    given = templated | set(task["env"][0])
    assert given <= set(settings_of(service)), f"unknown: {given - set(settings_of(service))}"
    assert required_settings(service) <= given, f"missing: {required_settings(service) - given}"


def test_secrets_come_from_variables_never_from_the_file(jobs: dict[str, Any]) -> None:
    for name, job in jobs.items():
        for group in groups_of(job).values():
            for task in (task for tasks in group["task"].values() for task in tasks):
                plain = set().union(*(environment for environment in task.get("env", [])))
                assert not [key for key in plain if re.search("PASSWORD|SECRET|PEPPER|KEYS", key)], name
