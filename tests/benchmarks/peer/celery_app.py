"""The Celery application, tuned for many short tasks: acknowledged late, no results, no events, no gossip."""

from collections.abc import Callable

from celery import Celery, Task

from tests.benchmarks.peer.settings import Settings

app = Celery("peer", broker=Settings.load().broker_url, include=["tests.benchmarks.peer.tasks"])
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=8,
    worker_send_task_events=False,
    task_send_sent_event=False,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"visibility_timeout": 3_600},
    task_serializer="json",
    accept_content=["json"],
    task_default_queue="peer",
)


def task(**options: object) -> Callable[[Callable[..., None]], Task]:
    """The decorator that makes a task of a function."""
    decorate: Callable[[Callable[..., None]], Task] = app.task(**options)
    return decorate
