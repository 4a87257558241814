"""``thaman tail``: events as they are published."""

import asyncio
import json
import os
import signal
import sys
from typing import Annotated

import typer
from rich.markup import escape

from thaman_cli.databases import nats_url
from thaman_cli.errors import BadUsage
from thaman_cli.instants import in_riyadh
from thaman_cli.options import DEFAULT_HOME, HomeOption, home_of
from thaman_cli.output import Output, print_json
from thaman_contracts.envelope import Envelope

Lines = Annotated[bool, typer.Option("--json", help="Print each event as one JSON object on a line of its own.")]


def tail(
    store: Annotated[str | None, typer.Option(help="Only this store's; without it, everybody's.")] = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: Lines = False,
) -> None:
    """Follow events as they are published, until Ctrl-C. Leaves nothing at NATS and disturbs no other reader."""
    from thaman_cli.tailing import follow

    if store is not None and not (store.isalnum() and store.isascii()):
        raise BadUsage(f"{store!r} is no store", "ids are digits and letters", "Check the id.")
    out, url = Output(as_json=as_json), nats_url(home_of(home))

    async def until_stopped() -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)

        def show(envelope: Envelope, body: bytes) -> None:
            try:
                if as_json:
                    print_json(_document(envelope, body))
                else:
                    out.line(escape(_line(envelope, body)))
            except BrokenPipeError:  # whoever read it, `head` perhaps, has enough
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                stop.set()

        await follow(url, store, show, stop)

    asyncio.run(until_stopped())


def _document(envelope: Envelope, body: bytes) -> dict[str, object]:
    return {
        "id": envelope.event_id,
        "service": envelope.service,
        "type": envelope.type,
        "store_id": envelope.store_id,
        "time": envelope.time.isoformat(),
        "position": envelope.position,
        "causation_id": envelope.causation_id,
        "data": json.loads(body),
    }


def _line(envelope: Envelope, body: bytes) -> str:
    """For people; an event of a newer release is named."""
    from thaman_audit.domain.lines import line_of
    from thaman_contracts.events import REGISTRY

    model = REGISTRY.get(envelope.type)
    try:
        words = envelope.type if model is None else line_of(model.model_validate_json(body)).en
    except ValueError:
        words = f"{envelope.type}, which cannot be read"
    return f"{in_riyadh(envelope.time)}  {envelope.store_id}  {envelope.service:<10}  \u2068{words}\u2069"
