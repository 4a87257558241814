"""The hand-over files of a run on disk: a folder for each store, each file the old one or the new one, never half."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from thaman_cli.errors import BadUsage, ExportRefused
from thaman_cli.pricing.store import write_whole
from thaman_contracts.handover import HandOver
from thaman_contracts.ids import StoreId

_STORE_ID: TypeAdapter[str] = TypeAdapter(StoreId)


def folder_of(root: Path, store_id: str) -> Path:
    """Where a store's files are.

    Raises:
        ExportRefused: the id is not one of Salla's, which are digits alone, so it may lead anywhere as a file name.
    """
    try:
        return root / _STORE_ID.validate_python(store_id)
    except ValidationError as error:
        raise ExportRefused(
            "The run is not exported: its store's id cannot name a folder",
            f"{store_id!r} is not made of 1 to 20 digits, as Salla's ids are",
            "Run `thaman check-world`: no event of ours can carry such an id.",
        ) from error


def write_files(folder: Path, files: Mapping[str, HandOver]) -> list[Path]:
    """Write the files into a folder, made where it is missing; other files in it stay.

    Raises:
        BadUsage: it cannot be written to.
    """
    contents = {folder / f"{name}.json": f"{made.model_dump_json(indent=2)}\n".encode() for name, made in files.items()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, content in contents.items():
            write_whole(path, content)
    except OSError as error:
        raise BadUsage(
            f"{folder} cannot be written to", str(error), "Name a folder that can be written to with --dir."
        ) from error
    return list(contents)
