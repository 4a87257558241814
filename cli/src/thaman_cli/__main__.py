"""``python -m thaman_cli``."""

from thaman_cli.main import main

main()
