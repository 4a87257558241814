"""The owners' APIs, as the pages use them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx

from thaman_contracts.events.settings import ItemRule
from thaman_dashboard.adapters.owners_http import OwnersHttp
from thaman_dashboard.owner_ports import Answered, OwnerError, Plan
from thaman_kit.logging import get_logger

PLAN_TIMEOUT = 2.0
"""The plan adorns a page; nobody waits long for it."""

RULES_PAGE = 100
log = get_logger(__name__)


class HttpOwners:
    """Implements :class:`thaman_dashboard.owner_ports.Owners`. Use it from threads."""

    def __init__(self, http: OwnersHttp) -> None:
        """``http`` asks them."""
        self._http = http

    def approve(self, store_id: str, shown: Mapping[UUID, str]) -> list[Answered]:
        """See :class:`~thaman_dashboard.owner_ports.Owners`."""
        digests = {str(proposal_id): digest for proposal_id, digest in shown.items()}
        body = {"ids": list(digests), "shown_digests": digests}
        return _answered(self._http.ask("optimizer", "POST", f"/stores/{store_id}/proposals/approve", json=body))

    def reject(self, store_id: str, ids: Sequence[UUID], reason: str | None) -> list[Answered]:
        """See :class:`~thaman_dashboard.owner_ports.Owners`."""
        body = {"ids": [str(one) for one in ids], "reason": reason}
        return _answered(self._http.ask("optimizer", "POST", f"/stores/{store_id}/proposals/reject", json=body))

    def proposal_state(self, store_id: str, proposal_id: UUID) -> str:
        """See :class:`~thaman_dashboard.owner_ports.Owners`."""
        answer = self._http.ask("optimizer", "GET", f"/stores/{store_id}/proposals/{proposal_id}")
        return str(answer.json()["state"])

    def pause(self, store_id: str, reason: str | None) -> None:
        """See :class:`~thaman_dashboard.owner_ports.Owners`."""
        body = {"reason": reason} if reason else {}
        self._http.ask("onboarding", "POST", f"/stores/{store_id}/pause", json=body)

    def resume(self, store_id: str) -> None:
        """See :class:`~thaman_dashboard.owner_ports.Owners`."""
        self._http.ask("onboarding", "POST", f"/stores/{store_id}/resume")

    def run_now(self, store_id: str, key: str) -> UUID:
        """See :class:`~thaman_dashboard.owner_ports.Owners`."""
        answer = self._http.ask("optimizer", "POST", f"/stores/{store_id}/runs", headers={"Idempotency-Key": key})
        return UUID(answer.json()["run_id"])

    def change_settings(self, store_id: str, changes: Mapping[str, Any], version: int) -> int:
        """See :class:`~thaman_dashboard.owner_ports.Owners`."""
        address = f"/stores/{store_id}/settings"
        answer = self._http.ask(
            "onboarding", "PATCH", address, json=dict(changes), headers={"If-Match": f'"{version}"'}
        )
        return int(answer.json()["settings_version"])

    def rule(self, store_id: str, item_key: str) -> ItemRule | None:
        """See :class:`~thaman_dashboard.owner_ports.Owners`."""
        # The list begins after a key, and every key comes after its own beginning.
        after: str | None = item_key[:-1]
        while after is not None:
            params = {"limit": RULES_PAGE, "after": after}
            page = self._http.ask("onboarding", "GET", f"/stores/{store_id}/item-rules", params=params).json()
            rules = [ItemRule.model_validate(one) for one in page["items"]]
            found = next((rule for rule in rules if rule.key == item_key), None)
            if found is not None:
                return found
            after = page["next"]
        return None

    def set_rule(self, store_id: str, rule: ItemRule) -> None:
        """See :class:`~thaman_dashboard.owner_ports.Owners`."""
        body = {"rules": [rule.model_dump(mode="json")]}
        self._http.ask("onboarding", "PUT", f"/stores/{store_id}/item-rules", json=body)

    def plan(self, store_id: str) -> Plan | None:
        """See :class:`~thaman_dashboard.owner_ports.Owners`."""
        try:
            schedule = self._http.ask("scheduler", "GET", f"/stores/{store_id}/schedule", timeout=PLAN_TIMEOUT).json()
        except OwnerError as error:
            log.info("plan_unknown", reason=str(error))
            return None
        due = next((datetime.fromisoformat(one["slot"]) for one in schedule["upcoming"]), None)
        return Plan(due, tuple(schedule["reasons"]))


def _answered(answer: httpx.Response) -> list[Answered]:
    return [Answered(UUID(one["proposal_id"]), one["outcome"], one.get("code")) for one in answer.json()["items"]]
