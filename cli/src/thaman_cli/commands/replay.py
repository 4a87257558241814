"""``thaman replay``: a store as it was at an instant, from the ledger alone."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape

from thaman_cli.databases import admin_url
from thaman_cli.errors import BadUsage, CliError, ExportRefused
from thaman_cli.instants import AT_HELP, instant_of
from thaman_cli.options import DEFAULT_HOME, HomeOption, JsonOption, home_of
from thaman_cli.output import Output
from thaman_cli.state import Home


def replay(
    store: Annotated[str, typer.Option(help="Salla's id of the store.")],
    at: Annotated[str | None, typer.Option(help=AT_HELP)] = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Make a store's state at an instant again, from the ledger alone and in an empty database."""
    _past(Output(as_json=as_json), home_of(home), store, at)


def _past(out: Output, home: Home, store: str, at: str | None) -> None:
    from thaman_audit.adapters.moment import Moment
    from thaman_cli.replaying.chain import Chain, wait_for_ledger
    from thaman_cli.replaying.rebuilding import rebuilt
    from thaman_cli.replaying.state import read_models, schedule_of, state_of
    from thaman_cli.replaying.tables import NOT_REBUILT
    from thaman_cli.replaying.telling import told
    from thaman_kit.errors import NoScratch, Undeliverable

    instant, url = _passed(at), admin_url(home)
    wait_for_ledger(url, store, instant)
    try:
        with Moment.of(url) as ledger:
            chain = Chain(ledger, store, instant)
            chain.require()
            with rebuilt(url, chain.messages()) as connection:
                rows = read_models(connection, store)
                state = state_of(rows, schedule_of(connection, store, instant), instant)
    except NoScratch as error:
        raise CliError(
            "The store is not made again", str(error), "Use an address of a role that may create databases."
        ) from error
    except Undeliverable as error:
        raise ExportRefused(
            "The store is not made again: an entry cannot be read", str(error), "Run `thaman audit verify`."
        ) from error
    data = {
        "store_id": store,
        "at": instant.astimezone(UTC).isoformat(),
        "entries": chain.entries,
        "last": chain.last,
        "hash": chain.hash,
        "state": state,
        "read_models": rows,
        "not_rebuilt": list(NOT_REBUILT),
    }
    out.result(data, escape("\n".join(told(chain, state))))


def _passed(at: str | None) -> datetime:
    """The instant, which must not lie ahead."""
    now = datetime.now(UTC)
    if at is None:
        return now
    instant = instant_of(at)
    if instant > now:
        raise BadUsage(f"{at} has not come yet", "nothing is on record", "Give an earlier --at.")
    return instant
