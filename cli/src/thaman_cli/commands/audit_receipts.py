"""``thaman audit receipt`` and ``thaman audit pack``: what a stranger can verify of single prices and products."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from thaman_cli.databases import admin_url, archive_dir
from thaman_cli.errors import BadUsage, CliError, ExportRefused
from thaman_cli.instants import HELP, instant_of
from thaman_cli.options import DEFAULT_HOME, HomeOption, JsonOption, home_of
from thaman_cli.output import Output

if TYPE_CHECKING:
    from thaman_audit.packs import Pack
    from thaman_kit.database import Database

_FROM = f"Not before this instant. {HELP}"
_SHOWN = 20
"""Entries that are named one by one; their number is said in any case."""

StoreArgument = Annotated[str, typer.Argument(metavar="STORE", help="Salla's id of the store.")]


def receipt(
    store: StoreArgument,
    event_id: Annotated[str, typer.Argument(metavar="EVENT_ID", help="The id of the PriceApplied event.")],
    file: Annotated[Path | None, typer.Option(help="Where the receipt goes; by default it is printed.")] = None,
    causes: Annotated[bool, typer.Option("--causes", help="With what led to it, as a pack; wants --file.")] = False,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Write the receipt of an applied price, which docs/guides/verify_ledger.py verifies by itself."""
    from thaman_audit.adapters.checkpoints import CheckpointTables
    from thaman_audit.adapters.histories import HistoryTables
    from thaman_audit.adapters.ledger import LedgerTables
    from thaman_audit.errors import UnknownReceipt
    from thaman_audit.packs import causes_of
    from thaman_audit.receipts import Receipts, summary

    out = Output(as_json=as_json)
    if causes and file is None:
        raise BadUsage("--causes makes a file of several lines", "--file is not given", "Add --file F.")
    with _reading(home) as database:
        parts = LedgerTables(database, archive_dir()), CheckpointTables(database), HistoryTables(database)
        try:
            if causes and file is not None:
                shown = causes_of(*parts, store, event_id)
                _write(file, shown.lines())
                _tell(out, shown, store, file)
                return
            made = Receipts(*parts).receipt(store, event_id)
        except UnknownReceipt as error:
            raise BadUsage(
                f"Store {store} has no applied price with the event id {event_id}",
                "an id was mistyped, or the event is of another kind",
                "GET /stores/{id}/items/{item}/receipts of the audit lists them.",
            ) from error
    said = summary(made)
    if file is None:
        out.result(said | {"receipt": made.decode()})
        if not as_json:
            typer.echo(made, nl=False)  # byte for byte: it is what the verifier reads
        return
    _write(file, iter([made]))
    words = f"The receipt of item {said['item']} is in {file}; checkpoint {said['checkpoint']} proves it."
    out.result(said | {"file": str(file)}, words)


def pack(
    store: StoreArgument,
    items: Annotated[str, typer.Option(help="Products (with all their variants) or product/variant, with commas.")],
    file: Annotated[Path, typer.Option(help="Where the JSON Lines go; an older file is replaced as a whole.")],
    first: Annotated[str | None, typer.Option("--from", help=_FROM)] = None,
    last: Annotated[str | None, typer.Option("--to", help="Before this instant.")] = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Write what is on record of some products in some dates, verifiable by itself, and of all else hashes alone."""
    from thaman_audit.adapters.checkpoints import CheckpointTables
    from thaman_audit.adapters.histories import HistoryTables
    from thaman_audit.adapters.ledger import LedgerTables
    from thaman_audit.errors import NothingToShow, UnknownStore
    from thaman_audit.packs import pack_of

    out, wanted = Output(as_json=as_json), {key.strip() for key in items.split(",") if key.strip()}
    begin, end = instant_of(first), instant_of(last)
    if not wanted or (begin is not None and end is not None and begin >= end):
        raise BadUsage(
            "That is no choice of products and dates", "--items is empty, or --from is not before --to", "See --help."
        )
    with _reading(home) as database:
        parts = LedgerTables(database, archive_dir()), CheckpointTables(database), HistoryTables(database)
        try:
            made = pack_of(*parts, store, wanted, begin, end)
        except UnknownStore as error:
            raise BadUsage(f"The ledger has no entry of store {store}", "the id was mistyped", "Check it.") from error
        except NothingToShow as error:
            raise BadUsage(
                f"Nothing that is sealed speaks of {', '.join(sorted(wanted))} alone in this time",
                "an id was mistyped, the dates are others, or all of it names other products, too",
                "Give other dates, or more products.",
            ) from error
        _write(file, made.lines())
    _tell(out, made, store, file)


def _tell(out: Output, made: "Pack", store: str, file: Path) -> None:
    left_out = [
        {"seq": entry.seq, "type": entry.type, "occurred_at": entry.occurred_at.isoformat()} for entry in made.left_out
    ]
    data: dict[str, Any] = {
        "store_id": store,
        "file": str(file),
        "items": made.items,
        "entries": len(made.shown),
        "checkpoint": made.sealed.fields["checkpoint"]["number"],
        "left_out": left_out,
        "unsealed": made.unsealed,
    }
    lines = [f"{len(made.shown):,} entries about {', '.join(made.items)} of store {store} are in {file}."]
    if left_out:
        lines.append(f"Left out, because they name other products, too: {len(left_out):,} entries.")
        lines += [f"  {row['seq']:>8}  {row['occurred_at']}  {row['type']}" for row in left_out[:_SHOWN]]
        lines += ["  …"] if len(left_out) > _SHOWN else []
    if made.unsealed:
        lines.append(f"Left out, because no checkpoint proves them yet: {made.unsealed:,} entries.")
    out.result(data, "\n".join(lines))


@contextmanager
def _reading(home: Path) -> Iterator["Database"]:
    """The audit's tables, with what they may refuse said as the command says it."""
    from thaman_audit.errors import NotSealedYet, SpoiledLedger, UnreadableCheckpoint
    from thaman_kit.database import Database

    with closing(Database(admin_url(home_of(home)), "audit", pool_size=1)) as database:
        try:
            yield database
        except NotSealedYet as error:
            raise _not_sealed(error.latest) from error
        except (SpoiledLedger, UnreadableCheckpoint) as error:
            raise ExportRefused("Nothing is shown", str(error), "Run `thaman audit verify`.") from error


def _not_sealed(latest: datetime | None) -> CliError:
    sealed = f"the latest one was sealed at {latest.astimezone(UTC):%Y-%m-%dT%H:%MZ}" if latest else "there is none yet"
    return BadUsage(
        "No checkpoint proves it yet", sealed, "The audit's worker seals one each hour (AUDIT_CHECKPOINT_SECONDS)."
    )


def _write(file: Path, lines: Iterator[bytes]) -> None:
    from thaman_cli.pricing.store import write_lines

    try:
        write_lines(file, lines)
    except OSError as error:
        raise BadUsage(f"{file} cannot be written", str(error), "Name a file that can be written.") from error
