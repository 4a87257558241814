"""The embedded nats-server on its real binary."""

import socket
from pathlib import Path

import nats
import pytest

from thaman_kit.embedded import EmbeddedNats
from thaman_kit.errors import FolderInUse, StartFailed

pytestmark = pytest.mark.own_servers


async def stored(server: EmbeddedNats) -> int:
    """How many messages the stream holds."""
    client = await nats.connect(server.url)
    try:
        return (await client.jetstream().stream_info("T")).state.messages
    finally:
        await client.close()


async def test_streams_survive_restart_and_kill_on_the_same_port(tmp_path: Path) -> None:
    with EmbeddedNats(tmp_path / "nats") as server:
        port = server.port
        client = await nats.connect(server.url)
        await client.jetstream().add_stream(name="T", subjects=["t"])
        await client.jetstream().publish("t", b"1")
        await client.close()
        server.restart()
        assert await stored(server) == 1
        server.kill()
        assert server.pid is None
        server.start()
        assert await stored(server) == 1
        assert server.port == port
        assert "sync_interval: always" in (tmp_path / "nats" / "nats.conf").read_text()


async def test_wipe_loses_the_streams(own_nats: EmbeddedNats) -> None:
    client = await nats.connect(own_nats.url)
    await client.jetstream().add_stream(name="T", subjects=["t"])
    await client.close()
    with pytest.raises(FolderInUse):
        own_nats.wipe()
    own_nats.stop()
    own_nats.wipe()
    own_nats.start()
    with pytest.raises(nats.js.errors.NotFoundError):
        await stored(own_nats)


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartFailed, match=f"port {port} is taken"):
            EmbeddedNats(tmp_path / "nats", port=port).start()


def test_a_broken_server_shows_the_end_of_its_log(tmp_path: Path) -> None:
    with pytest.raises(StartFailed, match="max_file"):
        EmbeddedNats(tmp_path / "nats", max_file="nonsense").start()
