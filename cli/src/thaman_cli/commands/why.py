"""``thaman why``: why an item's price was what it was, from the audit's ledger alone."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape

from thaman_cli.databases import admin_url, archive_dir
from thaman_cli.errors import BadUsage, ExportRefused
from thaman_cli.instants import HELP, instant_of
from thaman_cli.options import DEFAULT_HOME, HomeOption, JsonOption, home_of
from thaman_cli.output import Output
from thaman_contracts.ids import item_key


def why(
    store: Annotated[str, typer.Argument(metavar="STORE", help="Salla's id of the store.")],
    product: Annotated[str, typer.Argument(metavar="PRODUCT", help="Salla's id of the product.")],
    variant: Annotated[str | None, typer.Option(help="Salla's id of the variant.")] = None,
    at: Annotated[str | None, typer.Option(help=f"{HELP} By default now.")] = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Tell why a price is, or was, what it is: from what was seen to what was read back, in Arabic and in English."""
    from thaman_audit.adapters.ledger import LedgerTables
    from thaman_audit.why import why as why_of
    from thaman_kit.database import Database

    out, now, item = Output(as_json=as_json), datetime.now(UTC), item_key(product, variant)
    with closing(Database(admin_url(home_of(home)), "audit", pool_size=1)) as database, refusals(store, item, at):
        told = why_of(LedgerTables(database, archive_dir()), store, item, instant_of(at) or now, now)
    out.result(told.model_dump(mode="json"), escape("\n".join([*told.told_ar, "", *told.told_en])))


@contextmanager
def refusals(store: str, item: str, at: str | None) -> Iterator[None]:
    """What cannot be told of an item at an instant, said as the command says it."""
    from thaman_audit.errors import FutureInstant, PricedByVariants, SpoiledLedger, UnknownItem

    try:
        yield
    except FutureInstant as error:
        raise BadUsage(f"{at} has not come yet", "nothing is on record", "Give an earlier --at.") from error
    except PricedByVariants as error:
        raise BadUsage(
            f"Product {item} has no price of its own",
            f"it is priced through its variants: {', '.join(error.variants)}",
            "Ask for one of them: `why` takes --variant with what follows the stroke.",
        ) from error
    except UnknownItem as error:
        raise BadUsage(
            f"The ledger has no price of item {item} of store {store}",
            "an id was mistyped, or the item is too new to have reached the audit",
            "See the store's timeline, GET /stores/{id}/timeline of the audit.",
        ) from error
    except SpoiledLedger as error:
        raise ExportRefused(
            "Nothing is said: the ledger contradicts itself", str(error), "Run `thaman check-world`."
        ) from error
