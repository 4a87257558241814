"""The real nats-server with the configuration that deployments use, users and permissions included."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from thaman_contracts.subjects import ROOMS
from thaman_kit.embedded.process import free_port, listening
from thaman_kit.nats import BusSettings
from thaman_kit.provisioning import provision
from thaman_kit.testing import wait_until

ROOT = Path(__file__).parents[2]
USERS = ("provision", *ROOMS, "subscriber")


def password_of(user: str) -> str:
    """What the user logs in with here."""
    return f"for-tests-{user}"


def bus_of(url: str, user: str) -> BusSettings:
    """How a process of ``user`` reaches the server."""
    return BusSettings(servers=(url,), user=user, password=password_of(user))


@contextmanager
def deployed_nats(folder: Path) -> Iterator[str]:
    """Run it, with streams and consumers made, while the block lasts; gives its address."""
    port = free_port()
    _write_configuration(folder, port)
    environment = {f"NATS_{user.upper()}_PASSWORD": password_of(user) for user in USERS}
    program = Path(sys.executable).with_name("nats-server")
    process = subprocess.Popen([program, "-c", folder / "nats.conf"], env=environment, stderr=subprocess.DEVNULL)
    url = f"nats://127.0.0.1:{port}"
    try:
        # A client that comes too early leaves half a connection behind, which a later test would be blamed for.
        wait_until(lambda: listening(port), within=15, what="nats-server as deployed")
        asyncio.run(provision(bus_of(url, "provision")))
        yield url
    finally:
        process.kill()
        process.wait()


def _write_configuration(folder: Path, port: int) -> None:
    text = (ROOT / "deploy/nats/nats.conf").read_text(encoding="utf-8")
    for deployed, here in (
        ("0.0.0.0:4222", f"127.0.0.1:{port}"),
        ("127.0.0.1:8222", f"127.0.0.1:{free_port()}"),
        ("/data", str(folder / "data")),
    ):
        assert deployed in text
        text = text.replace(deployed, here)
    (folder / "nats.conf").write_text(text, encoding="utf-8")
    shutil.copy(ROOT / "deploy/nats/users.conf", folder)
