"""A TCP proxy that misbehaves on demand, in front of PostgreSQL, NATS or Salla.

Names follow Toxiproxy where there is one. Faults apply to connections that exist and to new ones alike, at once:

* ``latency(seconds)`` delays every chunk in both directions
* ``blackhole()`` accepts and says nothing, as a partition does
* ``refuse()`` accepts no connection (and resets those that come in between)
* ``cut_response(after)`` lets requests through and closes the connection once ``after`` bytes of an answer have passed
* ``reset_all()`` resets the connections of this moment, once
* ``heal()`` ends every fault
"""

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass, field

_CHUNK = 65_536
_LINGER_RESET = struct.pack("ii", 1, 0)


@dataclass(eq=False)
class _Link:
    """One connection through the proxy."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter | None = None
    answered: int = 0

    async def close(self) -> None:
        """Close both sides in order; what was written still arrives."""
        for writer in (self.client, self.server):
            if writer is not None:
                writer.close()
                with contextlib.suppress(ConnectionError):
                    await writer.wait_closed()

    def reset(self) -> None:
        """Close both sides with RST instead of FIN."""
        for writer in (self.client, self.server):
            if writer is None:
                continue
            sock = writer.get_extra_info("socket")
            if sock is not None:
                with contextlib.suppress(OSError):
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_RESET)
            writer.transport.abort()


@dataclass
class FaultProxy:
    """Listens on ``port`` of the loopback address and passes bytes to ``target``, which may be set later."""

    target: tuple[str, int] | None = None
    port: int = 0
    connections: int = 0
    cuts: int = 0
    _latency: float = 0.0
    _cut_after: int | None = None
    _refusing: bool = False
    _open: asyncio.Event = field(default_factory=asyncio.Event)
    _links: set[_Link] = field(default_factory=set)
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def start(self) -> "FaultProxy":
        """Begin to listen."""
        self._open.set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        """Stop listening and reset what is open."""
        if self._server is not None:
            self._server.close()
        self._open.set()
        self.reset_all()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def latency(self, seconds: float) -> None:
        """Delay every chunk."""
        self._latency = seconds

    def blackhole(self) -> None:
        """Let nothing through; connections stay open."""
        self._open.clear()

    def refuse(self) -> None:
        """Accept nobody any more and reset those who are here."""
        self._refusing = True
        self.reset_all()

    def cut_response(self, after: int = 0) -> None:
        """Close a connection when more than ``after`` bytes of answers would pass from now on."""
        for link in self._links:
            link.answered = 0
        self._cut_after = after

    def reset_all(self) -> None:
        """Reset every connection of this moment."""
        for link in list(self._links):
            link.reset()

    def heal(self) -> None:
        """End every fault."""
        self._latency, self._cut_after, self._refusing = 0.0, None, False
        self._open.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = _Link(writer)
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._links.add(link)
        self._tasks.add(task)
        try:
            await self._serve(link, reader)
        finally:
            self._links.discard(link)
            self._tasks.discard(task)
            await link.close()

    async def _serve(self, link: _Link, reader: asyncio.StreamReader) -> None:
        if self._refusing or self.target is None:
            link.reset()
            return
        try:
            server_reader, link.server = await asyncio.open_connection(*self.target)
        except OSError:
            return
        pumps = [
            asyncio.ensure_future(self._pump(reader, link.server, link, answer=False)),
            asyncio.ensure_future(self._pump(server_reader, link.client, link, answer=True)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            if pumps[0].done() and pumps[0].result():
                link.server.write_eof()  # the client has said all, but may still listen
                await pumps[1]
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, link: _Link, *, answer: bool
    ) -> bool:
        """Pass bytes on; whether they came to an orderly end."""
        with contextlib.suppress(ConnectionError):
            while chunk := await reader.read(_CHUNK):
                if self._latency:
                    await asyncio.sleep(self._latency)
                await self._open.wait()
                if answer and self._is_cut(link, len(chunk)):
                    return False
                writer.write(chunk)
                await writer.drain()
            return True
        return False

    def _is_cut(self, link: _Link, size: int) -> bool:
        link.answered += size
        if self._cut_after is None or link.answered <= self._cut_after:
            return False
        self.cuts += 1
        return True
