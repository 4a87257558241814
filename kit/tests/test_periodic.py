import asyncio

import psycopg
import pytest

from thaman_kit.periodic import Periodic


async def rounds(errors: list[Exception | None], **also: object) -> int:
    """Run until every entry was one round, in which it was raised if it is an error."""
    stop, done = asyncio.Event(), 0
    loop = asyncio.get_running_loop()

    def work() -> None:
        nonlocal done
        error = errors[done]
        done += 1
        if done == len(errors):
            loop.call_soon_threadsafe(stop.set)
        if error is not None:
            raise error

    await Periodic("sweeping", work, 0.0, **also).run(stop)  # type: ignore[arg-type]
    return done


async def test_what_failed_is_done_again_and_told(caplog: pytest.LogCaptureFixture) -> None:
    outage, fault = psycopg.OperationalError("the server is away"), ValueError("a slip")
    heard: list[Exception] = []
    assert await rounds([outage, fault, None], failed=heard.append) == 3
    assert heard == [outage, fault]
    told = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert [level for level, _ in told] == ["WARNING", "ERROR"]
    assert caplog.records[0].exc_info is None and caplog.records[1].exc_info


async def test_it_ends_without_another_round_when_told() -> None:
    assert await rounds([None]) == 1
    stop = asyncio.Event()
    stop.set()

    def never() -> None:
        raise AssertionError("no round may begin")

    await Periodic("sweeping", never, 3600.0, failed=lambda error: pytest.fail(str(error))).run(stop)


async def test_it_does_not_wait_for_its_pause_to_end() -> None:
    stop, began = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    running = asyncio.create_task(Periodic("sweeping", lambda: loop.call_soon_threadsafe(began.set), 3600.0).run(stop))
    await began.wait()
    stop.set()
    await asyncio.wait_for(running, 10)
