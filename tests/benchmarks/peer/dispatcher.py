"""Sends the tasks that the outbox holds. A process of its own, as a crash between commit and broker must lose nothing.

A task is marked as sent after the broker has it; a crash in between sends it twice, which every task endures.
"""

import signal
import time
from types import FrameType

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from tests.benchmarks.peer.celery_app import app
from tests.benchmarks.peer.models import OutboxEvent
from tests.benchmarks.peer.resources import sessions

AT_ONCE = 500
PAUSE_SECONDS = 0.02


def dispatch(session: Session) -> int:
    """Send what is due; how many tasks that were."""
    due = (
        select(OutboxEvent.event_id, OutboxEvent.task, OutboxEvent.arguments)
        .where(
            OutboxEvent.task.is_not(None),
            OutboxEvent.sent_at.is_(None),
            or_(OutboxEvent.due_at.is_(None), OutboxEvent.due_at <= func.now()),
        )
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    rows = session.execute(due).all()
    if rows:
        with app.producer_pool.acquire(block=True) as producer:
            for _, task, arguments in rows:
                app.send_task(task, arguments, producer=producer)
        ids = [event_id for event_id, _, _ in rows]
        session.execute(update(OutboxEvent).where(OutboxEvent.event_id.in_(ids)).values(sent_at=func.now()))
    session.commit()
    return len(rows)


def main() -> None:
    """Dispatch until told to stop."""
    is_over = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal is_over
        is_over = True

    signal.signal(signal.SIGTERM, stop)
    with sessions()() as session:
        while not is_over:
            if not dispatch(session):
                time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    main()
