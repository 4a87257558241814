"""What the audit hears: everything, of every service."""

from thaman_audit.application import Ledger
from thaman_contracts.envelope import Envelope
from thaman_contracts.events import REGISTRY, EventData
from thaman_contracts.subjects import SERVICES
from thaman_kit import telemetry
from thaman_kit.application import UnitOfWork
from thaman_kit.auth import api_key_router
from thaman_kit.routing import Router, decoded

CONSUMER = "audit"
UPSTREAMS = SERVICES


class LedgerRouter(Router):
    """Puts each message into the ledger as it was received, then hands it to what can read it.

    An event of a type that this release does not know is kept like any other; a rebuild by a later release will
    read it.
    """

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self._ledger = ledger
        self.on(EventData)(ledger.project)
        self._projecting = self._handlers_for(EventData)
        self.include(api_key_router)

    def dispatch(self, envelope: Envelope, body: bytes, unit: UnitOfWork) -> None:
        """Take one message."""
        self._ledger.append(envelope, body, unit)
        model = REGISTRY.get(envelope.type)
        if model is None:
            return
        event = decoded(model, envelope, body)
        if telemetry.is_heard() or self._handlers_for(model) != self._projecting:
            self.handle(event, envelope, unit)
        else:
            # Rows cause nothing and log nothing, so a trace that nobody hears is left out.
            self._ledger.project(event, envelope, unit)
