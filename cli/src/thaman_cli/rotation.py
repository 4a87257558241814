"""Rotation of the token vault's key ring.

In three steps, each of which can be repeated: a new key is put at the head of the ring, every onboarding process gets
the new ring, and only then the data keys are wrapped anew, so that no process ever meets a key it does not know. Old
keys stay in the ring, for backups are wrapped with them.
"""

import os
import signal
import time
from contextlib import closing

from pydantic import SecretStr

from thaman_cli.api import not_running
from thaman_cli.databases import connect
from thaman_cli.errors import CliError
from thaman_cli.plan import VAULT_KEYS
from thaman_cli.state import Home

_SECONDS = 90.0


def rotate(home: Home) -> tuple[str, int]:
    """Rotate; the new primary key's id, and how many data keys were wrapped anew."""
    from thaman_kit.vault import KeyRing  # late: loads cryptography
    from thaman_onboarding.adapters.rotation import Rotation
    from thaman_onboarding.adapters.sealing import Sealer

    given = os.environ.get(VAULT_KEYS)
    if given:
        ring = KeyRing.parse(SecretStr(given))
    else:
        if home.running() is None:
            raise not_running(home)
        ring = KeyRing.parse(_extend(home))
        hand_out(home, "onboarding's processes", "nothing was wrapped anew")
    with closing(connect(home, "onboarding")) as application:
        return ring.primary_id, Rotation(application.database, Sealer(ring)).run()


def _extend(home: Home) -> SecretStr:
    from thaman_kit.vault import KeyRing

    secrets = home.load_secrets()
    count = len(KeyRing.parse(secrets.vault_keys).ids)
    newest = KeyRing.generate_entry(f"k{count + 1}").get_secret_value()
    secrets.vault_keys = SecretStr(f"{newest},{secrets.vault_keys.get_secret_value()}")
    home.save_secrets(secrets)
    return secrets.vault_keys


def hand_out(home: Home, whom: str, otherwise: str) -> None:
    """Let the supervisor restart ``whom`` with the secrets as they are now.

    Raises:
        CliError: it did not in time; ``otherwise`` says what therefore was not done.
    """
    running = home.running()
    if running is None:
        raise not_running(home)  # stopped this very moment
    os.kill(running.pid, signal.SIGUSR1)
    until = time.monotonic() + _SECONDS
    while (now := home.running()) is not None and now.reloads == running.reloads:
        if time.monotonic() > until:
            raise CliError(
                f"The new key did not reach {whom}",
                f"the supervisor {running.pid} did not restart them within {_SECONDS:g} s; {otherwise}",
                "Look at `thaman status`, then run this again: it goes on with another new key.",
            )
        time.sleep(0.1)
