"""``thaman audit``: prove the ledger, and hand a store's ledger to whoever wants to prove it without us."""

import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from thaman_cli.commands.audit_isolation import check_isolation
from thaman_cli.commands.audit_lowest import lowest_price
from thaman_cli.commands.audit_receipts import pack, receipt
from thaman_cli.databases import admin_url
from thaman_cli.errors import BadUsage, CliError, LedgerBroken
from thaman_cli.options import DEFAULT_HOME, HomeOption, JsonOption, home_of
from thaman_cli.output import Output

if TYPE_CHECKING:
    from thaman_audit.adapters.moment import Moment
    from thaman_audit.proving import Proof

app = typer.Typer(help="Proof of the ledger: chains, checkpoints, signatures.", no_args_is_help=True)
app.command("receipt")(receipt)
app.command("pack")(pack)
app.command("isolation")(check_isolation)
app.command("lowest-price")(lowest_price)


@app.command("verify")
def verify(
    store: Annotated[str | None, typer.Option(help="Only this store's chain; without it, every chain.")] = None,
    first: Annotated[int | None, typer.Option("--from", min=1, help="From this entry of the store on.")] = None,
    last: Annotated[int | None, typer.Option("--to", min=1, help="Up to this entry of the store.")] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(
            help="A public key to trust (base64 or hexadecimal); without it, the keys this machine signs with."
        ),
    ] = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Check every checkpoint and walk the chains; names the first broken place. Exit code 12 when there is one."""
    from thaman_audit.adapters.moment import Moment
    from thaman_audit.adapters.side_by_side import chains_of
    from thaman_audit.adapters.signing import is_signed
    from thaman_audit.proving import Prover
    from thaman_cli.audit_keys import trusted_keys

    out, place = Output(as_json=as_json), home_of(home)
    is_part = first is not None or last is not None
    if is_part and (store is None or (last is not None and last < (first or 1))):
        raise BadUsage(
            "--from and --to name entries of one store", "they count from 1, in order", "Name a --store, too."
        )
    began, url = time.monotonic(), admin_url(place)
    with Moment.of(url) as ledger:
        prover = Prover(ledger, is_signed, trusted_keys(place, key or []))
        tell = _Teller(out, ledger.count())
        if store is not None:
            _require_entry(ledger, store, max(first or 1, last or 1))
        if store is not None and is_part:
            proof = prover.prove_part(store, first or 1, last, tell)
        else:
            stores = [store] if store is not None else ledger.store_ids()
            proof = prover.prove(stores, tell, chains_of(url, ledger) if store is None else None)
    _say(out, proof, time.monotonic() - began)


@app.command("export")
def export(
    store: Annotated[str, typer.Option(help="The store whose ledger is wanted.")],
    file: Annotated[Path, typer.Option(help="Where the JSON Lines go; an older file is replaced as a whole.")],
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Write a store's ledger with its proofs to a file, which docs/guides/verify_ledger.py verifies by itself."""
    from thaman_audit.adapters.moment import Moment
    from thaman_audit.errors import UnknownStore, UnreadableCheckpoint
    from thaman_audit.ledger_export import export_lines
    from thaman_cli.pricing.store import write_lines

    out = Output(as_json=as_json)
    with Moment.of(admin_url(home_of(home))) as ledger:
        try:
            written = write_lines(file, export_lines(ledger, store))
        except UnknownStore as error:
            raise _unknown(store) from error
        except UnreadableCheckpoint as error:
            raise LedgerBroken("The ledger is not exported", str(error), "Run `thaman audit verify`.") from error
        except OSError as error:
            raise BadUsage(f"{file} cannot be written", str(error), "Name a file that can be written.") from error
        sealed = max(ledger.sealed(store, 2**62), default=0)
    data = {"store_id": store, "file": str(file), "entries": written - 1, "sealed": sealed}
    words = f"{written - 1:,} entries of store {store} are in {file}; {sealed:,} of them are sealed."
    out.result(
        data, words if sealed else f"{words} It proves nothing before the next checkpoint: export it again then."
    )


