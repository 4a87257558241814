"""What proves the ledger to others: public keys and sealed checkpoints.

Any key opens it. A checkpoint tells how many stores and entries there are, and hashes; nothing of any store.
"""

import base64

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from thaman_audit.domain.checkpoints import Checkpoint
from thaman_audit.errors import UnknownCheckpoint
from thaman_audit.paging import Cursor, Limit, Page, place_of
from thaman_audit.ports import Checkpoints
from thaman_contracts.events import UtcDatetime
from thaman_kit.auth import require_key
from thaman_kit.cursors import seal


class KeyView(BaseModel):
    """A public key that signed checkpoints."""

    key_id: str = Field(description="The first 16 bytes of the key's SHA-256, hexadecimal.")
    algorithm: str = "Ed25519"
    public_key: str = Field(description="32 bytes, base64.")
    since: UtcDatetime = Field(description="When its first checkpoint was sealed.")
    first_number: int
    last_number: int


class CheckpointView(BaseModel):
    """A sealed checkpoint. Note `number` and `digest` somewhere else, and nobody can cut what it holds."""

    number: int
    sealed_at: UtcDatetime
    stores: int
    entries: int
    root: str
    previous_digest: str
    digest: str
    key_id: str
    public_key: str
    signature: str


def proof_router(checkpoints: Checkpoints) -> APIRouter:
    """The endpoints."""
    router = APIRouter(prefix="/audit", dependencies=[Depends(require_key)])

    @router.get("/keys")
    def keys() -> Page[KeyView]:
        """The public keys that signed checkpoints, oldest first; the last one signs now."""
        return Page(items=[KeyView(**row) for row in checkpoints.signing_keys()], next=None)

    @router.get("/checkpoints")
    def page(cursor: Cursor = None, limit: Limit = 50) -> Page[CheckpointView]:
        """All checkpoints, newest first."""
        found = checkpoints.page(place_of("checkpoints", cursor), limit + 1)
        shown = found[:limit]
        following = seal("checkpoints", shown[-1].statement.number) if len(found) > limit else None
        return Page(items=[_view(checkpoint) for checkpoint in shown], next=following)

    @router.get("/checkpoints/latest")
    def latest() -> CheckpointView:
        """The published head of the whole ledger."""
        found = checkpoints.latest()
        if found is None:
            raise UnknownCheckpoint("nothing was sealed yet")
        return _view(found)

    return router


def _view(checkpoint: Checkpoint) -> CheckpointView:
    said = checkpoint.statement
    return CheckpointView(
        number=said.number,
        sealed_at=said.sealed_at,
        stores=said.stores,
        entries=said.entries,
        root=said.root.hex(),
        previous_digest=said.previous.hex(),
        digest=said.digest().hex(),
        key_id=said.key_id,
        public_key=base64.b64encode(checkpoint.public_key).decode(),
        signature=base64.b64encode(checkpoint.signature).decode(),
    )
