"""``thaman audit isolation``: whether anything of one store hangs on another."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from thaman_cli.databases import admin_url
from thaman_cli.errors import LedgerBroken
from thaman_cli.options import DEFAULT_HOME, HomeOption, JsonOption, home_of
from thaman_cli.output import Output

if TYPE_CHECKING:
    from thaman_cli.isolation import Isolation


def check_isolation(
    store: Annotated[str | None, typer.Option(help="Only what concerns this store; without it, all stores.")] = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Check that no event was caused by another store's, and none speaks of its ids. Exit code 12 where one does."""
    import psycopg

    from thaman_cli.isolation import isolation
    from thaman_cli.world.reading import connect

    out = Output(as_json=as_json)
    try:
        with connect(admin_url(home_of(home))) as connection:
            found = isolation(connection, store)
    except psycopg.DataError as error:
        raise LedgerBroken(
            "The record cannot be walked", "something in it is no event", "Run `thaman audit verify` and `check-world`."
        ) from error
    data = asdict(found) | {"ok": not found.crossings}
    if found.crossings:
        first = found.crossings[0]
        words = f"[bold red]✗[/] Store {first.store_id} hangs on store {first.other}: {first.what}."
        out.result(data, f"{words} {_more(found)}".strip())
        raise typer.Exit(LedgerBroken.exit_code)
    out.result(data, _good(found, store))


def _good(found: "Isolation", store: str | None) -> str:
    whose = f"of store {store}" if store else "of any store"
    words = (
        f"No event {whose} was caused by another store's, and none speaks of another's ids: of {found.events:,} events"
        f" {found.own:,} have a cause of their own store and {found.installation:,} one of the installation;"
        f" {found.ids:,} ids in {found.entries:,} entries of the ledger belong to one store each."
    )
    return f"{words} {found.unknown:,} causes are in no log, so nothing is known of them." if found.unknown else words


def _more(found: "Isolation") -> str:
    rest: Any = len(found.crossings) - 1
    return f"{rest} more, see --json." if rest else ""
