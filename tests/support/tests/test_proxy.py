"""The fault proxy does what its names say."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from tests.support.proxy import FaultProxy


class Echo:
    """A server that says back what it hears; its handlers can be waited for."""

    def __init__(self) -> None:
        self.handlers: list[asyncio.Task[None]] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.handlers.append(task)
        with contextlib.suppress(ConnectionError):
            while chunk := await reader.read(1000):
                writer.write(chunk)
                await writer.drain()
        await end(writer)


async def end(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


@pytest.fixture
async def proxy() -> AsyncIterator[FaultProxy]:
    echo = Echo()
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    made = await FaultProxy(server.sockets[0].getsockname()[:2]).start()
    yield made
    await made.stop()
    server.close()
    await asyncio.gather(*echo.handlers)


async def ask(proxy: FaultProxy, text: bytes = b"salam") -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        writer.write(text)
        await writer.drain()
        return await reader.read(1000)
    finally:
        await end(writer)


async def test_passes_bytes_both_ways(proxy: FaultProxy) -> None:
    assert await ask(proxy) == b"salam"


async def test_answers_written_before_the_end_arrive(proxy: FaultProxy) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"x" * 900)
    writer.write_eof()
    assert await reader.read() == b"x" * 900
    await end(writer)


async def test_refuse_resets_old_and_new_connections(proxy: FaultProxy) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"one")
    assert await reader.read(3) == b"one"
    proxy.refuse()
    with pytest.raises(ConnectionResetError):
        await reader.readexactly(1)
    await end(writer)
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        assert await ask(proxy) != b""
    proxy.heal()
    assert await ask(proxy) == b"salam"


async def test_blackhole_is_silent_until_healed(proxy: FaultProxy) -> None:
    proxy.blackhole()
    asked = asyncio.create_task(ask(proxy))
    done, _ = await asyncio.wait([asked], timeout=0.2)
    assert not done
    proxy.heal()
    assert await asked == b"salam"


async def test_cut_response_lets_the_request_through(proxy: FaultProxy) -> None:
    proxy.cut_response(after=3)
    assert await ask(proxy) == b""
    assert proxy.cuts == 1
    assert await ask(proxy, b"ok") == b"ok"


async def test_latency_delays(proxy: FaultProxy) -> None:
    proxy.latency(0.1)
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert await ask(proxy) == b"salam"
    assert loop.time() - began >= 0.2
