"""``check_world`` on the installation at hand, whoever asks: the command, the demo, the tests."""

from contextlib import suppress

from thaman_cli.databases import admin_url
from thaman_cli.state import Home
from thaman_cli.world import (
    NotQuiet,
    OnboardingSalla,
    SallaView,
    SandboxSalla,
    WorldReport,
    check_world,
    wait_until_quiet,
)

QUIET_SECONDS = 60.0


def check(home: Home, *, quiet_within: float = QUIET_SECONDS) -> WorldReport:
    """Wait until nothing is under way, then check every invariant; what never comes to rest is among the violations.

    Blocking. Salla's prices are compared; the local one's books are read, too. Where nothing runs in the folder (and
    the environment names a database) Salla is left out.
    """
    url = admin_url(home)
    with suppress(NotQuiet):  # the invariant of draining queues names what is left
        wait_until_quiet(url, within=quiet_within)
    return check_world(url, _salla(home), quiet=True)


def _salla(home: Home) -> SallaView | None:
    running, key = home.running(), home.load_secrets().operator_key
    if running is None or key is None:
        return None
    if sandbox := running.urls.get("sandbox"):
        return SandboxSalla(sandbox)
    return OnboardingSalla(running.urls["onboarding"], key.get_secret_value())
