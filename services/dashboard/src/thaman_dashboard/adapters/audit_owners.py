"""The audit's API and the optimizer's undo, as the pages use them."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx

from thaman_dashboard.adapters.owners_http import OwnersHttp
from thaman_dashboard.audit_ports import (
    ChainEnd,
    PublicKey,
    Receipt,
    Seal,
    UndoDecision,
    UndoItem,
    Undone,
    UndoPlan,
    UndoWish,
    Walk,
)
from thaman_dashboard.inquiry_ports import Tell
from thaman_dashboard.owner_ports import OwnerError, OwnerRefused, OwnerUnsure
from thaman_dashboard.views import Page
from thaman_kit.logging import get_logger

ADORNMENT_TIMEOUT = 2.0
"""The chain's end adorns a page; nobody waits long for it."""

WALK_TIMEOUT = 120.0
"""Between two lines of a walk; where a chain is broken or rests in files, the last comes late."""

LINES = "application/x-ndjson"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
log = get_logger(__name__)


class HttpRecords:
    """Implements :class:`thaman_dashboard.audit_ports.Records`. Use it from threads."""

    def __init__(self, http: OwnersHttp) -> None:
        """``http`` asks."""
        self._http = http

    def chain(self, store_id: str) -> ChainEnd | None:
        """See :class:`~thaman_dashboard.audit_ports.Records`."""
        said = self._at_once(f"/stores/{store_id}/chain")
        return None if said is None else ChainEnd(said["entries"], said["hash"])

    def walk(self, store_id: str, tell: Tell) -> Walk:
        """See :class:`~thaman_dashboard.audit_ports.Records`."""
        begun, address = time.monotonic(), f"/stores/{store_id}/chain/verify"
        try:
            with self._http.stream("audit", address, headers={"Accept": LINES}, timeout=WALK_TIMEOUT) as answer:
                said = _end_of(answer.iter_lines(), tell)
        except httpx.TransportError as error:
            raise OwnerUnsure(f"GET {address}: {type(error).__name__}") from error
        took = round((time.monotonic() - begun) * 1_000)
        return Walk(said["ok"], said["entries"], said["broken_at"], said["reason"], took)

    def latest_seal(self) -> Seal | None:
        """See :class:`~thaman_dashboard.audit_ports.Records`."""
        said = self._at_once("/audit/checkpoints/latest")
        return None if said is None else _seal(said)

    def seals(self, after: str | None, limit: int) -> Page[Seal]:
        """See :class:`~thaman_dashboard.audit_ports.Records`."""
        params = {"limit": str(limit)} | ({"cursor": after} if after else {})
        said = self._http.ask("audit", "GET", "/audit/checkpoints", params=params).json()
        return Page(tuple(_seal(one) for one in said["items"]), said["next"])

    def keys(self) -> tuple[PublicKey, ...]:
        """See :class:`~thaman_dashboard.audit_ports.Records`."""
        said = self._http.ask("audit", "GET", "/audit/keys").json()
        return tuple(
            PublicKey(one["key_id"], one["public_key"], datetime.fromisoformat(one["since"]), one["last_number"])
            for one in said["items"]
        )

    def receipt(self, store_id: str, item_key: str, event_id: str) -> Receipt | None:
        """See :class:`~thaman_dashboard.audit_ports.Records`."""
        try:
            return _read(self._http.ask("audit", "GET", _receipt(store_id, item_key, event_id)).content)
        except OwnerRefused as error:
            if error.code != "not_sealed_yet":
                raise
            return None

    def causes(self, store_id: str, item_key: str, event_id: str) -> bytes:
        """See :class:`~thaman_dashboard.audit_ports.Records`."""
        return self._http.ask("audit", "GET", _receipt(store_id, item_key, event_id) + "/causes").content

    @contextmanager
    def ledger(self, store_id: str) -> Iterator[Iterator[bytes]]:
        """See :class:`~thaman_dashboard.audit_ports.Records`."""
        with self._http.stream("audit", f"/stores/{store_id}/chain/export") as answer:
            yield answer.iter_bytes()

    def lowest_price(self, store_id: str, item_key: str) -> Mapping[str, Any]:
        """See :class:`~thaman_dashboard.audit_ports.Records`."""
        said: dict[str, Any] = self._http.ask(
            "audit", "GET", f"/stores/{store_id}/items/{quote(item_key)}/lowest-price"
        ).json()
        return said | {name: _instant(said[name]) for name in ("since", "until", "start", "at", "known_from")}

    def licences(self, store_id: str) -> Mapping[str, Any]:
        """See :class:`~thaman_dashboard.audit_ports.Records`."""
        said: dict[str, Any] = self._http.ask("audit", "GET", f"/stores/{store_id}/licences").json()
        for sale in said["uncovered"]:
            sale |= {name: _instant(sale[name]) for name in ("since", "until")}
        return said

    def _at_once(self, path: str) -> Any:
        try:
            return self._http.ask("audit", "GET", path, timeout=ADORNMENT_TIMEOUT).json()
        except OwnerError as error:
            log.info("audit_unknown", path=path.rpartition("/")[2], reason=str(error))
            return None


