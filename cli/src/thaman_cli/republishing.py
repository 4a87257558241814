"""A service's history published once more, into a stream beside its own that one new reader has for itself."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from nats.aio.client import Client
from nats.errors import Error as NatsError

from thaman_cli.errors import BadUsage, CliError, ExportRefused, NotRunning
from thaman_cli.rebuilding.feeding import LOGS
from thaman_contracts.subjects import stream_of
from thaman_kit.application import EventSourcedApplication
from thaman_kit.errors import BusError, LogMismatch, NotProvisioned, StreamMoved, UnknownTopic
from thaman_kit.faultpoint import faultpoint
from thaman_kit.nats import BusSettings, api, connect, disconnect
from thaman_kit.outlets import Outlet
from thaman_kit.provisioning import ensure_configured
from thaman_kit.stream_writer import Place, StreamWriter

CONNECT_S = 10.0

Tell = Callable[[int, int], None]
"""Hears up to which place of the log is published, and where the log ends."""


@dataclass(frozen=True, slots=True)
class Republished:
    """What is in the stream now, and where its reader goes on.

    ``position`` is the last place of the log that was looked at: everything up to it that was asked for is in the
    stream. What came later is in ``live_stream`` from ``live_sequence`` on, where some of the former may be, too.
    ``left_out`` are events that their own relay could not publish, either.
    """

    stream: str
    filter_subject: str
    messages: int
    new: int
    left_out: int
    position: int
    live_stream: str
    live_sequence: int | None
    reader_may_publish: tuple[str, ...]

    def as_data(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self)


async def republish(application: EventSourcedApplication, nats_url: str, outlet: Outlet, tell: Tell) -> Republished:
    """Publish what the outlet wants up to the present end of the log, from where the last run stopped.

    Raises:
        BadUsage: the stream is there and holds something else.
        NotRunning: NATS does not answer.
        CliError: it refused, or another process writes to the stream.
        ExportRefused: log and stream do not agree, or an event is not known to this release.
    """
    trouble = f"{outlet.stream} is not complete"
    async with _connected(nats_url) as bus:
        with _explained(trouble, "Run it again; it goes on from there."):
            return await _republish(application, bus, outlet, tell, trouble)


async def _republish(
    application: EventSourcedApplication, bus: Client, outlet: Outlet, tell: Tell, trouble: str
) -> Republished:
    live_sequence = await _next_sequence(bus, stream_of(outlet.service))
    await _ensure(bus, outlet)
    writer = StreamWriter(application, LOGS[outlet.service], bus, outlet=outlet)
    try:
        new, left_out, place = await _publish(writer, tell)
    except StreamMoved as error:
        raise CliError(trouble, f"another process writes to it: {error}", "Let one of them end.") from error
    except (LogMismatch, UnknownTopic) as error:
        raise ExportRefused(trouble, str(error), "Remove the stream (--remove), or run a newer release.") from error
    state = (await api(bus, f"STREAM.INFO.{outlet.stream}"))["state"]
    return Republished(
        outlet.stream,
        outlet.filter_subject,
        state["messages"],
        new,
        left_out,
        place.position,
        stream_of(outlet.service),
        live_sequence,
        tuple(outlet.reader_subjects()),
    )


async def remove(nats_url: str, outlet: Outlet) -> int:
    """Delete the stream; gives how many messages were in it.

    Raises:
        BadUsage: there is no such stream, or it is not one of ours.
        NotRunning: NATS does not answer.
        CliError: it refused.
    """
    async with _connected(nats_url) as bus:
        with _explained(f"{outlet.stream} is perhaps not removed", "Run it again."):
            return await _remove(bus, outlet)


async def _remove(bus: Client, outlet: Outlet) -> int:
    try:
        found = await api(bus, f"STREAM.INFO.{outlet.stream}")
    except NotProvisioned as error:
        raise BadUsage(
            f"There is no stream {outlet.stream}", "it was never made, or removed", "Check the name."
        ) from error
    if (found["config"].get("metadata") or {}).get("thaman-service") != outlet.service:
        raise BadUsage(f"{outlet.stream} is not removed", "this command did not make it", "Check the name.")
    await api(bus, f"STREAM.DELETE.{outlet.stream}")
    return int(found["state"]["messages"])


async def _publish(writer: StreamWriter, tell: Tell) -> tuple[int, int, Place]:
    end = await asyncio.to_thread(writer.highest_position)
    place, is_incomplete = await writer.locate()
    await asyncio.to_thread(writer.verify, place)
    if is_incomplete:
        await asyncio.to_thread(writer.fill_in, place)
    new, left_out, more = 0, 0, True
    while more and place.position < end:
        page = await asyncio.to_thread(writer.read, place)
        await writer.publish(place, page)
        new, left_out, more = new + len(page.messages), left_out + len(page.refused), page.is_full
        tell(place.position, max(end, place.position))
        faultpoint("republish.page")
    return new, left_out, place


async def _ensure(bus: Client, outlet: Outlet) -> None:
    config = outlet.config()
    try:
        present = (await api(bus, f"STREAM.INFO.{outlet.stream}"))["config"]
    except NotProvisioned:
        await ensure_configured(bus, config)
        return
    held = {name: value for name, value in (present.get("metadata") or {}).items() if name.startswith("thaman-")}
    if held != outlet.holds:
        said = ", ".join(f"{name.removeprefix('thaman-')} {value or 'all'}" for name, value in sorted(held.items()))
        raise BadUsage(
            f"{outlet.stream} holds something else",
            f"it was made for {said or 'another purpose'}",
            "Ask for the same, or give another name with --as.",
        )


async def _next_sequence(bus: Client, stream: str) -> int | None:
    """Where the service's own stream goes on; ``None`` where there is none."""
    try:
        return int((await api(bus, f"STREAM.INFO.{stream}"))["state"]["last_seq"]) + 1
    except NotProvisioned:
        return None


@contextmanager
def _explained(trouble: str, next_step: str) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        # A forbidden request looks like one that nobody answers.
        why = "it gave no answer in time, or its user (THAMAN_NATS_USER) lacks the right to ask for this"
        raise CliError(f"{trouble}: NATS did not answer", why, next_step) from error
    except (BusError, NatsError, OSError) as error:
        raise CliError(f"{trouble}: NATS broke off", str(error) or type(error).__name__, next_step) from error


@asynccontextmanager
async def _connected(nats_url: str) -> AsyncIterator[Client]:
    settings = BusSettings(
        servers=tuple(nats_url.split(",")),
        user=os.environ.get("THAMAN_NATS_USER"),
        password=os.environ.get("THAMAN_NATS_PASSWORD"),
    )
    try:
        bus = await asyncio.wait_for(connect(settings, "thaman-republish"), CONNECT_S)
    except (NatsError, OSError, TimeoutError) as error:
        raise NotRunning(
            "NATS does not answer", f"{type(error).__name__} {error}", "Look at `thaman status`."
        ) from error
    try:
        yield bus
    finally:
        await disconnect(bus)
