"""``thaman audit lowest-price``: the lowest price an item had on the shelf in the days before an instant."""

from contextlib import closing
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape

from thaman_cli.commands.audit_receipts import StoreArgument
from thaman_cli.commands.why import refusals
from thaman_cli.databases import admin_url, archive_dir
from thaman_cli.instants import HELP, instant_of
from thaman_cli.options import DEFAULT_HOME, HomeOption, JsonOption, home_of
from thaman_cli.output import Output


def lowest_price(
    store: StoreArgument,
    item: Annotated[str, typer.Argument(metavar="ITEM", help="product, or product/variant.")],
    at: Annotated[str | None, typer.Option(help=f"{HELP} By default now.")] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help="How many days before the instant.")] = 30,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Tell the lowest price on the shelf in the days before an instant, which entry proves it, and what is unknown."""
    from thaman_audit.adapters.ledger import LedgerTables
    from thaman_audit.lowest_price import lowest_price as lowest_price_of
    from thaman_kit.database import Database

    out, now = Output(as_json=as_json), datetime.now(UTC)
    with closing(Database(admin_url(home_of(home)), "audit", pool_size=1)) as database, refusals(store, item, at):
        told = lowest_price_of(LedgerTables(database, archive_dir()), store, item, instant_of(at) or now, now, days)
    out.result(told.model_dump(mode="json"), escape("\n".join([*told.told_ar, "", *told.told_en])))
