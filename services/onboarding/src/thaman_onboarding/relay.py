"""The process that publishes onboarding's events."""

from typing import NoReturn

from thaman_kit.process import load_settings
from thaman_kit.relaying import relay_process
from thaman_onboarding import wiring  # noqa: F401 - its import registers every stored event of the service
from thaman_onboarding.publication import PUBLICATION
from thaman_onboarding.settings import Settings


def main() -> NoReturn:
    """Relay until told to stop."""
    relay_process("onboarding", PUBLICATION, load_settings(Settings))
