"""The table ``api_keys`` as a read model of onboarding's key events.

Every service that answers HTTP has its own: ``router.include(api_key_router)``.
"""

from collections.abc import Iterable

from thaman_contracts.envelope import Envelope
from thaman_contracts.events import onboarding
from thaman_kit.application import EventSourcedApplication, UnitOfWork
from thaman_kit.database import load_queries
from thaman_kit.routing import Router

api_key_router = Router()


@api_key_router.on(onboarding.ApiKeyIssued)
def take_over(event: onboarding.ApiKeyIssued, envelope: Envelope, uow: UnitOfWork) -> None:
    """An issued key works here too from now on."""
    uow.execute(
        _query("issue_key"),
        {
            "key_id": event.key_id,
            "key_hash": event.key_hash,
            "scope": event.scope,
            "store_id": event.store_id if event.scope == "store" else None,
            "label": event.label,
            "expires_at": event.expires_at,
            "created_at": envelope.time,
        },
    )


@api_key_router.on(onboarding.ApiKeyRevoked)
def end(event: onboarding.ApiKeyRevoked, envelope: Envelope, uow: UnitOfWork) -> None:
    """A revoked key stops working."""
    uow.execute(_query("revoke_key"), {"key_id": event.key_id, "revoked_at": envelope.time})


def rebuild(application: EventSourcedApplication, upstream: Iterable[tuple[Envelope, bytes]]) -> None:
    """Empty the table and fill it again from onboarding's messages, in their order and in one transaction."""
    unit = application.unit_of_work()
    unit.execute(_query("wipe_keys"))
    for envelope, body in upstream:
        if envelope.service == "onboarding":
            api_key_router.dispatch(envelope, body, unit)
    unit.commit()


def _query(name: str) -> str:
    return load_queries("thaman_kit", "sql/api_keys.sql")[name]
