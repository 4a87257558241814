"""``thaman republish``: a service's history in a stream of its own, for a reader that begins now."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from thaman_cli.databases import connect, nats_url
from thaman_cli.errors import BadUsage
from thaman_cli.instants import HELP, instant_of
from thaman_cli.options import DEFAULT_HOME, HomeOption, JsonOption, home_of
from thaman_cli.output import Output
from thaman_contracts.subjects import SERVICES

if TYPE_CHECKING:
    from thaman_cli.republishing import Republished
    from thaman_kit.outlets import Outlet


def republish(
    service: Annotated[str, typer.Argument(help=f"One of {', '.join(SERVICES)}.")],
    name: Annotated[str, typer.Option("--as", help="What the stream is for: small letters, digits and dashes.")],
    store: Annotated[str | None, typer.Option(help="Only this store's events.")] = None,
    since: Annotated[str | None, typer.Option("--from", help=f"Only what occurred then or later. {HELP}")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Only what occurred before.")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Delete the stream instead.")] = False,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Publish a service's history once more, into a stream beside its own: SERVICE_AGAIN_NAME.

    For a new reader, or one that lost its place: the same events in the same order with the same headers and ids. Other
    streams and readers notice nothing. Run again, it goes on where it stopped.

    Exit codes: 0 done; 1 it broke off, run it again; 2 bad name, or the stream holds something
    else; 4 no database or NATS; 11 log and stream do not agree.
    """
    from contextlib import closing

    from thaman_cli.progress import progress
    from thaman_cli.republishing import remove as take_away
    from thaman_cli.republishing import republish as publish_again

    out, place = Output(as_json=as_json), home_of(home)
    outlet = _outlet(service, name, store, since, until)
    address = nats_url(place)
    if remove:
        count = asyncio.run(take_away(address, outlet))
        out.result({"stream": outlet.stream, "removed": count}, f"{outlet.stream} is gone, with {count:,} message(s).")
        return
    with closing(connect(place, service)) as application, progress(outlet.stream, "places of the log") as tell:
        done = asyncio.run(publish_again(application, address, outlet, tell))
    out.result(done.as_data(), escape(_words(service, done)))


def _outlet(service: str, name: str, store: str | None, since: str | None, until: str | None) -> "Outlet":
    from thaman_kit.outlets import Outlet, is_name

    if service not in SERVICES:
        raise BadUsage(f"There is no service {service}", f"there are {', '.join(SERVICES)}", "Name one of them.")
    if not is_name(name):
        raise BadUsage(
            f"{name!r} cannot name a stream", "small letters, digits and dashes, 32 at most", "Choose another --as."
        )
    if store is not None and not (store.isalnum() and store.isascii()):
        raise BadUsage(f"{store!r} is no store", "ids are digits and letters", "Check the id.")
    first, last = instant_of(since) if since else None, instant_of(until) if until else None
    if first and last and last <= first:
        raise BadUsage("--to is not after --from", "nothing can have occurred in between", "Give a later --to.")
    return Outlet(service, name, store, first, last)


def _words(service: str, done: "Republished") -> str:
    lines = [f"{done.stream} has {done.messages:,} event(s) of {service}, {done.new:,} of them new."]
    if done.left_out:
        lines.append(f"  {done.left_out:,} could not be published; `thaman dead-letters list` has why.")
    lines.append(f"  Read {done.filter_subject} to its end, position {done.position}.")
    if done.live_sequence is None:
        lines.append(f"  {done.live_stream} is not there yet; begin at its first message, and skip positions you have.")
    else:
        lines.append(f"  Then go on in {done.live_stream} from sequence {done.live_sequence}; skip positions you have.")
    return "\n".join(lines)
