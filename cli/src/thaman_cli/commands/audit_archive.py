"""``thaman audit archive``: bodies of old entries go to files, read back before anything leaves the ledger."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from thaman_cli.databases import ARCHIVE_DIR, admin_url, archive_dir
from thaman_cli.errors import BadUsage, ExportRefused
from thaman_cli.instants import HELP, instant_of
from thaman_cli.options import DEFAULT_HOME, HomeOption, JsonOption, home_of
from thaman_cli.output import Output

AFTER_DAYS = "THAMAN_AUDIT_ARCHIVE_AFTER_DAYS"


def archive(
    before: Annotated[
        str | None,
        typer.Option(help=f"What was recorded before this. {HELP} By default {AFTER_DAYS} days ago."),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--dir", help=f"The archive's folder; by default {ARCHIVE_DIR}.")
    ] = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Move bodies of old, sealed entries to files. Hashes stay, and everything goes on answering from the files."""
    from thaman_audit.adapters.archiving import ArchivingTables, Folder
    from thaman_audit.archiving import Archiver
    from thaman_audit.errors import ArchiveMissing, ArchiveRefused, SpoiledLedger

    out, instant, place = Output(as_json=as_json), _instant(before), folder or archive_dir()
    if place is None:
        raise BadUsage("Nothing is archived", "no folder is named", f"Give --dir, or set {ARCHIVE_DIR}.")
    known = archive_dir()
    if known is not None and known.resolve() != place.resolve():
        reason = f"--dir names {place}, and {ARCHIVE_DIR} names {known}, where every reader looks"
        raise BadUsage("Nothing is archived", reason, "Leave --dir away, or name the same folder.")
    try:
        with ArchivingTables.of(admin_url(home_of(home)), place) as tables:
            archiver = Archiver(tables, Folder(place), lambda _step: None, is_set=known is not None)
            made = archiver.archive(instant)
    except (ArchiveRefused, ArchiveMissing, SpoiledLedger) as error:
        raise ExportRefused(
            "Not everything was archived", str(error), "Run `thaman audit verify`; nothing is lost."
        ) from error
    except OSError as error:
        raise BadUsage(f"{place} cannot be written", str(error), "Name a folder that can be written.") from error
    entries = sum(one.last - one.first + 1 for one in made)
    files = [{"store_id": one.store_id, "first": one.first, "last": one.last, "file": one.file} for one in made]
    words = f"{entries:,} entries in {len(made)} file(s) of {place} were read back; their bodies left the ledger."
    out.result(
        {"before": instant.isoformat(), "dir": str(place), "entries": entries, "files": files},
        words if made else "Nothing that is sealed is so old and still in the ledger.",
    )


def _instant(before: str | None) -> datetime:
    if before is not None:
        return instant_of(before)
    days = os.environ.get(AFTER_DAYS, "")
    if not days.isdecimal() or not 1 <= int(days) <= 36_500:
        raise BadUsage("Nothing is archived", "nobody said what is old", f"Give --before, or set {AFTER_DAYS} to days.")
    return datetime.now(UTC) - timedelta(days=int(days))
