"""Fault points: where they are in the code, and how a running process is made to die at one."""

import ast
from dataclasses import replace
from pathlib import Path

from tests.faults.database import let_leases_run_out
from tests.support.system import System, wait_until

from thaman_kit.faultpoint import VARIABLE

ROOT = Path(__file__).parents[2]


def points_in_code() -> set[str]:
    """Every name that a service's or the kit's source gives to ``faultpoint``."""
    found: set[str] = set()
    for folder in (*ROOT.glob("services/*/src"), ROOT / "kit" / "src"):
        for file in folder.rglob("*.py"):
            calls = [node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if _is_point(node)]
            for call in calls:
                (name,) = call.args
                assert isinstance(name, ast.Constant), f"{file}:{call.lineno}: the name has to be written out"
                found.add(str(name.value))
    return found


class Doomed:
    """A process that dies at a point; its supervisor starts it again without.

    ::

        doomed = await Doomed.arm(system, "optimizer-worker", "optimizer.run.after_scouted")
        ...  # go past the point
        await doomed.wait_dead()
    """

    def __init__(self, system: System, process: str, point: str) -> None:
        self._system = system
        self._process = process
        self._child = system.supervisor.children[process]
        self._mark = f"faultpoint {point}: killing pid {self._child.pid}\n"

    @classmethod
    async def arm(cls, system: System, process: str, point: str) -> "Doomed":
        """Start the process anew with the point armed."""
        child = system.supervisor.children[process]
        plain = child.spec
        await child.stop()
        child.spec = replace(plain, env={**plain.env, VARIABLE: point})
        try:
            await child.start()
        finally:
            child.spec = plain
        doomed = cls(system, process, point)
        await system.supervisor.wait_ready([process])
        return doomed

    async def wait_dead(self) -> None:
        """Wait until it has died at its point, as its own last words say."""
        await wait_until(self._has_died, 40, f"{self._mark.strip()!r} in the log of {self._process}")
        if self._process.endswith("-worker"):
            await let_leases_run_out(self._system, self._process.removesuffix("-worker"))

    async def _has_died(self) -> bool:
        return self._mark in self._child.log.read_text(encoding="utf-8", errors="replace")


def _is_point(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "faultpoint"
