"""deploy/compose.crew.yml laid over docker-compose.yml: one process more, on the large image; all know the model."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.deployment import settings_of

ROOT = Path(__file__).parents[2]
FILES = ("-f", "docker-compose.yml", "-f", "deploy/compose.crew.yml")
CREW = {
    "CREW_URL": "https://llm.example/v1",
    "CREW_MODEL": "model-1",
    "CREW_INPUT_PRICE": "150000",
    "CREW_OUTPUT_PRICE": "600000",
    "CREW_KEY": "key-1",
}


def resolved(folder: Path, **given: str) -> subprocess.CompletedProcess[str]:
    """What Compose makes of the files with these variables and the example's."""
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    filled = [f"{line}filled-in" if line.endswith("=") else line for line in lines]
    (folder / ".env").write_text("\n".join(filled + [f"{name}={value}" for name, value in given.items()]), "utf-8")
    return subprocess.run(
        [Path(sys.executable).parent / "docker-compose", "--env-file", folder / ".env", *FILES, "config"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        check=False,
    )


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The services as Compose resolves them."""
    done = resolved(tmp_path_factory.mktemp("crew"), **CREW)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = yaml.safe_load(done.stdout)["services"]
    return found


def test_the_process_with_the_crew_is_a_worker_on_the_large_image(services: dict[str, Any]) -> None:
    crew, worker = services["optimizer-crew"], services["optimizer-worker"]
    assert crew["command"] == ["python", "-m", "thaman_optimizer", "crew"]
    assert (crew["build"]["target"], crew["image"]) == ("crew", "thaman-crew:latest")
    for name in ("user", "read_only", "cap_drop", "security_opt", "healthcheck", "depends_on", "networks", "tmpfs"):
        assert crew[name] == worker[name], name
    assert int(crew["mem_limit"]) == 2 * int(worker["mem_limit"])


def test_all_processes_of_the_optimizer_know_the_model_and_one_its_key(services: dict[str, Any]) -> None:
    for role in ("api", "worker", "relay", "crew"):
        environment = services[f"optimizer-{role}"]["environment"]
        assert environment["THAMAN_OPTIMIZER_CREW_URL"] == CREW["CREW_URL"]
        assert {name for name in environment if name.startswith("THAMAN_")} <= set(settings_of("optimizer"))
        assert ("THAMAN_OPTIMIZER_CREW_KEY" in environment) is (role == "crew")


def test_prometheus_looks_at_the_crew_where_there_is_one(services: dict[str, Any]) -> None:
    config = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8"))
    (job,) = config["scrape_configs"]
    (found,) = job["file_sd_configs"]
    assert found["files"] == ["/etc/prometheus-more/*.yml"]
    mounted = {Path(one["source"]): one["target"] for one in services["prometheus"]["volumes"] if one["type"] == "bind"}
    folder = ROOT / "deploy/prometheus/more"
    assert mounted == {ROOT / "deploy/prometheus": "/etc/prometheus", folder: "/etc/prometheus-more"}
    groups = [group for path in sorted(folder.glob("*.yml")) for group in yaml.safe_load(path.read_text("utf-8"))]
    targets = [target for group in groups for target in group["targets"]]
    assert targets == [f"{name}:9080" for name in services if name.endswith("-crew")]
    assert set(targets).isdisjoint(job["static_configs"][0]["targets"])


@pytest.mark.parametrize("missing", CREW)
def test_a_missing_variable_is_named(missing: str, tmp_path: Path) -> None:
    done = resolved(tmp_path, **{name: value for name, value in CREW.items() if name != missing})
    assert done.returncode != 0
    assert missing in done.stderr


def test_the_image_has_a_stage_with_the_extra() -> None:
    dockerfile = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8")
    assert "--extra crew" in dockerfile and "AS crew" in dockerfile
    assert dockerfile.rstrip().rpartition("FROM ")[2].startswith("base AS runtime"), "without a target: the small one"
