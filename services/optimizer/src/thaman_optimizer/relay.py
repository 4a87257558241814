"""The relay process: publishes what the optimizer stored."""

from thaman_kit.relaying import relay_process
from thaman_optimizer.publication import PUBLICATION
from thaman_optimizer.settings import OptimizerSettings


def run(settings: OptimizerSettings) -> None:
    """Relay until told to stop."""
    relay_process("optimizer", PUBLICATION, settings)
