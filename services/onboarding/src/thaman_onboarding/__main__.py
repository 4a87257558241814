"""``python -m thaman_onboarding api|worker|relay``."""

import sys


def main() -> None:
    """Run the process that the first argument names."""
    kind = sys.argv[1] if len(sys.argv) == 2 else ""
    if kind == "api":
        from thaman_onboarding.api import main as run
    elif kind == "worker":
        from thaman_onboarding.worker import main as run
    elif kind == "relay":
        from thaman_onboarding.relay import main as run
    else:
        sys.stderr.write("usage: python -m thaman_onboarding api|worker|relay\n")
        sys.exit(64)
    run()


if __name__ == "__main__":
    main()
