"""``thaman audit licences``: discount licences at an instant, and the sale prices seen with and without one."""

from contextlib import closing
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape

from thaman_cli.commands.audit_receipts import StoreArgument
from thaman_cli.databases import admin_url, archive_dir
from thaman_cli.errors import BadUsage, ExportRefused
from thaman_cli.instants import HELP, instant_of
from thaman_cli.options import DEFAULT_HOME, HomeOption, JsonOption, home_of
from thaman_cli.output import Output


def licences(
    store: StoreArgument,
    at: Annotated[str | None, typer.Option(help=f"{HELP} By default now.")] = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Tell each licence with the sale prices seen under it, and every sale price that none covers."""
    from thaman_audit.adapters.ledger import LedgerTables
    from thaman_audit.errors import FutureInstant, SpoiledLedger, UnknownStore
    from thaman_audit.licences import licence_ledger
    from thaman_kit.database import Database

    out, now = Output(as_json=as_json), datetime.now(UTC)
    with closing(Database(admin_url(home_of(home)), "audit", pool_size=1)) as database:
        try:
            told = licence_ledger(LedgerTables(database, archive_dir()), store, instant_of(at) or now, now)
        except FutureInstant as error:
            raise BadUsage(f"{at} has not come yet", "nothing is on record", "Give an earlier --at.") from error
        except UnknownStore as error:
            raise BadUsage(
                f"The ledger has no entry of store {store}",
                "the id was mistyped, or nothing happened there yet",
                "Check the id.",
            ) from error
        except SpoiledLedger as error:
            raise ExportRefused(
                "Nothing is said: the ledger contradicts itself", str(error), "Run `thaman check-world`."
            ) from error
    out.result(told.model_dump(mode="json"), escape("\n".join([*told.told_ar, "", *told.told_en])))
