"""How a service's processes begin: the type that is named is imported and run, and nothing of the others.

A relay needs a small part of its service; importing all of it would cost seconds and memory in every process.
"""

import sys
from collections.abc import Sequence
from importlib import import_module

from thaman_kit.process import load_settings
from thaman_kit.settings import ServiceSettings

_USAGE = 64


def start(package: str, roles: Sequence[str], settings: type[ServiceSettings]) -> None:
    """Run ``<package>.<role>.run`` with settings, for the role that the command line names; 64 if it names none."""
    if len(sys.argv) != 2 or sys.argv[1] not in roles:
        sys.stderr.write(f"usage: python -m {package} {'|'.join(roles)}\n")
        sys.exit(_USAGE)
    import_module(f"{package}.{sys.argv[1]}").run(load_settings(settings))
