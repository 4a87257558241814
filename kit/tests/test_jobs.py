"""Durable jobs on a real PostgreSQL."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from thaman_kit.application import EventSourcedApplication
from thaman_kit.database import Database, load_queries
from thaman_kit.errors import MissingQuery
from thaman_kit.jobs import GiveUp, Job, JobQueue, JobRunner, RetryLater, RetryPolicy
from thaman_kit.testing import database_url, migrated, postgres_server  # noqa: F401


@pytest.fixture
def application(database_url: str) -> Iterator[EventSourcedApplication]:  # noqa: F811
    urls = migrated(database_url, ["onboarding"])
    app = EventSourcedApplication.connect("onboarding", urls["onboarding"])
    yield app
    app.close()


@pytest.fixture
def jobs(application: EventSourcedApplication) -> JobQueue:
    return JobQueue(application.database)


def enqueue(application: EventSourcedApplication, *keys: str, store_id: str | None = None, **more: object) -> None:
    unit = application.unit_of_work()
    for key in keys:
        unit.enqueue("work", key, store_id or key, {"key": key}, **more)  # type: ignore[arg-type]
    unit.commit()


def state_of(database: Database, key: str) -> dict[str, object]:
    row = database.fetch_one("SELECT state, attempts, last_error FROM jobs WHERE key = %s", (key,))
    assert row is not None
    return row


async def run_until(
    application: EventSourcedApplication,
    handler: Callable[[Job], Awaitable[None]],
    condition: Callable[[], bool],
    **settings: object,
) -> None:
    stop = asyncio.Event()
    runner = JobRunner(application, "work", handler, poll_seconds=0.02, **settings)  # type: ignore[arg-type]
    task = asyncio.create_task(runner.run(stop))
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - the condition is in the database
            await asyncio.sleep(0.01)
    stop.set()
    await task


def test_a_key_is_enqueued_once(application: EventSourcedApplication, jobs: JobQueue) -> None:
    enqueue(application, "a", "a")
    enqueue(application, "a")
    (job,) = jobs.claim("work", 9, 60)
    assert job.payload == {"key": "a"}
    assert jobs.complete(job)
    enqueue(application, "a")
    assert jobs.claim("work", 9, 60) == []


def test_one_store_one_job_in_order(application: EventSourcedApplication, jobs: JobQueue) -> None:
    enqueue(application, "first", "second", store_id="7")
    enqueue(application, "urgent", store_id="7", priority=-1)
    enqueue(application, "other", store_id="8")
    assert {job.key for job in jobs.claim("work", 9, 60)} == {"urgent", "other"}
    assert jobs.claim("work", 9, 60) == []


def test_later_jobs_wait(application: EventSourcedApplication, jobs: JobQueue) -> None:
    enqueue(application, "later", run_at=datetime.now(UTC) + timedelta(hours=1))
    assert jobs.claim("work", 9, 60) == []
    seconds = jobs.seconds_to_next("work")
    assert seconds is not None and 3_500 < seconds <= 3_600
    assert jobs.seconds_to_next("another") is None


def test_racing_claimers_never_share_a_store(application: EventSourcedApplication, jobs: JobQueue) -> None:
    for store in range(30):
        enqueue(application, *(f"{store}-{n}" for n in range(3)), store_id=str(store))
    with ThreadPoolExecutor(8) as pool:
        claims = pool.map(lambda _: jobs.claim("work", 10, 60), range(16))
        claimed = [job for batch in claims for job in batch]
    assert len({job.store_id for job in claimed}) == len(claimed)
    assert len({job.id for job in claimed}) == len(claimed)


def test_a_dead_workers_job_runs_again(application: EventSourcedApplication, jobs: JobQueue) -> None:
    enqueue(application, "a")
    (lost,) = jobs.claim("work", 1, 0.0)
    (again,) = jobs.claim("work", 1, 60)
    assert (again.id, again.attempts) == (lost.id, 2)
    assert not jobs.complete(lost)
    assert jobs.extend([lost.lease, again.lease], 60) == {again.lease}


async def test_a_runner_completes_jobs(application: EventSourcedApplication) -> None:
    keys = [str(number) for number in range(20)]
    enqueue(application, *keys)
    seen: list[str] = []

    async def handler(job: Job) -> None:
        seen.append(job.key)

    await run_until(application, handler, lambda: not JobQueue(application.database).counts())
    assert sorted(seen, key=int) == keys


async def test_failures_are_retried_then_given_up(application: EventSourcedApplication) -> None:
    enqueue(application, "bad", "good")
    attempts: list[int] = []

    async def handler(job: Job) -> None:
        if job.key == "bad":
            attempts.append(job.attempts)
            raise ValueError("broken input")

    await run_until(
        application,
        handler,
        lambda: state_of(application.database, "bad")["state"] == "dead",
        retry=RetryPolicy(attempts=3, base_seconds=0.01),
    )
    assert attempts == [1, 2, 3]
    assert state_of(application.database, "good")["state"] == "done"
    jobs = JobQueue(application.database)
    (dead,) = jobs.dead()
    assert dead["last_error"] == "ValueError: broken input"
    assert jobs.revive(dead["id"]) and not jobs.revive(dead["id"])
    assert state_of(application.database, "bad")["attempts"] == 0


async def test_waiting_for_a_limit_costs_no_attempt(application: EventSourcedApplication) -> None:
    enqueue(application, "a")
    calls: list[int] = []

    async def handler(job: Job) -> None:
        calls.append(job.attempts)
        if len(calls) < 4:
            raise RetryLater(0.0, "rate limit")

    await run_until(
        application,
        handler,
        lambda: state_of(application.database, "a")["state"] == "done",
        retry=RetryPolicy(attempts=1),
    )
    assert calls == [1, 1, 1, 1]


async def test_giving_up_keeps_the_reason(application: EventSourcedApplication) -> None:
    enqueue(application, "a")

    async def handler(_: Job) -> None:
        raise GiveUp("the store is gone")

    await run_until(application, handler, lambda: state_of(application.database, "a")["state"] == "dead")
    (dead,) = JobQueue(application.database).dead()
    assert dead["last_error"] == "the store is gone"
    assert JobQueue(application.database).discard(dead["id"], "known")
    assert state_of(application.database, "a")["last_error"] == "the store is gone | dropped: known"


async def test_long_jobs_keep_their_lease(application: EventSourcedApplication) -> None:
    enqueue(application, "long")
    runs: list[int] = []
    finish = asyncio.Event()

    async def handler(job: Job) -> None:
        runs.append(job.attempts)
        await finish.wait()

    def outlived_two_leases() -> bool:
        row = application.database.fetch_one("SELECT leased_until - updated_at > interval '0.9 s' AS yes FROM jobs")
        if row and row["yes"]:
            finish.set()
        return state_of(application.database, "long")["state"] == "done"

    await run_until(application, handler, outlived_two_leases, lease_seconds=0.3, concurrency=2)
    assert runs == [1]


def test_query_files_must_name_their_queries(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("queries") / "nameless_queries"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "queries.sql").write_text("SELECT 1\n-- name: one\nSELECT 2")
    monkeypatch.syspath_prepend(str(folder.parent))
    with pytest.raises(MissingQuery, match="nameless_queries"):
        load_queries("nameless_queries")
