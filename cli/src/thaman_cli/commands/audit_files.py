"""``thaman audit export`` and ``import``: whole ledgers in files, and such files into a clean installation."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from thaman_cli.databases import admin_url, archive_dir
from thaman_cli.errors import BadUsage, CliError, ExportRefused, LedgerBroken
from thaman_cli.options import DEFAULT_HOME, HomeOption, JsonOption, home_of
from thaman_cli.output import Output

if TYPE_CHECKING:
    from thaman_audit.adapters.moment import Moment
    from thaman_audit.ledger_import import Imported

Form = Literal["jsonl", "parquet"]


def export(
    store: Annotated[str | None, typer.Option(help="The store whose ledger is wanted.")] = None,
    file: Annotated[
        Path | None, typer.Option(help="Where the store's ledger goes; an older file is replaced as a whole.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every chain and a manifest, for a whole installation.")] = False,
    folder: Annotated[Path | None, typer.Option("--dir", help="The folder that --all writes to.")] = None,
    form: Annotated[
        Form, typer.Option("--format", help="JSON Lines, or Parquet (needs thaman-cli[parquet]).")
    ] = "jsonl",
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Write a store's ledger with its proofs to a file, which docs/guides/verify_ledger.py verifies by itself."""
    from thaman_audit.adapters.moment import Moment
    from thaman_audit.errors import UnknownStore, UnreadableCheckpoint

    out = Output(as_json=as_json)
    if every and folder is not None and store is None and file is None:
        target = folder
    elif not every and folder is None and store is not None and file is not None:
        target = file
    else:
        raise BadUsage("Nothing is exported", "it is one store or all", "Give --store and --file, or --all and --dir.")
    with Moment.of(admin_url(home_of(home)), archive_dir()) as ledger:
        try:
            data = _export_all(ledger, target, form) if store is None else _export(ledger, store, target, form)
        except UnknownStore as error:
            raise unknown(str(store)) from error
        except UnreadableCheckpoint as error:
            raise LedgerBroken("The ledger is not exported", str(error), "Run `thaman audit verify`.") from error
        except OSError as error:
            raise BadUsage(f"{target} cannot be written", str(error), "Name a place that can be written.") from error
    out.result(data, _words(data))


def _export(ledger: "Moment", store: str, file: Path, form: Form) -> dict[str, Any]:
    from thaman_audit.ledger_export import export_lines
    from thaman_cli.ledger_files.files import write_export

    written = write_export(file, form, export_lines(ledger, store))
    sealed = max(ledger.sealed(store, 2**62), default=0)
    return {"store_id": store, "file": str(file), "entries": written - 1, "sealed": sealed}


def _export_all(ledger: "Moment", folder: Path, form: Form) -> dict[str, Any]:
    from thaman_audit.ledger_set import MANIFEST, write_manifest
    from thaman_cli.ledger_files.files import FORMATS
    from thaman_cli.pricing.store import write_whole

    folder.mkdir(parents=True, exist_ok=True)
    heads = {}
    for store_id in ledger.store_ids():
        _require_store_id(store_id)
        head = ledger.head(store_id)
        if head is not None and head.seq > 0:
            heads[f"{store_id}{FORMATS[form]}"] = head
    files = [_export(ledger, head.store_id, folder / name, form) for name, head in heads.items()]
    # Last: where it is, the files are whole.
    write_whole(folder / MANIFEST, write_manifest(heads, list(ledger.checkpoints())))
    return {"dir": str(folder), "stores": len(files), "entries": sum(one["entries"] for one in files), "files": files}


def _require_store_id(store_id: str) -> None:
    """Files are called after it."""
    from thaman_audit.domain.store_ids import store_id_of

    try:
        store_id_of(store_id)
    except ValueError as error:
        raise LedgerBroken("The ledger is not exported", str(error), "Run `thaman audit verify`.") from error


