"""A world in order is called in order, so that every violation in the other tests comes from what they planted."""

from typing import Any


def test_a_world_in_order(installation: Any) -> None:
    report = installation.check()
    assert [str(violation) for violation in report.violations] == []
    assert (report.ok, report.events, report.entries, report.writes) == (True, 9, 9, 1)


def test_an_empty_world_is_in_order(empty: Any) -> None:
    assert empty.check().ok
