"""``python -m thaman_audit api|worker|relay``."""

import sys

from thaman_audit import api, relay, worker
from thaman_audit.settings import AuditSettings
from thaman_kit.process import load_settings

ROLES = {"api": api.run, "worker": worker.run, "relay": relay.run}


def main() -> None:
    """Run the process type named on the command line."""
    role = ROLES.get(sys.argv[1]) if len(sys.argv) == 2 else None
    if role is None:
        sys.stderr.write(f"usage: python -m thaman_audit {'|'.join(ROLES)}\n")
        sys.exit(64)
    role(load_settings(AuditSettings))


if __name__ == "__main__":
    main()
