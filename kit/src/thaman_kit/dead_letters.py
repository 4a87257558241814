"""Dead letters: what a consumer put aside, and how an operator handles it again or gives it up."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from thaman_contracts.envelope import Envelope, from_headers
from thaman_kit.application import EventSourcedApplication, UnitOfWork
from thaman_kit.errors import Conflict, DeadLetterError, EffectRefused
from thaman_kit.inbox import queries
from thaman_kit.routing import Router

OPEN = ("parked", "waiting")
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One message that was put aside; ``upstream`` is ``relay:<service>`` where the relay could not publish it."""

    id: int
    upstream: str
    position: int
    store_id: str
    event_id: str | None
    event_type: str | None
    subject: str
    headers: dict[str, str]
    body: bytes
    state: str
    reason: str
    attempts: int
    created_at: datetime

    @property
    def is_foreign(self) -> bool:
        """Whether no relay of ours wrote it, so that it can only be dropped."""
        return self.position < 0

    @property
    def is_unpublished(self) -> bool:
        """Whether it is an event that the relay could not publish."""
        return self.upstream.startswith("relay:")

    def envelope(self) -> Envelope:
        """The message's context."""
        return from_headers(self.headers)


def list_letters(
    app: EventSourcedApplication,
    *,
    store_id: str | None = None,
    upstream: str | None = None,
    states: tuple[str, ...] | None = OPEN,
    limit: int = 1000,
) -> list[DeadLetter]:
    """The letters of one service, in the order in which they would be handled again."""
    params = {"store_id": store_id, "upstream": upstream, "states": list(states) if states else None, "limit": limit}
    return [_letter(row) for row in app.database.fetch_all(queries(app.name)["list_letters"], params)]


def retry(app: EventSourcedApplication, router: Router, *, upstream: str, store_id: str) -> int:
    """Handle again everything one store has waiting on one upstream, in order, all of it or nothing.

    Success lifts the parking, so that the store's next messages are handled at once. Returns the number handled.

    Raises:
        DeadLetterError: nothing waits there, or a letter failed again; then nothing was stored and its reason is new.
    """
    for _ in range(_ATTEMPTS):
        try:
            return _retry_once(app, router, upstream, store_id)
        except (Conflict, EffectRefused):
            # A message joined, or another writer was faster: look again.
            continue
    raise DeadLetterError(f"store {store_id} is too busy on {upstream}; try again")


def drop(app: EventSourcedApplication, letter_id: int, reason: str) -> DeadLetter:
    """Give one letter up; the row stays with the reason. The store's other letters can then be retried.

    Raises:
        DeadLetterError: there is no such letter, it is settled already, or no reason was given.
    """
    if not reason.strip():
        raise DeadLetterError("say why the letter is dropped; it will never be handled")
    sql = queries(app.name)
    row = app.database.fetch_one(sql["letter"], {"id": letter_id})
    if row is None:
        raise DeadLetterError(f"there is no dead letter {letter_id}")
    place = {"upstream": row["upstream"], "store_id": row["store_id"]}
    with app.database.transaction() as cursor:
        cursor.execute(sql["lock_parking"].encode(), place)
        dropped = cursor.execute(sql["drop_letter"].encode(), {"id": letter_id, "reason": reason}).fetchall()
        if not dropped:
            raise DeadLetterError(f"dead letter {letter_id} is {row['state']} already")
        cursor.execute(sql["lift_empty_parking"].encode(), place)
    return _letter(row)


def _retry_once(app: EventSourcedApplication, router: Router, upstream: str, store_id: str) -> int:
    sql = queries(app.name)
    place = {"upstream": upstream, "store_id": store_id}
    parking = app.database.fetch_one(sql["parking"], place)
    letters = [_letter(row) for row in app.database.fetch_all(sql["open_letters"], place)]
    if parking is None or not letters:
        raise DeadLetterError(f"nothing that can be retried waits for store {store_id} on {upstream}")
    unit = app.unit_of_work()
    unit.execute(sql["lift_parking"], place | {"waiting": parking["waiting"]}, must_touch=1)
    for letter in letters:
        _handle_again(app, router, letter, unit)
    unit.execute(sql["settle_letters"], {"ids": [letter.id for letter in letters]})
    unit.commit()
    return len(letters)


def _handle_again(app: EventSourcedApplication, router: Router, letter: DeadLetter, unit: UnitOfWork) -> None:
    try:
        router.dispatch(letter.envelope(), letter.body, unit)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        app.database.execute(queries(app.name)["note_failed_retry"], {"id": letter.id, "reason": reason})
        raise DeadLetterError(
            f"letter {letter.id} ({letter.event_type}) failed again: {reason}. Nothing of the store was handled;"
            " mend the cause, or drop the letter with a reason, then retry."
        ) from error


def _letter(row: dict[str, Any]) -> DeadLetter:
    fields = {name: row[name] for name in DeadLetter.__slots__}
    return DeadLetter(**fields | {"body": bytes(row["body"])})
