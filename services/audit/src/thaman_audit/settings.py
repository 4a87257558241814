"""The audit's settings."""

from pathlib import Path

from pydantic import Field, SecretStr, field_validator

from thaman_kit.errors import KeyRingError
from thaman_kit.settings import ServiceSettings
from thaman_kit.vault import parse_ring


class AuditSettings(ServiceSettings):
    """Environment of the audit."""

    audit_batch: int = Field(200, ge=1, le=1_000, description="Events appended in one transaction at most.")
    audit_checkpoint_seconds: float = Field(
        3_600, ge=1, le=86_400, description="Seconds from one sealed checkpoint to the next."
    )
    audit_keys: SecretStr | None = Field(
        None,
        description="Key that signs checkpoints, for the worker alone: id:base64 of 32 bytes; of several, separated"
        " by commas, the first. Without it nothing is sealed. Make one with: python3 -c 'import base64, secrets;"
        ' print("k1:" + base64.b64encode(secrets.token_bytes(32)).decode())\'',
    )

    audit_archive_dir: Path | None = Field(
        None, description="Where the archive's files are; unset, where `thaman audit archive` wrote them."
    )
    audit_archive_after_days: int | None = Field(
        None, ge=1, le=36_500, description="What `thaman audit archive` without --before takes: all that is older."
    )

    @field_validator("audit_keys")
    @classmethod
    def _is_a_ring(cls, value: SecretStr | None) -> SecretStr | None:
        try:
            if value is not None and not parse_ring(value, "write it as id:base64"):
                raise ValueError("holds no key; leave it unset to seal nothing")
        except KeyRingError as error:
            raise ValueError(str(error)) from None
        return value
