"""``thaman export``: what each agent of a run handed over, as files for whoever reads no events."""

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from thaman_cli.databases import admin_url, archive_dir
from thaman_cli.errors import BadUsage, ExportRefused
from thaman_cli.options import DEFAULT_HOME, HomeOption, JsonOption, home_of
from thaman_cli.output import Output, table

if TYPE_CHECKING:
    from thaman_audit.views import RunView

app = typer.Typer(help="Hand-over files of runs, made from the audit's ledger.", no_args_is_help=True)

_COLUMNS = ("store", "run", "status", "trigger", "latest")


@app.command("run")
def run(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="The run's id, as `thaman export list` shows it.")],
    folder: Annotated[
        Path, typer.Option("--dir", help="Where the store's folder with the files goes; made where it is missing.")
    ] = Path("store-data"),
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Write the three files of one run to <dir>/<store>; a run that is still under way says complete: false."""
    from thaman_audit.adapters.ledger import LedgerTables
    from thaman_audit.errors import SpoiledLedger, UnknownRun
    from thaman_audit.handover import files_of, owner_of
    from thaman_cli.handover import folder_of, write_files
    from thaman_kit.database import Database

    out, wanted = Output(as_json=as_json), _id(run_id)
    with closing(Database(admin_url(home_of(home)), "audit", pool_size=1)) as database:
        tables = LedgerTables(database, archive_dir())
        try:
            store_id = owner_of(tables, wanted)
            target = folder_of(folder, store_id)
            files = files_of(tables, store_id, wanted)
        except UnknownRun as error:
            raise BadUsage(
                f"The ledger has heard of no run {wanted}",
                "the id was mistyped, or the run is too new to have reached the audit",
                "See `thaman export list`, and run it again.",
            ) from error
        except SpoiledLedger as error:
            raise ExportRefused(
                "The run is not exported: the ledger contradicts itself", str(error), "Run `thaman check-world`."
            ) from error
    paths = write_files(target, files)
    written = [(str(path), one.complete) for path, one in zip(paths, files.values(), strict=True)]
    data = {
        "run_id": str(wanted),
        "store_id": store_id,
        "complete": all(complete for _, complete in written),
        "files": [{"path": path, "complete": complete} for path, complete in written],
    }
    rows = [(path, "yes" if complete else "not yet") for path, complete in written]
    out.result(data, table(f"Run {wanted} of store {store_id}", ("file", "complete"), rows))


@app.command("list")
def list_(
    store: Annotated[str | None, typer.Option(help="Only this store's.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="Most runs to show.")] = 20,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """List the latest runs that the ledger knows, newest first."""
    from thaman_audit.adapters.ledger import LedgerTables
    from thaman_audit.handover import latest_runs
    from thaman_kit.database import Database

    out = Output(as_json=as_json)
    with closing(Database(admin_url(home_of(home)), "audit", pool_size=1)) as database:
        found = latest_runs(LedgerTables(database, archive_dir()), store, limit)
    data = {"runs": [{"store_id": store_id, **run.model_dump(mode="json")} for store_id, run in found]}
    rows = [(store_id, run.run_id, run.status, run.trigger or "-", _latest(run)) for store_id, run in found]
    out.result(data, table("Runs, latest first", _COLUMNS, rows) if rows else "The ledger has heard of no run.")


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise BadUsage(f"{text!r} is not a run's id", "ids are UUIDs", "See `thaman export list`.") from error


def _latest(run: "RunView") -> str:
    latest = run.completed_at or run.failed_at or run.started_at or run.requested_at
    return latest.isoformat() if latest else "-"
