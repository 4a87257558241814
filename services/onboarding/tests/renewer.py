"""A process that renews one store's tokens when it is told to: ``python renewer.py <store id>``, then a line on stdin.

Prints ``ready``, and after the line the version of the tokens it ended with, or the name of the error.
"""

import sys

from thaman_onboarding.bootstrap import build_container
from thaman_onboarding.settings import Settings


def main() -> None:
    """Build, wait, renew, tell."""
    container = build_container(Settings.load())
    store_id = sys.argv[1]
    seen = container.renewals.current(store_id)
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        print(container.renewals.renew(store_id, seen.version).version, flush=True)
    except Exception as error:
        print(type(error).__name__, flush=True)
    container.close()


main()
