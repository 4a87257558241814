"""Events of the audit."""

from typing import Annotated

from pydantic import Field

from thaman_contracts.events.base import EventData


class CheckpointSealed(EventData, service="audit"):
    """The heads of all chains under one root, signed (docs/guides/verify.md). Travels under 'system'."""

    number: Annotated[int, Field(strict=True, ge=1)]
    stores: Annotated[int, Field(strict=True, ge=0)]
    entries: Annotated[int, Field(strict=True, ge=0)]
    root: str
    previous_digest: str | None = Field(None, description="Digest of the checkpoint before, hexadecimal; zeros first.")
    key_id: str | None = Field(None, description="The first 16 bytes of the public key's SHA-256, hexadecimal.")
    public_key: str | None = Field(None, description="The Ed25519 key that verifies the signature, 32 bytes, base64.")
    signature: str | None = Field(None, description="Ed25519 over the checkpoint's statement, base64.")
    histories_root: str | None = Field(
        None,
        description="Root over the trees of all entries' hashes, store by store, hexadecimal; proves single entries.",
    )
    histories_signature: str | None = Field(
        None, description="Ed25519 over the checkpoint's digest and histories_root (docs/guides/receipts.md), base64."
    )
