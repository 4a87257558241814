"""Everybody who takes part, by name, in the order of the table."""

from tests.benchmarks.market.engine import Engine
from tests.benchmarks.market.oracle import GuardedOracle, Oracle
from tests.benchmarks.market.policies import CostPlus, Keep, MatchMedian, OwnRegression, PromptRule, Undercut
from tests.benchmarks.market.running import Maker
from thaman_contracts.events.settings import AutomationMode

GUARDED = "oracle inside guardrails"
ORACLE = "oracle"
MEDIUM = "engine, medium"

KEY = (MEDIUM, GUARDED, ORACLE)
"""Those that the goals are about."""

CONTENDERS: dict[str, Maker] = {
    "undercut lowest 1 %": lambda market: Undercut(floor=False),
    "undercut lowest 1 %, floor": lambda market: Undercut(floor=True),
    "prompt rule": lambda market: PromptRule(),
    "own regression, floor": lambda market: OwnRegression(),
    "keep": lambda market: Keep(),
    "match median, floor": lambda market: MatchMedian(),
    "cost plus 40 %": lambda market: CostPlus(),
    "manual, nobody answers": lambda market: Engine(market, "medium", AutomationMode.MANUAL),
    "manual, half is agreed to": lambda market: Engine(market, "medium", AutomationMode.MANUAL, agreed=0.5),
    "semi-auto, nobody answers": lambda market: Engine(market, "medium", AutomationMode.SEMI_AUTO),
    "full-auto, nobody answers": lambda market: Engine(market, "medium", AutomationMode.FULL_AUTO),
    "engine, low": lambda market: Engine(market, "low"),
    MEDIUM: lambda market: Engine(market, "medium"),
    "engine, high": lambda market: Engine(market, "high"),
    GUARDED: lambda market: GuardedOracle(),
    ORACLE: lambda market: Oracle(),
}
"""The three lines of the engine carry out all it proposes; the lines of a mode only what that mode writes by itself."""
