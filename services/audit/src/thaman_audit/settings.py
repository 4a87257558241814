"""The audit's settings."""

from pydantic import Field

from thaman_kit.settings import ServiceSettings


class AuditSettings(ServiceSettings):
    """Environment of the audit."""

    audit_batch: int = Field(200, ge=1, le=1_000, description="Events appended in one transaction at most.")
