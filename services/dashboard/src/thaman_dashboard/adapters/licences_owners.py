"""Onboarding's discount licences and API keys over HTTP."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from thaman_contracts.events.licences import DiscountLicence
from thaman_dashboard.adapters.owners_http import OwnersHttp
from thaman_dashboard.owner_ports import OwnerRefused
from thaman_dashboard.policies_ports import KeyShown, LicenceShown, NewKeyShown

PAGE = 100


class HttpLicenceOwners:
    """Implements :class:`thaman_dashboard.policies_ports.LicenceOwners`. Use it from threads."""

    def __init__(self, http: OwnersHttp) -> None:
        """``http`` asks."""
        self._http = http

    def licences(self, store_id: str) -> tuple[LicenceShown, ...]:
        """See :class:`~thaman_dashboard.policies_ports.LicenceOwners`."""
        told = self._http.ask("onboarding", "GET", f"/stores/{store_id}/licences").json()
        return tuple(_licence(one) for one in told["items"])

    def record(self, store_id: str, licence: DiscountLicence) -> None:
        """See :class:`~thaman_dashboard.policies_ports.LicenceOwners`."""
        self._http.ask("onboarding", "POST", f"/stores/{store_id}/licences", json=licence.model_dump(mode="json"))

    def correct(self, store_id: str, licence_id: UUID, licence: DiscountLicence, reason: str) -> None:
        """See :class:`~thaman_dashboard.policies_ports.LicenceOwners`."""
        body = {"licence": licence.model_dump(mode="json"), "reason": reason}
        self._http.ask("onboarding", "PUT", f"/stores/{store_id}/licences/{licence_id}", json=body)

    def revoke(self, store_id: str, licence_id: UUID, reason: str, revoked_from: date | None) -> None:
        """See :class:`~thaman_dashboard.policies_ports.LicenceOwners`."""
        body = {"reason": reason} | ({} if revoked_from is None else {"revoked_from": revoked_from.isoformat()})
        self._http.ask("onboarding", "POST", f"/stores/{store_id}/licences/{licence_id}/revoke", json=body)


class HttpKeyOwners:
    """Implements :class:`thaman_dashboard.policies_ports.KeyOwners`. Use it from threads."""

    def __init__(self, http: OwnersHttp) -> None:
        """``http`` asks."""
        self._http = http

    def keys(self, store_id: str) -> tuple[KeyShown, ...]:
        """See :class:`~thaman_dashboard.policies_ports.KeyOwners`."""
        found: list[KeyShown] = []
        after: str | None = ""
        while after is not None:
            params = {"store_id": store_id, "limit": PAGE, "after": after}
            page = self._http.ask("onboarding", "GET", "/keys", params=params).json()
            # Whatever the list says, an operator's key is no store's.
            found += [_key(one) for one in page["items"] if (one["scope"], one["store_id"]) == ("store", store_id)]
            after = page["next"]
        return tuple(sorted(found, key=lambda one: (one.created_at, one.key_id), reverse=True))

    def make(self, store_id: str, label: str, expires_at: datetime | None) -> NewKeyShown:
        """See :class:`~thaman_dashboard.policies_ports.KeyOwners`."""
        ends = None if expires_at is None else expires_at.isoformat()
        body = {"scope": "store", "store_id": store_id, "label": label, "expires_at": ends}
        told = self._http.ask("onboarding", "POST", "/keys", json=body).json()
        return NewKeyShown(told["key_id"], told["key"], told["label"], _instant(told["expires_at"]))

    def revoke_key(self, store_id: str, key_id: str) -> None:
        """See :class:`~thaman_dashboard.policies_ports.KeyOwners`."""
        if not any(one.key_id == key_id for one in self.keys(store_id)):
            raise OwnerRefused("not_found", "the store has no such key")
        self._http.ask("onboarding", "DELETE", f"/keys/{key_id}")


def _licence(told: Mapping[str, Any]) -> LicenceShown:
    revoked = told["revoked_from"]
    return LicenceShown(
        licence_id=UUID(told["licence_id"]),
        licence=DiscountLicence.model_validate({name: told[name] for name in DiscountLicence.model_fields}),
        recorded_at=datetime.fromisoformat(told["recorded_at"]),
        changed_at=datetime.fromisoformat(told["changed_at"]),
        revoked_from=None if revoked is None else date.fromisoformat(revoked),
        reason=told["reason"],
    )


def _key(told: Mapping[str, Any]) -> KeyShown:
    return KeyShown(
        key_id=told["key_id"],
        label=told["label"],
        created_at=datetime.fromisoformat(told["created_at"]),
        expires_at=_instant(told["expires_at"]),
        revoked_at=_instant(told["revoked_at"]),
    )


def _instant(told: str | None) -> datetime | None:
    return None if told is None else datetime.fromisoformat(told)
