"""What can go wrong in the scheduler.

::

    SchedulerError
    └── UnknownStore     an event or a request names a store that never came under the clock
"""


class SchedulerError(Exception):
    """The root of the scheduler's errors."""


class UnknownStore(SchedulerError):
    """No ``StoreAuthorized`` of this store was seen."""

    def __init__(self, store_id: str) -> None:
        super().__init__(f"store {store_id} has no schedule: its authorisation was not seen yet")
        self.store_id = store_id
