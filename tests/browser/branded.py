"""One more process of the dashboard on the same installation, with an operator's own look."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.browser.installation import Installation
from thaman_cli.plan import Addresses, Plan
from thaman_cli.ports import HOST, PortBook
from thaman_cli.state import Home
from thaman_kit.testing import wait_until

STARTS_WITHIN = 60.0
PREFERRED_API, PREFERRED_HEALTH = 8106, 9150


@contextmanager
def branded_dashboard(world: Installation, **brand: str | Path) -> Iterator[str]:
    """Its address; ``brand`` are the settings after ``THAMAN_DASHBOARD_BRAND_``."""
    home = Home(world.thaman.home)
    running = home.running()
    assert running is not None
    ports = PortBook()
    url = f"http://{HOST}:{ports.take(PREFERRED_API)}"
    plan = Plan(
        home=home,
        secrets=home.load_secrets(),
        addresses=Addresses(running.urls | {"dashboard": url}, {}, world.urls["sandbox"]),
        database_url=running.database_url,
        nats_url=running.nats_url,
        salla_url=world.urls["sandbox"],
        log_level="warning",
        extra_env={},
    )
    # With the installation's mark, so that whoever clears up after it finds this one, too.
    env = world.thaman.env | plan.service_env("dashboard") | {"THAMAN_HEALTH_PORT": str(ports.take(PREFERRED_HEALTH))}
    env |= {f"THAMAN_DASHBOARD_BRAND_{name.upper()}": str(value) for name, value in brand.items()}
    words = home.folder.with_suffix(".branded")
    with words.open("w") as out:
        process = subprocess.Popen([sys.executable, "-m", "thaman_dashboard", "api"], env=env, stdout=out, stderr=out)
    try:
        wait_until(lambda: _answers(process, url, words), STARTS_WITHIN, "the dashboard with a look of its own")
        yield url
    finally:
        process.terminate()
        process.wait(30)
        ports.close()


def _answers(process: "subprocess.Popen[bytes]", url: str, words: Path) -> bool:
    assert process.poll() is None, words.read_text()
    try:
        return httpx.get(f"{url}/health", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