class HttpUndos:
    """Implements :class:`thaman_dashboard.audit_ports.Undos`. Use it from threads."""

    def __init__(self, http: OwnersHttp) -> None:
        """``http`` asks."""
        self._http = http

    def preview(self, store_id: str, wish: UndoWish) -> UndoPlan:
        """See :class:`~thaman_dashboard.audit_ports.Undos`."""
        said = self._http.ask("optimizer", "POST", f"/stores/{store_id}/undo/preview", json=_body(wish)).json()
        return UndoPlan(said["digest"], tuple(_item(one) for one in said["items"]))

    def undo(self, store_id: str, wish: UndoWish, shown_digest: str, key: str) -> Undone:
        """See :class:`~thaman_dashboard.audit_ports.Undos`."""
        body = _body(wish) | {"shown_digest": shown_digest}
        headers = {"Idempotency-Key": key}
        return _undone(
            self._http.ask("optimizer", "POST", f"/stores/{store_id}/undo", json=body, headers=headers).json()
        )

    def look_up(self, store_id: str, undo_id: UUID) -> Undone:
        """See :class:`~thaman_dashboard.audit_ports.Undos`."""
        return _undone(self._http.ask("optimizer", "GET", f"/stores/{store_id}/undo/{undo_id}").json())


def _end_of(lines: Iterator[str], tell: Tell) -> Mapping[str, Any]:
    """The verdict of a walk, whose lines say until then how far it is.

    Raises:
        OwnerUnsure: there is none.
    """
    said: Mapping[str, Any] = {}
    for line in lines:
        said = json.loads(line)
        if "proven" in said:
            tell(said["proven"], said["of"])
    if "ok" not in said:
        raise OwnerUnsure("the walk was broken off")
    return said


def _read(file: bytes) -> Receipt:
    said = json.loads(file)
    entry, checkpoint = said["entry"], said["checkpoint"]
    decision = json.loads(entry["data"]).get("decision_id")
    return Receipt(
        file=file,
        item_key=said["item"],
        old_base_price=said["old_base_price"],
        base_price=said["base_price"],
        shelf_price=said["shelf_price"],
        applied_at=_micros(said["applied_at"]),
        seq=entry["seq"],
        event_id=entry["event_id"],
        hash=entry["hash"],
        checkpoint=checkpoint["number"],
        sealed_at=_micros(checkpoint["sealed_at"]),
        key_id=checkpoint["key_id"],
        decision_id=None if decision is None else UUID(decision),
    )


def _receipt(store_id: str, item_key: str, event_id: str) -> str:
    return f"/stores/{store_id}/items/{quote(item_key)}/receipts/{quote(event_id, safe='')}"


def _seal(said: Mapping[str, Any]) -> Seal:
    return Seal(
        number=said["number"],
        sealed_at=datetime.fromisoformat(said["sealed_at"]),
        stores=said["stores"],
        entries=said["entries"],
        digest=said["digest"],
        key_id=said["key_id"],
    )


def _body(wish: UndoWish) -> dict[str, Any]:
    named: dict[str, dict[str, Any]] = {
        "as_of": {"at": None if wish.at is None else wish.at.isoformat()},
        "run": {"run_id": None if wish.run_id is None else str(wish.run_id)},
        "policy": {"policy_version": wish.policy_version},
    }
    return {"scope": wish.scope} | named[wish.scope]


def _item(said: Mapping[str, Any]) -> UndoItem:
    return UndoItem(
        item_key=said["item"],
        name=said["name"],
        restores=said["outcome"] == "restore",
        from_price=said["from_shelf_price"],
        to_price=said["to_shelf_price"],
        reason_ar=said["reason_ar"],
        reason_en=said["reason_en"],
    )


def _undone(said: Mapping[str, Any]) -> Undone:
    return Undone(UUID(said["undo_id"]), tuple(_decision(one) for one in said["decisions"]))


def _decision(said: Mapping[str, Any]) -> UndoDecision:
    return UndoDecision(
        decision_id=UUID(said["decision_id"]),
        item_key=said["item"],
        state=said["state"],
        shelf_price=(said["document"] or {}).get("shelf_price"),
        settled_at=_instant(said["settled_at"]),
        reason=said["reason"],
    )


def _instant(said: str | None) -> datetime | None:
    return None if said is None else datetime.fromisoformat(said)


def _micros(said: int) -> datetime:
    return _EPOCH + timedelta(microseconds=said)
