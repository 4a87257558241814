"""The owners' APIs over HTTP, with the dashboard's own key."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx

from thaman_contracts.events.settings import ItemRule
from thaman_dashboard.owner_ports import Answered, OwnerAway, OwnerError, OwnerRefused, OwnerUnsure, Plan
from thaman_kit.logging import get_logger

TIMEOUT = httpx.Timeout(20.0, connect=3.0)
PLAN_TIMEOUT = 2.0
"""The plan adorns a page; nobody waits long for it."""

RULES_PAGE = 100
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
log = get_logger(__name__)


class HttpOwners:
    """Implements :class:`thaman_dashboard.owner_ports.Owners`. Use it from threads; :meth:`close` it at the end."""

    def __init__(self, key: str, *, onboarding: str, optimizer: str, scheduler: str) -> None:
        """``key`` is an operator's; the others are addresses."""
        headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
        self._onboarding, self._optimizer, self._scheduler = onboarding, optimizer, scheduler
        self._http = httpx.Client(headers=headers, timeout=TIMEOUT)

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def approve(self, store_id: str, shown: Mapping[UUID, str]) -> list[Answered]:
        """See :class:`~thaman_dashboard.owner_ports.Owners`."""
        digests = {str(proposal_id): digest for proposal_id, digest in shown.items()}
        body = {"ids": list(digests), "shown_digests": digests}
        return _answered(self._ask("POST", f"{self._optimizer}/stores/{store_id}/proposals/approve", json=body))

    def reject(self, store_id: str, ids: Sequence[UUID], reason: str | None) -> list[Answered]:
        """See :class:`~thaman_dashboard.owner_ports.Owners`."""
        body = {"ids": [str(one) for one in ids], "reason": reason}
        return _answered(self._ask("POST", f"{self._optimizer}/stores/{store_id}/proposals/reject", json=body))

    def pause(self, store_id: str, reason: str | None) -> None:
        """See :class:`~thaman_dashboard.owner_ports.Owners`."""
        body = {"reason": reason} if reason else {}
        self._ask("POST", f"{self._onboarding}/stores/{store_id}/pause", json=body)

    def resume(self, store_id: str) -> None:
        """See :class:`~thaman_dashboard.owner_ports.Owners`."""
        self._ask("POST", f"{self._onboarding}/stores/{store_id}/resume")

    def run_now(self, store_id: str, key: str) -> UUID:
        """See :class:`~thaman_dashboard.owner_ports.Owners`."""
        answer = self._ask("POST", f"{self._optimizer}/stores/{store_id}/runs", headers={"Idempotency-Key": key})
        return UUID(answer.json()["run_id"])

    def change_settings(self, store_id: str, changes: Mapping[str, Any], version: int) -> int:
        """See :class:`~thaman_dashboard.owner_ports.Owners`."""
        address = f"{self._onboarding}/stores/{store_id}/settings"
        answer = self._ask("PATCH", address, json=dict(changes), headers={"If-Match": f'"{version}"'})
        return int(answer.json()["settings_version"])

    def rule(self, store_id: str, item_key: str) -> ItemRule | None:
        """See :class:`~thaman_dashboard.owner_ports.Owners`."""
        # The list begins after a key, and every key comes after its own beginning.
        after: str | None = item_key[:-1]
        while after is not None:
            params = {"limit": RULES_PAGE, "after": after}
            page = self._ask("GET", f"{self._onboarding}/stores/{store_id}/item-rules", params=params).json()
            rules = [ItemRule.model_validate(one) for one in page["items"]]
            found = next((rule for rule in rules if rule.key == item_key), None)
            if found is not None:
                return found
            after = page["next"]
        return None

    def set_rule(self, store_id: str, rule: ItemRule) -> None:
        """See :class:`~thaman_dashboard.owner_ports.Owners`."""
        body = {"rules": [rule.model_dump(mode="json")]}
        self._ask("PUT", f"{self._onboarding}/stores/{store_id}/item-rules", json=body)

    def plan(self, store_id: str) -> Plan | None:
        """See :class:`~thaman_dashboard.owner_ports.Owners`."""
        try:
            schedule = self._ask("GET", f"{self._scheduler}/stores/{store_id}/schedule", timeout=PLAN_TIMEOUT).json()
        except OwnerError as error:
            log.info("plan_unknown", reason=str(error))
            return None
        due = next((datetime.fromisoformat(one["slot"]) for one in schedule["upcoming"]), None)
        return Plan(due, tuple(schedule["reasons"]))

    def _ask(self, method: str, address: str, **given: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, address, **given)
        except _UNSENT as error:
            raise OwnerAway(f"{method} {httpx.URL(address).path}: {type(error).__name__}") from error
        except httpx.TransportError as error:
            raise OwnerUnsure(f"{method} {httpx.URL(address).path}: {type(error).__name__}") from error
        if answer.is_success:
            return answer
        raise _refusal(answer)


def _refusal(answer: httpx.Response) -> OwnerError:
    try:
        problem = answer.json()
        code, detail = str(problem["code"]), str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        code, detail = "unreadable", f"status {answer.status_code} without a problem's document"
    if answer.status_code == 503 and code == "temporarily_unavailable":
        return OwnerAway(detail)
    if answer.status_code >= 500:
        return OwnerUnsure(f"{code}: {detail}")
    if answer.status_code in (401, 403):
        log.error("owners_key_refused", code=code)
        return OwnerAway("the owner does not accept the dashboard's key (THAMAN_DASHBOARD_API_KEY)")
    return OwnerRefused(code, detail)


def _answered(answer: httpx.Response) -> list[Answered]:
    return [Answered(UUID(one["proposal_id"]), one["outcome"], one.get("code")) for one in answer.json()["items"]]
