"""``python -m thaman_dashboard api|worker``. It publishes nothing, so there is no relay."""

from thaman_dashboard.settings import DashboardSettings
from thaman_kit.entry import start

ROLES = ("api", "worker")


def main() -> None:
    """Run the process type named on the command line."""
    start("thaman_dashboard", ROLES, DashboardSettings)


if __name__ == "__main__":
    main()
