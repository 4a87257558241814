"""The real nats-server with the configuration that deployments use, users and permissions included."""

import asyncio
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nats

from thaman_contracts.subjects import SERVICES
from thaman_kit.nats import BusSettings
from thaman_kit.provisioning import provision

ROOT = Path(__file__).parents[2]
USERS = ("provision", *SERVICES, "subscriber")


def password_of(user: str) -> str:
    """What the user logs in with here."""
    return f"for-tests-{user}"


def bus_of(url: str, user: str) -> BusSettings:
    """How a process of ``user`` reaches the server."""
    return BusSettings(servers=(url,), user=user, password=password_of(user))


@contextmanager
def deployed_nats(folder: Path) -> Iterator[str]:
    """Run it, with streams and consumers made, while the block lasts; gives its address."""
    port = _free_port()
    _write_configuration(folder, port)
    environment = {f"NATS_{user.upper()}_PASSWORD": password_of(user) for user in USERS}
    program = Path(sys.executable).with_name("nats-server")
    process = subprocess.Popen([program, "-c", folder / "nats.conf"], env=environment, stderr=subprocess.DEVNULL)
    url = f"nats://127.0.0.1:{port}"
    try:
        asyncio.run(_prepare(url))
        yield url
    finally:
        process.kill()
        process.wait()


def _write_configuration(folder: Path, port: int) -> None:
    text = (ROOT / "deploy/nats/nats.conf").read_text(encoding="utf-8")
    for deployed, here in (
        ("0.0.0.0:4222", f"127.0.0.1:{port}"),
        ("127.0.0.1:8222", f"127.0.0.1:{_free_port()}"),
        ("/data", str(folder / "data")),
    ):
        assert deployed in text
        text = text.replace(deployed, here)
    (folder / "nats.conf").write_text(text, encoding="utf-8")
    shutil.copy(ROOT / "deploy/nats/users.conf", folder)


async def _prepare(url: str) -> None:
    bus = bus_of(url, "provision")
    async with asyncio.timeout(15):
        while True:
            try:
                client = await nats.connect(url, user=bus.user, password=bus.password, connect_timeout=1)
            except (OSError, nats.errors.Error):  # the server is not listening yet
                await asyncio.sleep(0.05)
            else:
                await client.close()
                break
    await provision(bus)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
