"""Stores' ids that come from outside, before they name anything: files and folders are called after them."""

from pydantic import TypeAdapter

from thaman_contracts.ids import StoreId

_STORE_ID: TypeAdapter[str] = TypeAdapter(StoreId)


def store_id_of(value: object) -> str:
    """The same, where it is a store's id; ``ValueError`` where it is anything else, such as a way out of a folder."""
    if not isinstance(value, str) or not _is_store_id(value):
        raise ValueError(f"{str(value)[:60]!r} is no store's id")
    return value


def _is_store_id(value: str) -> bool:
    try:
        _STORE_ID.validate_python(value, strict=True)
    except ValueError:
        return False
    return True
