"""The parts of one running sandbox, wired once and handed to everything else."""

from dataclasses import dataclass, field

from thaman_sandbox.agenda import Agenda
from thaman_sandbox.clock import Clock
from thaman_sandbox.config import SandboxConfig
from thaman_sandbox.faults import NO_FAULTS, Dice, FaultPlan
from thaman_sandbox.journal import Journal
from thaman_sandbox.llm.desk import Desk
from thaman_sandbox.state import State
from thaman_sandbox.switches import Switches


@dataclass(slots=True)
class World:
    """State, time, chance, work to do, and a language model."""

    config: SandboxConfig
    state: State
    clock: Clock
    agenda: Agenda
    dice: Dice
    llm: Desk = field(default_factory=Desk)

    @property
    def switches(self) -> Switches:
        """The switches in force."""
        return self.state.switches

    def faults(self, store_id: int | None) -> FaultPlan:
        """The fault plan in force for a store."""
        plans = self.state.faults
        if not plans:
            return NO_FAULTS
        return plans.get(store_id) or plans.get(None) or NO_FAULTS


def build_world(config: SandboxConfig) -> World:
    """Open the state and wire the parts."""
    state = State(None if config.state is None else Journal(config.state), config.switches)
    clock = Clock(state.clock)
    clock.on_move(lambda: state.save("clock", "0", state.clock))
    return World(config, state, clock, Agenda(state, clock), Dice())
