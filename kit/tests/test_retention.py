"""The weekly retention archives ended jobs and leaves history alone."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from thaman_contracts.envelope import Envelope, encode
from thaman_contracts.events import scheduler
from thaman_kit.application import EventSourcedApplication
from thaman_kit.jobs import JobQueue
from thaman_kit.retention import retention_router
from thaman_kit.testing import database_url, migrated, postgres_server  # noqa: F401

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def test_ended_jobs_are_archived_and_the_rest_stays(database_url: str) -> None:  # noqa: F811
    urls = migrated(database_url, ["onboarding"])
    application = EventSourcedApplication.connect("onboarding", urls["onboarding"])
    unit = application.unit_of_work()
    for key in ("old", "young", "waiting", "dead"):
        unit.enqueue("work", key, key)
    unit.commit()
    jobs = JobQueue(application.database)
    by_key = {job.key: job for job in jobs.claim("work", 9, 60)}
    assert jobs.complete(by_key["old"]) and jobs.complete(by_key["young"])
    jobs.bury(by_key["dead"], "a reason")
    jobs.retry(by_key["waiting"], 3_600, "later")
    long_ago = NOW - timedelta(days=500)
    application.database.execute("UPDATE jobs SET updated_at = %s WHERE key <> 'young'", (long_ago,))

    event = scheduler.RetentionDue(store_id="system", occurred_at=NOW, slot=NOW, keep_before=NOW - timedelta(days=400))
    envelope = Envelope(f"{uuid4()}:1", "scheduler", event.event_type(), "system", NOW, 1, 0)
    for _ in range(2):
        unit = application.unit_of_work()
        retention_router.dispatch(envelope, encode(event.model_dump(mode="json")), unit)
        unit.commit()

    left = {row["key"]: row["state"] for row in application.database.fetch_all("SELECT key, state FROM jobs")}
    assert left == {"young": "done", "waiting": "waiting", "dead": "dead"}
    archived = application.database.fetch_all("SELECT key, state FROM jobs_archive")
    assert archived == [{"key": "old", "state": "done"}]
    application.close()
