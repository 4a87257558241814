"""The relay process: publishes what the audit stored."""

from thaman_audit.publication import PUBLICATION
from thaman_audit.settings import AuditSettings
from thaman_kit.relaying import relay_process


def run(settings: AuditSettings) -> None:
    """Relay until told to stop."""
    relay_process("audit", PUBLICATION, settings)
