"""``python -m thaman_scheduler api|worker|relay``."""

from thaman_kit.entry import start
from thaman_scheduler.settings import SchedulerSettings

ROLES = ("api", "worker", "relay")


def main() -> None:
    """Run the process type named on the command line."""
    start("thaman_scheduler", ROLES, SchedulerSettings)


if __name__ == "__main__":
    main()
