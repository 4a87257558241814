"""``check_world``: do events, ledger, decisions, writes, Salla and queues agree with each other?

One module per invariant of the map, in :mod:`thaman_cli.world.checks`.
"""

from thaman_cli.world.checking import check_world
from thaman_cli.world.quiet import NotQuiet, pending_work, wait_until_quiet
from thaman_cli.world.report import Violation, WorldReport
from thaman_cli.world.salla import OnboardingSalla, Prices, PriceWrite, Refresh, SallaView, SandboxSalla

__all__ = [
    "NotQuiet",
    "OnboardingSalla",
    "PriceWrite",
    "Prices",
    "Refresh",
    "SallaView",
    "SandboxSalla",
    "Violation",
    "WorldReport",
    "check_world",
    "pending_work",
    "wait_until_quiet",
]
