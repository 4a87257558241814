"""A store's pricing policies, from draft to retirement: which one decides, and which one is on trial."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from thaman_contracts.envelope import encode
from thaman_contracts.events.policies import PolicyStage, PricePolicy
from thaman_contracts.ids import derived_id
from thaman_contracts.money import BP_ONE
from thaman_kit.domain import Aggregate, DomainEvent
from thaman_optimizer.domain.events import PolicyDrafted, PolicyStaged
from thaman_optimizer.errors import (
    IdempotencyKeyReused,
    PolicyBookFull,
    PolicyRefused,
    PolicyShareWrong,
    PolicyStageRefused,
    PolicyUnknown,
)

MOST_POLICIES = 500
"""A store's policies are read back whole for every change; one new policy each working day fills two years."""

MOST_BYTES = 200_000
"""Of a policy as canonical JSON: it travels in one message, and is recorded with every run it decides in."""

ON_TRIAL = frozenset((PolicyStage.SHADOW, PolicyStage.CANARY))
"""Stages in which a policy is tried beside the live one."""

PLACES = (frozenset((PolicyStage.LIVE,)), ON_TRIAL)
"""Stages that a store has at most one policy in."""

MOVES: Mapping[PolicyStage, frozenset[PolicyStage]] = {
    PolicyStage.DRAFT: frozenset(PolicyStage) - {PolicyStage.DRAFT},
    PolicyStage.SHADOW: frozenset(PolicyStage) - {PolicyStage.SHADOW},
    # A canary may change its share.
    PolicyStage.CANARY: frozenset(PolicyStage) - {PolicyStage.SHADOW},
    PolicyStage.LIVE: frozenset((PolicyStage.RETIRED,)),
    PolicyStage.RETIRED: frozenset(),
}
"""Where a policy may go from each stage: forwards over any number of steps, from trial back to draft, never out of
retirement."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a policy is let; ``share_bp`` is a canary's share of products in basis points."""

    stage: PolicyStage
    share_bp: int | None = None


class PolicyBook(Aggregate):
    """All policies of one store; version ``n`` is the ``n``-th that was drafted."""

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.store_id = ""
        self.standings: list[Standing] = []
        # What each request drafted: the version, and the policy's hash, since many large ones would fill the memory.
        self._asked: dict[UUID, tuple[int, int]] = {}

    @staticmethod
    def id_of(store_id: str) -> UUID:
        """The id of a store's book."""
        return derived_id("policies", store_id)

    @classmethod
    def of(cls, store_id: str) -> Self:
        """The still empty book of a store."""
        book = cls(cls.id_of(store_id))
        book.store_id = store_id
        return book

    def draft(self, policy: PricePolicy, by: str, now: datetime, request_id: UUID | None = None) -> int:
        """Write down a new policy, which decides nothing yet; returns its version.

        The same ``request_id`` is the same request for ever: its version is given again.

        Raises:
            IdempotencyKeyReused: another policy was drafted under ``request_id``.
            PolicyBookFull: there are :data:`MOST_POLICIES` already.
            PolicyRefused: it is too large, or has text that cannot be stored.
        """
        if request_id in self._asked:
            version, drafted = self._asked[request_id]
            if drafted != hash(policy):
                raise IdempotencyKeyReused(
                    f"this Idempotency-Key drafted policy {version}, which is another one than this; "
                    "send a new key with a new policy"
                )
            return version
        if len(self.standings) >= MOST_POLICIES:
            raise PolicyBookFull(
                f"the store has {MOST_POLICIES} policies, which is the most it can have; stage one of them instead"
            )
        _require_storable(policy)
        version = len(self.standings) + 1
        self.trigger(
            PolicyDrafted,
            store_id=self.store_id,
            occurred_at=now,
            policy_version=version,
            policy=policy,
            drafted_by=by,
            request_id=request_id,
        )
        return version

    def stage(self, version: int, stage: PolicyStage, share_bp: int | None, by: str, now: datetime) -> None:
        """Let a policy further, or take it back. Where it is already, nothing happens.

        What stands in its place makes room in the same save: a live policy is retired for another, one on trial goes
        back to draft.

        Raises:
            PolicyUnknown: there is no such version.
            PolicyShareWrong: a canary without a share from 1 to 9999 bp, or a share where it has no meaning.
            PolicyStageRefused: no way leads there from where the policy is.
        """
        if not 1 <= version <= len(self.standings):
            raise PolicyUnknown(f"store {self.store_id} has no policy {version}")
        _require_share(stage, share_bp)
        present, wanted = self.standings[version - 1], Standing(stage, share_bp)
        if wanted == present:
            return
        if stage not in MOVES[present.stage]:
            raise PolicyStageRefused(_why_refused(version, present.stage, stage))
        for other in self._in_the_way(version, stage):
            leaves = PolicyStage.RETIRED if stage is PolicyStage.LIVE else PolicyStage.DRAFT
            self._move(other, Standing(leaves), by, now)
        self._move(version, wanted, by, now)

    def when(self, event: DomainEvent) -> None:
        """Fold one event."""
        self.store_id = event.store_id
        match event:
            case PolicyDrafted():
                self.standings.append(Standing(PolicyStage.DRAFT))
                if event.request_id is not None:
                    self._asked[event.request_id] = event.policy_version, hash(event.policy)
            case PolicyStaged():
                self.standings[event.policy_version - 1] = Standing(event.stage, event.share_bp)
            case _:
                super().when(event)

    def _in_the_way(self, version: int, stage: PolicyStage) -> list[int]:
        """The other policies that stand where only one may."""
        place = next((stages for stages in PLACES if stage in stages), frozenset())
        taken = [number for number, standing in enumerate(self.standings, 1) if standing.stage in place]
        return [number for number in taken if number != version]

    def _move(self, version: int, standing: Standing, by: str, now: datetime) -> None:
        self.trigger(
            PolicyStaged,
            store_id=self.store_id,
            occurred_at=now,
            policy_version=version,
            stage=standing.stage,
            share_bp=standing.share_bp,
            staged_by=by,
        )


def _require_storable(policy: PricePolicy) -> None:
    document = policy.model_dump(mode="json")
    size = len(encode(document))
    if size > MOST_BYTES:
        raise PolicyRefused(
            f"the policy has {size} bytes as JSON, and at most {MOST_BYTES} can be kept with every run; "
            "name brands or categories instead of single products"
        )
    if any("\x00" in text for text in _texts(document)):
        raise PolicyRefused("a text of the policy has the character U+0000, which cannot be stored; take it out")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)


def _require_share(stage: PolicyStage, share_bp: int | None) -> None:
    if stage is not PolicyStage.CANARY and share_bp is not None:
        raise PolicyShareWrong(f"only a canary decides for a share of products; leave share_bp out for {stage.value}")
    if stage is PolicyStage.CANARY and not (share_bp is not None and 0 < share_bp < BP_ONE):
        raise PolicyShareWrong(
            f"a canary decides for a share of products; send share_bp from 1 to {BP_ONE - 1} (100 = 1 %), "
            "or stage the policy live to decide for all"
        )


def _why_refused(version: int, present: PolicyStage, wanted: PolicyStage) -> str:
    if present is PolicyStage.RETIRED:
        return f"policy {version} is retired, and that is final; draft it again as a new policy and stage that one"
    if present is PolicyStage.LIVE:
        return (
            f"policy {version} is live, and a live policy can only be retired; "
            "stage another one live in its place, or retire it"
        )
    return f"policy {version} is in {present.value} and cannot go back to {wanted.value}; take it back to draft first"
