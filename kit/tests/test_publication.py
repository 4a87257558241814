"""Which stored event becomes which message."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from thaman_contracts.events import onboarding
from thaman_kit.domain import DomainEvent, EventMeta, caused_by
from thaman_kit.errors import Unpublishable
from thaman_kit.publication import Publication

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
ID = UUID("0b1f6c5e-7d0b-4d0e-9f3b-7e6a1c2b4d80")


class Same(DomainEvent, onboarding.StorePaused, topic="publication_test.Same"):
    """Carries what it publishes, and one thing more."""

    internal: str = "for us only"


class Alike(DomainEvent, topic="publication_test.Alike"):
    """Has the contract's fields without inheriting them."""

    fence: int
    reason: str
    paused_by: str
    reason_ar: str | None = None


class Other(DomainEvent, topic="publication_test.Other"):
    """Has to be translated."""

    silent: bool = False


FIELDS: dict[str, Any] = {"originator_id": ID, "originator_version": 3, "store_id": "101", "occurred_at": NOW}
PAUSED: dict[str, Any] = {"fence": 7, "reason": "holiday", "paused_by": "merchant", "reason_ar": None}


def translate(event: Other) -> onboarding.StorePaused | None:
    return None if event.silent else onboarding.StorePaused(store_id=event.store_id, occurred_at=NOW, **PAUSED)


PUBLICATION = Publication("onboarding", {Alike: onboarding.StorePaused, Other: translate})


@pytest.mark.parametrize("event", [Same(**FIELDS, **PAUSED), Alike(**FIELDS, **PAUSED), Other(**FIELDS)])
def test_the_three_ways_say_the_same(event: DomainEvent) -> None:
    message = PUBLICATION.message_of(event, 12, 5)
    assert message is not None
    assert message.subject == "evt.onboarding.store.101.StorePaused"
    assert json.loads(message.body) == {"store_id": "101", "occurred_at": "2026-11-24T09:30:00Z", **PAUSED}
    assert message.headers["ce-type"] == "thaman.onboarding.StorePaused.v1"
    assert message.headers["Nats-Msg-Id"] == f"{ID}:3"
    assert (message.headers["Thaman-Position"], message.headers["Thaman-Previous"]) == ("12", "5")
    assert onboarding.StorePaused.model_validate_json(message.body).fence == 7


def test_the_cause_travels_in_headers() -> None:
    with caused_by(EventMeta(correlation_id="c", causation_id="d", traceparent="00-1-2-01", tracestate="a=b")):
        event = Same(**FIELDS, **PAUSED)
    message = PUBLICATION.message_of(event, 1, 0)
    assert message is not None
    headers = message.headers
    assert (headers["ce-correlationid"], headers["ce-causationid"]) == ("c", "d")
    assert (headers["traceparent"], headers["tracestate"]) == ("00-1-2-01", "a=b")


def test_an_event_without_a_cause_begins_a_correlation() -> None:
    message = PUBLICATION.message_of(Same(**FIELDS, **PAUSED), 1, 0)
    assert message is not None and message.envelope.correlation_id == f"{ID}:3"


def test_private_events_give_no_message() -> None:
    assert Publication("onboarding", {Same: None}).message_of(Same(**FIELDS, **PAUSED), 1, 0) is None
    assert PUBLICATION.message_of(Other(**FIELDS, silent=True), 1, 0) is None


def test_what_cannot_be_published_says_why() -> None:
    with pytest.raises(Unpublishable, match=r"Other is not mapped.*with None if it is private"):
        Publication("onboarding").message_of(Other(**FIELDS), 1, 0)
    with pytest.raises(Unpublishable, match="cannot be published"):
        Publication("onboarding", {Other: onboarding.StorePaused}).message_of(Other(**FIELDS), 1, 0)
    with pytest.raises(Unpublishable, match="900000 are allowed"):
        PUBLICATION.message_of(Same(**FIELDS, **(PAUSED | {"reason": "x" * 900_001})), 1, 0)


def test_a_service_can_check_that_nothing_is_forgotten() -> None:
    assert PUBLICATION.is_mapped(Same) and PUBLICATION.is_mapped(Alike)
    assert not Publication("onboarding").is_mapped(Other)
