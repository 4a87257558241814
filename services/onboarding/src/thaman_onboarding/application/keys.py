"""API keys: issued and revoked through events, without HTTP too, so that an operator can make the first one."""

from datetime import datetime

from pydantic import SecretStr

from thaman_kit.application import EventSourcedApplication, UnitOfWork
from thaman_kit.auth import NewKey
from thaman_kit.clock import Clock, SystemClock
from thaman_kit.logging import get_logger
from thaman_kit.redaction import redact_text
from thaman_onboarding.adapters.store_rows import project_key, project_revocation
from thaman_onboarding.domain.keys import Key, Scope, key_uuid
from thaman_onboarding.errors import UnknownKey

log = get_logger(__name__)


def issue_key(
    app: EventSourcedApplication,
    scope: Scope,
    store_id: str | None,
    label: str,
    *,
    pepper: str | SecretStr,
    expires_at: datetime | None = None,
    clock: Clock | None = None,
) -> NewKey:
    """Make a key and make it known to every service. The secret in the answer is shown once and stored nowhere.

    Raises:
        InvalidChange: the scope and the store do not fit, or the key would be born expired.
    """
    now = (clock or SystemClock()).now()
    made, label = NewKey.generate(pepper), redact_text(label)

    def work(uow: UnitOfWork) -> None:
        key = Key.new(made.key_id)
        issued = key.issue(made.key_hash, scope, store_id, label=label, expires_at=expires_at, now=now)
        uow.add(key)
        project_key(uow, issued)

    app.execute(work)
    log.info("api_key_issued", key_id=made.key_id, scope=scope, store_id=store_id)
    return made


def revoke_key(app: EventSourcedApplication, key_id: str, *, clock: Clock | None = None) -> None:
    """Stop a key from working, here at once and elsewhere within seconds.

    Raises:
        UnknownKey: no key of this id was ever issued.
    """
    now = (clock or SystemClock()).now()

    def work(uow: UnitOfWork) -> None:
        key = uow.find(Key, key_uuid(key_id))
        if key is None:
            raise UnknownKey(f"there is no API key {key_id}")
        key.revoke(now)
        project_revocation(uow, key_id, now)

    app.execute(work)
    log.info("api_key_revoked", key_id=key_id)
