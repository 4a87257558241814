"""``python -m thaman_optimizer api|worker|relay|crew``."""

from thaman_kit.entry import start
from thaman_optimizer.settings import OptimizerSettings

ROLES = ("api", "worker", "relay", "crew")


def main() -> None:
    """Run the process type named on the command line."""
    start("thaman_optimizer", ROLES, OptimizerSettings)


if __name__ == "__main__":
    main()
