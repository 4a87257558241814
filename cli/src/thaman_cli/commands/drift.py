"""``thaman drift``: what the ledger says of a store's prices, against what Salla shows at this moment."""

import asyncio
from collections.abc import Iterable
from typing import Annotated

import typer
from rich.markup import escape

from thaman_cli.api import Api
from thaman_cli.databases import admin_url
from thaman_cli.errors import CliError, DriftFound, ExportRefused
from thaman_cli.options import DEFAULT_HOME, HomeOption, JsonOption, home_of
from thaman_cli.output import Output


def drift(
    store: Annotated[str, typer.Argument(metavar="STORE", help="Salla's id of the store.")],
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Compare the prices that the ledger makes with Salla's, and say which story explains each difference.

    A hand edit, a lost write, a write in flight, or a bug of ours; with the events it is told from. Nothing is changed.
    """
    from thaman_cli.drifting.finding import drift_of
    from thaman_cli.drifting.labels import Label
    from thaman_cli.drifting.shown import Shown, shown_by_salla
    from thaman_cli.drifting.telling import as_data, told
    from thaman_kit.errors import NoScratch, Undeliverable

    out, place = Output(as_json=as_json), home_of(home)
    api = Api.of(place)

    async def ask(keys: Iterable[str]) -> Shown:
        async with api:
            return await shown_by_salla(api, store, keys)

    try:
        found = drift_of(admin_url(place), lambda keys: asyncio.run(ask(keys)), store)
    except NoScratch as error:
        raise CliError(
            "The store is not made again", str(error), "Use an address of a role that may create databases."
        ) from error
    except Undeliverable as error:
        raise ExportRefused(
            "The store is not made again: an entry cannot be read", str(error), "Run `thaman audit verify`."
        ) from error
    out.result(as_data(found), escape("\n".join(told(found))))
    if any(one.label is not Label.IN_FLIGHT for one in found.differences):
        raise typer.Exit(DriftFound.exit_code)
