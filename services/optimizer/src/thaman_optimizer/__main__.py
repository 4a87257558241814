"""``python -m thaman_optimizer api|worker|relay|crew``."""

import sys

from thaman_kit.process import load_settings
from thaman_optimizer import api, crew, relay, worker
from thaman_optimizer.settings import OptimizerSettings

ROLES = {"api": api.run, "worker": worker.run, "relay": relay.run, "crew": crew.run}


def main() -> None:
    """Run the process type named on the command line."""
    role = ROLES.get(sys.argv[1]) if len(sys.argv) == 2 else None
    if role is None:
        sys.stderr.write(f"usage: python -m thaman_optimizer {'|'.join(ROLES)}\n")
        sys.exit(64)
    role(load_settings(OptimizerSettings))


if __name__ == "__main__":
    main()
