"""The Nomad jobs parse with HashiCorp's own parser and say what the house rules and the services' settings ask."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.deployment import required_settings, settings_of

from thaman_cli.plan import CREW, roles_of
from thaman_contracts.subjects import ROOMS
from thaman_kit.testing_node import run_node

ROOT = Path(__file__).parents[2]
PROCESSES = [*((room, role) for room in ROOMS for role in roles_of(room)), ("optimizer", CREW)]
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
    assert set(jobs) == {*ROOMS, "nats", "postgres"}
    assert {(service, role) for service in ROOMS for role in groups_of(jobs[service])} == set(PROCESSES)


def test_discovery_is_nomads_own(jobs: dict[str, Any]) -> None:
    for name, job in jobs.items():
        for group in groups_of(job).values():
            for service in group["service"]:
                assert service["provider"] == "nomad", name
                assert service["check"], name
                assert service["port"] in group["network"][0]["port"], name


@pytest.mark.parametrize("service", ROOMS)
def test_roll_out_restart_and_limits_are_said(jobs: dict[str, Any], service: str) -> None:
    update = jobs[service]["update"][0]
    assert update["auto_revert"] is True and update["canary"] >= 1
    for role, group in groups_of(jobs[service]).items():
        assert group["restart"][0]["mode"] == "delay"
        task = group["task"][role][0]
        assert task["config"][0]["args"] == ["-m", f"thaman_{service}", role]
        assert task["config"][0]["image"] == ("${var.crew_image}" if role == CREW else "${var.image}")
        assert task["config"][0]["readonly_rootfs"] is True
        assert task["kill_timeout"] == "30s"
        assert task["resources"][0]["memory"] > 0


@pytest.mark.parametrize("service", ROOMS)
def test_migration_runs_before_the_service(jobs: dict[str, Any], service: str) -> None:
    task = groups_of(jobs[service])["api"]["task"]["migrate"][0]
    assert task["lifecycle"] == [{"hook": "prestart", "sidecar": False}]
    assert task["config"][0]["args"] == ["migrate"]
    assert f"THAMAN_{service.upper()}_DB_PASSWORD=" in task["template"][0]["data"]


@pytest.mark.parametrize(("service", "role"), PROCESSES)
def test_the_environment_is_what_the_settings_know(jobs: dict[str, Any], service: str, role: str) -> None:
    task = groups_of(jobs[service])[role]["task"][role][0]
    templated = {name for template in task["template"] for name in re.findall(r"(THAMAN_\w+)=", template["data"])}
    given = templated | set(task["env"][0])
    assert given <= set(settings_of(service)), f"unknown: {given - set(settings_of(service))}"
    assert required_settings(service) <= given, f"missing: {required_settings(service) - given}"


def test_the_crew_is_off_until_it_is_told_where_its_model_is(jobs: dict[str, Any]) -> None:
    groups = groups_of(jobs["optimizer"])
    assert groups[CREW]["count"] == '${var.crew_url == "" ? 0 : 1}'
    assert all(isinstance(groups[role]["count"], int) for role in roles_of("optimizer"))
    told = {role: told_of_the_crew(group["task"][role][0]) for role, group in groups.items()}
    assert len(set(told.values())) == 1, "all of the optimizer's processes are told the same"
    text = told[CREW]
    lines = text.splitlines()
    assert (lines[0], lines[-1]) == ('%{if var.crew_url != ""}', "%{endif}")
    named = {re.fullmatch(r"(THAMAN_\w+)=\$\{var\.(crew_\w+)\}", line).groups() for line in lines[1:-1]}
    assert {name.removeprefix("THAMAN_OPTIMIZER_").lower() for name, _ in named} == {variable for _, variable in named}
    asked = {"THAMAN_OPTIMIZER_CREW_URL", "THAMAN_OPTIMIZER_CREW_MODEL", "THAMAN_OPTIMIZER_CREW_INPUT_PRICE"}
    assert {name for name, _ in named} == {*asked, "THAMAN_OPTIMIZER_CREW_OUTPUT_PRICE"}


def told_of_the_crew(task: dict[str, Any]) -> str:
    """The template that tells a task where the model is."""
    (found,) = (one["data"] for one in task["template"] if one["destination"] == "secrets/crew.env")
    return str(found).strip()


def test_the_crew_has_the_key_and_the_memory_that_it_has_in_compose(jobs: dict[str, Any]) -> None:
    groups = groups_of(jobs["optimizer"])
    secrets = {role: json.dumps(group["task"][role][0]["template"]) for role, group in groups.items()}
    assert {role for role, text in secrets.items() if "CREW_KEY" in text} == {CREW}
    overlay = yaml.safe_load((ROOT / "deploy/compose.crew.yml").read_text(encoding="utf-8"))
    assert overlay["services"]["optimizer-crew"]["mem_limit"] == "1g"
    assert groups[CREW]["task"][CREW][0]["resources"][0]["memory_max"] == 1_024


def test_only_the_worker_can_search_and_only_when_told_where(jobs: dict[str, Any]) -> None:
    texts = {
        role: [one["data"].split() for one in group["task"][role][0]["template"] if "SEARCH" in one["data"]]
        for role, group in groups_of(jobs["optimizer"]).items()
    }
    (words,) = texts.pop("worker")
    assert not any(texts.values())
    assert (words[0], words[-1]) == ("%{if", "%{endif}") and "var.search_provider" in words[1]
    assert "THAMAN_OPTIMIZER_SEARCH_PROVIDER=${var.search_provider}" in words
    assert any(word.startswith("THAMAN_OPTIMIZER_SEARCH_KEY={{") for word in words)


def test_secrets_come_from_variables_never_from_the_file(jobs: dict[str, Any]) -> None:
    for name, job in jobs.items():
        for group in groups_of(job).values():
            for task in (task for tasks in group["task"].values() for task in tasks):
                plain = set().union(*(environment for environment in task.get("env", [])))
                assert not [key for key in plain if re.search("PASSWORD|SECRET|PEPPER|KEYS|KEY$", key)], name
