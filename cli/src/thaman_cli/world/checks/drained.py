"""Invariant 7: with faults gone, every queue drains by itself."""

from collections.abc import Iterator

from thaman_cli.world.facts import Facts
from thaman_cli.world.quiet import pending_work, set_aside
from thaman_cli.world.report import Violation
from thaman_cli.world.salla import SallaView


def check(facts: Facts, salla: SallaView | None) -> Iterator[Violation]:
    """What is still under way, and what nobody will do any more."""
    for what in pending_work(facts.connection):
        yield Violation(7, "still_under_way", what)
    for what in set_aside(facts.connection):
        yield Violation(7, "given_up", what)
