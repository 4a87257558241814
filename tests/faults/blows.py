"""What is done to a running system in one kill run; the seed says what, to whom and when."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass

from tests.faults.database import let_leases_run_out
from tests.support.system import System, wait_until

from thaman_cli.plan import PROCESSES

GROUPS = 3
"""So many seeds in a row kill every process once, in an order of their own."""
SERVERS = ("nats", "postgres_immediate", "nats_loses_streams", "freeze", "postgres")

kills: Counter[str] = Counter()
"""What was killed in this session, for its summary."""


@dataclass(frozen=True)
class Blow:
    """After ``pause`` seconds ``kind`` happens to ``target``."""

    pause: float
    kind: str
    target: str = ""

    def __str__(self) -> str:
        return f"{self.pause:.1f} s {self.kind} {self.target}".strip()


def plan(seed: int) -> list[Blow]:
    """The blows of a seed: four or five kills, and one blow to a server or a long pause of a process."""
    dice = random.Random(seed)
    order = random.Random(seed // GROUPS).sample(PROCESSES, len(PROCESSES))
    victims = order[seed % GROUPS :: GROUPS]
    targets = [("kill", victim) for victim in victims]
    server = SERVERS[seed % len(SERVERS)]
    targets.append((server, dice.choice(PROCESSES) if server == "freeze" else ""))
    dice.shuffle(targets)
    return [Blow(dice.uniform(0.2, 3.0), kind, target) for kind, target in targets]


async def deal(system: System, blow: Blow, *, hurry: bool) -> None:
    """Deal a blow. ``hurry`` lets the jobs of a dead worker be free at once instead of after their lease."""
    match blow.kind:
        case "kill":
            await kill(system, blow.target, hurry=hurry)
        case "freeze":
            await system.freeze(blow.target, 4.0)
        case "nats":
            await system.restart_nats()
        case "nats_loses_streams":
            await system.restart_nats(lose_streams=True)
        case "postgres":
            await system.restart_postgres()
        case "postgres_immediate":
            await system.restart_postgres(immediate=True)
    kills[blow.target if blow.kind == "kill" else blow.kind] += 1


async def kill(system: System, name: str, *, hurry: bool) -> None:
    """SIGKILL a process as soon as it runs, and see that it is gone."""
    child = system.supervisor.children[name]

    async def runs() -> bool:
        return child.pid is not None

    await wait_until(runs, what=f"a running {name}")
    victim = child.pid

    async def gone() -> bool:
        return child.pid != victim

    system.kill(name)
    await wait_until(gone, what=f"the end of {name}")
    if hurry and name.endswith("-worker"):
        await let_leases_run_out(system, name.removesuffix("-worker"))


async def deal_all(system: System, blows: list[Blow], *, hurry: bool) -> None:
    """Deal one blow after the other at their moments."""
    for blow in blows:
        await asyncio.sleep(blow.pause)  # the random moment is the point of a kill run
        await deal(system, blow, hurry=hurry)
