"""One-time links that let a person into a store's dashboard."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from thaman_cli.api import Api
from thaman_cli.errors import ApiRefused

ROLES = ("owner", "approver", "viewer")
"""What a link may let somebody be: all, answer proposals and stop, or only look."""
_NOT_YET = frozenset({401, 404})


@dataclass(frozen=True, slots=True)
class Link:
    """A link that signs one person in, once, until ``expires_at``. Whoever has it may use it."""

    store_id: str
    role: str
    url: str
    expires_at: datetime

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return {"store_id": self.store_id, "role": self.role, "url": self.url, "expires_at": self.expires_at}


@dataclass(frozen=True, slots=True)
class OperatorLink:
    """A link to the operator's pages over all stores, as a store's link else."""

    url: str
    expires_at: datetime

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return {"url": self.url, "expires_at": self.expires_at}


async def make_operator_link(api: Api) -> OperatorLink:
    """Make a link for whoever holds the operator's key.

    Raises:
        ApiRefused: the dashboard has not heard of the key yet.
    """
    made = await api.post("dashboard", "/operator/links")
    return OperatorLink(made["url"], datetime.fromisoformat(made["expires_at"]))


async def make_link(api: Api, store_id: str, role: str = "owner") -> Link:
    """Make a link.

    Raises:
        ApiRefused: the dashboard does not know the store (yet), or it was forgotten.
    """
    made = await api.post("dashboard", "/links", {"store_id": store_id, "role": role})
    return Link(store_id, role, made["url"], datetime.fromisoformat(made["expires_at"]))


async def make_link_or_none(api: Api, store_id: str) -> Link | None:
    """Make an owner's link; ``None`` while the dashboard has not heard of the store or of our key."""
    try:
        return await make_link(api, store_id)
    except ApiRefused as error:
        if error.status in _NOT_YET:
            return None
        raise
