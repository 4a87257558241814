"""The clock that is handed in, and the places where a process can be made to die."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest

from thaman_kit.clock import ManualClock, SystemClock
from thaman_kit.faultpoint import parse


def test_the_system_clock_is_utc() -> None:
    before = datetime.now(UTC)
    now = SystemClock().now()
    assert before <= now <= datetime.now(UTC)
    assert now.utcoffset() == timedelta(0)


def test_the_manual_clock_moves_only_when_told() -> None:
    clock = ManualClock(datetime(2026, 3, 1, 3, tzinfo=timezone(timedelta(hours=3))))
    assert clock.now() == clock.now() == datetime(2026, 3, 1, tzinfo=UTC)
    assert clock.advance(timedelta(days=365)) == clock.now() == datetime(2027, 3, 1, tzinfo=UTC)
    clock.advance(timedelta(days=-1))
    assert clock.now().day == 28
    with pytest.raises(ValueError, match="timezone"):
        clock.set(datetime(2026, 1, 1))


def run(value: str) -> subprocess.CompletedProcess[str]:
    """A process that passes two places three times each."""
    code = (
        "from thaman_kit.faultpoint import faultpoint\n"
        "for n in range(3):\n    faultpoint('a'); faultpoint('b'); print(n, flush=True)"
    )
    environment = os.environ | {"THAMAN_FAULTPOINT": value}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("value", "passages"), [("a", 0), ("b:1", 0), ("b:3", 2), ("a:2", 1)])
def test_the_process_dies_at_the_named_passage(value: str, passages: int) -> None:
    result = run(value)
    assert result.returncode == -signal.SIGKILL
    assert result.stdout.split() == [str(n) for n in range(passages)]
    assert f"faultpoint {value[0]}" in result.stderr


@pytest.mark.parametrize("value", ["", "c", "a:4"])
def test_unarmed_places_do_nothing(value: str) -> None:
    result = run(value)
    assert (result.returncode, result.stdout.split()) == (0, ["0", "1", "2"])


@pytest.mark.parametrize("value", ["a:0", "a:x", "a:-1", "a:1:2"])
def test_a_malformed_passage_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="must be 1 or more"):
        parse(value)
