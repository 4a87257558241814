"""docker-compose.yml agrees with Compose's own parser, with the house rules, and with each service's settings."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.deployment import required_settings, settings_of

from thaman_cli.plan import PROCESSES, roles_of
from thaman_contracts.subjects import ROOMS

ROOT = Path(__file__).parents[2]
MODULES = [f"thaman_{room}.{role}" for room in ROOMS for role in roles_of(room)]
TOOLS = Path(sys.executable).parent


@pytest.fixture(scope="module")
def env_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What deploy/make-env.sh and a person would have filled in."""
    path = tmp_path_factory.mktemp("compose") / ".env"
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(f"{line}filled-in" if line.endswith("=") else line for line in lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def compose(env_file: Path) -> dict[str, Any]:
    """The file as Compose itself resolves it."""
    result = subprocess.run(
        [TOOLS / "docker-compose", "--env-file", env_file, "-f", ROOT / "docker-compose.yml", "config"],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "HOME": str(env_file.parent)},
        check=False,
    )
    assert result.returncode == 0, result.stderr
    document: dict[str, Any] = yaml.safe_load(result.stdout)
    return document


def test_compose_accepts_the_file(env_file: Path) -> None:
    command = [TOOLS / "docker-compose", "--env-file", env_file, "-f", ROOT / "docker-compose.yml", "config", "-q"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


def test_a_missing_secret_is_named_with_what_to_do(tmp_path: Path) -> None:
    empty = tmp_path / ".env"
    empty.touch()
    command = [TOOLS / "docker-compose", "--env-file", empty, "-f", ROOT / "docker-compose.yml", "config", "-q"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert "run deploy/make-env.sh" in result.stderr


def test_every_process_of_every_service_is_there(compose: dict[str, Any]) -> None:
    assert set(PROCESSES) <= set(compose["services"])
    for name in PROCESSES:
        service, _, role = name.partition("-")
        assert compose["services"][name]["command"] == ["python", "-m", f"thaman_{service}", role]


@pytest.mark.parametrize("name", PROCESSES)
def test_the_environment_is_what_the_settings_know(compose: dict[str, Any], name: str) -> None:
    service = name.partition("-")[0]
    given = {key for key in compose["services"][name]["environment"] if key.startswith("THAMAN_")}
    known = settings_of(service)
    assert given <= set(known), f"unknown to {service}: {given - set(known)}"
    assert required_settings(service) <= given, f"missing: {required_settings(service) - given}"


@pytest.mark.parametrize("name", PROCESSES)
def test_processes_are_hardened_and_wait_for_their_world(compose: dict[str, Any], name: str) -> None:
    process = compose["services"][name]
    assert process["user"] == "10001:10001"
    assert process["read_only"] is True
    assert process["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in process["security_opt"]
    assert "/readyz" in process["healthcheck"]["test"][-1]
    waits = {dependency: how["condition"] for dependency, how in process["depends_on"].items()}
    assert waits == {
        "postgres": "service_healthy",
        "nats": "service_healthy",
        "migrate": "service_completed_successfully",
    }


def test_data_is_not_reachable_from_outside(compose: dict[str, Any]) -> None:
    assert compose["networks"]["internal"]["internal"] is True
    assert set(compose["services"]["postgres"]["networks"]) == {"internal"}
    for name, service in compose["services"].items():
        for port in service.get("ports", []):
            assert port["host_ip"] == "127.0.0.1", name


def test_every_image_is_pinned(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        if not service.get("build"):
            assert service["image"].rpartition(":")[2] not in ("", "latest"), name


def test_everything_that_stays_up_has_limits(compose: dict[str, Any]) -> None:
    for name in PROCESSES:
        assert int(compose["services"][name]["mem_limit"]) > 0, name


def test_the_scraped_targets_are_the_processes() -> None:
    config = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8"))
    (job,) = config["scrape_configs"]
    assert job["static_configs"][0]["targets"] == [f"{name}:9080" for name in PROCESSES]


def test_processes_that_not_everybody_has_are_not_scraped_unless_they_are_there(compose: dict[str, Any]) -> None:
    """A target that is not there would call somebody at night."""
    targets = [one["target"] for one in compose["services"]["prometheus"]["volumes"]]
    assert sorted(targets) == ["/etc/prometheus", "/prometheus"]


def test_every_alert_has_its_page() -> None:
    rules = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text(encoding="utf-8"))
    for group in rules["groups"]:
        for rule in group["rules"]:
            assert (ROOT / rule["annotations"]["runbook"]).is_file(), rule["alert"]


def test_every_alert_asks_for_a_metric_that_some_process_has() -> None:
    """A rule over a name that nobody exposes never fires, and nothing says so."""
    asked = set(re.findall(r"thaman_\w+", (ROOT / "deploy/prometheus/alerts.yml").read_text(encoding="utf-8")))
    listing = (
        "import importlib, json\n"
        f"for module in {MODULES!r}:\n"
        "    importlib.import_module(module)\n"
        "from thaman_kit.metrics import REGISTRY\n"
        "families = list(REGISTRY.collect())\n"
        "suffix = {'counter': '_total'}\n"
        "print(json.dumps([one.name + suffix.get(one.type, '') for one in families]))\n"
    )
    found = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True)
    assert asked, "there are alerts"
    assert asked <= set(json.loads(found.stdout))


def test_make_env_fills_in_every_secret(tmp_path: Path) -> None:
    (tmp_path / "deploy").mkdir()
    for path in (".env.example", "deploy/make-env.sh"):
        (tmp_path / path).write_bytes((ROOT / path).read_bytes())
    script = ["bash", str(tmp_path / "deploy/make-env.sh")]
    first = subprocess.run(script, capture_output=True, text=True, check=False)
    assert first.returncode == 0, first.stderr
    written = (tmp_path / ".env").read_text(encoding="utf-8")
    empty = [line for line in written.splitlines() if re.fullmatch(r"\w+=", line)]
    assert empty == ["SALLA_CLIENT_ID=", "SALLA_CLIENT_SECRET="]
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0
    second = subprocess.run(script, capture_output=True, text=True, check=False)
    assert second.returncode == 1 and "exists already" in second.stderr
    assert (tmp_path / ".env").read_text(encoding="utf-8") == written


def test_hadolint_accepts_the_dockerfile() -> None:
    result = subprocess.run(
        [TOOLS / "hadolint", ROOT / "deploy/Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stdout) == (0, "")


def test_the_image_copies_every_workspace_member() -> None:
    dockerfile = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8")
    members = [
        path.parent.relative_to(ROOT)
        for pattern in ("*", "services/*")
        for path in ROOT.glob(f"{pattern}/pyproject.toml")
    ]
    assert len(members) >= 9
    for member in members:
        assert f"COPY {member}/pyproject.toml {member}/" in dockerfile
