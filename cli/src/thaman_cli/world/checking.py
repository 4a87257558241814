"""All invariants of the map in one go."""

from collections.abc import Callable, Iterator

from thaman_cli.world.checks import (
    advice,
    agreement,
    checkpoints,
    costs,
    decisions,
    drained,
    folding,
    isolation,
    limits,
    log,
    policies,
    tokens,
)
from thaman_cli.world.facts import Facts, read
from thaman_cli.world.reading import connect
from thaman_cli.world.report import Violation, WorldReport
from thaman_cli.world.salla import SallaView

Check = Callable[[Facts, SallaView | None], Iterator[Violation]]

ALWAYS: tuple[Check, ...] = (
    decisions.check,
    limits.check,
    costs.check,
    policies.check,
    advice.check,
    log.check,
    checkpoints.check,
    isolation.check,
    tokens.check,
    folding.check,
)
ONCE_QUIET: tuple[Check, ...] = (agreement.check, log.check_complete, drained.check)


def check_world(admin_db_url: str, salla: SallaView | None, *, quiet: bool) -> WorldReport:
    """Check the map's invariants over all four schemas and Salla, naming each violation.

    Args:
        admin_db_url: a role that reads all schemas.
        salla: what can be seen of Salla; ``None`` leaves out what needs it.
        quiet: whether everything ought to have come to rest, so that nothing may be under way any more.
    """
    with connect(admin_db_url) as connection:
        facts = read(connection)
        found = [violation for check in ALWAYS + (ONCE_QUIET if quiet else ()) for violation in check(facts, salla)]
    writes = salla.writes() if salla is not None else None
    return WorldReport(
        violations=tuple(sorted(found, key=lambda violation: violation.invariant)),
        events=sum(map(len, facts.logs.values())),
        entries=len(facts.ledger),
        writes=None if writes is None else len(writes),
    )
