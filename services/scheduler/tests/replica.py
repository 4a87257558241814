"""A replica as a process of its own: waits for the starting gun, then ticks through virtual hours.

Arguments: database address, first instant, number of hours, claim seconds, lock. Prints how many slots it filled.
"""

import sys
from datetime import datetime, timedelta

from thaman_kit.clock import ManualClock
from thaman_scheduler.bootstrap import build
from thaman_scheduler.testing import settings_for
from thaman_scheduler.ticker import Ticker


def main() -> None:
    """Tick through the hours."""
    url, first, hours, claim_seconds, gun = sys.argv[1:]
    clock = ManualClock(datetime.fromisoformat(first))
    container = build(settings_for(url), clock)
    ticker = Ticker(
        container.application,
        container.tables,
        clock,
        container.rules,
        batch=20,
        claim_seconds=int(claim_seconds),
    )
    container.application.database.fetch_one("SELECT pg_advisory_lock_shared(%s)", (int(gun),))
    filled = 0
    for _ in range(int(hours)):
        filled += ticker.tick().filled.total()
        clock.advance(timedelta(hours=1))
    container.close()
    print(filled)


if __name__ == "__main__":
    main()