def _words(data: dict[str, Any]) -> str:
    if "dir" in data:
        return f"{data['entries']:,} entries of {data['stores']} chain(s) are in {data['dir']}, with their manifest."
    words = f"{data['entries']:,} entries of store {data['store_id']} are in {data['file']}; {data['sealed']:,}"
    words += " of them are sealed."
    return words if data["sealed"] else f"{words} It proves nothing before the next checkpoint: export it again then."


def import_(
    paths: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="Exports of stores, or the one folder of `export --all`.")
    ],
    key: Annotated[
        list[str] | None,
        typer.Option(help="A public key of the origin to trust (base64 or hexadecimal); without it, the files' own."),
    ] = None,
    unsealed: Annotated[
        bool, typer.Option("--unsealed", help="With --key: take entries after the latest checkpoint, too, unproven.")
    ] = False,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Put exported ledgers into a clean installation: all of the files or none. The same again changes nothing."""
    from thaman_audit.adapters.importing import ImportTables
    from thaman_audit.errors import ImportRefused
    from thaman_cli.audit_keys import parsed_keys

    out, trusted = Output(as_json=as_json), parsed_keys(key or [])
    is_set = len(paths) == 1 and paths[0].is_dir()
    try:
        with ImportTables.of(admin_url(home_of(home))) as target:
            done = (_import_set if is_set else _import_files)(target, paths, trusted, takes_unsealed=unsealed)
    except ImportRefused as error:
        raise ExportRefused("Nothing was imported", str(error), "Export again, or import elsewhere.") from error
    except OSError as error:
        raise BadUsage("Nothing was imported", str(error), "Name files of `thaman audit export`.") from error
    data = {
        "stores": [
            {
                "store_id": one.header.head.store_id,
                "entries": one.header.head.seq,
                "head": one.header.head.hash.hex(),
                "sealed": one.sealed,
                "unsealed": one.unsealed,
                "new": one.is_new,
            }
            for one in done
        ],
        "checkpoints": len(done[0].header.checkpoints) if is_set and done else 0,
        "key_trusted": bool(trusted),
    }
    out.result(data, _said(done, is_set=is_set, is_trusted=bool(trusted)))


def _import_set(target: Any, paths: list[Path], trusted: list[bytes], *, takes_unsealed: bool) -> "list[Imported]":
    from thaman_audit.adapters.signing import is_signed
    from thaman_audit.ledger_set import MANIFEST, import_set, read_manifest
    from thaman_cli.ledger_files.files import opened

    folder = paths[0]
    manifest = read_manifest((folder / MANIFEST).read_bytes())
    files = {name: opened(folder / Path(name).name) for name in manifest.files}
    return import_set(target, manifest, files, is_signed, trusted, takes_unsealed=takes_unsealed)


def _import_files(target: Any, paths: list[Path], trusted: list[bytes], *, takes_unsealed: bool) -> "list[Imported]":
    from thaman_audit.adapters.signing import is_signed
    from thaman_audit.ledger_import import import_stores
    from thaman_cli.ledger_files.files import opened

    files = [opened(path) for path in paths]
    return import_stores(target, files, is_signed, trusted, takes_unsealed=takes_unsealed)


def _said(done: "list[Imported]", *, is_set: bool, is_trusted: bool) -> str:
    new = [one for one in done if one.is_new]
    entries = sum(one.header.head.seq for one in new)
    words = f"{entries:,} entries of {len(new)} chain(s) were imported"
    words += f"; {len(done) - len(new)} were here already." if len(new) < len(done) else "."
    if is_set and done:
        words += f" {len(done[0].header.checkpoints):,} checkpoint(s) came with them."
    if not is_trusted:
        words += " No key was given: signatures were checked with the keys that the files themselves name."
    for one in done:
        if one.unsealed:
            words += f"\nOf store {one.header.head.store_id} the last {one.unsealed:,} entries are sealed by nobody."
    return words


def unknown(store: str) -> CliError:
    """That the ledger has heard of no such store."""
    return BadUsage(
        f"The ledger has no entry of store {store}",
        "the id was mistyped, or nothing happened there yet",
        "Check the id.",
    )
