"""Stored events made again from what was published of them.

A stored class carries its contract's fields and perhaps some of its own. Those stay private: a restored event has their
defaults, or what the service supplies where there is none. Whatever is read from it must not be one of them.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from thaman_contracts.envelope import Envelope
from thaman_contracts.events import EventData
from thaman_kit.domain import DomainEvent
from thaman_kit.errors import Undeliverable
from thaman_kit.publication import contract_of

_is_id = re.compile(r"[0-9a-f-]{36}").fullmatch
Told = tuple[Envelope, EventData]
"""A published event with its envelope. Made by a :class:`Restorer`, it is of its service's stored class, too."""

Supply = Callable[[Envelope], Mapping[str, Any]]


def stored_of(told: Iterable[Told], service: str) -> Iterator[DomainEvent]:
    """The events of one service, as it stores them."""
    for envelope, event in told:
        if envelope.service == service and isinstance(event, DomainEvent):
            yield event


class Restorer:
    """Knows the stored class of each type that is published.

    Raises:
        ValueError: two of ``classes`` are published as the same type.
    """

    def __init__(
        self, classes: Iterable[type[DomainEvent]], supply: Mapping[type[DomainEvent], Supply] | None = None
    ) -> None:
        self._classes: dict[str, type[DomainEvent]] = {}
        for stored in classes:
            contract = contract_of(stored)
            known = self._classes.setdefault(contract.event_type(), stored) if contract else stored
            if known is not stored:
                raise ValueError(f"{stored.__qualname__} and {known.__qualname__} are both published as {contract}")
        self._supply = dict(supply or {})

    def restore(self, envelope: Envelope, body: bytes) -> EventData:
        """The stored event of a message: its envelope, and its body as it was received.

        Raises:
            Undeliverable: no class of this process is published as that type, or the body is not one.
        """
        stored = self._classes.get(envelope.type)
        if stored is None:
            raise Undeliverable(f"{envelope.type} is not known; this release is older than the event")
        supply = self._supply.get(stored)
        try:
            event = stored.model_validate_json(_with(body, _names(envelope, supply(envelope) if supply else {})))
        except (ValueError, TypeError) as error:
            raise Undeliverable(f"{envelope.event_id} is no {envelope.type}: {error}") from error
        assert isinstance(event, EventData), "a class that is published inherits its contract"
        return event


def _names(envelope: Envelope, supplied: Mapping[str, Any]) -> bytes:
    """Further members of a JSON object: what an event is called, and what stands in for private fields."""
    originator, _, version = envelope.event_id.rpartition(":")
    if not supplied and _is_id(originator):
        return b'"originator_id":"%b","originator_version":%d}' % (originator.encode(), int(version))
    more = {"originator_id": originator, "originator_version": int(version), **supplied}
    return json.dumps(more, default=_plain, separators=(",", ":"))[1:].encode()


def _with(body: bytes, members: bytes) -> bytes:
    """A JSON object with further members; the last of two by one name counts. Reading it first would cost as much again
    as reading it."""
    whole = body.strip()
    if whole[:1] != b"{" or whole[-1:] != b"}":
        raise ValueError("the body is no JSON object")
    known = whole[:-1].rstrip()
    return known + (b"," if len(known) > 1 else b"") + members


def _plain(value: object) -> str:
    """What JSON does not know: instants."""
    return value.isoformat() if isinstance(value, datetime) else str(value)
