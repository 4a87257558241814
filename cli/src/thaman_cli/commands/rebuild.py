"""``thaman rebuild``: a service's read models made again from the recorded history while the system runs."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from thaman_cli.databases import admin_url
from thaman_cli.errors import BadUsage, CliError, ExportRefused
from thaman_cli.options import DEFAULT_HOME, HomeOption, JsonOption, home_of
from thaman_cli.output import Output
from thaman_contracts.subjects import ROOMS

if TYPE_CHECKING:
    from thaman_kit.swapping import Table

WOULD_CHANGE = 1
"""The exit code of a dry run that found a row that is wrong."""


def rebuild(
    service: Annotated[str, typer.Argument(help=f"One of {', '.join(ROOMS)}.")],
    projection: Annotated[str | None, typer.Argument(help="One table of it; without it, all that events make.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Make read models again from the recorded history, beside the live ones, and swap in what differs.

    The system goes on meanwhile: readers see the old rows or the new ones, never half a table.

    Exit codes: 0 done; 1 with --dry-run, rows would change, else an error; 2 it cannot be made again, and why; 4 no
    database; 10 the tables could not be had alone; 11 the history cannot be read, or lacks an entry. But for 0 nothing
    was changed, save where PostgreSQL broke off (1): then either all or nothing was swapped.
    """
    import psycopg
    from eventsourcing.persistence import OperationalError

    from thaman_audit.errors import SpoiledLedger
    from thaman_cli.progress import progress
    from thaman_cli.rebuilding.catalogue import untold
    from thaman_cli.rebuilding.rebuilding import rebuild as make_again
    from thaman_cli.rebuilding.telling import COLUMNS, as_data, changed, rows, told
    from thaman_kit.errors import NoScratch, UnknownTopic

    out, tables = Output(as_json=as_json), _tables(service, projection)
    url = admin_url(home_of(home))
    try:
        with progress(f"reading the history of {service}", "rows") as tell:
            outcome = make_again(url, service, tables, tell, dry_run=dry_run)
    except NoScratch as error:
        raise CliError(
            "Nothing is made again", str(error), "Use an address of a role that may create databases."
        ) from error
    except UnknownTopic as error:
        raise ExportRefused(
            "Nothing is made again: the history has an event that this release does not know",
            f"its topic is {error}",
            "Run the release that recorded it, or a newer one.",
        ) from error
    except SpoiledLedger as error:
        raise ExportRefused(
            "Nothing is made again: the ledger lacks an entry", str(error), "Run `thaman audit verify`."
        ) from error
    except (psycopg.OperationalError, OperationalError) as error:
        # It may have been the commit that nobody answered.
        swapped = "Nothing was changed" if dry_run else "Either all or nothing was swapped"
        raise CliError(
            "The rebuild is not done: PostgreSQL broke off", str(error), f"{swapped}; run it again with --dry-run."
        ) from error
    kept = untold(tables)
    if not as_json:
        out.line_table("", COLUMNS, rows(outcome))
    words = "\n".join(told(service, outcome, kept, dry_run=dry_run))
    out.result(as_data(service, outcome, kept, dry_run=dry_run), escape(words))
    if dry_run and changed(outcome):
        raise typer.Exit(WOULD_CHANGE)


def _tables(service: str, projection: str | None) -> "tuple[Table, ...]":
    from thaman_cli.rebuilding.catalogue import REBUILT, why_not

    if service not in REBUILT:
        raise BadUsage(f"There is no service {service}", f"there are {', '.join(ROOMS)}", "Name one of them.")
    found = tuple(one for one in REBUILT[service] if projection in (None, one.name))
    if found:
        return found
    assert projection is not None, "every service has tables"
    names = ", ".join(one.name for one in REBUILT[service])
    reason = why_not(service, projection)
    if reason is None:
        raise BadUsage(f"{service} has no table {projection}", "the name was mistyped", f"Name one of {names}.")
    raise BadUsage(f"{service}.{projection} is not made again", reason, f"What is made again: {names}.")
