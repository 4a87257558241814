"""What the pages ask of policies, licences and keys; :mod:`thaman_dashboard.adapters.policies_owners` asks over HTTP.

All may raise :class:`~thaman_dashboard.owner_ports.OwnerError`; what is another store's is refused as ``not_found``.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from thaman_contracts.events.licences import DiscountLicence
from thaman_contracts.events.policies import PolicyStage, PricePolicy


@dataclass(frozen=True, slots=True)
class PolicyHead:
    """A policy in a list, and how far it is let; ``share_bp`` is a canary's share of products."""

    version: int
    title: str
    stage: PolicyStage
    share_bp: int | None
    drafted_at: datetime
    staged_at: datetime | None


@dataclass(frozen=True, slots=True)
class PolicyShown:
    """A policy with all it says."""

    head: PolicyHead
    policy: PricePolicy


@dataclass(frozen=True, slots=True)
class Known:
    """A sum of expected weekly changes of profit in halalas, and of how many items it is known."""

    halalas: int | None
    items: int


@dataclass(frozen=True, slots=True)
class ShadowItem:
    """What a policy in shadow made of an item beside the live prices; ``None`` = held."""

    item: str
    name: str | None
    shelf_price: int
    live_price: int | None
    shadow_price: int | None
    disposition: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Shadow:
    """A shadow's totals, and as many of its items as a picture needs."""

    compared: int
    different: int
    write: int
    ask: int
    hold: int
    shadow_profit: Known
    live_profit: Known
    items: tuple[ShadowItem, ...]


@dataclass(frozen=True, slots=True)
class Totals:
    """What one side makes of the items; ``expected`` halalas a week are summed over ``known`` proposals."""

    items: int
    written: int
    asked: int
    held: int
    raised: int
    cut: int
    at_floor: int
    known: int
    expected: int


@dataclass(frozen=True, slots=True)
class Difference:
    """An item that both sides treat differently; shelf prices, ``None`` = held."""

    item: str
    shelf_price: int
    live_price: int | None
    policy_price: int | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class RetoldRun:
    """A recorded run under both; ``reproduced``: judging it again gave what it had said."""

    run_id: UUID
    at: datetime
    reproduced: bool
    different: int
    live: Totals
    policy: Totals


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A policy beside those that decide. ``differences`` come with the store as it stands, ``runs`` (newest first) with
    its history; ``runs_left_out`` older ones were too many to look at."""

    over: str
    live: Totals
    policy: Totals
    different: int
    differences: tuple[Difference, ...]
    runs: tuple[RetoldRun, ...]
    runs_left_out: int
    note_ar: str
    note_en: str


class PolicyOwners(Protocol):
    """The optimizer, as far as policies go."""

    def policies(self, store_id: str) -> tuple[PolicyHead, ...]:
        """A store's policies, newest first."""

    def policy(self, store_id: str, version: int) -> PolicyShown:
        """One with all it says."""

    def whole(self, store_id: str, head: PolicyHead) -> PolicyShown:
        """One of :meth:`policies` with all it says, which never changes under its version."""

    def draft(self, store_id: str, policy: PricePolicy, key: str) -> int:
        """Write down a new policy, once for one ``key``; gives its version."""

    def stage(self, store_id: str, version: int, stage: PolicyStage, share_bp: int | None) -> None:
        """Let a policy further, or take it back."""

    def shadow(self, store_id: str, version: int) -> Shadow:
        """What the policy made of items while in shadow."""

    def what_if(self, store_id: str, version: int, over: str, days: int) -> WhatIf:
        """What the policy would make of the store as it stands (``now``), or of its recorded runs (``history``)."""


@dataclass(frozen=True, slots=True)
class LicenceShown:
    """A discount licence as it stands."""

    licence_id: UUID
    licence: DiscountLicence
    recorded_at: datetime
    changed_at: datetime
    revoked_from: date | None
    reason: str | None


class LicenceOwners(Protocol):
    """Onboarding, as far as discount licences go."""

    def licences(self, store_id: str) -> tuple[LicenceShown, ...]:
        """All of a store, the latest first day first."""

    def record(self, store_id: str, licence: DiscountLicence) -> None:
        """Put one on record; the same again records nothing."""

    def correct(self, store_id: str, licence_id: UUID, licence: DiscountLicence, reason: str) -> None:
        """Say one anew, whole."""

    def revoke(self, store_id: str, licence_id: UUID, reason: str, revoked_from: date | None) -> None:
        """Let one not count from a day on, by default today."""


@dataclass(frozen=True, slots=True)
class KeyShown:
    """A store's API key without its secret."""

    key_id: str
    label: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewKeyShown:
    """A new key with its secret, which is shown this once."""

    key_id: str
    key: str
    label: str
    expires_at: datetime | None


class KeyOwners(Protocol):
    """Onboarding, as far as a store's own keys go. No other store's key and no operator's is ever made or touched."""

    def keys(self, store_id: str) -> tuple[KeyShown, ...]:
        """The store's keys, newest first."""

    def make(self, store_id: str, label: str, expires_at: datetime | None) -> NewKeyShown:
        """A new key of the store."""

    def revoke_key(self, store_id: str, key_id: str) -> None:
        """Let a key of the store work no more."""
