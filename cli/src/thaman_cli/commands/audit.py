"""``thaman audit``: prove the ledger, and hand a store's ledger to whoever wants to prove it without us."""

import time
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from thaman_cli.commands.audit_archive import archive
from thaman_cli.commands.audit_files import export, import_, unknown
from thaman_cli.commands.audit_isolation import check_isolation
from thaman_cli.commands.audit_licences import licences
from thaman_cli.commands.audit_lowest import lowest_price
from thaman_cli.commands.audit_receipts import pack, receipt
from thaman_cli.databases import admin_url, archive_dir
from thaman_cli.errors import BadUsage, CliError, LedgerBroken
from thaman_cli.options import DEFAULT_HOME, HomeOption, JsonOption, home_of
from thaman_cli.output import Output

if TYPE_CHECKING:
    from thaman_audit.adapters.moment import Moment
    from thaman_audit.proving import Proof

app = typer.Typer(help="Proof of the ledger: chains, checkpoints, signatures.", no_args_is_help=True)
app.command("archive")(archive)
app.command("export")(export)
app.command("import")(import_)
app.command("receipt")(receipt)
app.command("pack")(pack)
app.command("isolation")(check_isolation)
app.command("lowest-price")(lowest_price)
app.command("licences")(licences)


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
    from thaman_audit.errors import ProofBrokeOff
    from thaman_audit.proving import Prover
    from thaman_cli.audit_keys import trusted_keys

    out, place = Output(as_json=as_json), home_of(home)
    is_part = first is not None or last is not None
    if is_part and (store is None or (last is not None and last < (first or 1))):
        raise BadUsage(
            "--from and --to name entries of one store", "they count from 1, in order", "Name a --store, too."
        )
    began, url = time.monotonic(), admin_url(place)
    with Moment.of(url, archive_dir()) as ledger:
        prover = Prover(ledger, is_signed, trusted_keys(place, key or []))
        tell = _Teller(out, ledger.count())
        if store is not None:
            _require_entry(ledger, store, max(first or 1, last or 1))
        if store is not None and is_part:
            proof = prover.prove_part(store, first or 1, last, tell)
        else:
            stores = [store] if store is not None else ledger.store_ids()
            try:
                proof = prover.prove(stores, tell, chains_of(url, ledger, archive_dir()) if store is None else None)
            except ProofBrokeOff as error:
                raise CliError("The ledger is not proven", str(error), "Run it again.") from error
    _say(out, proof, time.monotonic() - began)


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
            found = stops_of(LedgerTables(database, archive_dir()), store)
        except UnknownStore as error:
            raise unknown(store) from error
    wrong = sum(len(one.began_after) for one in found)
    rows = [
        (
            one.item or one.reach.value,
            one.at.isoformat(timespec="seconds"),
            ": ".join(part for part in (one.by, one.reason) if part),
            "-" if one.ended_at is None else one.ended_at.isoformat(timespec="seconds"),
            len(one.in_flight),
            len(one.began_after),
        )
        for one in found
    ]
    if rows:
        out.line_table("stops", ("what", "at", "by and why", "until", "under way", "began after"), rows)
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
    broken, resting = proof.broken, proof.resting
    data: dict[str, Any] = {
        "ok": broken is None,
        "stores": proof.stores,
        "entries": proof.entries,
        "sealed": proof.sealed,
        "checkpoints": proof.checkpoints,
        "key_ids": proof.key_ids,
        "key_trusted": proof.is_key_trusted,
        "seconds": round(seconds, 3),
        "resting": [
            {"store_id": one.store_id, "first": one.first, "last": one.last, "file": one.file} for one in resting
        ],
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
    for one in resting:
        words += (
            f" Entries {one.first:,} to {one.last:,} of store {one.store_id} rest on the digest of {one.file}, which"
        )
        words += " is not here: their hashes hold, their bodies were not looked at."
    out.result(data, words)


def _require_entry(ledger: "Moment", store: str, seq: int) -> None:
    """That the store is there and its chain so long, as far as the ledger or a checkpoint says."""
    head = ledger.head(store)
    longest = max(ledger.sealed(store, 2**62), default=0)
    if head is None and longest == 0:
        raise unknown(store)
    if seq > max(head.seq if head else 0, longest):
        raise BadUsage(
            f"Store {store} has no entry {seq}",
            "its chain is shorter",
            f"`thaman audit verify --store {store}` walks all.",
        )
