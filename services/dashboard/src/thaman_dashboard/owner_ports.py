"""What the pages ask of the services that own things; :mod:`thaman_dashboard.adapters.owners` asks over HTTP.

Every command may raise :class:`OwnerRefused`, :class:`OwnerAway` or :class:`OwnerUnsure`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from thaman_contracts.events.settings import ItemRule


class OwnerError(Exception):
    """An owner did not do what it was asked, or nobody knows whether it did."""


class OwnerRefused(OwnerError):
    """It said no; ``code`` is its problem's code. Nothing was done."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class OwnerAway(OwnerError):
    """It cannot be reached, or cannot work now. Nothing was done."""


class OwnerUnsure(OwnerError):
    """It was asked and no answer came, so it may have been done: uncertain, never failed."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of one proposal; ``code`` says why it was refused."""

    proposal_id: UUID
    outcome: Literal["approved", "rejected", "refused"]
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """When the store is priced next; ``reasons`` are codes of why it is not."""

    next_due: datetime | None
    reasons: tuple[str, ...] = ()


class Owners(Protocol):
    """The commands of onboarding and the optimizer, and the scheduler's plan."""

    def approve(self, store_id: str, shown: Mapping[UUID, str]) -> list[Answered]:
        """Let proposals through; ``shown`` gives the input digest that was on the screen for each. 100 at most."""

    def reject(self, store_id: str, ids: Sequence[UUID], reason: str | None) -> list[Answered]:
        """Refuse proposals, 100 at most."""

    def proposal_state(self, store_id: str, proposal_id: UUID) -> str:
        """How the owner has a proposal: pending, decided, rejected or expired."""

    def pause(self, store_id: str, reason: str | None) -> None:
        """Stop all writing of the store's prices."""

    def resume(self, store_id: str) -> None:
        """Allow writing again."""

    def run_now(self, store_id: str, key: str) -> UUID:
        """Ask for a run; the same ``key`` asks only once. Gives the run's id."""

    def change_settings(self, store_id: str, changes: Mapping[str, Any], version: int) -> int:
        """Change fields of the settings if ``version`` is in force; gives the version in force now."""

    def rule(self, store_id: str, item_key: str) -> ItemRule | None:
        """An item's limits as they are in force."""

    def set_rule(self, store_id: str, rule: ItemRule) -> None:
        """Replace an item's limits."""

    def plan(self, store_id: str) -> Plan | None:
        """When the store is priced next; ``None`` where the scheduler does not answer."""