@app.command("stops")
def stops(
    store: Annotated[str, typer.Argument(metavar="STORE", help="Salla's id of the store.")],
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Show every stop, and that no write began after it but those under way. Exit code 12 when one did."""
    from thaman_audit.adapters.ledger import LedgerTables
    from thaman_audit.errors import UnknownStore
    from thaman_audit.stops import stops as stops_of
    from thaman_kit.database import Database

    out = Output(as_json=as_json)
    with closing(Database(admin_url(home_of(home)), "audit", pool_size=1)) as database:
        try:
            found = stops_of(LedgerTables(database), store)
        except UnknownStore as error:
            raise _unknown(store) from error
    wrong = sum(len(one.began_after) for one in found)
    rows = [
        (
            one.item or one.reach.value,
            one.at.isoformat(timespec="seconds"),
            one.by or one.reason or "",
            "-" if one.ended_at is None else one.ended_at.isoformat(timespec="seconds"),
            len(one.in_flight),
            len(one.began_after),
        )
        for one in found
    ]
    if rows:
        out.line_table("stops", ("what", "at", "by", "until", "under way", "began after"), rows)
    words = f"{len(found)} stop(s); {wrong} write(s) began in spite of one."
    out.result({"stops": [one.model_dump(mode="json") for one in found], "began_after": wrong}, words)
    if wrong:
        raise typer.Exit(LedgerBroken.exit_code)


class _Teller:
    """Tells people now and then how far the walk is."""

    def __init__(self, out: Output, total: int) -> None:
        self._out = out
        self._total = total
        self._done = 0
        self._told_at = time.monotonic()

    def __call__(self, store_id: str, count: int) -> None:
        self._done += count
        if time.monotonic() - self._told_at > 2:
            self._told_at = time.monotonic()
            self._out.line(f"… {self._done:,} of {self._total:,} entries, now in store {store_id}")


def _say(out: Output, proof: "Proof", seconds: float) -> None:
    broken = proof.broken
    data: dict[str, Any] = {
        "ok": broken is None,
        "stores": proof.stores,
        "entries": proof.entries,
        "sealed": proof.sealed,
        "checkpoints": proof.checkpoints,
        "key_ids": proof.key_ids,
        "key_trusted": proof.is_key_trusted,
        "seconds": round(seconds, 3),
        "broken": None,
    }
    if broken is not None:
        place = {"store_id": broken.store_id, "seq": broken.seq, "what": broken.what.value, "reason": broken.reason}
        out.result(data | {"broken": place}, f"[bold red]✗[/] {broken}")
        raise typer.Exit(LedgerBroken.exit_code)
    words = (
        f"All {proof.entries:,} entries of {proof.stores:,} store(s) hold; {proof.sealed:,} of them are sealed by"
        f" {proof.checkpoints:,} checkpoint(s)."
    )
    if proof.checkpoints and not proof.is_key_trusted:
        words += " No key was given: signatures were checked with the keys that the database itself names."
    out.result(data, words)


def _require_entry(ledger: "Moment", store: str, seq: int) -> None:
    """That the store is there and its chain so long, as far as the ledger or a checkpoint says."""
    head = ledger.head(store)
    longest = max(ledger.sealed(store, 2**62), default=0)
    if head is None and longest == 0:
        raise _unknown(store)
    if seq > max(head.seq if head else 0, longest):
        raise BadUsage(
            f"Store {store} has no entry {seq}",
            "its chain is shorter",
            f"`thaman audit verify --store {store}` walks all.",
        )


def _unknown(store: str) -> CliError:
    return BadUsage(
        f"The ledger has no entry of store {store}",
        "the id was mistyped, or nothing happened there yet",
        "Check the id.",
    )
