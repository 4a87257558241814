"""The one place where the audit's parts are built and joined."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from thaman_audit.adapters.checkpoints import CheckpointTables
from thaman_audit.adapters.histories import HistoryTables
from thaman_audit.adapters.ledger import Batches, LedgerTables
from thaman_audit.adapters.moment import Moment
from thaman_audit.adapters.signing import SigningKey
from thaman_audit.application import Ledger
from thaman_audit.consumers import LedgerRouter
from thaman_audit.ports import Opened
from thaman_audit.receipts import Receipts
from thaman_audit.sealing import Sealer
from thaman_audit.settings import AuditSettings
from thaman_kit.application import EventSourcedApplication
from thaman_kit.auth import ApiKeys
from thaman_kit.clock import Clock, SystemClock
from thaman_kit.nats import BusSettings


@dataclass(frozen=True, slots=True)
class Container:
    """Everything a process of the audit is made of."""

    settings: AuditSettings
    application: EventSourcedApplication
    tables: LedgerTables
    ledger: Ledger
    checkpoints: CheckpointTables
    histories: HistoryTables
    receipts: Receipts
    moment: Opened
    sealer: Sealer | None
    router: LedgerRouter
    api_keys: ApiKeys
    bus: BusSettings

    def check_database(self) -> None:
        """For readiness; raises when PostgreSQL does not answer."""
        self.application.database.fetch_one("SELECT 1")

    def close(self) -> None:
        """Give all connections back."""
        self.application.close()


def build(settings: AuditSettings, clock: Clock | None = None) -> Container:
    """Build the parts; ``clock`` replaces the machine's own in tests."""
    signer = SigningKey.parse(settings.audit_keys) if settings.audit_keys else None
    application = EventSourcedApplication.connect(
        "audit", settings.database_url.get_secret_value(), pool_size=settings.database_pool_size
    )
    tables = LedgerTables(application.database, settings.audit_archive_dir)
    moment = partial(Moment.of, settings.database_url.get_secret_value(), settings.audit_archive_dir)
    ledger = Ledger(tables, Batches(), moment)
    checkpoints = CheckpointTables(application.database)
    histories = HistoryTables(application.database)
    every = timedelta(seconds=settings.audit_checkpoint_seconds)
    time = clock or SystemClock()
    sealer = Sealer(application, checkpoints, histories, time, signer, every) if signer else None
    password = settings.nats_password
    return Container(
        settings=settings,
        application=application,
        tables=tables,
        ledger=ledger,
        checkpoints=checkpoints,
        histories=histories,
        receipts=Receipts(tables, checkpoints, histories),
        moment=moment,
        sealer=sealer,
        router=LedgerRouter(ledger),
        api_keys=ApiKeys(application.database, settings.api_key_pepper),
        bus=BusSettings(
            servers=tuple(settings.nats_servers),
            user=settings.nats_user,
            password=password.get_secret_value() if password else None,
            batch_size=settings.audit_batch,
        ),
    )
