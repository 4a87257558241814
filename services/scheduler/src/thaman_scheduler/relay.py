"""The relay process: publishes what the scheduler stored."""

from thaman_kit.relaying import relay_process
from thaman_scheduler.publication import PUBLICATION
from thaman_scheduler.settings import SchedulerSettings


def run(settings: SchedulerSettings) -> None:
    """Relay until told to stop."""
    relay_process("scheduler", PUBLICATION, settings)
