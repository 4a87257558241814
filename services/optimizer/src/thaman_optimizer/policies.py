"""What people ask about pricing policies: write one down, let it further, take it back."""

from thaman_contracts.events.policies import PolicyStage, PricePolicy
from thaman_contracts.ids import derived_id
from thaman_kit.application import EventSourcedApplication, UnitOfWork
from thaman_kit.clock import Clock
from thaman_optimizer.domain.policies import PolicyBook
from thaman_optimizer.errors import PolicyUnknown, StoreUnknown
from thaman_optimizer.ports import Facts, Keep


class Policies:
    """The commands about policies. Blocking; safe to call from many threads. What two people do at once is done one
    after the other."""

    def __init__(self, application: EventSourcedApplication, facts: Facts, keep: Keep, clock: Clock) -> None:
        self._application = application
        self._facts = facts
        self._keep = keep
        self._clock = clock

    def draft(self, store_id: str, policy: PricePolicy, by: str, idempotency_key: str | None = None) -> int:
        """Write down a new policy; returns its version. The same ``idempotency_key`` is the same request for ever.

        Raises:
            StoreUnknown, PolicyRefused, PolicyBookFull, IdempotencyKeyReused
        """
        self._require_store(store_id)
        asked = None if idempotency_key is None else derived_id("policy-request", store_id, idempotency_key)

        def work(unit: UnitOfWork) -> int:
            book = unit.find(PolicyBook, PolicyBook.id_of(store_id)) or PolicyBook.of(store_id)
            version = book.draft(policy, by, self._clock.now(), asked)
            self._keep(unit, [], [book])
            return version

        return self._application.execute(work)

    def stage(self, store_id: str, version: int, stage: PolicyStage, share_bp: int | None, by: str) -> None:
        """Let a policy further, or take it back; doing it again changes nothing.

        Raises:
            StoreUnknown, PolicyUnknown, PolicyShareWrong, PolicyStageRefused
        """
        self._require_store(store_id)

        def work(unit: UnitOfWork) -> None:
            book = unit.find(PolicyBook, PolicyBook.id_of(store_id))
            if book is None:
                raise PolicyUnknown(f"store {store_id} has no policies; draft one first")
            book.stage(version, stage, share_bp, by, self._clock.now())
            self._keep(unit, [], [book])

        self._application.execute(work)

    def _require_store(self, store_id: str) -> None:
        if self._facts.store(store_id, self._clock.now()) is None:
            raise StoreUnknown(f"store {store_id} is not connected here")
