"""``python -m thaman_audit api|worker|relay``."""

from thaman_audit.settings import AuditSettings
from thaman_kit.entry import start

ROLES = ("api", "worker", "relay")


def main() -> None:
    """Run the process type named on the command line."""
    start("thaman_audit", ROLES, AuditSettings)


if __name__ == "__main__":
    main()
