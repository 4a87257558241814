"""What has to be there before services start: schemas and roles, streams and consumers, the operators' keys."""

import asyncio
import os
from collections.abc import Mapping
from contextlib import closing

from pydantic import SecretStr

from thaman_cli.errors import StartFailed
from thaman_cli.state import Home, Secrets
from thaman_contracts.subjects import ROOMS

_STREAMS_SECONDS = 60.0
_WORKING_KEY = "SELECT 1 FROM api_keys WHERE key_hash = %(key_hash)s AND revoked_at IS NULL"
_LABELS = {"operator_key": "operator of this installation", "dashboard_key": "dashboard of this installation"}
"""The operators' keys among the secrets, and what lists call them."""


def run_migrations(admin_url: str, passwords: Mapping[str, str]) -> list[str]:
    """Bring every schema up to date; the files that were applied."""
    import psycopg  # late: `thaman --help` should not load a database driver

    from thaman_kit.migrate import migrate

    try:
        return migrate(admin_url, ROOMS, passwords)
    except psycopg.Error as error:
        raise StartFailed(
            "The database could not be migrated",
            str(error).strip(),
            "Check THAMAN_DATABASE_URL and that its role may create roles and schemas.",
        ) from error


async def create_streams(nats_url: str) -> None:
    """Create or update every stream and consumer."""
    from nats.errors import Error as NatsError  # late: as above

    from thaman_kit.errors import KitError
    from thaman_kit.nats import BusSettings
    from thaman_kit.provisioning import provision

    bus = BusSettings(
        servers=tuple(nats_url.split(",")),
        user=os.environ.get("THAMAN_NATS_USER"),
        password=os.environ.get("THAMAN_NATS_PASSWORD"),
    )
    try:
        await asyncio.wait_for(provision(bus), _STREAMS_SECONDS)
    except (NatsError, KitError, OSError, TimeoutError) as error:
        raise StartFailed(
            "The streams could not be created",
            repr(error),
            "Check THAMAN_NATS_URL and that JetStream is enabled there.",
        ) from error


def ensure_operator_keys(onboarding_url: str, home: Home, secrets: Secrets) -> None:
    """Issue the person's key and the dashboard's where this database does not have those that were kept; keep them."""
    from thaman_kit.application import EventSourcedApplication  # late: loads the event store
    from thaman_kit.auth import hash_key
    from thaman_onboarding.application.keys import issue_key

    pepper = secrets.api_key_pepper

    def works(key: SecretStr | None) -> bool:
        if key is None:
            return False
        hashed = {"key_hash": hash_key(key.get_secret_value(), pepper)}
        return application.database.fetch_one(_WORKING_KEY, hashed) is not None

    with closing(EventSourcedApplication.connect("onboarding", onboarding_url, pool_size=2)) as application:
        for name, label in _LABELS.items():
            if not works(getattr(secrets, name)):
                setattr(secrets, name, issue_key(application, "operator", None, label, pepper=pepper).key)
                home.save_secrets(secrets)
