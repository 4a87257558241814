"""The list of an archive's files in its folder, and whether a folder is the one that the database speaks of."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from thaman_audit.domain.archived import Segment
from thaman_audit.errors import ArchiveRefused
from thaman_contracts.envelope import encode

FORMAT = "thaman-ledger-archive-1"
MANIFEST = "manifest.json"


def manifest(segments: Iterable[Segment]) -> bytes:
    """What the archive has, in canonical JSON: of each file its entries, hashes at both ends, digest and checkpoint."""
    return encode({"format": FORMAT, "files": [_fields(segment) for segment in segments]}) + b"\n"


def require_own(folder: str, listed: bytes | None, segments: Sequence[Segment], *, is_set: bool) -> None:
    """That a folder is the one for the files of this database. ``listed`` is its manifest, if there is one; ``is_set``
    where the setting names the folder, so that every reader looks there.

    Raises:
        ArchiveRefused: it is another installation's, or not where the files on record are looked for.
    """
    known = [_fields(segment) for segment in segments]
    files = [] if listed is None else _files(folder, listed)
    unknown = next((one for one in files if one not in known), None)
    if unknown is not None:
        name = unknown.get("file") if isinstance(unknown, dict) else unknown
        raise ArchiveRefused(
            f"the manifest in {folder} lists {name!r}, which this database did not archive or no longer knows of: it is"
            " the folder of another installation, or of this one before it was restored. Name a folder of its own"
        )
    elsewhere = sorted({segment.folder for segment in segments} - {folder})
    if elsewhere and not (is_set and files):
        raise ArchiveRefused(
            f"{folder} is not the archive's folder, which on record is {' and '.join(elsewhere)}: an archive in two"
            " folders cannot be read. To go on elsewhere, move the files with their manifest, and name the new folder"
            " by THAMAN_AUDIT_ARCHIVE_DIR for every process"
        )


def _fields(segment: Segment) -> dict[str, Any]:
    said = {name: value.hex() if isinstance(value, bytes) else value for name, value in asdict(segment).items()}
    del said["folder"]
    return said


def _files(folder: str, listed: bytes) -> list[Any]:
    try:
        said = json.loads(listed)
        if said["format"] != FORMAT or not isinstance(said["files"], list):
            raise ValueError
    except (ValueError, TypeError, KeyError, RecursionError):
        raise ArchiveRefused(f"the manifest in {folder} is none of an archive: name another folder") from None
    files: list[Any] = said["files"]
    return files
