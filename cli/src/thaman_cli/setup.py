"""What has to be there before services start: schemas and roles, streams and consumers, the operator's key."""

import asyncio
import os
from collections.abc import Mapping
from contextlib import closing

from thaman_cli.errors import StartFailed
from thaman_cli.state import Home, Secrets
from thaman_contracts.subjects import SERVICES

_STREAMS_SECONDS = 60.0
_WORKING_KEY = "SELECT 1 FROM api_keys WHERE key_hash = %(key_hash)s AND revoked_at IS NULL"
_OPERATOR_LABEL = "operator of this installation"


def run_migrations(admin_url: str, passwords: Mapping[str, str]) -> list[str]:
    """Bring every service's schema up to date; the files that were applied."""
    import psycopg  # late: `thaman --help` should not load a database driver

    from thaman_kit.migrate import migrate

    try:
        return migrate(admin_url, SERVICES, passwords)
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


def ensure_operator_key(onboarding_url: str, home: Home, secrets: Secrets) -> None:
    """Issue the operator's key where this database does not have the one that was kept, and keep it."""
    from thaman_kit.application import EventSourcedApplication  # late: loads the event store
    from thaman_kit.auth import hash_key
    from thaman_onboarding.application.keys import issue_key

    pepper = secrets.api_key_pepper
    with closing(EventSourcedApplication.connect("onboarding", onboarding_url, pool_size=2)) as application:
        if secrets.operator_key is not None:
            kept = hash_key(secrets.operator_key.get_secret_value(), pepper)
            if application.database.fetch_one(_WORKING_KEY, {"key_hash": kept}) is not None:
                return
        made = issue_key(application, "operator", None, _OPERATOR_LABEL, pepper=pepper)
    secrets.operator_key = made.key
    home.save_secrets(secrets)
